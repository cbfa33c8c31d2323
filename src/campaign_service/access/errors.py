"""What can go wrong with users, by who must act.

::

    AccessError                                    somebody is not let in
    ├── NotAuthenticatedError                      no token, or not a good one; a wrong password
    │   └── PasswordExpiredError                   a one-time password that came too late
    ├── NotPermittedError                          a good token that may not do this
    └── LoginLimitedError                          too many failures; try later

    CommandRefusedError                            (of the core) the users do not allow it
    ├── AlreadyExistsError                         there is a user of this name
    ├── LastAdministratorError                     nobody would be left to manage users
    ├── VersionConflictError                       somebody else has changed it meanwhile
    ├── UnknownUserError(LookupError)              no such user
    ├── UnknownRoleError(LookupError)              no such role
    └── UnknownTokenError(LookupError)             no such token

    SettingsError                                  (of the core) a value must be changed
    └── PasswordRefusedError                       a new password is not good enough

No error holds a password or a token.
"""

from __future__ import annotations

import attrs
from typing_extensions import override

from campaign_core.errors import CommandRefusedError, PortableError, Problem, SettingsError
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "AccessError",
    "AlreadyExistsError",
    "LastAdministratorError",
    "LoginLimitedError",
    "NotAuthenticatedError",
    "NotPermittedError",
    "PasswordExpiredError",
    "PasswordRefusedError",
    "UnknownRoleError",
    "UnknownTokenError",
    "UnknownUserError",
    "VersionConflictError",
]


class AccessError(PortableError):
    """Somebody is not let in, or may not do what was asked for."""


class NotAuthenticatedError(AccessError):
    """It is not known who asks; which part of name and password is wrong is not told."""


class PasswordExpiredError(NotAuthenticatedError):
    """The one-time password is the right one, and came too late."""


class NotPermittedError(AccessError):
    """It is known who asks, and that one may not do this (R10.1)."""

    def __init__(
        self, permission: ServicePermission, *, tenant: str | None, must_change_password: bool
    ) -> None:
        """Take what would be needed, for which tenant, and whether a new password comes first."""
        self.permission, self.tenant = permission, tenant
        self.must_change_password = must_change_password
        where = "for all tenants" if tenant is None else f"for tenant {tenant!r}"
        super().__init__(
            "the password must be changed before anything else"
            if must_change_password
            else f"it needs the permission {permission.name} {where}"
        )


class LoginLimitedError(AccessError):
    """Too many log-ins have failed; the password was not looked at."""

    def __init__(self, retry_after_s: int) -> None:
        """Take after how many seconds the next log-in is looked at."""
        self.retry_after_s = retry_after_s
        super().__init__(f"too many log-ins have failed; try again in {retry_after_s} s")


class AlreadyExistsError(CommandRefusedError):
    """There is one of this name already."""


class LastAdministratorError(CommandRefusedError):
    """An enabled user with the role ``administrator`` for all tenants must remain."""


class VersionConflictError(CommandRefusedError):
    """Somebody else has changed it since it was read."""

    def __init__(self, command: str, *, expected: int, found: int) -> None:
        """Take the version that was expected, and the one that was found."""
        self.expected, self.found = expected, found
        super().__init__(command, f"somebody has changed it: version {found}, not {expected}")


class UnknownUserError(CommandRefusedError, LookupError):
    """No user has this name."""


class UnknownRoleError(CommandRefusedError, LookupError):
    """No role has this name."""


class UnknownTokenError(CommandRefusedError, LookupError):
    """The user has no token of this id."""


class PasswordRefusedError(SettingsError):
    """A new password is not good enough."""

    def __init__(self, rule: str, *, field: str = "password") -> None:
        """Take what is asked of a password; the password itself is not shown."""
        super().__init__([_HiddenProblem(field=field, value=None, rule=rule)])


@attrs.frozen(kw_only=True)
class _HiddenProblem(Problem):
    """What is wrong with a value that nobody may see."""

    @override
    def __str__(self) -> str:
        return f"{self.field}: {self.rule}"

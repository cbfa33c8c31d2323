"""Who asks, and who tells who it is: what the API needs to know of whoever sends a request.

::

    principal = await authenticator.authenticate(authorization="Bearer cc_...", address="10.0.0.7")
    principal.require(ServicePermission.VIEW, tenant="main")

A host program that embeds the service may bring an authenticator of its own, and with it users
who are none of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs

from campaign_core import permission_for
from campaign_core.commands import Command
from campaign_core.errors import Problem, SettingsError
from campaign_core.events import DRIVER, SCHEDULER
from campaign_service.access.errors import NotPermittedError
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "ALL_TENANTS",
    "ANONYMOUS",
    "RESERVED_NAMES",
    "Actor",
    "Authenticator",
    "Principal",
    "needed_for",
]

ALL_TENANTS = "*"
"""Stands for every tenant, those to come included."""
ANONYMOUS = "anonymous"
"""Who is behind a log-in that failed, in the audit: it is not known."""
RESERVED_NAMES = frozenset({DRIVER, SCHEDULER, ANONYMOUS, "console", "me", "service", "system"})
"""No user's names: the journal and the audit mean something else by them."""

_NAME_MAX = 200
_NAME_RULE = (
    f"1 to {_NAME_MAX} printable characters, and none of {', '.join(sorted(RESERVED_NAMES))}"
)


def _is_name(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    is_good = isinstance(value, str) and 1 <= len(value) <= _NAME_MAX and value.isprintable()
    if not is_good or value in RESERVED_NAMES:
        problem = Problem(field=attribute.name, value=value, rule=_NAME_RULE)
        raise SettingsError([problem])


@attrs.frozen(kw_only=True)
class Actor:
    """Who does something, and from where, as the audit has it."""

    name: str
    address: str
    """Of the network; ``console`` for the machine's own."""
    token_id: str | None = None
    """Which of the service's own tokens was shown; ``None``: none was."""


@attrs.frozen(kw_only=True)
class Principal:
    """Somebody who has shown who it is, and what that one may do."""

    name: str = attrs.field(validator=_is_name)
    """The actor of the events that come of it (R9.1)."""
    address: str
    """Where the request came from."""
    grants: Mapping[str, frozenset[ServicePermission]] = attrs.field(hash=False)
    """By tenant, and those for all of them under :data:`ALL_TENANTS`."""
    must_change_password: bool = False
    """Until that is done nothing else may be done, whatever the grants say."""
    token_id: str | None = None
    """Which of the service's own tokens was shown; ``None``: a host program's user."""
    is_program: bool = False
    """Whether it is a program's token: that one makes no tokens and changes no password."""

    @property
    def actor(self) -> Actor:
        """The same for the audit."""
        return Actor(name=self.name, address=self.address, token_id=self.token_id)

    def permissions(self, tenant: str | None = None) -> frozenset[ServicePermission]:
        """Return what may be done for a tenant; without one, what may be done for all of them."""
        if self.must_change_password:
            return frozenset()
        for_all = self.grants.get(ALL_TENANTS, frozenset())
        return for_all if tenant is None else for_all | self.grants.get(tenant, frozenset())

    def may(self, permission: ServicePermission, *, tenant: str | None = None) -> bool:
        """Return whether something may be done for a tenant; without one, for all of them."""
        return permission in self.permissions(tenant)

    def require(self, permission: ServicePermission, *, tenant: str | None = None) -> None:
        """Go on only if something may be done (R10.1).

        Raises:
            NotPermittedError: it may not.
        """
        if not self.may(permission, tenant=tenant):
            raise NotPermittedError(
                permission, tenant=tenant, must_change_password=self.must_change_password
            )


def needed_for(command: Command) -> ServicePermission:
    """Return the permission that a command needs, by the core's table (R10.1)."""
    return ServicePermission(permission_for(command).value)


class Authenticator(Protocol):
    """Tells who sends a request."""

    async def authenticate(self, *, authorization: str | None, address: str) -> Principal:
        """Return who sends a request.

        Args:
            authorization: the header of that name, as it came.

        Raises:
            NotAuthenticatedError: it is not known who.
            OSError: it cannot be found out just now.
        """

"""Users, roles and tokens as answers show them, and what requests about them mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

from campaign_service import access
from campaign_service.access import NotPermittedError, ServicePermission
from campaign_service.api.errors import PreconditionFailedError
from campaign_service.api.request import ApiRequest
from campaign_service.schemas import accounts
from campaign_service.schemas.conversion import schema_with

__all__ = [
    "expected_version",
    "refuse_program_of",
    "require_own_or_manager",
    "role_grants",
    "user_with_password",
    "version_tag",
]

_TAG = re.compile(r'"v([0-9]{1,18})"')


def version_tag(version: int) -> str:
    """Return the tag of a user or a role."""
    return f'"v{version}"'


def expected_version(request: ApiRequest) -> int | None:
    """Return the version that If-Match asks for; ``None``: whatever it is.

    Raises:
        PreconditionFailedError: it is no tag of ours.
    """
    header = request.if_match
    if header is None or header.strip() == "*":
        return None
    found = _TAG.fullmatch(header.strip())
    if found is None:
        raise PreconditionFailedError("another one")
    return int(found[1])


def require_own_or_manager(
    request: ApiRequest, *, not_for_programs: bool = False, token_id: str | None = None
) -> None:
    """Go on only for the user that the path names, and for whoever manages users.

    Args:
        request: with what it asks for.
        not_for_programs: whether a program may do this for nobody.
        token_id: what is to be ended: of its user's, a program ends itself alone, for a token
            that leaks and may only look shall not log its user out.

    Raises:
        NotPermittedError: it is somebody else, or must think of a new password first.
    """
    principal = request.principal
    is_own = principal.name == request.path_params["name"] and not principal.must_change_password
    if principal.is_program and token_id not in (None, principal.token_id):
        is_own = False
    if not_for_programs and principal.is_program:
        raise _refused_to_programs()
    if not is_own:
        principal.require(ServicePermission.MANAGE_USERS)


def refuse_program_of(request: ApiRequest) -> None:
    """Go on only for others than a program of the user that the path names.

    Raises:
        NotPermittedError: it is one.
    """
    if request.principal.is_program and request.principal.name == request.path_params["name"]:
        raise _refused_to_programs()


def _refused_to_programs() -> NotPermittedError:
    return NotPermittedError(
        ServicePermission.MANAGE_USERS, tenant=None, must_change_password=False
    )


def role_grants(given: Iterable[accounts.Grant]) -> list[access.RoleGrant]:
    """Return the roles that a body names."""
    return [access.RoleGrant(role=one.role, tenant=one.tenant) for one in given]


def user_with_password(
    found: access.UserRecord, one_time: access.OneTimePassword | None
) -> accounts.NewUserAnswer:
    """Return a user with the password that was made up."""
    shown = None if one_time is None else one_time.text
    return schema_with(accounts.NewUserAnswer, user=found, one_time_password=shown)

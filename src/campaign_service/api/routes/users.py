"""Users, their tokens, roles, and the audit of who changed them (R10.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import UNSET

from campaign_service import access
from campaign_service.access import NotPermittedError, ServicePermission
from campaign_service.api.operations import (
    PREFIX,
    IfMatch,
    OperationTable,
    RequiredCaller,
    ResponseForm,
)
from campaign_service.api.problems.errors import PreconditionFailedError
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.api.times import instant_in, present
from campaign_service.schemas import accounts
from campaign_service.schemas.conversion import schema_of, schema_with
from campaign_service.schemas.fields import given

__all__ = ["USERS"]

USERS = OperationTable("Users", below=PREFIX)

T = TypeVar("T")

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = ResponseForm(status=204, media=())
_USER = ResponseForm(schema=accounts.User, has_etag=True)
_TAG = re.compile(r'"v([0-9]{1,18})"')
_PROBLEMS = ("refused", "login-limited", "away")
"""Of what works on a password."""


async def _administer(
    request: ApiRequest, work: Callable[..., T], *args: object, **more: object
) -> T:
    """Return what a change of users comes to, by whoever asks and now."""
    by, now = request.principal.actor, present()
    return await request.on_database(work, *args, by=by, now=now, **more)


async def _change(
    request: ApiRequest, work: Callable[..., T], variable: str, **values: object
) -> T:
    """Return what a change of the user or the role that the path names comes to."""
    name, expected = request.path_params[variable], _expected_version(request)
    return await _administer(request, work, name, expected=expected, **values)


def _tagged(found: access.UserRecord | access.RoleRecord) -> ApiResponse:
    kind = accounts.User if isinstance(found, access.UserRecord) else accounts.Role
    return ApiResponse(
        content=schema_of(found, kind), headers={"ETag": _version_tag(found.version)}
    )


@USERS.query("/users", response=accounts.UserList, needs=_MANAGE)
async def list_users(request: ApiRequest) -> accounts.UserList:
    """List all users."""
    found = await request.on_database(access.users)
    return schema_with(accounts.UserList, items=found)


@USERS.change(
    "POST",
    "/users",
    needs=_MANAGE,
    body=accounts.NewUser,
    response=ResponseForm(
        schema=accounts.NewUserAnswer, status=201, has_etag=True, has_location=True
    ),
    problems=_PROBLEMS,
)
async def add_user(request: ApiRequest) -> ApiResponse:
    """Make a user; without a password, a one-time password is made up."""
    body = request.body(accounts.NewUser)
    made = await request.with_passwords(
        access.add_user,
        body.name,
        by=request.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        grants=_role_grants(body.grants),
    )
    location, tag = f"{PREFIX}/users/{made.user.name}", _version_tag(made.user.version)
    return ApiResponse(
        content=_user_with_password(made.user, made.one_time_password),
        headers={"ETag": tag, "Location": location},
    )


@USERS.query("/users/{name}", response=accounts.User, needs=_MANAGE, has_etag=True)
async def read_user(request: ApiRequest) -> ApiResponse:
    """Read a user."""
    return _tagged(await request.on_database(access.user, request.path_params["name"]))


@USERS.change(
    "PATCH",
    "/users/{name}",
    needs=_MANAGE,
    body=accounts.ChangeUser,
    response=_USER,
    if_match=IfMatch.OPTIONAL,
)
async def change_user(request: ApiRequest) -> ApiResponse:
    """Enable or disable a user, or say which roles that one has.

    Who is disabled loses all sessions and tokens.
    """
    body = request.body(accounts.ChangeUser)
    grants = None if body.grants is None else _role_grants(body.grants)
    changed = await _change(
        request, access.change_user, "name", enabled=body.enabled, grants=grants
    )
    return _tagged(changed)


@USERS.change(
    "DELETE", "/users/{name}", needs=_MANAGE, response=_NOTHING, if_match=IfMatch.OPTIONAL
)
async def delete_user(request: ApiRequest) -> None:
    """Delete a user, with all sessions and tokens; what that one did stays on record."""
    await _change(request, access.delete_user, "name")


@USERS.change(
    "PUT",
    "/users/{name}/password",
    needs=_MANAGE,
    body=accounts.ResetPassword,
    response=ResponseForm(schema=accounts.NewUserAnswer),
    problems=_PROBLEMS,
    if_match=IfMatch.OPTIONAL,
)
async def reset_password(request: ApiRequest) -> accounts.NewUserAnswer:
    """Give a user another password; that one's sessions end.

    A program does so for others than its own user.
    """
    _refuse_program_of(request)
    body, name = request.body(accounts.ResetPassword), request.path_params["name"]
    one_time = await request.with_passwords(
        access.reset_password,
        name,
        by=request.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        expected=_expected_version(request),
    )
    found = await request.on_database(access.user, name)
    return _user_with_password(found, one_time)


# Tokens --------------------------------------------------------------------------------------


@USERS.query(
    "/users/{name}/tokens", response=accounts.TokenList, needs=RequiredCaller.AUTHENTICATED
)
async def list_tokens(request: ApiRequest) -> accounts.TokenList:
    """List a user's tokens: one's own, or anybody's for whoever manages users."""
    _require_own_or_manager(request)
    found = await request.on_database(access.tokens, request.path_params["name"], now=present())
    return schema_with(accounts.TokenList, items=found)


@USERS.change(
    "POST",
    "/users/{name}/tokens",
    needs=RequiredCaller.AUTHENTICATED,
    body=accounts.NewToken,
    response=ResponseForm(schema=accounts.NewTokenAnswer, status=201),
)
async def make_token(request: ApiRequest) -> accounts.NewTokenAnswer:
    """Make a token for a program that acts for a user: oneself, or anybody for whoever manages.

    A program's token makes no tokens.
    """
    _require_own_or_manager(request, not_for_programs=True)
    body = request.body(accounts.NewToken)
    ends = body.expires_at
    made = await _administer(
        request,
        access.make_token,
        request.path_params["name"],
        label=body.label,
        expires_at=None if ends is None else instant_in(ends, "expires_at"),
        permissions=body.permissions,
        tenants=body.tenants,
    )
    return schema_of(made, accounts.NewTokenAnswer)


@USERS.change(
    "DELETE",
    "/users/{name}/tokens/{token_id}",
    needs=RequiredCaller.AUTHENTICATED,
    response=_NOTHING,
)
async def revoke_token(request: ApiRequest) -> None:
    """End a token, or a session: one's own, or anybody's for whoever manages users."""
    name, token_id = request.path_params["name"], request.path_params["token_id"]
    _require_own_or_manager(request, token_id=token_id)
    await _administer(request, access.revoke_token, name, token_id)


# Roles ---------------------------------------------------------------------------------------


@USERS.query("/roles", response=accounts.RoleList, needs=_MANAGE)
async def list_roles(request: ApiRequest) -> accounts.RoleList:
    """List all roles: those built in, then the others."""
    found = await request.on_database(access.roles)
    return schema_with(accounts.RoleList, items=found)


@USERS.query("/roles/{role}", response=accounts.Role, needs=_MANAGE, has_etag=True)
async def read_role(request: ApiRequest) -> ApiResponse:
    """Read a role."""
    return _tagged(await request.on_database(access.role, request.path_params["role"]))


@USERS.change(
    "PUT",
    "/roles/{role}",
    needs=_MANAGE,
    body=accounts.PutRole,
    response=ResponseForm(schema=accounts.Role, has_etag=True),
    if_match=IfMatch.OPTIONAL,
)
async def put_role(request: ApiRequest) -> ApiResponse:
    """Make a role, or give it other permissions, for all who have it."""
    permissions = request.body(accounts.PutRole).permissions
    return _tagged(await _change(request, access.put_role, "role", permissions=permissions))


@USERS.change(
    "DELETE", "/roles/{role}", needs=_MANAGE, response=_NOTHING, if_match=IfMatch.OPTIONAL
)
async def delete_role(request: ApiRequest) -> None:
    """Delete a role that nobody has."""
    await _change(request, access.delete_role, "role")


@USERS.query(
    "/audit", query=accounts.AdminAuditQuery, response=accounts.AdminAuditPage, needs=_MANAGE
)
async def read_admin_audit(request: ApiRequest) -> accounts.AdminAuditPage:
    """Read who changed who may do what, who came in, and who was refused.

    What was done to campaigns and settings is in the audit of each tenant.
    """
    query = request.query(accounts.AdminAuditQuery)
    found = await request.on_database(
        access.audit,
        actor=given(query.actor),
        subject=given(query.subject),
        action=given(query.action),
        since=None if query.since is UNSET else instant_in(query.since, "since"),
        until=None if query.until is UNSET else instant_in(query.until, "until"),
        after=query.after,
        is_newest_first=query.is_newest_first,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    following = page[-1].id if len(found) > query.limit else None
    return schema_with(accounts.AdminAuditPage, items=page, next=following)


# What is meant, and what is shown -----------------------------------------------------------


def _version_tag(version: int) -> str:
    """Return the tag of a user or a role."""
    return f'"v{version}"'


def _expected_version(request: ApiRequest) -> int | None:
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


def _require_own_or_manager(
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


def _refuse_program_of(request: ApiRequest) -> None:
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


def _role_grants(given: Iterable[accounts.Grant]) -> list[access.RoleGrant]:
    """Return the roles that a body names."""
    return [access.RoleGrant(role=one.role, tenant=one.tenant) for one in given]


def _user_with_password(
    found: access.UserRecord, one_time: access.OneTimePassword | None
) -> accounts.NewUserAnswer:
    """Return a user with the password that was made up."""
    shown = None if one_time is None else one_time.text
    return schema_with(accounts.NewUserAnswer, user=found, one_time_password=shown)

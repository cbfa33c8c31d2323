"""Users: who there is, with which roles, and one-time passwords for them (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.api.operations import PREFIX, IfMatch, OperationTable, ResponseForm
from campaign_service.api.request import ApiRequest
from campaign_service.api.response import ApiResponse
from campaign_service.api.times import present
from campaign_service.api.views.accounts import (
    expected_version,
    grants_of,
    password_for,
    refuse_program_of,
    user_schema,
    version_tag,
)
from campaign_service.schemas import accounts
from campaign_service.schemas.requests import NoQuery

__all__ = ["USERS"]

USERS = OperationTable("Users", below=PREFIX)

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = ResponseForm(status=204, media=())


@USERS.query("/users", query=NoQuery, reply=accounts.UserList, needs=_MANAGE)
async def list_users(request: ApiRequest) -> ApiResponse:
    """List all users."""
    found = await request.on_database(access.users)
    return ApiResponse(content=accounts.UserList(items=[user_schema(one) for one in found]))


@USERS.change(
    "POST",
    "/users",
    needs=_MANAGE,
    body=accounts.NewUser,
    reply=ResponseForm(schema=accounts.NewUserAnswer, status=201, has_etag=True, has_location=True),
    problems=("refused", "login-limited", "away"),
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
        grants=grants_of(body.grants),
    )
    return ApiResponse(
        content=password_for(made.user, made.one_time_password),
        status=201,
        headers={
            "ETag": version_tag(made.user.version),
            "Location": f"{PREFIX}/users/{made.user.name}",
        },
    )


@USERS.query("/users/{name}", query=NoQuery, reply=accounts.User, needs=_MANAGE, has_etag=True)
async def read_user(request: ApiRequest) -> ApiResponse:
    """Read a user."""
    found = await request.on_database(access.user, request.names["name"])
    return ApiResponse(content=user_schema(found), headers={"ETag": version_tag(found.version)})


@USERS.change(
    "PATCH",
    "/users/{name}",
    needs=_MANAGE,
    body=accounts.ChangeUser,
    reply=ResponseForm(schema=accounts.User, has_etag=True),
    if_match=IfMatch.TAKEN,
)
async def change_user(request: ApiRequest) -> ApiResponse:
    """Enable or disable a user, or say which roles that one has.

    Who is disabled loses all sessions and tokens.
    """
    body = request.body(accounts.ChangeUser)
    changed = await request.on_database(
        access.change_user,
        request.names["name"],
        by=request.principal.actor,
        now=present(),
        enabled=body.enabled,
        grants=None if body.grants is None else grants_of(body.grants),
        expected=expected_version(request),
    )
    return ApiResponse(content=user_schema(changed), headers={"ETag": version_tag(changed.version)})


@USERS.change("DELETE", "/users/{name}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_user(request: ApiRequest) -> ApiResponse:
    """Delete a user, with all sessions and tokens; what that one did stays on record."""
    await request.on_database(
        access.delete_user,
        request.names["name"],
        by=request.principal.actor,
        now=present(),
        expected=expected_version(request),
    )
    return ApiResponse(status=204)


@USERS.change(
    "PUT",
    "/users/{name}/password",
    needs=_MANAGE,
    body=accounts.ResetPassword,
    reply=ResponseForm(schema=accounts.NewUserAnswer),
    problems=("refused", "login-limited", "away"),
    if_match=IfMatch.TAKEN,
)
async def reset_password(request: ApiRequest) -> ApiResponse:
    """Give a user another password; that one's sessions end.

    A program does so for others than its own user.
    """
    refuse_program_of(request)
    body, name = request.body(accounts.ResetPassword), request.names["name"]
    one_time = await request.with_passwords(
        access.reset_password,
        name,
        by=request.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        expected=expected_version(request),
    )
    found = await request.on_database(access.user, name)
    return ApiResponse(content=password_for(found, one_time))

"""Users: who there is, with which roles, and one-time passwords for them (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import PREFIX, IfMatch, Register, Reply
from campaign_service.api.shapes import people
from campaign_service.api.shapes.requests import NoQuery
from campaign_service.api.times import present
from campaign_service.api.views.people import (
    expected_version,
    grants_of,
    password_for,
    refuse_program_of,
    user_shape,
    version_tag,
)

__all__ = ["USERS"]

USERS = Register("Users", below=PREFIX)

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = Reply(status=204, media=())


@USERS.query("/users", query=NoQuery, reply=people.UserList, needs=_MANAGE)
async def list_users(asked: Asked) -> Answer:
    """List all users."""
    found = await asked.on_database(access.users)
    return Answer(content=people.UserList(items=[user_shape(one) for one in found]))


@USERS.change(
    "POST",
    "/users",
    needs=_MANAGE,
    body=people.NewUser,
    reply=Reply(shape=people.NewUserAnswer, status=201, has_etag=True, has_location=True),
    problems=("refused", "login-limited", "away"),
)
async def add_user(asked: Asked) -> Answer:
    """Make a user; without a password, a one-time password is made up."""
    body = asked.body(people.NewUser)
    made = await asked.with_passwords(
        access.add_user,
        body.name,
        by=asked.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        grants=grants_of(body.grants),
    )
    return Answer(
        content=password_for(made.user, made.one_time_password),
        status=201,
        headers={
            "ETag": version_tag(made.user.version),
            "Location": f"{PREFIX}/users/{made.user.name}",
        },
    )


@USERS.query("/users/{name}", query=NoQuery, reply=people.User, needs=_MANAGE, has_etag=True)
async def read_user(asked: Asked) -> Answer:
    """Read a user."""
    found = await asked.on_database(access.user, asked.names["name"])
    return Answer(content=user_shape(found), headers={"ETag": version_tag(found.version)})


@USERS.change(
    "PATCH",
    "/users/{name}",
    needs=_MANAGE,
    body=people.ChangeUser,
    reply=Reply(shape=people.User, has_etag=True),
    if_match=IfMatch.TAKEN,
)
async def change_user(asked: Asked) -> Answer:
    """Enable or disable a user, or say which roles that one has.

    Who is disabled loses all sessions and tokens.
    """
    body = asked.body(people.ChangeUser)
    changed = await asked.on_database(
        access.change_user,
        asked.names["name"],
        by=asked.principal.actor,
        now=present(),
        enabled=body.enabled,
        grants=None if body.grants is None else grants_of(body.grants),
        expected=expected_version(asked),
    )
    return Answer(content=user_shape(changed), headers={"ETag": version_tag(changed.version)})


@USERS.change("DELETE", "/users/{name}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_user(asked: Asked) -> Answer:
    """Delete a user, with all sessions and tokens; what that one did stays on record."""
    await asked.on_database(
        access.delete_user,
        asked.names["name"],
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(status=204)


@USERS.change(
    "PUT",
    "/users/{name}/password",
    needs=_MANAGE,
    body=people.ResetPassword,
    reply=Reply(shape=people.NewUserAnswer),
    problems=("refused", "login-limited", "away"),
    if_match=IfMatch.TAKEN,
)
async def reset_password(asked: Asked) -> Answer:
    """Give a user another password; that one's sessions end.

    A program does so for others than its own user.
    """
    refuse_program_of(asked)
    body, name = asked.body(people.ResetPassword), asked.names["name"]
    one_time = await asked.with_passwords(
        access.reset_password,
        name,
        by=asked.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        expected=expected_version(asked),
    )
    found = await asked.on_database(access.user, name)
    return Answer(content=password_for(found, one_time))

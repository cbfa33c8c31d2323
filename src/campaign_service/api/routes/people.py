"""Log-in, users, roles, tokens and the audit of who changed them (R10.1).

For the service's own users: a host program that brings its own authentication has none of these.
"""

from __future__ import annotations

import asyncio

from msgspec import UNSET

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.api.asked import Asked
from campaign_service.api.operations import PREFIX, Answer, IfMatch, Needs, Register, Reply
from campaign_service.api.people_views import (
    expected_version,
    grants_of,
    password_for,
    refuse_program_of,
    require_own_or_manager,
    role_shape,
    sorted_permissions,
    token_shape,
    user_shape,
    version_tag,
)
from campaign_service.api.shapes import people
from campaign_service.api.shapes.requests import NoQuery
from campaign_service.api.shapes.words import given
from campaign_service.api.times import instant_in, present, text_of

__all__ = ["ME", "PEOPLE"]

ME = Register("Who asks", below=PREFIX)
PEOPLE = Register("Users", below=PREFIX)

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = Reply(status=204, media=())


@ME.query("/me", query=NoQuery, reply=people.Me, needs=Needs.SOMEBODY)
async def read_me(asked: Asked) -> Answer:
    """Read who one is, and what one may do: so a panel can hide the rest (R10.1)."""
    principal = asked.principal
    return Answer(
        content=people.Me(
            name=principal.name,
            must_change_password=principal.must_change_password,
            is_program=principal.is_program,
            permissions=sorted_permissions(principal.permissions()),
            tenants={
                name: sorted_permissions(principal.permissions(name))
                for name in sorted(asked.premises.house.tenants)
                if principal.permissions(name)
            },
        )
    )


@PEOPLE.change(
    "POST",
    "/login",
    needs=Needs.NOTHING,
    body=people.Login,
    reply=Reply(shape=people.LoginAnswer),
    problems=("not-authenticated", "login-limited", "away"),
)
async def log_in(asked: Asked) -> Answer:
    """Log in with a password, and get a token for the requests to come."""
    body = asked.body(people.Login)
    done = await asked.premises.by_password.take(
        access.login,
        asked.premises.house.database,
        asked.premises.passwords,
        name=body.name,
        password=body.password,
        address=asked.address,
        now=present(),
    )
    return Answer(
        content=people.LoginAnswer(
            token=done.token,
            expires_at=text_of(done.expires_at),
            must_change_password=done.must_change_password,
        )
    )


@PEOPLE.change("POST", "/logout", needs=Needs.SOMEBODY, reply=_NOTHING)
async def log_out(asked: Asked) -> Answer:
    """End the session of the token that this request shows."""
    await asyncio.to_thread(
        access.logout, asked.premises.house.database, asked.principal, now=present()
    )
    return Answer(status=204)


@PEOPLE.change(
    "PUT",
    "/me/password",
    needs=Needs.SOMEBODY,
    body=people.ChangePassword,
    reply=_NOTHING,
    problems=("refused", "login-limited", "away"),
)
async def change_my_password(asked: Asked) -> Answer:
    """Give oneself another password; all one's other sessions end."""
    body = asked.body(people.ChangePassword)
    await asked.premises.by_password.take(
        access.change_password,
        asked.premises.house.database,
        asked.premises.passwords,
        asked.principal,
        old=body.old,
        new=body.new,
        now=present(),
    )
    return Answer(status=204)


# Users ---------------------------------------------------------------------------------------


@PEOPLE.query("/users", query=NoQuery, reply=people.UserList, needs=_MANAGE)
async def list_users(asked: Asked) -> Answer:
    """List all users."""
    found = await asyncio.to_thread(access.users, asked.premises.house.database)
    return Answer(content=people.UserList(items=[user_shape(one) for one in found]))


@PEOPLE.change(
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
    made = await asked.premises.by_password.take(
        access.add_user,
        asked.premises.house.database,
        asked.premises.passwords,
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


@PEOPLE.query("/users/{name}", query=NoQuery, reply=people.User, needs=_MANAGE, has_etag=True)
async def read_user(asked: Asked) -> Answer:
    """Read a user."""
    found = await asyncio.to_thread(access.user, asked.premises.house.database, asked.names["name"])
    return Answer(content=user_shape(found), headers={"ETag": version_tag(found.version)})


@PEOPLE.change(
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
    changed = await asyncio.to_thread(
        access.change_user,
        asked.premises.house.database,
        asked.names["name"],
        by=asked.principal.actor,
        now=present(),
        enabled=body.enabled,
        grants=None if body.grants is None else grants_of(body.grants),
        expected=expected_version(asked),
    )
    return Answer(content=user_shape(changed), headers={"ETag": version_tag(changed.version)})


@PEOPLE.change("DELETE", "/users/{name}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_user(asked: Asked) -> Answer:
    """Delete a user, with all sessions and tokens; what that one did stays on record."""
    await asyncio.to_thread(
        access.delete_user,
        asked.premises.house.database,
        asked.names["name"],
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(status=204)


@PEOPLE.change(
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
    database = asked.premises.house.database
    one_time = await asked.premises.by_password.take(
        access.reset_password,
        database,
        asked.premises.passwords,
        name,
        by=asked.principal.actor,
        now=present(),
        password=body.password,
        must_change=body.must_change_password,
        expected=expected_version(asked),
    )
    found = await asyncio.to_thread(access.user, database, name)
    return Answer(content=password_for(found, one_time))


# Tokens --------------------------------------------------------------------------------------


@PEOPLE.query("/users/{name}/tokens", query=NoQuery, reply=people.TokenList, needs=Needs.SOMEBODY)
async def list_tokens(asked: Asked) -> Answer:
    """List a user's tokens: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(asked)
    found = await asyncio.to_thread(
        access.tokens, asked.premises.house.database, asked.names["name"], now=present()
    )
    return Answer(content=people.TokenList(items=[token_shape(one) for one in found]))


@PEOPLE.change(
    "POST",
    "/users/{name}/tokens",
    needs=Needs.SOMEBODY,
    body=people.NewToken,
    reply=Reply(shape=people.NewTokenAnswer, status=201),
)
async def make_token(asked: Asked) -> Answer:
    """Make a token for a program that acts for a user: oneself, or anybody for whoever manages.

    A program's token makes no tokens.
    """
    require_own_or_manager(asked, not_for_programs=True)
    body = asked.body(people.NewToken)
    ends = body.expires_at
    made = await asyncio.to_thread(
        access.make_token,
        asked.premises.house.database,
        asked.names["name"],
        label=body.label,
        by=asked.principal.actor,
        now=present(),
        expires_at=None if ends is None else instant_in(ends, "expires_at"),
        permissions=body.permissions,
        tenants=body.tenants,
    )
    answer = people.NewTokenAnswer(token=token_shape(made.token), secret=made.secret)
    return Answer(content=answer, status=201)


@PEOPLE.change("DELETE", "/users/{name}/tokens/{token_id}", needs=Needs.SOMEBODY, reply=_NOTHING)
async def revoke_token(asked: Asked) -> Answer:
    """End a token, or a session: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(asked, token_id=asked.names["token_id"])
    await asyncio.to_thread(
        access.revoke_token,
        asked.premises.house.database,
        asked.names["name"],
        asked.names["token_id"],
        by=asked.principal.actor,
        now=present(),
    )
    return Answer(status=204)


# Roles and the audit -------------------------------------------------------------------------


@PEOPLE.query("/roles", query=NoQuery, reply=people.RoleList, needs=_MANAGE)
async def list_roles(asked: Asked) -> Answer:
    """List all roles: those built in, then the others."""
    found = await asyncio.to_thread(access.roles, asked.premises.house.database)
    return Answer(content=people.RoleList(items=[role_shape(one) for one in found]))


@PEOPLE.query("/roles/{role}", query=NoQuery, reply=people.Role, needs=_MANAGE, has_etag=True)
async def read_role(asked: Asked) -> Answer:
    """Read a role."""
    found = await asyncio.to_thread(access.role, asked.premises.house.database, asked.names["role"])
    return Answer(content=role_shape(found), headers={"ETag": version_tag(found.version)})


@PEOPLE.change(
    "PUT",
    "/roles/{role}",
    needs=_MANAGE,
    body=people.PutRole,
    reply=Reply(shape=people.Role, has_etag=True),
    if_match=IfMatch.TAKEN,
)
async def put_role(asked: Asked) -> Answer:
    """Make a role, or give it other permissions, for all who have it."""
    changed = await asyncio.to_thread(
        access.put_role,
        asked.premises.house.database,
        asked.names["role"],
        permissions=asked.body(people.PutRole).permissions,
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(content=role_shape(changed), headers={"ETag": version_tag(changed.version)})


@PEOPLE.change("DELETE", "/roles/{role}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_role(asked: Asked) -> Answer:
    """Delete a role that nobody has."""
    await asyncio.to_thread(
        access.delete_role,
        asked.premises.house.database,
        asked.names["role"],
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(status=204)


@PEOPLE.query("/audit", query=people.AdminAuditQuery, reply=people.AdminAuditPage, needs=_MANAGE)
async def read_admin_audit(asked: Asked) -> Answer:
    """Read who changed who may do what, who came in, and who was refused.

    What was done to campaigns and settings is in the audit of each tenant.
    """
    query = asked.query(people.AdminAuditQuery)
    found = await asyncio.to_thread(
        access.audit,
        asked.premises.house.database,
        actor=given(query.actor),
        subject=given(query.subject),
        action=given(query.action),
        since=None if query.since is UNSET else instant_in(query.since, "since"),
        until=None if query.until is UNSET else instant_in(query.until, "until"),
        after=query.after,
        limit=query.limit + 1,
    )
    items = [
        people.AdminEvent(
            id=one.id,
            at=text_of(one.at),
            actor=one.actor,
            address=one.address,
            action=one.action,
            subject=one.subject,
            details=dict(one.details),
        )
        for one in found[: query.limit]
    ]
    following = items[-1].id if len(found) > query.limit else None
    return Answer(content=people.AdminAuditPage(items=items, next=following))

"""Log-in, log-out, and one's own password (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import PREFIX, Needs, Register, Reply
from campaign_service.api.shapes import people
from campaign_service.api.shapes.requests import NoQuery
from campaign_service.api.times import present, text_of
from campaign_service.api.views.people import (
    sorted_permissions,
)

__all__ = ["LOG_IN", "ME"]

ME = Register("Who asks", below=PREFIX)
LOG_IN = Register("Users", below=PREFIX)

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


@LOG_IN.change(
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
    done = await asked.log_in(body.name, body.password, now=present())
    return Answer(
        content=people.LoginAnswer(
            token=done.token,
            expires_at=text_of(done.expires_at),
            must_change_password=done.must_change_password,
        )
    )


@LOG_IN.change("POST", "/logout", needs=Needs.SOMEBODY, reply=_NOTHING)
async def log_out(asked: Asked) -> Answer:
    """End the session of the token that this request shows."""
    await asked.on_database(access.logout, asked.principal, now=present())
    return Answer(status=204)


@LOG_IN.change(
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
    await asked.with_passwords(
        access.change_password,
        asked.principal,
        old=body.old,
        new=body.new,
        now=present(),
    )
    return Answer(status=204)

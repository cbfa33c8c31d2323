"""Tokens for programs, and sessions (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import PREFIX, Needs, Register, Reply
from campaign_service.api.shapes import people
from campaign_service.api.shapes.requests import NoQuery
from campaign_service.api.times import instant_in, present
from campaign_service.api.views.people import (
    require_own_or_manager,
    token_shape,
)

__all__ = ["TOKENS"]

TOKENS = Register("Users", below=PREFIX)

_NOTHING = Reply(status=204, media=())


@TOKENS.query("/users/{name}/tokens", query=NoQuery, reply=people.TokenList, needs=Needs.SOMEBODY)
async def list_tokens(asked: Asked) -> Answer:
    """List a user's tokens: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(asked)
    found = await asked.on_database(access.tokens, asked.names["name"], now=present())
    return Answer(content=people.TokenList(items=[token_shape(one) for one in found]))


@TOKENS.change(
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
    made = await asked.on_database(
        access.make_token,
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


@TOKENS.change("DELETE", "/users/{name}/tokens/{token_id}", needs=Needs.SOMEBODY, reply=_NOTHING)
async def revoke_token(asked: Asked) -> Answer:
    """End a token, or a session: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(asked, token_id=asked.names["token_id"])
    await asked.on_database(
        access.revoke_token,
        asked.names["name"],
        asked.names["token_id"],
        by=asked.principal.actor,
        now=present(),
    )
    return Answer(status=204)

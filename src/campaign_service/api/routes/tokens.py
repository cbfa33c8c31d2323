"""Tokens for programs, and sessions (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.api.operations import PREFIX, OperationTable, RequiredCaller, ResponseForm
from campaign_service.api.request import ApiRequest
from campaign_service.api.response import ApiResponse
from campaign_service.api.times import instant_in, present
from campaign_service.api.views.accounts import (
    require_own_or_manager,
    token_schema,
)
from campaign_service.schemas import accounts
from campaign_service.schemas.requests import NoQuery

__all__ = ["TOKENS"]

TOKENS = OperationTable("Users", below=PREFIX)

_NOTHING = ResponseForm(status=204, media=())


@TOKENS.query(
    "/users/{name}/tokens", query=NoQuery, reply=accounts.TokenList, needs=RequiredCaller.SOMEBODY
)
async def list_tokens(request: ApiRequest) -> ApiResponse:
    """List a user's tokens: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(request)
    found = await request.on_database(access.tokens, request.names["name"], now=present())
    return ApiResponse(content=accounts.TokenList(items=[token_schema(one) for one in found]))


@TOKENS.change(
    "POST",
    "/users/{name}/tokens",
    needs=RequiredCaller.SOMEBODY,
    body=accounts.NewToken,
    reply=ResponseForm(schema=accounts.NewTokenAnswer, status=201),
)
async def make_token(request: ApiRequest) -> ApiResponse:
    """Make a token for a program that acts for a user: oneself, or anybody for whoever manages.

    A program's token makes no tokens.
    """
    require_own_or_manager(request, not_for_programs=True)
    body = request.body(accounts.NewToken)
    ends = body.expires_at
    made = await request.on_database(
        access.make_token,
        request.names["name"],
        label=body.label,
        by=request.principal.actor,
        now=present(),
        expires_at=None if ends is None else instant_in(ends, "expires_at"),
        permissions=body.permissions,
        tenants=body.tenants,
    )
    answer = accounts.NewTokenAnswer(token=token_schema(made.token), secret=made.secret)
    return ApiResponse(content=answer, status=201)


@TOKENS.change(
    "DELETE", "/users/{name}/tokens/{token_id}", needs=RequiredCaller.SOMEBODY, reply=_NOTHING
)
async def revoke_token(request: ApiRequest) -> ApiResponse:
    """End a token, or a session: one's own, or anybody's for whoever manages users."""
    require_own_or_manager(request, token_id=request.names["token_id"])
    await request.on_database(
        access.revoke_token,
        request.names["name"],
        request.names["token_id"],
        by=request.principal.actor,
        now=present(),
    )
    return ApiResponse(status=204)

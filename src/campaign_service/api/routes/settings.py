"""The general settings and the do-not-call list (R2, R6.12)."""

from __future__ import annotations

import asyncio
from itertools import islice

from campaign_core import do_not_call
from campaign_core.commands import AddToDoNotCall, ChangeSettings, RemoveFromDoNotCall
from campaign_service.api.commands import checked_numbers, checked_settings
from campaign_service.api.etags import settings_tag
from campaign_service.api.operations import (
    OF_TENANT,
    IfMatch,
    OperationTable,
    ResponseForm,
    operation_name,
)
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.schemas import core_values
from campaign_service.schemas.conversion import schema_of
from campaign_service.schemas.requests import DoNotCallQuery, Numbers, ThenQuery
from campaign_service.schemas.responses import NumberPage, Taken

__all__ = ["SETTINGS"]

SETTINGS = OperationTable("Settings", below=OF_TENANT)


@SETTINGS.query(
    "/settings",
    query=ThenQuery,
    response=core_values.Settings,
    has_etag=True,
    shows_state=True,
)
async def read_settings(request: ApiRequest) -> ApiResponse:
    """Read the general settings.

    The ETag is to be sent back as If-Match with a change. With `at`, as they were then (R8.3).
    """
    state, _ = await request.state_at(request.query(ThenQuery).at)
    schema = schema_of(state.settings, core_values.Settings)
    return ApiResponse(content=schema, headers={"ETag": settings_tag(state.settings)})


@SETTINGS.command(
    "PUT",
    "/settings",
    gives=ChangeSettings,
    body=core_values.Settings,
    response=ResponseForm(schema=Taken),
    if_match=IfMatch.REQUIRED,
)
async def change_settings(request: ApiRequest) -> ApiResponse:
    """Replace the general settings.

    It takes effect at once; calls in progress are never cut by a lower limit (R2.3).
    """
    body = request.body(core_values.Settings)

    async def command() -> ChangeSettings:
        settings = checked_settings(body, request.tenant.state)
        return ChangeSettings(actor=request.principal.name, settings=settings)

    return await request.response_to(command, tag=lambda state: settings_tag(state.settings))


@SETTINGS.query("/do-not-call", query=DoNotCallQuery, response=NumberPage, shows_state=True)
async def list_do_not_call(request: ApiRequest) -> NumberPage:
    """List the numbers that are never called (R6.12); with `at`, those of then (R8.3)."""
    query = request.query(DoNotCallQuery)
    state, _ = await request.state_at(query.at)

    def page() -> list[str]:
        behind = (number for number in do_not_call(state) if number > query.after)
        return list(islice(behind, query.limit + 1))

    numbers = await asyncio.to_thread(page)
    is_more = len(numbers) > query.limit
    items = numbers[: query.limit]
    return NumberPage(items=items, next=items[-1] if is_more else None)


def _declare(gives: type[AddToDoNotCall | RemoveFromDoNotCall], path: str, about: str) -> None:
    """Declare a command that changes the do-not-call list by the numbers of its body."""

    async def handler(request: ApiRequest) -> ApiResponse:
        async def command() -> AddToDoNotCall | RemoveFromDoNotCall:
            numbers = request.body(Numbers).numbers
            read = await asyncio.to_thread(checked_numbers, numbers, request.tenant.state)
            return gives(actor=request.principal.name, numbers=read)

        return await request.response_to(command)

    handler.__name__, handler.__doc__ = operation_name(gives), about
    SETTINGS.command(
        "POST",
        f"/do-not-call{path}",
        gives=gives,
        body=Numbers,
        has_list=True,
        response=ResponseForm(schema=Taken),
    )(handler)


_declare(
    AddToDoNotCall,
    "",
    """Put numbers on the do-not-call list, whatever their line.

    An idle recipient with such a number fails; an active one does when its call ends, unless
    reached (R6.12).
    """,
)
_declare(
    RemoveFromDoNotCall,
    "/remove",
    "Take numbers off the do-not-call list; nobody who failed is revived (R6.12).",
)

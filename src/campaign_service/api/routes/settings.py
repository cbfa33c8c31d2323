"""The general settings and the do-not-call list (R2, R6.12)."""

from __future__ import annotations

import asyncio
from itertools import islice

from campaign_core import do_not_call
from campaign_core.commands import AddToDoNotCall, ChangeSettings, RemoveFromDoNotCall
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.etags import settings_tag
from campaign_service.api.operations import OF_TENANT, IfMatch, Register, Reply
from campaign_service.api.shapes import wanted
from campaign_service.api.shapes.building import shape_of
from campaign_service.api.shapes.requests import DoNotCallQuery, Numbers, ThenQuery
from campaign_service.api.shapes.shown import NumberPage, Taken
from campaign_service.api.trials import numbers_read, settings_read

__all__ = ["SETTINGS"]

SETTINGS = Register("Settings", below=OF_TENANT)


@SETTINGS.query("/settings", query=ThenQuery, reply=wanted.Settings, has_etag=True)
async def read_settings(asked: Asked) -> Answer:
    """Read the general settings.

    The ETag is to be sent back as If-Match with a change. With `at`, as they were then (R8.3).
    """
    state, _ = await asked.moment(asked.query(ThenQuery).at)
    shape = shape_of(state.settings, wanted.Settings)
    return Answer(content=shape, headers={"ETag": settings_tag(state.settings)})


@SETTINGS.command(
    "PUT",
    "/settings",
    gives=ChangeSettings,
    body=wanted.Settings,
    reply=Reply(shape=Taken),
    if_match=IfMatch.NEEDED,
)
async def change_settings(asked: Asked) -> Answer:
    """Replace the general settings.

    It takes effect at once; calls in progress are never cut by a lower limit (R2.3).
    """
    body = asked.body(wanted.Settings)

    async def command() -> ChangeSettings:
        settings = settings_read(body, asked.tenant.state)
        return ChangeSettings(actor=asked.principal.name, settings=settings)

    return await asked.give_plainly(command, tag=lambda state: settings_tag(state.settings))


@SETTINGS.query("/do-not-call", query=DoNotCallQuery, reply=NumberPage)
async def list_do_not_call(asked: Asked) -> Answer:
    """List the numbers that are never called (R6.12); with `at`, those of then (R8.3)."""
    query = asked.query(DoNotCallQuery)
    state, _ = await asked.moment(query.at)

    def page() -> list[str]:
        behind = (number for number in do_not_call(state) if number > query.after)
        return list(islice(behind, query.limit + 1))

    numbers = await asyncio.to_thread(page)
    is_more = len(numbers) > query.limit
    items = numbers[: query.limit]
    return Answer(content=NumberPage(items=items, next=items[-1] if is_more else None))


@SETTINGS.command(
    "POST",
    "/do-not-call",
    gives=AddToDoNotCall,
    body=Numbers,
    has_list=True,
    reply=Reply(shape=Taken),
)
async def add_to_do_not_call(asked: Asked) -> Answer:
    """Put numbers on the do-not-call list, whatever their line.

    An idle recipient with such a number fails; an active one does when its call ends, unless
    reached (R6.12).
    """
    numbers = asked.body(Numbers).numbers

    async def command() -> AddToDoNotCall:
        read = await asyncio.to_thread(numbers_read, numbers, asked.tenant.state)
        return AddToDoNotCall(actor=asked.principal.name, numbers=read)

    return await asked.give_plainly(command)


@SETTINGS.command(
    "POST",
    "/do-not-call/remove",
    gives=RemoveFromDoNotCall,
    body=Numbers,
    has_list=True,
    reply=Reply(shape=Taken),
)
async def remove_from_do_not_call(asked: Asked) -> Answer:
    """Take numbers off the do-not-call list; nobody who failed is revived (R6.12)."""
    numbers = asked.body(Numbers).numbers

    async def command() -> RemoveFromDoNotCall:
        read = await asyncio.to_thread(numbers_read, numbers, asked.tenant.state)
        return RemoveFromDoNotCall(actor=asked.principal.name, numbers=read)

    return await asked.give_plainly(command)

"""Bodies as they come: how long one may be from whom, and its reading when it has its turn."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from litestar import Request
from litestar.exceptions import InternalServerException
from msgspec import Struct

from campaign_core.errors import Problem
from campaign_service.access import Principal, ServicePermission
from campaign_service.api.context import ApiContext
from campaign_service.api.limits.body_memory import BodyReservation
from campaign_service.api.operations import Operation, RequiredCaller
from campaign_service.api.problems.errors import (
    ClientGoneError,
    TooLargeError,
    TooSlowError,
    UnsupportedBodyError,
)
from campaign_service.api.reading.values import read_body
from campaign_service.api.settings import ApiSettings
from campaign_service.schemas.conversion import BadValuesError

__all__ = ["BODY_BYTES_A_S", "BODY_S", "AnyRequest", "body_max", "is_refused", "media_of", "read"]

AnyRequest = Request[Any, Any, Any]

BODY_S = 60.0
"""So long a body may take, and"""
BODY_BYTES_A_S = 32 << 10
"""a second more for each so many bytes that have come: who sends at a snail's pace gives the room
back that others need."""

_LARGE = 64 << 10
"""Bytes from which on a body is read in a thread: it takes a millisecond and more."""


def body_max(operation: Operation, settings: ApiSettings) -> int:
    """Return how many bytes an operation's body may have at most."""
    if operation.has_list:
        return settings.list_body_max
    if isinstance(operation.needs, RequiredCaller):
        # No permission is needed: it may come from a stranger, as a log-in does.
        return min(settings.body_max, settings.stranger_body_max)
    return settings.body_max


async def read(
    context: ApiContext, operation: Operation, request: AnyRequest, caller: Principal | None
) -> Struct | None:
    """Return the body of a request as the schema that its operation declares.

    Raises:
        TooLargeError: it has more bytes than are taken from this one.
        BusyError: too many wait for theirs to be read, or bodies take all the room.
        TooSlowError: it does not come in time.
        BadValuesError: values that do not fit, all of them.
    """
    if operation.method == "GET":
        return None
    most = _body_max_of(context, operation, request, caller)
    # Without a name they are strangers, each of whom may send little.
    by = "" if caller is None else caller.name
    with context.body_memory.reserve(by) as held:
        data = await _received(request, most, held)
        return await _decoded(context, operation, request, data, by)


async def _decoded(
    context: ApiContext, operation: Operation, request: AnyRequest, data: bytearray, by: str
) -> Struct | None:
    kind = operation.body
    if kind is None:
        if bytes(data.strip()) not in (b"", b"{}", b"null"):
            raise BadValuesError([Problem(field="", value="...", rule="no body")])
        return None
    if not data and operation.body_may_be_missing:
        return kind()
    content_type = request.headers.get("content-type", "")
    if media_of(content_type) != "application/json":
        shown = content_type or "(none)"
        raise UnsupportedBodyError(f"Content-Type: {shown}: application/json is needed")
    if len(data) < _LARGE:
        return read_body(data, kind)
    return await context.body_slots.run(by, read_body, data, kind)


def media_of(one: str) -> str:
    """Return a media type without its parameters."""
    return one.partition(";")[0].strip().lower()


def is_refused(one: str) -> bool:
    """Return whether a range of media types is refused, by ``q=0``."""
    return any(re.fullmatch(r"\s*q=0(\.0*)?\s*", parameter) for parameter in one.split(";")[1:])


def _body_max_of(
    context: ApiContext, operation: Operation, request: AnyRequest, caller: Principal | None
) -> int:
    settings = context.settings
    if operation.has_list and operation.needs is ServicePermission.VIEW:
        # Who may only look may try a command too, but not one with a list of a million.
        tenant = request.path_params.get("tenant")
        manages = ServicePermission.MANAGE_CAMPAIGNS
        if caller is None or not caller.may(manages, tenant=tenant):
            return settings.body_max
    return body_max(operation, settings)


async def _received(request: AnyRequest, most: int, held: BodyReservation) -> bytearray:
    declared = request.content_length or 0
    if declared > most:
        raise _too_large(most)
    held.expect(declared)
    began = asyncio.get_running_loop().time()
    # One piece of memory that grows: pieces to be joined would take twice as much.
    data = bytearray()
    try:
        async with asyncio.timeout_at(began + BODY_S) as limit:
            async for piece in request.stream():
                size = len(data) + len(piece)
                if size > most:
                    raise _too_large(most)
                held.grow(size)
                data += piece
                limit.reschedule(began + BODY_S + size / BODY_BYTES_A_S)
    except InternalServerException as error:
        # So the framework calls it when there is nobody any more who could be answered.
        raise ClientGoneError(error.detail) from None
    except TimeoutError:
        raise TooSlowError("the body was not all there in time") from None
    return data


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the body has more than the {most} bytes that are taken here from you")

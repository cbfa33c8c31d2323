"""From a request to its answer: whatever holds for every operation alike.

In this order: may the client take the answer, who asks, is there such a tenant, may he do this, do
query and body fit; then the operation's handler; and every error comes out as a problem.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from litestar.response import Response, Stream
from msgspec import Struct

from campaign_core.errors import Problem
from campaign_service.access import NotPermittedError, Principal, ServicePermission, audit_refusal
from campaign_service.api import bodies
from campaign_service.api.bodies import AnyRequest, is_refused, media_of
from campaign_service.api.browser import Browser
from campaign_service.api.compression import (
    COMPRESSED_FROM,
    compressed,
    compressed_pieces,
    takes_gzip,
)
from campaign_service.api.context import ApiContext
from campaign_service.api.etags import ETAGS_PATTERN, tag_of_compressed
from campaign_service.api.operations import IfMatch, Operation, RequiredCaller
from campaign_service.api.problems.errors import (
    NotAcceptableError,
    NotFoundError,
    PreconditionNeededError,
)
from campaign_service.api.problems.responses import (
    PROBLEM_MEDIA,
    ProblemResponse,
    problem_from_error,
)
from campaign_service.api.reading.values import read_query
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.api.times import present
from campaign_service.schemas.conversion import BadValuesError
from campaign_service.schemas.wire import encoded

__all__ = ["http_response", "respond"]

_LARGE = 256 << 10
"""Bytes of an answer from which on it is sent in pieces of so many."""
_EVENTS = "text/event-stream"
_NOT_MODIFIED = 304
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SEQ = re.compile(r"[0-9]{1,15}")


async def respond(context: ApiContext, operation: Operation, request: AnyRequest) -> Response[Any]:
    """Return the answer to a request."""
    began = time.perf_counter()
    try:
        checked = await _checked_request(context, operation, request)
        given = await operation.handler(checked)
        found = given if isinstance(given, ApiResponse) else ApiResponse(content=given)
        response = await _response(checked, request, found, operation)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the client is told in one form
        if isinstance(error, NotPermittedError):
            await _audit_refusal(context, request, error)
        response = http_response(problem_from_error(error))
    context.metrics.observe_request(
        method=operation.method,
        route=operation.path,
        status=response.status_code or 200,
        seconds=time.perf_counter() - began,
    )
    return response


def http_response(refusal: ProblemResponse) -> Response[Any]:
    """Return a problem as an answer."""
    return Response(
        refusal.encoded(),
        status_code=refusal.status,
        media_type=PROBLEM_MEDIA,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )


async def _response(
    checked: ApiRequest, request: AnyRequest, found: ApiResponse, operation: Operation
) -> Response[Any]:
    headers = {"Cache-Control": "no-store", **found.headers}
    if checked.shown.seq is not None:
        headers["Campaign-Seq"] = str(checked.shown.seq)
    may_compress = not operation.is_change and found.media != _EVENTS
    if may_compress:
        headers["Vary"] = "Accept-Encoding"
    if operation.may_be_known and checked.is_known(headers["ETag"]):
        return Response(b"", status_code=_NOT_MODIFIED, headers=headers)
    is_compressed = may_compress and takes_gzip(_header(request, "accept-encoding"))
    by = "" if checked.caller is None else checked.caller.name
    slots = checked.context.compression_slots
    body = found.content
    if isinstance(body, Struct):
        body = encoded(body)
    if isinstance(body, bytes | None):
        body = body or b""
        is_compressed &= len(body) >= COMPRESSED_FROM
        if len(body) > _LARGE:
            if not is_compressed:
                headers["Content-Length"] = str(len(body))
            body = _pieces_held(checked.context, request, body, by)
        elif is_compressed:
            body = await slots.run_more(by, compressed, body)
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
        if "ETag" in headers:
            headers["ETag"] = tag_of_compressed(headers["ETag"])
    status = operation.response.status
    if isinstance(body, bytes):
        return Response(body, status_code=status, media_type=found.media, headers=headers)
    if is_compressed:
        body = compressed_pieces(body, slots=slots, by=by)
    return Stream(body, status_code=status, media_type=found.media, headers=headers)


def _pieces_held(
    context: ApiContext, request: AnyRequest, body: bytes, by: str
) -> AsyncIterator[bytes]:
    """Return a body in pieces, each sent when the one before was taken: until then it counts."""
    held = ExitStack()
    context.request_counts.on_done(request.scope, held.close)
    held.enter_context(context.response_memory.reserve(by)).grow(len(body))
    return _pieces(body)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), _LARGE):
        yield body[begin : begin + _LARGE]


# What is asked -------------------------------------------------------------------------------


async def _checked_request(
    context: ApiContext, operation: Operation, request: AnyRequest
) -> ApiRequest:
    _check_acceptable(operation, request)
    browser = Browser.of_headers(
        request.headers, scheme=request.scope["scheme"], public_url=context.settings.public_url
    )
    authorization = request.headers.get("authorization")
    address = request.client.host if request.client is not None else ""
    path_params = {name: str(value) for name, value in request.path_params.items()}
    principal = None
    if operation.needs is not RequiredCaller.ANYBODY:
        if browser.secret is not None and context.local_passwords is not None:
            browser.check_origin(is_change=operation.is_change)
            authorization = f"Bearer {browser.secret}"
        principal = await context.authenticator.authenticate(
            authorization=authorization, address=address
        )
        request.state.principal = principal
        context.request_counts.count(request.scope, principal.name)
        _check_permission(context, operation, path_params, principal)
    query = parse_qsl(
        request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace"
    )
    body = await bodies.read(context, operation, request, principal)
    return ApiRequest(
        context=context,
        operation=operation.name,
        method=operation.method,
        path=operation.path,
        path_params=path_params,
        query_schema=read_query(query, operation.query),
        body_schema=body,
        authorization=authorization,
        browser=browser,
        address=address,
        caller=principal,
        wait_for_disconnect=partial(_wait_for_disconnect, request),
        idempotency_key=_idempotency_key(operation, request),
        if_match=_if_match(operation, request),
        if_none_match=_if_none_match(operation, request),
        last_event_id=_last_event_id(operation, request),
    )


async def _wait_for_disconnect(request: AnyRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _check_permission(
    context: ApiContext, operation: Operation, path_params: dict[str, str], principal: Principal
) -> None:
    tenant = path_params.get("tenant") if operation.is_of_tenant else None
    if isinstance(operation.needs, ServicePermission):
        # Before it is told whether there is such a tenant: that is not for everybody to know.
        principal.require(operation.needs, tenant=tenant)
    if tenant is not None and tenant not in context.host.tenants:
        raise NotFoundError(f"tenant = {tenant}: this process serves no such tenant")


def _check_acceptable(operation: Operation, request: AnyRequest) -> None:
    accept = _header(request, "accept")
    offered = operation.response.media
    if not accept or not offered:
        return
    taken = {media_of(one): not is_refused(one) for one in accept.split(",")}
    for kind in offered:
        # Of several ranges that hold a type, the narrowest counts (RFC 9110, 12.5.1).
        fitting = (kind, f"{kind.partition('/')[0]}/*", "*/*")
        if next((taken[one] for one in fitting if one in taken), False):
            return
    raise NotAcceptableError(f"Accept: {accept}: the answer is {' or '.join(offered)}")


def _header(request: AnyRequest, name: str) -> str | None:
    """Return a header; one that comes several times is one list (RFC 9110)."""
    given = request.headers.getall(name, [])
    return ", ".join(given) if given else None


def _idempotency_key(operation: Operation, request: AnyRequest) -> str | None:
    key = _header(request, "idempotency-key")
    if key is None or not operation.is_change:
        return None
    if not operation.commands:
        # To take it in silence would promise what is not kept.
        rule = "left out: this is no command, and is done each time that it is sent"
        raise BadValuesError([Problem(field="Idempotency-Key", value=key, rule=rule)])
    if _KEY.fullmatch(key) is None:
        rule = "1 to 255 visible ASCII characters"
        raise BadValuesError([Problem(field="Idempotency-Key", value=key, rule=rule)])
    return key


def _if_match(operation: Operation, request: AnyRequest) -> str | None:
    given = _header(request, "if-match")
    if operation.if_match is IfMatch.REQUIRED and given is None:
        raise PreconditionNeededError(
            "send the ETag of what you have read as If-Match, so that nobody's change is lost"
        )
    if operation.if_match is IfMatch.IGNORED or given is None:
        return None
    return _checked_tags("If-Match", given)


def _if_none_match(operation: Operation, request: AnyRequest) -> str | None:
    given = _header(request, "if-none-match")
    if given is None or not operation.may_be_known:
        return None
    return _checked_tags("If-None-Match", given)


def _checked_tags(field: str, given: str) -> str:
    if re.fullmatch(ETAGS_PATTERN, given) is None:
        rule = "an ETag in quotes, several with commas between, or *"
        raise BadValuesError([Problem(field=field, value=given, rule=rule)])
    return given


def _last_event_id(operation: Operation, request: AnyRequest) -> int | None:
    given = request.headers.get("last-event-id")
    if not given or _EVENTS not in operation.response.media:
        return None
    if _SEQ.fullmatch(given) is None:
        problem = Problem(field="Last-Event-ID", value=given, rule="the number of an event")
        raise BadValuesError([problem])
    return int(given)


async def _audit_refusal(
    context: ApiContext, request: AnyRequest, error: NotPermittedError
) -> None:
    """Put down that somebody asked for what that one may not do."""
    principal = getattr(request.state, "principal", None)
    if context.local_passwords is None or not isinstance(principal, Principal):
        return
    try:
        await asyncio.to_thread(
            audit_refusal,
            context.host.database,
            principal,
            asked=f"{request.method} {request.url.path}",
            now=present(),
        )
    except OSError:
        # He is refused all the same; that it cannot be put down is told by others.
        return

"""The application: made for a service host and an authenticator, embedded as any ASGI one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from campaign_service.access import Authenticator, Passwords
from campaign_service.api.bodies import AnyRequest, body_max
from campaign_service.api.command_audit import CommandAudit
from campaign_service.api.compression import compressed, takes_gzip
from campaign_service.api.context import ApiContext
from campaign_service.api.dispatch import http_response, respond
from campaign_service.api.document.openapi import document_text
from campaign_service.api.etags import etag_is_known, tag_of, tag_of_compressed
from campaign_service.api.limits.body_memory import BodyMemory
from campaign_service.api.limits.request_counts import RequestCounts
from campaign_service.api.metrics import Metrics
from campaign_service.api.operations import PREFIX, Operation
from campaign_service.api.past_states import PastStates
from campaign_service.api.problems.responses import problem_from_error
from campaign_service.api.routes import operations_of
from campaign_service.api.settings import ApiSettings
from campaign_service.api.stream.event_feed import EventFeeds
from campaign_service.api.stream.view_feed import ViewFeeds
from campaign_service.serving import ServiceHost

__all__ = ["close_streams", "make_app"]

_NOT_MODIFIED = 304


def make_app(
    host: ServiceHost,
    authenticator: Authenticator,
    *,
    settings: ApiSettings | None = None,
    passwords: Passwords | None = None,
) -> Litestar:
    """Return the API of a service host.

    Args:
        host: what is served; it is started and stopped by whoever made it.
        authenticator: tells who sends a request.
        settings: of the API itself.
        passwords: those of the service's own users; ``None``: a host program has its own users,
            and there is neither a log-in nor anything else about users here.
    """
    chosen = ApiSettings() if settings is None else settings
    context = _context(host, authenticator, chosen, passwords)
    operations = operations_of(has_users=passwords is not None, open_metrics=chosen.open_metrics)
    handlers = [_route(context, operation) for operation in operations]

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        context.feeds.start()
        context.command_audit.start()
        watching = asyncio.create_task(context.metrics.measure_loop_lag())
        try:
            yield
        finally:
            watching.cancel()
            await context.feeds.stop()
            await context.view_feeds.stop()
            context.close()
            await context.command_audit.stop()
            await asyncio.gather(watching, return_exceptions=True)

    app = Litestar(
        route_handlers=[*_options(operations), *handlers, _document(operations)],
        exception_handlers={Exception: _refuse},
        lifespan=[lifespan],
        middleware=[context.request_counts.middleware],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=chosen.body_max,
    )
    app.state.context = context
    return app


def close_streams(app: Litestar) -> None:
    """Have every stream of events end: a server that stops waits for its connections."""
    context: ApiContext = app.state.context
    context.feeds.close()
    context.view_feeds.close()


def _context(
    host: ServiceHost,
    authenticator: Authenticator,
    settings: ApiSettings,
    passwords: Passwords | None,
) -> ApiContext:
    metrics = Metrics(host)
    tick_s = min(1.0, settings.heartbeat_s / 2, settings.recheck_s / 2)
    feeds = EventFeeds(host.tenants, watch=metrics.event_counter, tick_s=tick_s)
    view_feeds = ViewFeeds(host.tenants, tick_s=tick_s)
    metrics.listeners = lambda: view_feeds.listeners() + Counter(feeds.listeners())
    return ApiContext(
        host=host,
        authenticator=authenticator,
        settings=settings,
        feeds=feeds,
        view_feeds=view_feeds,
        metrics=metrics,
        past_states=PastStates(kept=settings.past_states_kept),
        body_memory=BodyMemory(settings.bodies_max or 2 * settings.list_body_max),
        response_memory=BodyMemory(settings.bodies_max or 2 * settings.list_body_max),
        request_counts=RequestCounts(settings.requests_each_max),
        command_audit=CommandAudit(host),
        local_passwords=passwords,
    )


def _route(context: ApiContext, operation: Operation) -> HTTPRouteHandler:
    async def handle(request: AnyRequest) -> Response[Any]:
        found = await respond(context, operation, request)
        return _head_of(found) if request.method == "HEAD" else found

    settings = context.settings
    make = HTTPRouteHandler(
        path=operation.path.replace("}", ":str}"),
        http_method=_methods(operation.method),  # type: ignore[arg-type]
        name=operation.name,
        # The answer has its own; that of a DELETE would be without a body.
        status_code=200,
        request_max_body_size=body_max(operation, settings),
    )
    return make(handle)


def _methods(method: str) -> list[str]:
    """Return the methods that an operation is asked by: whatever can be read has a head."""
    return ["GET", "HEAD"] if method == "GET" else [method]


def _head_of(found: Response[Any]) -> Response[Any]:
    """Return the headers of an answer, without its body (RFC 9110, 9.3.2)."""
    if found.status_code == _NOT_MODIFIED:
        return found
    headers = {**found.headers}
    if isinstance(found, Stream):
        # How long it would be is not known, and nobody reads it to find out.
        return Stream(
            iter(()), status_code=found.status_code, media_type=found.media_type, headers=headers
        )
    headers["Content-Length"] = str(len(found.content))
    return Response(
        b"", status_code=found.status_code, media_type=found.media_type, headers=headers
    )


def _options(operations: Sequence[Operation]) -> list[HTTPRouteHandler]:
    """Return what answers OPTIONS: the framework's own would know the first method alone."""
    methods: dict[str, list[str]] = {}
    for operation in operations:
        methods.setdefault(operation.path, ["OPTIONS"]).extend(_methods(operation.method))
    return [_option(path, ", ".join(sorted(known))) for path, known in methods.items()]


def _option(path: str, allowed: str) -> HTTPRouteHandler:
    async def read_options() -> Response[Any]:
        return Response(b"", status_code=204, headers={"Allow": allowed})

    make = HTTPRouteHandler(
        path=path.replace("}", ":str}"), http_method=["OPTIONS"], status_code=200
    )
    return make(read_options)


def _document(operations: Sequence[Operation]) -> HTTPRouteHandler:
    text = document_text(operations)
    short, tag = compressed(text), tag_of([text])

    async def read_document(request: AnyRequest) -> Response[Any]:
        headers = {"Vary": "Accept-Encoding", "ETag": tag}
        if etag_is_known(request.headers.get("if-none-match", ""), tag):
            return Response(b"", status_code=_NOT_MODIFIED, headers=headers)
        body = text
        if takes_gzip(request.headers.get("accept-encoding")):
            body = short
            headers |= {"Content-Encoding": "gzip", "ETag": tag_of_compressed(tag)}
        found = Response(body, media_type="application/json", headers=headers)
        return _head_of(found) if request.method == "HEAD" else found

    make = HTTPRouteHandler(
        path=f"{PREFIX}/openapi.json", http_method=["GET", "HEAD"], name="openapi"
    )
    return make(read_document)


def _refuse(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer what goes wrong before an operation is found: no such path, no such method."""
    return http_response(problem_from_error(error))

"""The program that answers HTTP, in a process whose signals are somebody else's."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from litestar import Litestar
from typing_extensions import override
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from campaign_service.api import close_streams
from campaign_service.api.problems.responses import PROBLEM_MEDIA, problem_response
from campaign_service.cli.serving.connection_limiter import ConnectionLimiter
from campaign_service.cli.serving.http_protocol import BoundedProtocol
from campaign_service.config.service_settings import UNIX_SOCKET, ServiceSettings

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["WebServer"]

_log = logging.getLogger(__name__)

_SHUTDOWN_GRACE_S = 5
"""Requests that are being answered at the end have so long."""
_START_POLL_S = 0.02


class _Server(uvicorn.Server):
    """Uvicorn's server behind a limit on connections.

    It leaves signals alone: to stop takes more than to close sockets.
    """

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise RuntimeError("the application did not start")
        limiter = ConnectionLimiter(sockets or [], self._make_protocol, tls=self.config.ssl)
        self.servers = [limiter]  # type: ignore[list-item]
        self.started = True

    def _make_protocol(self) -> BoundedProtocol:
        return BoundedProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


class WebServer:
    """Answers HTTP on sockets that are open.

    Args:
        app: what answers.
        settings: of the service.
        sockets: on which it answers.
    """

    def __init__(
        self, app: Litestar, settings: ServiceSettings, sockets: list[socket.socket]
    ) -> None:
        self._app = app
        self._requests_cut_off = 0
        certificate, key = settings.tls_certificate, settings.tls_key
        self._server = _Server(
            uvicorn.Config(
                self._with_response_when_stopped(
                    _with_client_address(app, settings.trusted_proxies)
                ),
                lifespan="on",
                loop="asyncio",
                http=BoundedProtocol,
                ws="none",
                # Whether requests are logged is for the level of their logger to say: told here
                # not to log them, this would silence whoever serves in this process after it.
                log_config=None,
                server_header=False,
                # Done by ourselves: it would leave out whoever comes by a Unix socket.
                proxy_headers=False,
                timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
                ssl_certfile=None if certificate is None else str(certificate),
                ssl_keyfile=None if key is None else str(key),
            )
        )
        self._sockets = sockets
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Answer from now on.

        Raises:
            Exception: what kept it from starting.
        """
        self._task = asyncio.create_task(self._server.serve(sockets=self._sockets))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError("the HTTP server ended while it started")
            await asyncio.sleep(_START_POLL_S)

    async def wait(self) -> None:
        """Return when it answers no more; that nobody stopped it is an error."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Answer what was asked, and nothing more."""
        # The server waits for its connections, and a stream of events ends by itself never.
        close_streams(self._app)
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        if self._requests_cut_off:
            _log.info("%d requests had no answer by the end", self._requests_cut_off)

    def _with_response_when_stopped(self, app: Any) -> Any:  # noqa: ANN401 -- ASGI applications
        """Return the application, whose clients are told when it ends before their answer."""

        async def with_response(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
            has_started = False

            async def watched_send(message: Any) -> None:  # noqa: ANN401
                nonlocal has_started
                has_started = True
                await send(message)

            try:
                await app(scope, receive, watched_send)
            except asyncio.CancelledError:
                if scope["type"] == "http":
                    # The server takes no longer to end.
                    self._requests_cut_off += 1
                    if not has_started:
                        await _send_stopping(send)
                        return
                raise

        return with_response


async def _send_stopping(send: Any) -> None:  # noqa: ANN401
    refusal = problem_response("not-ready", "the service stops")
    body = refusal.encoded()
    headers = [
        (b"content-type", PROBLEM_MEDIA.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_client_address(app: Any, trusted: tuple[str, ...]) -> Any:  # noqa: ANN401 -- ASGI applications
    """Return the application, told where requests come from.

    Whoever comes by a Unix socket has no address: it is called :data:`UNIX_SOCKET`. Who is not
    listed as a proxy may not say on whose behalf it asks.
    """
    inner: ASGI3Application = ProxyHeadersMiddleware(app, list(trusted)) if trusted else app

    async def with_address(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        if scope["type"] == "http" and not scope.get("client"):
            scope["client"] = (UNIX_SOCKET, 0)
        await inner(scope, receive, send)

    return with_address

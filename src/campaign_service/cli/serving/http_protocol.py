"""HTTP as it comes in, with bounds: the web server's own reader takes a head of any length.

What a request's body may be is for the API to say; here is what anybody could do who is not known
yet: a head that never ends, a connection that says nothing, or takes nothing of what it is told.
How many connections there may be is for :mod:`~campaign_service.cli.serving.connection_limiter`
to say.

Whoever is refused while the rest of the request is on its way is told so: what comes is read and
thrown away for a while, since a connection that is closed over unread bytes takes the answer along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from campaign_service.api.problems.responses import PROBLEM_MEDIA, problem_response

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["HEAD_BYTES_MAX", "HEAD_TIMEOUT_S", "IDLE_TIMEOUT_S", "BoundedProtocol"]

HEAD_BYTES_MAX = 64 << 10
"""Bytes of a request's line and headers, or of what stands between pieces of a body; what comes at
one time with them, the system's buffer, is taken beyond that."""
HEAD_TIMEOUT_S = 20.0
"""So long a head may take, from the connection on."""
IDLE_TIMEOUT_S = 60.0
"""A body of which nothing comes for so long is waited for no more."""
_CHECK_EVERY_S = 5.0
_LINGER_S = 30.0
"""After an answer, what is still coming is thrown away for so long,"""
_LINGER_IDLE_S = 5.0
"""and no longer when nothing comes for so long,"""
_LINGER_BYTES_MAX = 512 << 20
"""and so many bytes of it."""
_PIPELINED_MAX = 32
"""Requests that wait for the answer to one before them."""


def _response_bytes(name: str, detail: str) -> bytes:
    """Return a problem as bytes of HTTP, after which the connection is closed."""
    refusal = problem_response(name, detail)
    body = refusal.encoded()
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        f"content-type: {PROBLEM_MEDIA}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_TOO_LONG = _response_bytes("head-too-large", f"line and headers may have {HEAD_BYTES_MAX} bytes")
_TOO_SLOW = _response_bytes("too-slow", "it was not all there in time")
_MALFORMED = _response_bytes("bad-request", "this is no HTTP/1.1, or its method is unknown")


class _LingeringTransport(asyncio.Transport):
    """A connection as those see it who answer: to end it is left to its protocol.

    Args:
        connection: the connection.
        end: ends it.
    """

    def __init__(self, connection: asyncio.Transport, end: Callable[[], None]) -> None:
        super().__init__()
        self._connection = connection
        self._close = end
        self._is_ending = False
        self.write = connection.write  # type: ignore[method-assign]
        self.pause_reading = connection.pause_reading  # type: ignore[method-assign]
        self.resume_reading = connection.resume_reading  # type: ignore[method-assign]
        self.get_extra_info = connection.get_extra_info  # type: ignore[method-assign]

    @override
    def close(self) -> None:
        if not self.is_closing():
            self._is_ending = True
            self._close()

    @override
    def is_closing(self) -> bool:
        return self._is_ending or self._connection.is_closing()


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    head_timeout_s: float = HEAD_TIMEOUT_S
    idle_timeout_s: float = IDLE_TIMEOUT_S
    linger_s: float = _LINGER_S
    linger_idle_s: float = _LINGER_IDLE_S
    check_every_s: float = _CHECK_EVERY_S

    on_lost: Callable[[], None] | None = None
    """Is called when the connection is gone."""
    _connection: asyncio.Transport | None = None
    _unparsed_bytes: int = 0
    """Bytes since the last that came to anything."""
    _head_wait_since: float | None = None
    """Since when a head is waited for; ``None``: no head is."""
    _last_data_at: float = 0.0
    _is_in_body: bool = False
    _last_cycle: RequestResponseCycle | None = None
    """The request that is being answered, or was last."""
    _last_response_at: float = 0.0
    """When the last answer was whole."""
    _lingering_since: float | None = None
    """Since when all that comes is thrown away; ``None``: it is not."""
    _discarded_bytes: int = 0
    _unsent_bytes: int = 0
    """Bytes that were not sent yet, when that was looked at last."""
    _write_progress_at: float = 0.0
    """When there was last nothing to send, or less than before."""
    _check_timer: asyncio.TimerHandle | None = None

    @property
    def is_answering(self) -> bool:
        """Whether it is our turn: a request is all there, its answer is not, and would be taken."""
        if cast("object | None", self.cycle) is None or self.cycle.response_complete:
            return False
        return not (self._is_in_body or self._lingering_since is not None or self.flow.write_paused)

    def abort(self) -> None:
        """End at once; what was not sent is lost."""
        if self._connection is not None:
            self._connection.abort()

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        self._connection = transport
        super().connection_made(_LingeringTransport(transport, self._close))
        self._head_wait_since = self._write_progress_at = self.loop.time()
        self._check_timer = self.loop.call_later(self.check_every_s, self._check_timeouts)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._check_timer is not None:
            self._check_timer.cancel()
            self._check_timer = None
        # None of its timers may outlive it.
        self._unset_keepalive_if_required()
        if self._last_cycle is not None and not self._last_cycle.response_complete:
            # Of several requests at one time, the web server tells the last alone.
            self._last_cycle.disconnected = True
            self._last_cycle.message_event.set()
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    @override
    def data_received(self, data: bytes) -> None:
        """Read what came, and break off a head that is too long."""
        self._last_data_at = self.loop.time()
        if self._lingering_since is not None:
            self._discarded_bytes += len(data)
            if self._discarded_bytes > _LINGER_BYTES_MAX:
                self.abort()
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unparsed_bytes > HEAD_BYTES_MAX:
            self._refuse(_TOO_LONG)
        elif not self._is_in_body and not self.is_answering:
            # Line breaks before a head do not begin one, and take time all the same.
            self._head_wait_since = self._head_wait_since or self._last_data_at

    @override
    def on_message_begin(self) -> None:
        """Take the beginning of a request."""
        self._head_wait_since = self._head_wait_since or self.loop.time()
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """Take the end of a head."""
        if len(self.pipeline) >= _PIPELINED_MAX:
            raise ValueError("too many requests at one time")
        self._unparsed_bytes, self._head_wait_since, self._is_in_body = 0, None, True
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._unparsed_bytes, self._is_in_body = 0, False
        super().on_message_complete()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._last_cycle = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def on_response_complete(self) -> None:
        """Take the end of an answer."""
        self._last_response_at = self.loop.time()
        super().on_response_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read at all."""
        self._refuse(_MALFORMED)

    @override
    def shutdown(self) -> None:
        """End as soon as what was asked is answered."""
        if self._lingering_since is not None:
            self.abort()
        else:
            super().shutdown()

    @override
    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing of a wish for another protocol: the request is answered as it is."""

    # What takes too long ---------------------------------------------------------------------

    def _check_timeouts(self) -> None:
        """Break off what has taken too long."""
        now = self.loop.time()
        self._check_timer = self.loop.call_later(self.check_every_s, self._check_timeouts)
        if self._is_write_stalled(now) or self._is_linger_over(now):
            self.abort()
        elif self.transport.is_closing():
            return
        elif (
            self._head_wait_since is not None and now - self._head_wait_since > self.head_timeout_s
        ):
            if self._unparsed_bytes or cast("object | None", self.cycle) is None:
                self._refuse(_TOO_SLOW)
            else:
                self.transport.close()
        elif self._is_in_body:
            # While nobody reads, it is not the client who is silent.
            if not self.flow.read_paused and now - self._last_data_at > self.idle_timeout_s:
                self._refuse(_TOO_SLOW)
            elif self.cycle.response_complete and now - self._last_response_at > self.linger_s:
                self.transport.close()

    def _is_write_stalled(self, now: float) -> bool:
        """Return whether the client has taken nothing for long of what there is for it."""
        assert self._connection is not None
        size = self._connection.get_write_buffer_size()
        if size == 0 or size < self._unsent_bytes:
            self._write_progress_at = now
        self._unsent_bytes = size
        return now - self._write_progress_at > self.idle_timeout_s

    def _is_linger_over(self, now: float) -> bool:
        since = self._lingering_since
        if since is None:
            return False
        is_silent = now - max(since, self._last_data_at) > self.linger_idle_s
        return is_silent or now - since > self.linger_s

    def _refuse(self, answer: bytes) -> None:
        """Answer, unless an answer is on its way, and end."""
        if self._is_free_to_answer():
            self.transport.write(answer)
            self.transport.close()
        else:
            assert self._connection is not None
            self._connection.close()

    def _is_free_to_answer(self) -> bool:
        cycle = cast("object | None", self.cycle)
        if cycle is None or self.cycle.response_complete:
            return True
        if not self._is_in_body or self.pipeline or self.cycle.response_started:
            return False
        # It waits for the rest of the body, and is told that nothing more comes.
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def _close(self) -> None:
        """Close, once the client can have had the answer."""
        assert self._connection is not None
        if not self._is_in_body and not self._unparsed_bytes:
            self._connection.close()
            return
        self._lingering_since = self.loop.time()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self._connection.can_write_eof():
            self._connection.write_eof()

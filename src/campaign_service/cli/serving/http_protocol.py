"""HTTP as it comes in, with bounds: the web server's own reader takes a head of any length.

What a request's body may be is for the API to say; here is what anybody could do who is not known
yet: a head that never ends, a connection that says nothing, more connections than there are files.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from http import HTTPStatus
from typing import cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from campaign_service.api.problems import PROBLEM_MEDIA, refusal_of

__all__ = ["HEAD_BYTES_MAX", "HEAD_S", "SILENCE_S", "BoundedProtocol"]

_log = logging.getLogger(__name__)

HEAD_BYTES_MAX = 64 << 10
"""Bytes of a request's line and headers, or of what stands between pieces of a body; what comes at
one time with them, the system's buffer, is taken beyond that."""
HEAD_S = 20.0
"""So long a head may take, from the connection on."""
SILENCE_S = 60.0
"""A body of which nothing comes for so long is waited for no more."""
_LOOK_EVERY_S = 5.0
_FILES_SHARE = 2
"""Of the files that the process may open, one in so many may be a connection: the database, the
telephony and the journal need theirs."""
_TOLD_EVERY_S = 60.0


def _answer(name: str, detail: str) -> bytes:
    """Return a problem as bytes of HTTP, after which the connection is closed."""
    refusal = refusal_of(name, detail)
    body = refusal.encoded()
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        f"content-type: {PROBLEM_MEDIA}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_TOO_LONG = _answer("head-too-large", f"line and headers may have {HEAD_BYTES_MAX} bytes")
_TOO_SLOW = _answer("too-slow", "it was not all there in time")
_MALFORMED = _answer("bad-request", "this is no HTTP/1.1, or its method is unknown")


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    connections_max: int = 0
    """So many are taken at one time; 0: as many as the files of the process allow."""
    head_s: float = HEAD_S
    silence_s: float = SILENCE_S
    look_every_s: float = _LOOK_EVERY_S

    _told_at: float = -_TOLD_EVERY_S
    """When it was last logged that there are too many connections, of all of them."""
    _unread: int = 0
    """Bytes since the last that came to anything."""
    _head_since: float | None = None
    """Since when a head is waited for; ``None``: no head is."""
    _heard_at: float = 0.0
    _in_body: bool = False
    _looking: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > (self.connections_max or _connections_max()):
            self._tell_of_many()
            transport.abort()
            return
        self._head_since = self.loop.time()
        self._looking = self.loop.call_later(self.look_every_s, self._look)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Read what came, and break off a head that is too long."""
        self._unread += len(data)
        self._heard_at = self.loop.time()
        super().data_received(data)
        if self._unread > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._refuse(_TOO_LONG)

    @override
    def on_message_begin(self) -> None:
        """Take the beginning of a request."""
        self._head_since = self._head_since or self.loop.time()
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """Take the end of a head."""
        self._unread, self._head_since, self._in_body = 0, None, True
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unread = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._unread, self._in_body = 0, False
        super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read at all."""
        self.transport.write(_MALFORMED)
        self.transport.close()

    @override
    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing of a wish for another protocol: the request is answered as it is."""

    def _look(self) -> None:
        """Break off what has taken too long."""
        now = self.loop.time()
        is_slow = self._head_since is not None and now - self._head_since > self.head_s
        # While nobody reads, it is not the client who is silent.
        is_read = not self.flow.read_paused
        is_silent = self._in_body and is_read and now - self._heard_at > self.silence_s
        if is_slow or is_silent:
            self._refuse(_TOO_SLOW)
            return
        self._looking = self.loop.call_later(self.look_every_s, self._look)

    def _refuse(self, answer: bytes) -> None:
        cycle = cast("object | None", self.cycle)
        if cycle is None or self.cycle.response_complete:
            self.transport.write(answer)
        self.transport.close()

    def _tell_of_many(self) -> None:
        now = time.monotonic()
        if now - BoundedProtocol._told_at >= _TOLD_EVERY_S:
            BoundedProtocol._told_at = now
            _log.warning("too many connections: more are turned away than the files allow")


def _connections_max() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft // _FILES_SHARE)

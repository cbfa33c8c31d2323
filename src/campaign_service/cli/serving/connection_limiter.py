"""Who comes in: connections are counted where they are taken, before a handshake and a word.

The loop's own way of taking connections knows no bound: those that hide behind a handshake are
nobody's, and where files run out it tells so for each that it cannot take, over and over. Here a
connection has a slot from the moment it is taken until it is gone, whatever it is doing.

Where all slots are taken, whoever holds most of them gives one up for who holds fewer: the slot
of a connection from which something is waited for (a handshake, a head, a body, a next request, or
that it takes what it is told), the oldest first. What is being answered keeps its slot. So neither
a crowd of silent strangers nor one careless client keeps the others out.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from logging import getLogger

import attrs

from campaign_service.access.login_limit import client_network
from campaign_service.api.throttled_warning import ThrottledWarning
from campaign_service.cli.serving.http_protocol import BoundedProtocol

__all__ = ["BACKLOG", "ConnectionLimiter", "connections_max"]

BACKLOG = 128
"""So many may wait to be taken: they are taken, or turned away, many times a second."""
_CONNECTIONS_MAX = 4_096
_FILES_SHARE = 2
"""Of the files that the process may open, one in so many may be a connection: the database, the
telephony and the journal need theirs."""
_TLS_HANDSHAKE_S = 5.0
_TLS_SHUTDOWN_S = 5.0
"""So long the end of TLS may take."""
_ACCEPTS_AT_ONCE = 32
"""So many are taken before the loop does something else."""
_ACCEPT_PAUSE_S = 0.1
"""After what keeps connections from being taken: no file, no memory."""

_log = getLogger(__name__)


@attrs.define(eq=False)
class _ConnectionSlot:
    """What one connection holds."""

    origin: str
    """An address; of IPv6 a network; nothing for a Unix socket."""
    connection: socket.socket
    protocol: BoundedProtocol | None = None
    """``None`` only until its handshake begins."""
    serving: asyncio.Task[None] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client who keeps the slot, and not what it is answered."""
        return self.protocol is None or not self.protocol.is_answering

    def give_up(self) -> None:
        """Be gone at once."""
        if self.serving is not None and not self.serving.done():
            self.serving.cancel()
        if self.protocol is not None:
            self.protocol.abort()
        else:
            self.connection.close()


class ConnectionLimiter:
    """Takes connections on listening sockets, so many at one time.

    Args:
        listeners: the sockets.
        make: makes what speaks to a connection.
        tls: how to speak TLS; ``None``: not at all.
    """

    connections_max: int = 0
    """So many are taken at one time; 0: as many as the files of the process allow."""
    handshake_s: float = _TLS_HANDSHAKE_S

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        make: Callable[[], BoundedProtocol],
        *,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._listeners = listeners
        self._make = make
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._by_origin: dict[str, dict[_ConnectionSlot, None]] = {}
        """The slots of each, the oldest first."""
        self._count = 0
        self._is_open = True
        self._many = ThrottledWarning(
            _log, "too many connections: some are turned away (%s at one time)", every_s=60
        )
        self._unable = ThrottledWarning(_log, "connections cannot be taken: %s", every_s=1)
        for one in listeners:
            one.setblocking(False)  # noqa: FBT003
            one.listen(BACKLOG)
            self._start_accepting(one)

    def close(self) -> None:
        """Take no more; who is in stays."""
        self._is_open = False
        for one in self._listeners:
            self._loop.remove_reader(one)
        for slots in [*self._by_origin.values()]:
            for slot in [*slots]:
                if slot.serving is not None and not slot.serving.done():
                    slot.give_up()

    async def wait_closed(self) -> None:
        """Nothing is left to be waited for: part of what a server of asyncio can do."""

    # Taking ----------------------------------------------------------------------------------

    def _start_accepting(self, listener: socket.socket) -> None:
        if self._is_open:
            self._loop.add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # It would be told anew at once, and at once again.
                self._unable.warn(error.strerror or error)
                self._loop.remove_reader(listener)
                self._loop.call_later(_ACCEPT_PAUSE_S, self._start_accepting, listener)
                return
            connection.setblocking(False)  # noqa: FBT003
            self._admit(
                connection, client_network(address[0]) if isinstance(address, tuple) else ""
            )

    def _admit(self, connection: socket.socket, origin: str) -> None:
        most = self.connections_max or connections_max()
        if self._count >= most:
            self._many.warn(most)
            if not self._make_room(origin):
                connection.close()
                return
        slot = _ConnectionSlot(origin, connection)
        self._by_origin.setdefault(origin, {})[slot] = None
        self._count += 1
        slot.serving = self._loop.create_task(self._serve(slot))

    async def _serve(self, slot: _ConnectionSlot) -> None:
        def made() -> BoundedProtocol:
            slot.protocol = self._make()
            slot.protocol.on_lost = partial(self._forget, slot)
            return slot.protocol

        is_tls = self._tls is not None
        try:
            await self._loop.connect_accepted_socket(
                made,
                slot.connection,
                ssl=self._tls,
                ssl_handshake_timeout=self.handshake_s if is_tls else None,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_S if is_tls else None,
            )
        except (OSError, asyncio.CancelledError):
            # Of strangers' handshakes nothing is told: they could fill the disk with it.
            self._forget(slot)

    def _forget(self, slot: _ConnectionSlot) -> None:
        slots = self._by_origin.get(slot.origin, {})
        if slot in slots:
            del slots[slot]
            self._count -= 1
            if not slots:
                del self._by_origin[slot.origin]

    # Fairness --------------------------------------------------------------------------------

    def _make_room(self, newcomer: str) -> bool:
        """Return whether somebody gave up a slot for a newcomer."""
        own = len(self._by_origin.get(newcomer, ()))
        for slots in sorted(self._by_origin.values(), key=len, reverse=True):
            if len(slots) < own:
                return False
            for slot in slots:
                if slot.is_waiting:
                    self._forget(slot)
                    slot.give_up()
                    return True
        return False


def connections_max() -> int:
    """Return how many connections there may be at one time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(soft // _FILES_SHARE, _CONNECTIONS_MAX))

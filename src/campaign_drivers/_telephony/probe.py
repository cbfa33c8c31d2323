"""A short connection of its own, on which one asks and waits for the answer.

A driver's own probe adds how it asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, Protocol, Self, TypeVar

from campaign_drivers._telephony.protocol import EventCame, Happening, Reply, SessionOver
from campaign_drivers._telephony.socket_driver import Address, dial, monotonic_ms
from campaign_drivers._telephony.transport import Link
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError

__all__ = ["Probe"]

ReadyT = TypeVar("ReadyT")
ReadyT_co = TypeVar("ReadyT_co", covariant=True)
MessageT_co = TypeVar("MessageT_co", covariant=True)
EventT_co = TypeVar("EventT_co", covariant=True)
MessageT = TypeVar("MessageT")
EventT = TypeVar("EventT")

_POLL_S = 0.05


class Conversation(Protocol[MessageT_co, EventT_co, ReadyT_co]):
    """A driver's session: one connection without its socket."""

    def receive(
        self, data: bytes, now: int
    ) -> Iterator[Happening[MessageT_co, EventT_co, ReadyT_co]]:
        """Take bytes; give what they mean, in order."""

    def wake(self, now: int) -> Iterator[Happening[MessageT_co, EventT_co, ReadyT_co]]:
        """Give what time alone brings."""

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""


class Probe(Generic[MessageT, EventT, ReadyT]):
    """A connection on which one asks and waits for the answer.

    Args:
        conversation: the session of that connection.
        address: where to connect.
        answer_within_s: for each reply; after it the connection counts as lost.
    """

    def __init__(
        self,
        conversation: Conversation[MessageT, EventT, ReadyT],
        *,
        address: Address,
        answer_within_s: float,
    ) -> None:
        """Nothing is connected before ``async with``."""
        self.ready: ReadyT | None = None
        """What the server said when it was ready, once it was."""
        self._conversation = conversation
        self._address = address
        self._answer_within_s = answer_within_s
        self._link: Link | None = None
        self.here, self.there = "", ""
        """Our own address and the server's, once there is a connection."""
        self._events: asyncio.Queue[EventT] = asyncio.Queue()
        self._replies: dict[str, asyncio.Future[Reply[MessageT]]] = {}
        self._is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._serial = count(1)

    def _take(self, happening: Happening[MessageT, EventT, ReadyT]) -> None:
        match happening:
            case EventCame(event):
                self._heard(event)
            case Reply(purpose=(_, key)):
                future = self._replies.pop(key, None)
                if future is not None and not future.done():
                    future.set_result(happening)
            case Reply():
                pass
            case SessionOver(why=why, refused=refused):
                self._fail(LoginRefusedError(why) if refused else LinkLostError(why))
            case _:
                self.ready = happening
                if not self._is_ready.done():
                    self._is_ready.set_result(None)

    def _heard(self, event: EventT) -> None:
        self._events.put_nowait(event)

    def _fail(self, error: DriverError) -> None:
        if not self._is_ready.done():
            self._is_ready.set_exception(error)
        for future in self._replies.values():
            if not future.done():
                future.set_exception(error)
        self._replies.clear()

    # Asking -------------------------------------------------------------------------------

    async def _ask(self, send: Callable[[str], None], what: str) -> Reply[MessageT]:
        """Send a request and return its reply.

        Args:
            send: is given the key under which the reply is to come back.
            what: was asked, for the error.

        Raises:
            LinkLostError: there will be none.
        """
        key = str(next(self._serial))
        future: asyncio.Future[Reply[MessageT]] = asyncio.get_running_loop().create_future()
        self._replies[key] = future
        send(key)
        self._flush()
        try:
            async with asyncio.timeout(self._answer_within_s):
                return await future
        except TimeoutError:
            raise LinkLostError(f"no reply to {what}") from None

    async def event(self, is_wanted: Callable[[EventT], bool], *, within_s: float) -> EventT | None:
        """Return the next event of a kind, or ``None`` if there is none in time.

        Those before it are dropped.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    event = await self._events.get()
                    if is_wanted(event):
                        return event
        except TimeoutError:
            return None

    # The connection -----------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Connect, and wait until the server takes requests; keep the time limits meanwhile.

        Raises:
            LinkLostError: there is no connection to be had.
            LoginRefusedError: our credentials are not taken.
        """
        self._link = await dial(self._address, on_bytes=self._on_bytes, on_lost=self._on_lost)
        self.here, self.there = self._link.here, self._link.there
        try:
            while not self._is_ready.done():
                for happening in self._conversation.wake(monotonic_ms()):
                    self._take(happening)
                self._flush()
                await asyncio.wait([self._is_ready], timeout=_POLL_S)
            self._is_ready.result()
        except BaseException:
            await self._cut(self._link)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cut the connection."""
        assert self._link is not None
        await self._cut(self._link)

    async def _cut(self, link: Link) -> None:
        link.abort()
        # The transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    def _flush(self) -> None:
        if self._link is not None:
            self._link.write(self._conversation.outgoing())

    def _on_bytes(self, data: bytes, /) -> None:
        for happening in self._conversation.receive(data, monotonic_ms()):
            self._take(happening)
        self._flush()

    def _on_lost(self, why: str, /) -> None:
        self._fail(LinkLostError(why))

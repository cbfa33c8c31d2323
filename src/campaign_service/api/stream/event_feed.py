"""The feed: one reader of a tenant's durable events, for all who listen and for the counters.

What a hundred listeners are told is written once. Events that come close together are told
together: a *bundle*, whose text is made when the first listener asks for it. Whoever is too far
behind for the bundles that are kept reads the journal until he has caught up; nobody is waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress

from campaign_core import CampaignId
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.api.stream.entries import stream_text
from campaign_service.api.stream.feed_history import FeedHistory, HistoryPage
from campaign_service.journal import JournalEntry
from campaign_service.serving import TenantService

__all__ = ["EventFeed", "EventFeeds"]

_log = logging.getLogger(__name__)

_GATHER_S = 0.05
"""Events are told at once, and then those of so long together."""
_KEPT_MAX = 20_000
"""Events in bundles that are kept."""
_KEPT_BYTES_MAX = 16 << 20
_READ_AT_ONCE = 2
_PAUSE_S = 1.0
_TICK_S = 1.0

Watcher = Callable[[Iterable[JournalEntry]], None]


def _slots() -> WorkerSlots:
    return WorkerSlots("older-events", at_once=_READ_AT_ONCE)


class _Bundle:
    """Events that are told together."""

    def __init__(self, entries: list[JournalEntry]) -> None:
        self.entries = entries
        self.first, self.last = entries[0].seq, entries[-1].seq
        self.size = sum(len(entry.data) for entry in entries)
        self._texts: dict[CampaignId | None, bytes] = {}

    def text(self, campaign_id: CampaignId | None, after: int) -> bytes:
        if after >= self.first:
            # A listener's first bundle, of which he may know a part.
            return _text(self.entries, campaign_id, after)
        text = self._texts.get(campaign_id)
        if text is None:
            text = self._texts[campaign_id] = _text(self.entries, campaign_id, after)
        return text


def _text(entries: Iterable[JournalEntry], campaign_id: CampaignId | None, after: int) -> bytes:
    told = (
        stream_text(entry)
        for entry in entries
        if entry.seq > after and (campaign_id is None or entry.campaign_id == campaign_id)
    )
    return "".join(told).encode()


class EventFeed:
    """The events of one tenant, for all listeners of this process.

    Args:
        slots: in which older events are read; without, it has its own.
        watch: is told every event once, for counting.
        tick_s: how often listeners look at the time though nothing happens.
    """

    def __init__(
        self,
        tenant: TenantService,
        *,
        slots: WorkerSlots | None = None,
        watch: Watcher | None = None,
        tick_s: float = _TICK_S,
    ) -> None:
        self.tenant = tenant
        self.listeners = 0
        """How many listen."""
        self.is_closed = False
        self.last_seq = 0
        """The last event that is in a bundle."""
        self._history = FeedHistory(
            tenant, _slots() if slots is None else slots, write=lambda one: _text(one, None, 0)
        )
        self._watch = watch
        self._tick_s = tick_s
        self._gathered: list[JournalEntry] = []
        self._flushed_at = 0.0
        self._flushing: asyncio.TimerHandle | None = None
        self._bundles: dict[int, _Bundle] = {}
        self._oldest, self._next = 0, 0
        self._kept, self._kept_bytes = 0, 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to read, with what happens from now on."""
        self.last_seq = self.tenant.health().last_seq
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._read()), loop.create_task(self._tick())]

    async def stop(self) -> None:
        """Close all streams and stop reading."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        """Have every listener's stream end."""
        self.is_closed = True
        if self._flushing is not None:
            self._flushing.cancel()
        self._wake()

    async def listen(
        self, *, after: int | None, campaign_id: CampaignId | None
    ) -> AsyncGenerator[bytes, None]:
        """Yield what is to be told, in order, without gap or repeat; nothing, now and then.

        Args:
            after: the last event that is known; ``None``: only those to come.
            campaign_id: only those of this campaign.
        """
        # Some events may be durable that are not bundled yet: those are not to come any more.
        cursor = self.tenant.health().last_seq if after is None else after
        self.listeners += 1
        try:
            while True:
                bundle = self._bundle_with(cursor + 1)
                if bundle is not None:
                    text = bundle.text(campaign_id, cursor)
                    cursor = bundle.last
                    if text:
                        yield text
                elif self.is_closed:
                    return
                elif cursor < self.last_seq:
                    async for page in self._pages_from_journal(cursor, campaign_id):
                        cursor = page.last_seq
                        if page.text:
                            yield page.text
                else:
                    await self._wait_for_events()
                    yield b""
        finally:
            self.listeners -= 1

    def _bundle_with(self, seq: int) -> _Bundle | None:
        """Return the bundle that holds an event; they follow each other without gaps."""
        low, high = self._oldest, self._next - 1
        if seq > self.last_seq or low > high or seq < self._bundles[low].first:
            return None
        while low < high:
            middle = (low + high) // 2
            if self._bundles[middle].last < seq:
                low = middle + 1
            else:
                high = middle
        return self._bundles[low]

    async def _pages_from_journal(
        self, after: int, campaign_id: CampaignId | None
    ) -> AsyncIterator[HistoryPage]:
        """Yield pages of what is not in a bundle any more."""
        while True:
            # What is in a bundle is in the journal: up to here a page that is not full tells all.
            page = await self._history.page_after(after, campaign_id, known_seq=self.last_seq)
            yield page
            after = page.last_seq
            if not page.is_full or self._bundle_with(after + 1) is not None:
                return

    async def _wait_for_events(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    # Reading -------------------------------------------------------------------------------

    async def _read(self) -> None:
        while not self.is_closed:
            try:
                async for entry in self.tenant.follow(after=self._last_taken):
                    self._take(entry)
            except OSError as error:
                _log.warning("events of %s cannot be read: %s", self.tenant.name, error)
            else:
                # The process stops.
                self._flush()
                self.close()
                return
            await asyncio.sleep(_PAUSE_S)

    @property
    def _last_taken(self) -> int:
        return self._gathered[-1].seq if self._gathered else self.last_seq

    def _take(self, entry: JournalEntry) -> None:
        self._gathered.append(entry)
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            wait_s = max(0.0, self._flushed_at + _GATHER_S - loop.time())
            self._flushing = loop.call_later(wait_s, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        self._flushed_at = asyncio.get_running_loop().time()
        entries, self._gathered = self._gathered, []
        if not entries:
            return
        bundle = self._bundles[self._next] = _Bundle(entries)
        self._next += 1
        self._kept += len(entries)
        self._kept_bytes += bundle.size
        self.last_seq = bundle.last
        while self._kept > _KEPT_MAX or self._kept_bytes > _KEPT_BYTES_MAX:
            dropped = self._bundles.pop(self._oldest)
            self._oldest += 1
            self._kept -= len(dropped.entries)
            self._kept_bytes -= dropped.size
        if self._watch is not None:
            self._watch(entries)
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            self._wake()


class EventFeeds:
    """Those of all tenants of a process.

    Args:
        tenants: by name.
        watch: makes, for a tenant's name, what is told its events.
        tick_s: see :class:`EventFeed`.
    """

    def __init__(
        self,
        tenants: Mapping[str, TenantService],
        *,
        watch: Callable[[str], Watcher],
        tick_s: float = _TICK_S,
    ) -> None:
        self._tenants = tenants
        self._slots = _slots()
        self._watch = watch
        self._tick_s = tick_s
        self._feeds: dict[str, EventFeed] = {}
        self._is_running = False

    def start(self) -> None:
        """Begin to read the events of every tenant that is there."""
        self._is_running = True
        for name in self._tenants:
            self.of(name)

    def of(self, name: str) -> EventFeed:
        """Return a tenant's feed; that of one who came later begins with its first listener."""
        feed = self._feeds.get(name)
        if feed is None:
            feed = self._feeds[name] = EventFeed(
                self._tenants[name], slots=self._slots, watch=self._watch(name), tick_s=self._tick_s
            )
            if self._is_running:
                feed.start()
            else:
                feed.is_closed = True
        return feed

    def listeners(self) -> dict[str, int]:
        """Return how many listen, by tenant."""
        return {name: feed.listeners for name, feed in self._feeds.items()}

    def close(self) -> None:
        """Have every stream end, as before a stop: a server waits for its connections."""
        self._is_running = False
        for feed in self._feeds.values():
            feed.close()

    async def stop(self) -> None:
        """Close, and read no more."""
        self.close()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*(feed.stop() for feed in self._feeds.values()))
        self._slots.close()

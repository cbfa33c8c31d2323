"""Writes events to the journal in order, and says when they are durable.

While one append waits for the disk, what comes meanwhile is gathered; it shares the next. A
journal that is away is asked again, with the same events, until it takes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import attrs

from campaign_core import Instant, State
from campaign_core.events import (
    CampaignScheduled,
    Event,
    ModelAdded,
    ModelEdited,
    RecipientsAppended,
)
from campaign_drivers.clock import Clock
from campaign_service.engine.errors import JournalFailedError
from campaign_service.journal import Journal, JournalAwayError, JournalEntry, Receipt

__all__ = ["JournalWriter", "PendingWrite"]

_log = logging.getLogger(__name__)

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Between two tries to write to a journal that is away; the last one repeats."""

_HANGS_AFTER_S = 2.0
"""A journal that has not answered within this time counts as away."""
_RECIPIENTS_PER_S = 20_000
"""A list of recipients is one event, and a long one takes its time even where all is well."""
_EVENTS_MAX = 2_000
"""Of one append: what waited for an hour must not look like a journal that hangs."""


@attrs.frozen(kw_only=True)
class PendingWrite:
    """A moment's events, on their way to the journal."""

    events: Sequence[Event]
    state: State
    """The state after them."""
    then: Callable[[], None]
    """What may be done only once the events are durable."""
    receipts: Sequence[Receipt] = ()


class JournalWriter:
    """Writes the events of one engine.

    Args:
        journal: where to; ``None``: nothing is kept, and everything counts as durable at once.
        state: what is durable already.
        clock: the time.
        waiting_max: how many events may wait for the disk before the engine waits too.
        on_away: is told that nothing can be written for now, and why.
        on_back: is told that the journal takes events again; those that waited are on their way.
        on_durable: is told events that are durable from now on, as they are kept. None of the
            three may block or raise.
        confirm_after_stall: asks, after a standstill of the process, whether it still leads, and
            raises if not.
    """

    def __init__(
        self,
        journal: Journal | None,
        *,
        state: State,
        clock: Clock,
        waiting_max: int,
        on_away: Callable[[OSError], None],
        on_back: Callable[[], None],
        on_durable: Callable[[Sequence[JournalEntry]], None],
        confirm_after_stall: Callable[[], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._waiting_max = waiting_max
        self._on_away, self._on_back, self._on_durable = on_away, on_back, on_durable
        self._confirm_after_stall = confirm_after_stall
        self._queue: deque[PendingWrite] = deque()
        self._is_writing = False
        self._has_queued = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.away_since: Instant | None = None
        """Since when nothing can be written; ``None``: all is well."""
        # Its own thread: those who read the log must not keep the writer from a free one.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self.durable_state = state
        """The state after the last durable event."""
        self.waiting = 0
        """How many events are not durable yet."""

    @property
    def is_idle(self) -> bool:
        """Whether everything is written."""
        return not self._queue and not self._is_writing

    def enqueue(self, write: PendingWrite) -> None:
        """Queue events to be written; what must follow is done once they are durable."""
        if self._journal is None:
            self.durable_state = write.state
            write.then()
            return
        self._queue.append(write)
        self.waiting += len(write.events)
        self._has_queued.set()
        if self.waiting > self._waiting_max:
            self._has_room.clear()

    async def wait_for_room(self) -> None:
        """Return when there is room for more events."""
        await self._has_room.wait()

    async def run(self) -> None:
        """Write for as long as this is not cancelled.

        Raises:
            AppendConflictError: somebody else writes this journal too.
            JournalFailedError: it takes no more; what had to wait for it is never done.
        """
        assert self._journal is not None
        try:
            while True:
                await self._has_queued.wait()
                await self._write_next(self._journal)
        finally:
            self._thread.shutdown(wait=False)

    async def _write_next(self, journal: Journal) -> None:
        batch = self._next_batch()
        self._is_writing = True
        events = [event for write in batch for event in write.events]
        receipts = [receipt for write in batch for receipt in write.receipts]
        entries: Sequence[JournalEntry] = ()
        if events or receipts:
            expected = batch[0].state.sequence - len(batch[0].events)
            append = partial(journal.append, events, expected=expected)
            if receipts:
                append = partial(append, receipts=receipts)
            entries = await self._written(append, _patience_s(events))
            await self._confirm_after_stall()
        self.durable_state = batch[-1].state
        self.waiting -= len(events)
        self._is_writing = False
        if self.waiting <= self._waiting_max:
            self._has_room.set()
        self._on_durable(entries)
        for write in batch:
            write.then()

    def _next_batch(self) -> list[PendingWrite]:
        batch: list[PendingWrite] = []
        count = 0
        while self._queue and (not batch or count < _EVENTS_MAX):
            batch.append(self._queue.popleft())
            count += len(batch[-1].events)
        if not self._queue:
            self._has_queued.clear()
        return batch

    async def _written(
        self, append: Callable[[], Sequence[JournalEntry]], patience_s: float
    ) -> Sequence[JournalEntry]:
        """Append until it succeeds; the same events each time, so that a journal knows them."""
        tries = 0
        while True:
            try:
                entries = await self._appended(append, patience_s)
            except JournalAwayError as error:
                self._go_away(error)
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
            except OSError as error:
                raise JournalFailedError(error) from error
            else:
                self._come_back()
                return entries

    async def _appended(
        self, append: Callable[[], Sequence[JournalEntry]], patience_s: float
    ) -> Sequence[JournalEntry]:
        appending = asyncio.get_running_loop().run_in_executor(self._thread, append)
        done, _ = await asyncio.wait([appending], timeout=patience_s)
        if not done:
            # What became of it will be known once it returns: to give up would be to write twice.
            self._go_away(JournalAwayError(f"it has not answered for {patience_s:g} s"))
        return await appending

    def _go_away(self, error: OSError) -> None:
        if self.away_since is None:
            self.away_since = self._clock.now()
            _log.error("the journal cannot be written, so no calls are placed: %s", error)
            self._on_away(error)

    def _come_back(self) -> None:
        if self.away_since is not None:
            away_s = (self._clock.now() - self.away_since) / 1_000
            self.away_since = None
            text = "the journal is written again, after %.1f s; %d events waited"
            _log.warning(text, away_s, self.waiting)
            self._on_back()


def _patience_s(events: Sequence[Event]) -> float:
    recipients = 0
    for event in events:
        if isinstance(event, CampaignScheduled):
            recipients += len(event.parameters.recipients)
        elif isinstance(event, ModelAdded | ModelEdited):
            recipients += len(event.model.recipients)
        elif isinstance(event, RecipientsAppended):
            recipients += len(event.recipients)
    return _HANGS_AFTER_S + recipients / _RECIPIENTS_PER_S

"""Writes events to the journal in order, and says when they are durable.

While one append waits for the disk, what comes meanwhile is gathered; it shares the next. A
journal that is away is asked again, with the same events, until it takes them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

import attrs

from campaign_core import State
from campaign_core.events import CampaignScheduled, Event, ModelAdded, ModelEdited
from campaign_core.events import RecipientsAppended as Appended
from campaign_service.engine.parts import JournalFailedError
from campaign_service.journal import Journal, JournalAwayError, JournalEntry, Receipt

__all__ = ["JournalWriter", "JournalWriterListener", "PendingWrite"]

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


class JournalWriterListener(Protocol):
    """Is told how the writing goes; all but ``be_sure`` must neither block nor raise."""

    def journal_is_away(self, error: OSError) -> None:
        """Nothing can be written for now."""

    def journal_is_back(self) -> None:
        """The journal accepts writes again; queued events are being written."""

    def is_durable(self, entries: Sequence[JournalEntry]) -> None:
        """Take events that are durable from now on, as they are kept."""

    async def be_sure(self) -> None:
        """After a standstill of the process, ask whether it still leads; raise if not."""


class JournalWriter:
    """Writes the events of one engine.

    Args:
        journal: where to; ``None``: nothing is kept, and everything counts as durable at once.
        state: what is durable already.
        listener: is told how it goes.
        waiting_max: how many events may wait for the disk before the engine waits too.
    """

    def __init__(
        self,
        journal: Journal | None,
        *,
        state: State,
        listener: JournalWriterListener,
        waiting_max: int = 100_000,
    ) -> None:
        self._journal = journal
        self._listener = listener
        self._waiting_max = waiting_max
        self._waiting = 0
        self._writings: deque[PendingWrite] = deque()
        self._is_writing = False
        self._has_writings = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_away = False
        # Its own thread: those who read the log must not keep the writer from a free one.
        self._pen = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self.durable = state
        """The state after the last durable event."""

    @property
    def is_idle(self) -> bool:
        """Whether everything is written."""
        return not self._writings and not self._is_writing

    @property
    def waiting(self) -> int:
        """How many events are not durable yet."""
        return self._waiting

    def put(self, writing: PendingWrite) -> None:
        """Queue events to be written; what must follow is done once they are durable."""
        if self._journal is None:
            self.durable = writing.state
            writing.then()
            return
        self._writings.append(writing)
        self._waiting += len(writing.events)
        self._has_writings.set()
        if self._waiting > self._waiting_max:
            self._has_room.clear()

    async def room(self) -> None:
        """Return when there is room for more events."""
        await self._has_room.wait()

    async def work(self) -> None:
        """Write for as long as this is not cancelled.

        Raises:
            AppendConflictError: somebody else writes this journal too.
            JournalFailedError: it takes no more; what had to wait for it is never done.
        """
        assert self._journal is not None
        try:
            while True:
                await self._has_writings.wait()
                await self._write_next(self._journal)
        finally:
            self._pen.shutdown(wait=False)

    async def _write_next(self, journal: Journal) -> None:
        batch = self._next_batch()
        self._is_writing = True
        events = [event for writing in batch for event in writing.events]
        receipts = [receipt for writing in batch for receipt in writing.receipts]
        entries: Sequence[JournalEntry] = ()
        if events or receipts:
            expected = batch[0].state.sequence - len(batch[0].events)
            append = partial(journal.append, events, expected=expected)
            if receipts:
                append = partial(append, receipts=receipts)
            entries = await self._written(append, _patience_s(events))
            await self._listener.be_sure()
        self.durable = batch[-1].state
        self._waiting -= len(events)
        self._is_writing = False
        if self._waiting <= self._waiting_max:
            self._has_room.set()
        self._listener.is_durable(entries)
        for writing in batch:
            writing.then()

    def _next_batch(self) -> list[PendingWrite]:
        batch: list[PendingWrite] = []
        count = 0
        while self._writings and (not batch or count < _EVENTS_MAX):
            batch.append(self._writings.popleft())
            count += len(batch[-1].events)
        if not self._writings:
            self._has_writings.clear()
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
                if self._is_away:
                    self._is_away = False
                    self._listener.journal_is_back()
                return entries

    async def _appended(
        self, append: Callable[[], Sequence[JournalEntry]], patience_s: float
    ) -> Sequence[JournalEntry]:
        appending = asyncio.get_running_loop().run_in_executor(self._pen, append)
        done, _ = await asyncio.wait([appending], timeout=patience_s)
        if not done:
            # What became of it will be known once it returns: to give up would be to write twice.
            self._go_away(JournalAwayError(f"it has not answered for {patience_s:g} s"))
        return await appending

    def _go_away(self, error: OSError) -> None:
        if not self._is_away:
            self._is_away = True
            self._listener.journal_is_away(error)


def _patience_s(events: Sequence[Event]) -> float:
    recipients = 0
    for event in events:
        if isinstance(event, CampaignScheduled):
            recipients += len(event.parameters.recipients)
        elif isinstance(event, ModelAdded | ModelEdited):
            recipients += len(event.model.recipients)
        elif isinstance(event, Appended):
            recipients += len(event.recipients)
    return _HANGS_AFTER_S + recipients / _RECIPIENTS_PER_S

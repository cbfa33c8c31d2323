"""The scribe: writes events to the journal in order, and says when they are durable.

While one append waits for the disk, what comes meanwhile is gathered; it shares the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import attrs

from campaign_core.events import Event
from campaign_service.engine.parts import JournalFailedError
from campaign_service.journal import Journal

__all__ = ["Scribe"]


@attrs.frozen
class _Entry:
    events: Sequence[Event]
    then: Callable[[], None]
    """What may be done only once the events are durable."""


class Scribe:
    """Writes for one engine.

    Args:
        journal: where to; ``None``: nothing is kept, and everything counts as durable at once.
        waiting_max: so many events may wait for the disk; more, and the engine waits too.
    """

    def __init__(self, journal: Journal | None, *, waiting_max: int = 100_000) -> None:
        self._journal = journal
        self._waiting_max = waiting_max
        self._waiting = 0
        self._entries: list[_Entry] = []
        self._has_entries = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def is_idle(self) -> bool:
        """Whether everything is written."""
        return self._waiting == 0 and not self._entries

    def put(self, events: Sequence[Event], then: Callable[[], None]) -> None:
        """Have events written, and something done after."""
        if self._journal is None:
            then()
            return
        self._entries.append(_Entry(events, then))
        self._waiting += len(events)
        self._has_entries.set()
        if self._waiting > self._waiting_max:
            self._has_room.clear()

    async def room(self) -> None:
        """Return when there is room for more events."""
        await self._has_room.wait()

    async def work(self) -> None:
        """Write for as long as this is not cancelled.

        Raises:
            JournalFailedError: the journal takes no more; what had to wait for it is never done.
        """
        assert self._journal is not None
        while True:
            await self._has_entries.wait()
            self._has_entries.clear()
            entries, self._entries = self._entries, []
            events = [event for entry in entries for event in entry.events]
            if events:
                await self._write(self._journal, events)
            for entry in entries:
                entry.then()

    async def _write(self, journal: Journal, events: list[Event]) -> None:
        expected = events[0].seq - 1
        try:
            await asyncio.to_thread(journal.append, events, expected=expected)
        except OSError as error:
            raise JournalFailedError(error) from error
        self._waiting -= len(events)
        if self._waiting <= self._waiting_max:
            self._has_room.set()

"""The stream of durable events, to any number of listeners.

Recent ones are kept in memory, once for all; older ones are read from the database for the
listener that needs them. A listener takes them at its own pace and holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

from campaign_core import CampaignId
from campaign_service.journal import JournalAwayError, JournalEntry
from campaign_service.journal.sql import JournalQueries

__all__ = ["EventStream"]

_log = logging.getLogger(__name__)

_KEPT_MAX = 20_000
_CHARACTERS_MAX = 32_000_000
"""A list of a million recipients is one event: what is kept is bounded by both."""
_READ_MAX = 1_000
_YIELD_EVERY = 200
"""How many events one listener takes before others have their turn."""
_PAUSE_S = 1.0
"""Before the database is asked again that was away."""


class EventStream:
    """The durable events of one tenant, as this process hears of them.

    Args:
        history: where older ones are read, in a thread.
        last_seq: the last one that is known to be there.
    """

    def __init__(self, history: JournalQueries, *, last_seq: int = 0) -> None:
        self._history = history
        self._last_seq = last_seq
        self._kept: list[JournalEntry] = []
        self._characters = 0
        self._listeners: set[asyncio.Event] = set()
        self._is_closed = False

    @property
    def last_seq(self) -> int:
        """The number of the last event that was told."""
        return self._last_seq

    def tell(self, entries: Sequence[JournalEntry]) -> None:
        """Let everybody have events that are durable; those told before are left out."""
        new = [entry for entry in entries if entry.seq > self._last_seq]
        if not new:
            return
        if new[0].seq != self._last_seq + 1:
            # Some were not heard of here; they can be read.
            self._kept, self._characters = [], 0
        self._kept += new
        self._characters += sum(len(entry.data) for entry in new)
        self._last_seq = new[-1].seq
        if len(self._kept) > 2 * _KEPT_MAX or self._characters > 2 * _CHARACTERS_MAX:
            self._trim()
        self._wake()

    def jump(self, last_seq: int) -> None:
        """Note that there are events up to a number, which were not told one by one."""
        if last_seq > self._last_seq:
            self._kept, self._characters, self._last_seq = [], 0, last_seq
            self._wake()

    def close(self) -> None:
        """End all listening: the process stops."""
        self._is_closed = True
        self._wake()

    async def follow(
        self, *, after: int, campaign_id: CampaignId | None = None
    ) -> AsyncIterator[JournalEntry]:
        """Yield the events behind one, without gap or repeat, and those to come."""
        news = asyncio.Event()
        self._listeners.add(news)
        try:
            while not self._is_closed:
                if after >= self._last_seq:
                    await news.wait()
                    news.clear()
                    continue
                entries, seen = await self._next(after, campaign_id)
                for entry in entries:
                    yield entry
                after = seen
                await asyncio.sleep(0)
        finally:
            self._listeners.discard(news)

    async def _next(
        self, after: int, campaign_id: CampaignId | None
    ) -> tuple[Sequence[JournalEntry], int]:
        """Return some of the next events that are asked for, and how far that has looked."""
        first_kept = self._last_seq + 1 - len(self._kept)
        if after + 1 >= first_kept:
            start = after + 1 - first_kept
            entries = self._kept[start : start + _YIELD_EVERY]
            seen = entries[-1].seq
            if campaign_id is not None:
                entries = [entry for entry in entries if entry.campaign_id == campaign_id]
            return entries, seen
        last_seq = self._last_seq
        try:
            entries = await asyncio.to_thread(
                self._history.entries, after=after, limit=_READ_MAX, campaign_id=campaign_id
            )
        except JournalAwayError as error:
            _log.warning("older events cannot be read just now: %s", error)
            await asyncio.sleep(_PAUSE_S)
            return (), after
        if len(entries) == _READ_MAX:
            return entries, entries[-1].seq
        return entries, max(last_seq, entries[-1].seq if entries else 0)

    def _trim(self) -> None:
        kept, characters = [], 0
        for entry in reversed(self._kept[-_KEPT_MAX:]):
            characters += len(entry.data)
            if characters > _CHARACTERS_MAX:
                break
            kept.append(entry)
        self._kept = kept[::-1]
        self._characters = sum(len(entry.data) for entry in kept)

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()

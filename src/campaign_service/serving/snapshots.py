"""The keeper of snapshots: bounds how long a recovery takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from campaign_core import State, campaigns
from campaign_core.errors import JournalError
from campaign_service.journal.sql import SqlJournal

__all__ = ["EVENTS_MIN", "SnapshotKeeper", "events_apart"]

_log = logging.getLogger(__name__)

EVENTS_MIN = 20_000
"""Some two seconds of reading on, at recovery."""
_EVENTS_MAX = 50_000
"""And some five, where the snapshot itself takes as long."""
_RECIPIENTS_PER_EVENT = 20
"""A larger state takes longer to be kept, and is kept less often."""
_LOOKS_EVERY_S = 1.0
_AGAIN_AFTER_S = 60.0


class SnapshotKeeper:
    """Keeps snapshots of one tenant, in a thread: nobody waits for it.

    Args:
        journal: where.
        last_seq: the event of the latest one that is kept; 0: there is none.
        events_min: how many events must have come since.
    """

    def __init__(
        self, journal: SqlJournal, *, last_seq: int = 0, events_min: int = EVENTS_MIN
    ) -> None:
        self._journal = journal
        self.last_seq = last_seq
        """The event of the latest snapshot."""
        self._events_min = events_min

    async def work(self, durable: Callable[[], State]) -> None:
        """Keep snapshots of what is durable, for as long as this is not cancelled."""
        apart = self._events_min
        while True:
            await asyncio.sleep(_LOOKS_EVERY_S)
            state = durable()
            if state.sequence - self.last_seq < apart:
                continue
            # Looked at only now, and not every second: it takes a while where there is much.
            wanted = await asyncio.to_thread(self._events_apart, state)
            if wanted > apart:
                apart = wanted
            elif await self.keep(state):
                apart = self._events_min
            else:
                await asyncio.sleep(_AGAIN_AFTER_S)

    async def keep(self, state: State) -> bool:
        """Return whether a state is kept; why not is logged, and nothing is lost by it."""
        if state.sequence == self.last_seq:
            return True
        try:
            await asyncio.to_thread(self._journal.keep_snapshot, state)
        except (JournalError, OSError) as error:
            _log.error("no snapshot of event %d is kept: %s", state.sequence, error)
            return False
        self.last_seq = state.sequence
        return True

    def _events_apart(self, state: State) -> int:
        recipients = sum(len(found.recipients) for found in campaigns(state, state.now))
        return events_apart(recipients, events_min=self._events_min)


def events_apart(recipients: int, *, events_min: int = EVENTS_MIN) -> int:
    """Return how many events come between two snapshots, by the number of recipients."""
    return max(events_min, min(recipients // _RECIPIENTS_PER_EVENT, _EVENTS_MAX))

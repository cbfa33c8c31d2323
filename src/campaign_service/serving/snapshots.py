"""The keeper of snapshots: bounds how long a recovery takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import attrs

from campaign_core import State, campaigns
from campaign_core.errors import JournalError
from campaign_service.journal.sql import SqlJournal

__all__ = ["EVENTS_MIN", "SnapshotKeeper", "events_between_snapshots"]

_log = logging.getLogger(__name__)

EVENTS_MIN = 20_000
"""Some two seconds of reading on, at recovery."""
_EVENTS_MAX = 50_000
"""And some five, where the snapshot itself takes as long."""
_RECIPIENTS_PER_EVENT = 20
"""A larger state takes longer to be kept, and is kept less often."""
_SIZE_MIN = 6_000_000
"""Characters of commands' events: some 50,000 recipients, in lists of which each is one event."""
_SIZE_PER_RECIPIENT = 30
"""A quarter of what a recipient takes in a list: there is that much more when it is kept anew."""
_LOOKS_EVERY_S = 1.0
_AGAIN_AFTER_S = 60.0


@attrs.frozen(kw_only=True)
class _Interval:
    """How much comes between two snapshots; the one or the other is enough."""

    events: int
    size: int
    """Of the events behind which users are, in characters."""


class SnapshotKeeper:
    """Keeps snapshots of one tenant, in a thread: nobody waits for it.

    Args:
        journal: where.
        last_seq: the event of the latest one that is kept; 0: there is none.
        events_min: how many events must have come since; fewer where long lists were among them.
    """

    def __init__(
        self, journal: SqlJournal, *, last_seq: int = 0, events_min: int = EVENTS_MIN
    ) -> None:
        self._journal = journal
        self.last_seq = last_seq
        """The event of the latest snapshot."""
        self._interval_min = _Interval(events=events_min, size=_SIZE_MIN)
        self._interval = self._interval_min
        self._size, self._sized_seq = 0, 0
        """Of users' events since the latest snapshot, and up to which event."""

    async def run(self, durable: Callable[[], State]) -> None:
        """Keep snapshots of what is durable, for as long as this is not cancelled."""
        while True:
            await asyncio.sleep(_LOOKS_EVERY_S)
            state = durable()
            try:
                is_wanted = await asyncio.to_thread(self._is_wanted, state)
            except Exception as error:  # noqa: BLE001 -- see `keep`
                _log_failure(state, error)
                is_kept = False
            else:
                is_kept = not is_wanted or await self.keep(state)
            if not is_kept:
                await asyncio.sleep(_AGAIN_AFTER_S)

    async def keep(self, state: State) -> bool:
        """Return whether a state is kept; why not is logged, and nothing is lost by it."""
        if state.sequence == self.last_seq:
            return True
        try:
            await asyncio.to_thread(self._journal.keep_snapshot, state)
        except Exception as error:  # noqa: BLE001 -- a snapshot saves time, and is worth no lead
            _log_failure(state, error)
            return False
        self.last_seq = self._sized_seq = state.sequence
        self._size, self._interval = 0, self._interval_min
        return True

    def _is_wanted(self, state: State) -> bool:
        """Return whether so much came since the last snapshot that one is to be kept."""
        after = max(self._sized_seq, self.last_seq)
        if state.sequence > after:
            self._size += self._journal.commanded_size(after=after, upto=state.sequence)
            self._sized_seq = state.sequence
        if not self._is_reached(state):
            return False
        # Looked at only now, and not every second: it takes a while where there is much.
        self._interval = self._interval_of(state)
        return self._is_reached(state)

    def _is_reached(self, state: State) -> bool:
        is_long = state.sequence - self.last_seq >= self._interval.events
        return is_long or self._size >= self._interval.size

    def _interval_of(self, state: State) -> _Interval:
        recipients = sum(len(found.recipients) for found in campaigns(state, state.now))
        return _Interval(
            events=events_between_snapshots(recipients, events_min=self._interval_min.events),
            size=max(self._interval_min.size, recipients * _SIZE_PER_RECIPIENT),
        )


def _log_failure(state: State, error: Exception) -> None:
    is_known = isinstance(error, JournalError | OSError)
    _log.error(
        "no snapshot of event %d is kept: %s",
        state.sequence,
        error,
        exc_info=None if is_known else error,
    )


def events_between_snapshots(recipients: int, *, events_min: int = EVENTS_MIN) -> int:
    """Return how many events come between two snapshots, by the number of recipients."""
    return max(events_min, min(recipients // _RECIPIENTS_PER_EVENT, _EVENTS_MAX))

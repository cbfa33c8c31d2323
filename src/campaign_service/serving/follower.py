"""The follower: a tenant's state, kept up by reading what its leader writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice

from campaign_core import Instant, State, replay
from campaign_drivers.clock import Clock, WallClock, steady_ms
from campaign_service.database import Database
from campaign_service.journal import JournalEntry
from campaign_service.journal.sql import ChainHead, SqlJournal, TenantRow
from campaign_service.journal.sql.entries import event_of
from campaign_service.journal.sql.verified_entries import verified_entries

__all__ = ["Follower"]

_PATIENCE_S = 5.0
"""It reads a little, and often: a server that has not answered for so long is away."""
_FRESH_MS = 2_000
"""What is read so soon after the look before was written in between."""
_ROUND_MAX = 2_000
"""Events read at a time, so that queries meanwhile see the progress."""


class Follower:
    """One tenant's journal, read on and on; the chain is verified on the way."""

    def __init__(self, database: Database, tenant: TenantRow) -> None:
        self._database = database
        self._tenant = tenant
        self.state: State | None = None
        """The state after the last event read; ``None``: the journal is empty."""
        self._head: ChainHead | None = None
        """How far the chain was verified; ``None``: it is taken from the journal as it is there."""
        self._read_at_ms: int | None = None
        """When the last event was read, soon after it was written; ``None``: it is older."""
        self._looked_at_ms = 0

    def now(self, clock: Clock) -> Instant:
        """Return the service's time, as far as that is known beside its leader (R7.12).

        Args:
            clock: this process's. Of the machine's no more is asked than must be: that of the
                leader's machine may be another.
        """
        state = self.state
        if state is None:
            return clock.now()
        now = clock.now() - state.calendar_ahead_ms
        if not isinstance(clock, WallClock):
            now = clock.now()
        elif self._read_at_ms is not None:
            now = state.now + steady_ms() - self._read_at_ms
        return Instant(max(now, state.now))

    @property
    def is_live(self) -> bool:
        """Whether the last event was read soon after it was written."""
        return self._read_at_ms is not None

    @property
    def seq(self) -> int:
        """How far it was read."""
        return 0 if self.state is None else self.state.sequence

    async def recover(self) -> None:
        """Begin anew, from the latest snapshot.

        Raises:
            JournalDamagedError: what is stored is not what was written.
            JournalAwayError: it cannot be read just now.
        """
        self._read_at_ms = None
        found = await asyncio.to_thread(SqlJournal(self._database, self._tenant).recover)
        self.state, self._head = (None, None) if found is None else (found.state, found.head)

    def resume(self, state: State) -> None:
        """Go on from a state whose events are all durable, as a leader does that stands down."""
        self.state, self._head = state, None
        self._read_at_ms = None

    async def read_on(self) -> Sequence[JournalEntry]:
        """Read what was written since, some of it if it is much, and return it.

        Raises:
            JournalDamagedError: what is stored is not what was written.
            JournalAwayError: it cannot be read just now.
        """
        after = self.state, self._head
        self.state, self._head, entries = await asyncio.to_thread(self._read_behind, *after)
        now_ms = steady_ms()
        if entries:
            is_new = now_ms - self._looked_at_ms < _FRESH_MS
            self._read_at_ms = now_ms if is_new else None
        self._looked_at_ms = now_ms
        return entries

    def _read_behind(
        self, state: State | None, head: ChainHead | None
    ) -> tuple[State | None, ChainHead | None, list[JournalEntry]]:
        after = 0 if state is None else state.sequence
        found = verified_entries(
            self._database, self._tenant, after=after, anchor=head, patience_s=_PATIENCE_S
        )
        read = list(islice(found, _ROUND_MAX))
        if not read:
            return state, head, []
        entries = [entry for entry, _ in read]
        return replay(map(event_of, entries), state), read[-1][1], entries

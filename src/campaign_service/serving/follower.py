"""The follower: a tenant's state, kept up by reading what its leader writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import attrs

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


@attrs.frozen
class _VerifiedState:
    state: State | None
    """``None``: the journal is empty."""
    head: ChainHead | None = None
    """How far the chain was verified; ``None``: it is taken from the journal as it is there."""

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return 0 if self.state is None else self.state.sequence


class Follower:
    """One tenant's journal, read on and on; the chain is verified on the way."""

    def __init__(self, database: Database, tenant: TenantRow) -> None:
        """Take the database and whose journal is read."""
        self._database = database
        self._tenant = tenant
        self._verified = _VerifiedState(None)
        self._read_at_ms: int | None = None
        """When the last event was read, soon after it was written; ``None``: it is older."""
        self._looked_at_ms = 0

    def now(self, clock: Clock) -> Instant:
        """Return the service's time, as far as that is known beside its leader (R7.12).

        Args:
            clock: this process's. Of the machine's no more is asked than must be: that of the
                leader's machine may be another.
        """
        state = self._verified.state
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
    def state(self) -> State | None:
        """The state after the last event read; ``None``: the journal is empty."""
        return self._verified.state

    @property
    def seq(self) -> int:
        """How far it was read."""
        return self._verified.seq

    async def recover(self) -> None:
        """Begin anew, from the latest snapshot.

        Raises:
            JournalDamagedError: what is stored is not what was written.
            JournalAwayError: it cannot be read just now.
        """
        self._read_at_ms = None
        found = await asyncio.to_thread(SqlJournal(self._database, self._tenant).recover)
        if found is None:
            self._verified = _VerifiedState(None)
        else:
            self._verified = _VerifiedState(found.state, found.head)

    def resume(self, state: State) -> None:
        """Go on from a state whose events are all durable, as a leader does that stands down."""
        self._verified = _VerifiedState(state)
        self._read_at_ms = None

    async def read_on(self) -> Sequence[JournalEntry]:
        """Read what was written since, some of it if it is much, and return it.

        Raises:
            JournalDamagedError: what is stored is not what was written.
            JournalAwayError: it cannot be read just now.
        """
        self._verified, entries = await asyncio.to_thread(self._read_on, self._verified)
        now_ms = steady_ms()
        if entries:
            is_new = now_ms - self._looked_at_ms < _FRESH_MS
            self._read_at_ms = now_ms if is_new else None
        self._looked_at_ms = now_ms
        return entries

    def _read_on(self, verified: _VerifiedState) -> tuple[_VerifiedState, list[JournalEntry]]:
        entries: list[JournalEntry] = []
        head = verified.head
        found = verified_entries(
            self._database, self._tenant, after=verified.seq, anchor=head, patience_s=_PATIENCE_S
        )
        for entry, behind in found:
            entries.append(entry)
            head = behind
            if len(entries) >= _ROUND_MAX:
                break
        if not entries:
            return verified, entries
        state = replay((event_of(entry) for entry in entries), verified.state)
        return _VerifiedState(state, head), entries

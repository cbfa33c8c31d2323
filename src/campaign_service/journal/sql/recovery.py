"""Recovery: the state at the end of a journal, or at an event in it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain

import attrs

from campaign_core import Instant, State, replay
from campaign_core.events import Event
from campaign_service.database import Database
from campaign_service.journal.interface import JournalDamagedError
from campaign_service.journal.sql import snapshots
from campaign_service.journal.sql.chain import ChainHead, genesis
from campaign_service.journal.sql.entries import event_of
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction
from campaign_service.journal.sql.verified_entries import read_head, verified_entries

__all__ = ["Recovered", "RecoveryCancelledError", "recover_state"]

_log = logging.getLogger("campaign_service.journal")


class RecoveryCancelledError(Exception):
    """Nobody waits any more for a state that was being made."""


@attrs.frozen(kw_only=True)
class Recovered:
    """What a journal gave back."""

    state: State
    """At the journal's end."""
    head: ChainHead
    """Where it ends: a value to be noted elsewhere."""
    snapshot_seq: int
    """The event whose snapshot this began from; 0: from the first event."""
    damaged: tuple[str, ...]
    """Snapshots that could not be used, and why: a sentence each."""


def recover_state(
    database: Database,
    tenant: TenantRow,
    *,
    seq_max: int | None = None,
    until: Instant | None = None,
    known: Recovered | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Recovered | None:
    """Return the state after the last event up to a number and a time, or at the journal's end.

    Args:
        database: where.
        tenant: whose.
        seq_max: no event of a higher number; ``None``: of any.
        until: no later event; ``None``: of any time.
        known: an earlier state of the same journal, to begin from unless a snapshot is nearer.
        is_wanted: asked now and then, from the thread of the caller.

    Returns:
        ``None`` where there is no event.

    Raises:
        JournalDamagedError: an event was altered, taken out or put in.
        JournalAwayError: the journal cannot be read just now.
        JournalError: a newer release wrote it.
        NotWantedError: nobody waits for it any more.
    """
    damaged: list[str] = []
    state, head = None, genesis(tenant.service_id)
    if known is not None:
        state, head = known.state, known.head
    for snapshot in snapshots.list_snapshots(database, tenant, seq_max=seq_max, at_max=until):
        if snapshot.head.seq <= head.seq:
            break
        try:
            _check_within(database, tenant, snapshot)
            state = snapshots.read_snapshot(database, tenant, snapshot, is_checked=False)
        except snapshots.SnapshotDamagedError as error:
            damaged.append(str(error))
            _log.error("tenant %s: %s; an earlier one is used", tenant.name, error)
        else:
            head = snapshot.head
            break
    begun_at = head.seq
    tail = _EventsAfter(database, tenant, head, seq_max=seq_max, until=until, is_wanted=is_wanted)
    if state is not None:
        state = replay(tail, state)
    else:
        events = iter(tail)
        first = next(events, None)
        if first is None:
            return None
        state = replay(chain([first], events))
    return Recovered(state=state, head=tail.head, snapshot_seq=begun_at, damaged=tuple(damaged))


def _check_within(database: Database, tenant: TenantRow, snapshot: snapshots.Snapshot) -> None:
    with read_transaction(database) as connection:
        end = read_head(connection, tenant)
    if snapshot.head.seq > end.seq:
        why = f"it is of event {snapshot.head.seq}, and the journal ends with event {end.seq}"
        raise JournalDamagedError(f"events are missing, or a snapshot was put in: {why}")


class _EventsAfter:
    """The events behind a place, and how far they were taken."""

    def __init__(
        self,
        database: Database,
        tenant: TenantRow,
        head: ChainHead,
        *,
        seq_max: int | None,
        until: Instant | None,
        is_wanted: Callable[[], bool],
    ) -> None:
        self.head = head
        self._is_wanted = is_wanted
        self._database, self._tenant = database, tenant
        self._seq_max, self._until = seq_max, until

    def __iter__(self) -> Iterator[Event]:
        begin = self.head
        for entry, head in verified_entries(
            self._database, self._tenant, after=begin.seq, anchor=begin
        ):
            if self._seq_max is not None and head.seq > self._seq_max:
                return
            if not self._is_wanted():
                raise RecoveryCancelledError
            event = event_of(entry)
            if self._until is not None and event.at > self._until:
                return
            self.head = head
            yield event

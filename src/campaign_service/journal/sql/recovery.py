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

__all__ = ["RecoveryCancelledError", "RecoveryResult", "recover_state"]

_log = logging.getLogger("campaign_service.journal")


class RecoveryCancelledError(Exception):
    """Nobody waits any more for a state that was being made."""


@attrs.frozen(kw_only=True)
class RecoveryResult:
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
    known: RecoveryResult | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> RecoveryResult | None:
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
        RecoveryCancelledError: nobody waits for it any more.
    """
    state, head, damaged = _begun(database, tenant, known, seq_max=seq_max, until=until)
    begun_at = head.seq

    def events() -> Iterator[Event]:
        nonlocal head
        for entry, behind in verified_entries(database, tenant, after=head.seq, anchor=head):
            if seq_max is not None and behind.seq > seq_max:
                return
            if not is_wanted():
                raise RecoveryCancelledError
            event = event_of(entry)
            if until is not None and event.at > until:
                return
            head = behind
            yield event

    rest = events()
    first = next(rest, None)
    if first is not None:
        state = replay(chain([first], rest), state)
    if state is None:
        return None
    return RecoveryResult(state=state, head=head, snapshot_seq=begun_at, damaged=damaged)


def _begun(
    database: Database,
    tenant: TenantRow,
    known: RecoveryResult | None,
    *,
    seq_max: int | None,
    until: Instant | None,
) -> tuple[State | None, ChainHead, tuple[str, ...]]:
    """Return the nearest state that is kept, the head behind it, and what snapshots are damaged."""
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
    return state, head, tuple(damaged)


def _check_within(database: Database, tenant: TenantRow, snapshot: snapshots.Snapshot) -> None:
    with read_transaction(database) as connection:
        end = read_head(connection, tenant)
    if snapshot.head.seq > end.seq:
        why = f"it is of event {snapshot.head.seq}, and the journal ends with event {end.seq}"
        raise JournalDamagedError(f"events are missing, or a snapshot was put in: {why}")

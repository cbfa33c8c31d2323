"""Verifying a whole journal: what nobody has the time for when a service starts.

The chain and the numbers of all events, their columns against what they say, attempts and
campaigns against the events that made them, and the snapshots. In bounded memory, and while a
service writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import attrs
import sqlalchemy as sa

from campaign_core import CallId, CampaignId, State, check, replay
from campaign_core import events as ev
from campaign_core.errors import JournalError
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal.interface import JournalEntry
from campaign_service.journal.sql import snapshots
from campaign_service.journal.sql.append_statements import campaign_row
from campaign_service.journal.sql.attempts import (
    AttemptRow,
    changes_of,
    open_attempts,
    rows_by_call,
)
from campaign_service.journal.sql.chain import ChainHead, genesis
from campaign_service.journal.sql.entries import event_of
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction
from campaign_service.journal.sql.verified_entries import verified_entries, verified_entries_within

__all__ = ["VerificationResult", "verify"]

_CHUNK = 500

_Rows = Mapping[CallId, AttemptRow]


@attrs.frozen(kw_only=True)
class VerificationResult:
    """What was looked at, and what is wrong with it."""

    head: ChainHead
    """How far the events are whole."""
    attempts: int
    campaigns: int
    snapshots: int
    problems: tuple[str, ...]
    """What is wrong, a sentence each; empty for a sound journal."""


def verify(
    database: Database, tenant: TenantRow, *, noted: ChainHead | None = None, replays: bool = False
) -> VerificationResult:
    """Return whether a journal is what was written.

    Args:
        database: where.
        tenant: whose.
        noted: a head that somebody noted earlier: it must still be in the chain.
        replays: whether all events are also replayed, and snapshots compared with the states.

    Raises:
        JournalAwayError: the journal cannot be read just now.
    """
    verification = _Verification(database, tenant, noted)
    try:
        verification.check_events()
        if replays and not verification.problems:
            verification.check_states()
    except JournalError as error:
        if isinstance(error, OSError):
            raise
        verification.problems.append(str(error))
    return VerificationResult(
        head=verification.head,
        attempts=verification.placed,
        campaigns=len(verification.campaigns),
        snapshots=len(verification.snapshots),
        problems=tuple(verification.problems),
    )


class _Verification:
    """One look through a journal."""

    def __init__(self, database: Database, tenant: TenantRow, noted: ChainHead | None) -> None:
        self.head = genesis(tenant.service_id)
        self.placed = 0
        self.campaigns: dict[CampaignId, dict[str, object]] = {}
        self.snapshots = snapshots.list_snapshots(database, tenant)
        self.problems: list[str] = []
        self._database, self._tenant, self._noted = database, tenant, noted
        self._heads = {one.head.seq: one.head for one in self.snapshots}
        self._in_progress: dict[CallId, AttemptRow] = {}
        self._events: list[ev.Event] = []

    def check_events(self) -> None:
        self._check_head(self.head)
        self._take(verified_entries(self._database, self._tenant, after=0, anchor=self.head))
        with read_transaction(self._database, patience_s=600) as connection:
            # What was written meanwhile, and then all that must agree at one moment.
            self._take(verified_entries_within(connection, self._tenant, after=self.head))
            self._check_ended(connection)
            self._check_rows(connection)
        if self._noted is not None and self._noted.seq > self.head.seq:
            why = f"the head that was noted, {self._noted}, is not there"
            self.problems.append(f"{why}: the journal ends with event {self.head.seq}")
        for snapshot in self.snapshots:
            self._state_in(snapshot, is_checked=True)

    def check_states(self) -> None:
        """Replay everything, and compare the snapshots on the way."""
        events, state = self._all_events(), None
        for snapshot in reversed(self.snapshots):
            done = 0 if state is None else state.sequence
            state = replay(islice(events, snapshot.head.seq - done), state)
            kept = self._state_in(snapshot, is_checked=False)
            if kept is not None and kept != state:
                why = "it is not the state that the events give"
                self.problems.append(f"the snapshot of event {snapshot.head.seq} is wrong: {why}")
        if self.head.seq:
            state = replay(events, state)
            self.problems += check(state)

    def _all_events(self) -> Iterator[ev.Event]:
        for entry, head in verified_entries(self._database, self._tenant, after=0):
            if head.seq > self.head.seq:
                return
            yield event_of(entry)

    def _state_in(self, snapshot: snapshots.Snapshot, *, is_checked: bool) -> State | None:
        try:
            return snapshots.read_snapshot(
                self._database, self._tenant, snapshot, is_checked=is_checked
            )
        except snapshots.SnapshotDamagedError as error:
            if not error.is_gone and str(error) not in self.problems:
                self.problems.append(str(error))
            return None

    def _take(self, found: Iterable[tuple[JournalEntry, ChainHead]]) -> None:
        for entry, head in found:
            event = event_of(entry)
            self.head = head
            self._check_head(head)
            self._fold_campaign(event)
            self._events.append(event)
            if len(self._events) >= _CHUNK:
                with read_transaction(self._database) as connection:
                    self._check_ended(connection)

    def _check_head(self, head: ChainHead) -> None:
        for name, wanted in (
            ("the head that was noted", self._noted),
            (f"the snapshot of event {head.seq}", self._heads.get(head.seq)),
        ):
            if wanted is not None and wanted.seq == head.seq and wanted.chain != head.chain:
                why = f"it has {wanted.chain.hex()}, the journal {head.chain.hex()}"
                self.problems.append(f"{name} does not belong to event {head.seq}: {why}")

    def _fold_campaign(self, event: ev.Event) -> None:
        if isinstance(event, ev.CampaignScheduled):
            self.campaigns[event.campaign_id] = campaign_row(self._tenant.id, event)
        elif isinstance(event, ev.RecipientsAppended) and event.campaign_id in self.campaigns:
            row = self.campaigns[event.campaign_id]
            row["recipients"] = int(str(row["recipients"])) + len(event.recipients)
        elif isinstance(event, ev.CampaignDeleted) and event.campaign_id in self.campaigns:
            gone = {"deleted_seq": event.seq, "deleted_at": event.at}
            self.campaigns[event.campaign_id].update(gone)

    # Rows against events -------------------------------------------------------------------

    def _check_ended(self, connection: sa.Connection) -> None:
        """Compare the attempts that are over; their rows never change any more."""
        changes = changes_of(self._in_progress, self._events)
        self._events.clear()
        self.placed += len(changes.placed)
        changes.apply_to(self._in_progress)
        ended = {CallId(str(row["call_id"])): row for row in changes.ended()}
        for call_ids in _parts(list(ended)):
            query = sa.select(db.attempt).where(
                db.attempt.c.tenant_id == self._tenant.id, _place().in_(_places(ended, call_ids))
            )
            kept = rows_by_call(connection.execute(query))
            self._compare({key: ended[key] for key in call_ids}, kept)

    def _check_rows(self, connection: sa.Connection) -> None:
        """Compare what must agree at one moment: attempts in progress, counts, campaigns."""
        tenant_id = self._tenant.id
        self._compare(self._in_progress, open_attempts(connection, tenant_id))
        count = _count(connection, db.attempt, tenant_id)
        if count != self.placed:
            self.problems.append(f"{count} attempts are kept, and {self.placed} calls were placed")
        count = _count(connection, db.event, tenant_id)
        if count != self.head.seq:
            why = f"{count - self.head.seq} events stand behind the journal's end"
            self.problems.append(f"{why}, which is event {self.head.seq}")
        rows = connection.execute(
            sa.select(db.campaign).where(db.campaign.c.tenant_id == tenant_id)
        ).mappings()
        campaigns = {CampaignId(row["campaign_id"]): dict(row) for row in rows}
        for key in sorted(campaigns.keys() | self.campaigns.keys()):
            if campaigns.get(key) != self.campaigns.get(key):
                self.problems.append(f"campaign {key}: its row is not what its events say")

    def _compare(self, wanted: _Rows, kept: _Rows) -> None:
        for call_id in sorted(wanted.keys() | kept.keys()):
            row = wanted.get(call_id)
            if kept.get(call_id) == row:
                continue
            shown = row or kept[call_id]
            where = f"campaign {shown['campaign_id']}, recipient {shown['position']}"
            what = f"{where}, attempt {shown['attempt']}"
            self.problems.append(f"{what}: its row is not what its events say")


def _place() -> sa.Tuple:
    table = db.attempt.c
    return sa.tuple_(table.campaign_id, table.position, table.attempt)


def _places(rows: _Rows, call_ids: Iterable[CallId]) -> list[tuple[object, ...]]:
    found = (rows[call_id] for call_id in call_ids)
    return [(row["campaign_id"], row["position"], row["attempt"]) for row in found]


def _parts(keys: list[CallId]) -> Iterator[list[CallId]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _count(connection: sa.Connection, table: sa.Table, tenant_id: int) -> int:
    query = sa.select(sa.func.count()).where(table.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()

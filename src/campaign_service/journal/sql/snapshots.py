"""Snapshots: whole states, kept so that opening a long journal takes seconds.

Nothing depends on them but time: what a snapshot says follows from the events before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import attrs
import sqlalchemy as sa

from campaign_core import State, check
from campaign_core.codec import SNAPSHOT_FORMAT, snapshot_of, state_of
from campaign_core.errors import CampaignError, JournalError, PortableError
from campaign_service.collector import paused_collector
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal.sql.chain import ChainHead
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction, write_transaction
from campaign_service.journal.sql.verified_entries import read_chain_value

__all__ = ["Snapshot", "SnapshotDamagedError", "list_snapshots", "read_snapshot", "write_snapshot"]

_LATEST = 2
"""Always kept: the one before stands in for one that is damaged."""
_APART = 1_000_000
"""Older ones are kept this many events apart, for the past to be had in bounded time (R8.3)."""


class SnapshotDamagedError(PortableError):
    """A snapshot cannot be used; what it tells can be had from the events."""

    def __init__(self, why: str, *, is_gone: bool = False) -> None:
        """Take a sentence, and whether the snapshot is no longer there: nothing wrong in that."""
        self.is_gone = is_gone
        super().__init__(why)


@attrs.frozen(kw_only=True)
class Snapshot:
    """A snapshot that is kept."""

    head: ChainHead
    """The last event that it knows."""
    at: int
    """The time of that event."""


_s = db.snapshot.c


def write_snapshot(database: Database, tenant: TenantRow, state: State) -> None:
    """Keep a state whose events are all durable.

    Raises:
        JournalAwayError: it could not be kept; nothing is lost by that.
        JournalDamagedError: the journal has no event of its number.
        JournalError: the state breaks a law; such a one is never kept.
    """
    broken = check(state)
    if broken:
        raise JournalError(f"no snapshot is kept of a state that breaks laws: {broken[0]}")
    data = snapshot_of(state)
    with write_transaction(database, size=len(data)) as connection:
        chain = read_chain_value(connection, tenant, state.sequence)
        head = ChainHead(seq=state.sequence, chain=chain)
        mine = _s.tenant_id == tenant.id
        connection.execute(db.snapshot.delete().where(mine, _s.seq == head.seq))
        connection.execute(
            db.snapshot.insert().values(
                tenant_id=tenant.id,
                seq=head.seq,
                at=state.now,
                chain=chain,
                digest=_digest(tenant, head, state.now, data),
                format=SNAPSHOT_FORMAT,
                data=data,
            )
        )
        seqs = connection.execute(sa.select(_s.seq).where(mine).order_by(_s.seq)).scalars().all()
        for seq in _superfluous(list(seqs)):
            connection.execute(db.snapshot.delete().where(mine, _s.seq == seq))


def _superfluous(seqs: list[int]) -> Iterator[int]:
    older, last = seqs[:-_LATEST], 0
    for seq in older:
        if seq - last < _APART:
            yield seq
        else:
            last = seq


def list_snapshots(
    database: Database, tenant: TenantRow, *, seq_max: int | None = None, at_max: int | None = None
) -> list[Snapshot]:
    """Return the snapshots that are kept, latest first.

    Raises:
        JournalAwayError: they cannot be read just now.
    """
    query = sa.select(_s.seq, _s.chain, _s.at).where(_s.tenant_id == tenant.id)
    if seq_max is not None:
        query = query.where(_s.seq <= seq_max)
    if at_max is not None:
        query = query.where(_s.at <= at_max)
    with read_transaction(database) as connection:
        rows = connection.execute(query.order_by(_s.seq.desc())).all()
    return [
        Snapshot(head=ChainHead(seq=row.seq, chain=bytes(row.chain)), at=row.at) for row in rows
    ]


def read_snapshot(
    database: Database, tenant: TenantRow, snapshot: Snapshot, *, is_checked: bool
) -> State:
    """Return the state that a snapshot holds.

    Args:
        database: where.
        tenant: whose.
        snapshot: which.
        is_checked: whether the state's laws are looked at too. They were when it was kept, and
            the digest tells that it is the same; to look takes half as long as to read it.

    Raises:
        SnapshotDamagedError: it is altered, or does not belong to this journal.
        JournalAwayError: it cannot be read just now.
    """
    head = snapshot.head
    with read_transaction(database) as connection:
        row = connection.execute(
            sa.select(_s.digest, _s.data).where(_s.tenant_id == tenant.id, _s.seq == head.seq)
        ).one_or_none()
        is_linked = row is not None and read_chain_value(connection, tenant, head.seq) == head.chain
    name = f"the snapshot of event {head.seq}"
    if row is None:
        raise SnapshotDamagedError(f"{name} is gone", is_gone=True)
    if not is_linked:
        raise SnapshotDamagedError(f"{name} does not belong to the event of this number")
    data = bytes(row.data)
    if bytes(row.digest) != _digest(tenant, head, snapshot.at, data):
        raise SnapshotDamagedError(f"{name} is altered: its digest is another one")
    try:
        with paused_collector():
            state = state_of(data)
    except CampaignError as error:
        raise SnapshotDamagedError(f"{name} cannot be read: {error}") from error
    broken = check(state) if is_checked else ()
    if state.sequence != head.seq or broken:
        why = broken[0] if broken else f"it is of event {state.sequence}"
        raise SnapshotDamagedError(f"{name} is wrong: {why}")
    return state


def _digest(tenant: TenantRow, head: ChainHead, at: int, data: bytes) -> bytes:
    digest = sha256(f"{tenant.service_id} {head} {at}\n".encode())
    digest.update(data)
    return digest.digest()

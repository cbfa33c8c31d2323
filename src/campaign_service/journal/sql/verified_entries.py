"""Reading events as they are stored, and verifying the chain on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal.interface import JournalDamagedError, JournalEntry
from campaign_service.journal.sql.chain import ChainHead, genesis, next_chain_value
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction

__all__ = [
    "ENTRY_COLUMNS",
    "entry_of_row",
    "read_chain_value",
    "read_head",
    "verified_entries",
    "verified_entries_within",
]

CHUNK = 1_000
"""Events read at a time: no transaction lasts long, and memory is bounded."""

_e = db.event.c
ENTRY_COLUMNS = (_e.seq, _e.at, _e.actor, _e.kind, _e.campaign_id, _e.data)
"""The columns of an entry."""

_ADVICE = "the journal before it is whole; restore a backup, and see docs/journal.md"


def verified_entries(
    database: Database,
    tenant: TenantRow,
    *,
    after: int,
    anchor: ChainHead | None = None,
    patience_s: float = 30.0,
) -> Iterator[tuple[JournalEntry, ChainHead]]:
    """Yield entries, each with the chain's value behind it, to where the journal ends at first.

    Args:
        database: where.
        tenant: whose.
        after: only those with a higher number.
        anchor: the chain's value there, from somebody who has verified it.
        patience_s: a server that has not answered for so long counts as away.

    Raises:
        JournalDamagedError: one was altered, taken out or put in.
        JournalAwayError: the journal cannot be read just now.
    """
    with read_transaction(database, patience_s=patience_s) as connection:
        head = read_head(connection, tenant)
        if after > head.seq:
            return
        if anchor is None:
            anchor = ChainHead(seq=after, chain=read_chain_value(connection, tenant, after))
        rows = _chunk(connection, tenant, after)
    last = anchor
    while rows:
        for one in _verified(rows, last, head):
            last = one[1]
            yield one
        if last.seq >= head.seq or last.seq < rows[-1][0].seq:
            break
        with read_transaction(database, patience_s=patience_s) as connection:
            rows = _chunk(connection, tenant, last.seq)
    _check_end(last, head)


def verified_entries_within(
    connection: sa.Connection, tenant: TenantRow, *, after: ChainHead
) -> Iterator[tuple[JournalEntry, ChainHead]]:
    """Yield what follows a place, to where the journal ends within a transaction.

    Raises:
        JournalDamagedError: an event was altered, taken out or put in.
    """
    head, last = read_head(connection, tenant), after
    while last.seq < head.seq and (rows := _chunk(connection, tenant, last.seq)):
        for one in _verified(rows, last, head):
            last = one[1]
            yield one
        if last.seq < rows[-1][0].seq:
            break
    _check_end(last, head)


def _check_end(last: ChainHead, head: ChainHead) -> None:
    if last == head:
        return
    where = f"events {last.seq + 1} to {head.seq} are missing"
    if last.seq == head.seq:
        where = "the journal's end is altered: its chain is not that of the last event"
    raise JournalDamagedError(f"{where}; {_ADVICE}")


def _verified(
    rows: Sequence[tuple[JournalEntry, bytes]], last: ChainHead, head: ChainHead
) -> Iterator[tuple[JournalEntry, ChainHead]]:
    for entry, stored_chain in rows:
        if entry.seq > head.seq:
            # Written while we read, or put in: whoever reads on will see.
            return
        seq = last.seq + 1
        if entry.seq != seq:
            why = f"event {seq} is missing: event {entry.seq} stands in its place"
            raise JournalDamagedError(f"{why}; {_ADVICE}")
        chain = next_chain_value(last.chain, entry.data)
        if chain != stored_chain:
            why = f"event {seq} is altered: it does not follow in the chain of checksums"
            raise JournalDamagedError(f"{why}; {_ADVICE}")
        last = ChainHead(seq=seq, chain=chain)
        yield entry, last


def _chunk(
    connection: sa.Connection, tenant: TenantRow, after: int
) -> list[tuple[JournalEntry, bytes]]:
    rows = connection.execute(_CHUNK, {"tenant": tenant.id, "after": after})
    return [(entry_of_row(row), bytes(row[-1])) for row in rows]


_CHUNK = (
    sa.select(*ENTRY_COLUMNS, _e.chain)
    .where(_e.tenant_id == sa.bindparam("tenant"), _e.seq > sa.bindparam("after"))
    .order_by(_e.seq)
    .limit(CHUNK)
)


def entry_of_row(row: Sequence[Any]) -> JournalEntry:
    """Return the entry of a row that begins with the columns of :data:`ENTRY`."""
    seq, at, actor, kind, campaign_id, data = row[:6]
    return JournalEntry(seq=seq, at=at, actor=actor, kind=kind, campaign_id=campaign_id, data=data)


def read_head(connection: sa.Connection, tenant: TenantRow) -> ChainHead:
    """Return where a journal ends.

    Raises:
        JournalDamagedError: there is no such tenant any more.
    """
    table = db.tenant.c
    row = connection.execute(
        sa.select(table.last_seq, table.chain).where(
            table.id == tenant.id, table.service_id == tenant.service_id
        )
    ).one_or_none()
    if row is None:
        raise JournalDamagedError(f"tenant {tenant.name!r} is missing from the database")
    return ChainHead(seq=row.last_seq, chain=bytes(row.chain))


def read_chain_value(connection: sa.Connection, tenant: TenantRow, seq: int) -> bytes:
    """Return the chain's value behind an event, as it is stored.

    Raises:
        JournalDamagedError: there is no such event.
    """
    if seq == 0:
        return genesis(tenant.service_id).chain
    found = connection.execute(
        sa.select(_e.chain).where(_e.tenant_id == tenant.id, _e.seq == seq)
    ).scalar()
    if found is None:
        raise JournalDamagedError(f"event {seq} is missing; {_ADVICE}")
    return bytes(found)

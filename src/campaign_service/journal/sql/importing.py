"""Taking a journal of JSON Lines into a database, as a tenant of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from campaign_core import CallId, State, replay
from campaign_core.errors import JournalError
from campaign_core.events import Event, ServiceOpened
from campaign_service.database import Database
from campaign_service.journal.interface import TornTail
from campaign_service.journal.json_lines import JsonLinesJournal
from campaign_service.journal.sql import append_statements
from campaign_service.journal.sql.attempts import AttemptRow, changes_of
from campaign_service.journal.sql.chain import ChainHead, chain_values, genesis
from campaign_service.journal.sql.entries import entry_of
from campaign_service.journal.sql.snapshots import write_snapshot
from campaign_service.journal.sql.tenants import TenantRow, insert_tenant
from campaign_service.journal.sql.transactions import write_transaction

__all__ = ["ImportResult", "import_journal"]

_log = logging.getLogger("campaign_service.journal")

_CHUNK = 1_000
_SIZE_FACTOR = 8
"""How much longer an import may take than writing the file's bytes: events are replayed too."""


@attrs.frozen(kw_only=True)
class ImportResult:
    """What was taken in."""

    tenant: TenantRow
    head: ChainHead
    torn_tail: TornTail | None
    """What a crash left behind the last event; it is not taken in, since nobody was told of it."""


def import_journal(database: Database, journal: JsonLinesJournal, *, tenant: str) -> ImportResult:
    """Take in a whole journal, or nothing of it: events, service id and all.

    The chain is made anew. All of it is one transaction, for which others that write to the same
    file of SQLite have to wait.

    Args:
        database: where to.
        journal: open for reading.
        tenant: the name of the tenant that it becomes; there must be none of it.

    Raises:
        SettingsError: the name, or the journal's service id, is another tenant's.
        JournalError: the journal cannot be read, or its events do not follow from each other.
        JournalAwayError: the database cannot be written just now.
    """
    events = journal.read()
    first = next(events, None)
    if not isinstance(first, ServiceOpened):
        raise JournalError(f"{journal.path}: there is no service in it: it has no first event")
    size = journal.path.stat().st_size * _SIZE_FACTOR
    with write_transaction(database, size=size) as connection:
        row = insert_tenant(connection, tenant, first.service_id)
        writer = _ImportWriter(connection, row)
        state = replay(writer.written(first, events))
        writer.finish()
    _keep(database, row, state)
    return ImportResult(tenant=row, head=writer.head, torn_tail=journal.torn_tail)


def _keep(database: Database, tenant: TenantRow, state: State) -> None:
    """Keep a snapshot, if that can be: all is taken in by now, and it saves nothing but time."""
    try:
        write_snapshot(database, tenant, state)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the import has succeeded
        _log.warning("tenant %s: no snapshot of the import is kept: %s", tenant.name, error)


class _ImportWriter:
    """Writes events of one tenant within one transaction, on their way into a state."""

    def __init__(self, connection: sa.Connection, tenant: TenantRow) -> None:
        self.head = genesis(tenant.service_id)
        self._begun_at = self.head
        self._connection, self._tenant = connection, tenant
        self._in_progress: dict[CallId, AttemptRow] = {}
        self._events: list[Event] = []

    def written(self, first: Event, rest: Iterator[Event]) -> Iterator[Event]:
        yield first
        self._events.append(first)
        for event in rest:
            # Taken by the fold before it is written: what does not follow is refused.
            yield event
            self._events.append(event)
            if len(self._events) >= _CHUNK:
                self._write()

    def finish(self) -> None:
        self._write()
        is_moved = append_statements.move_head(
            self._connection, self._tenant.id, before=self._begun_at, after=self.head, writer=""
        )
        assert is_moved

    def _write(self) -> None:
        entries = list(map(entry_of, self._events))
        chains = chain_values(self.head.chain, (entry.data for entry in entries))
        changes = changes_of(self._in_progress, self._events)
        append_statements.write_entries(self._connection, self._tenant.id, entries, chains)
        append_statements.write_changes(self._connection, self._tenant.id, changes)
        changes.apply_to(self._in_progress)
        if chains:
            self.head = ChainHead(seq=self.head.seq + len(entries), chain=chains[-1])
        self._events.clear()

"""The statements of an append.

Written out, and handed to the database's own driver: of all that a service does these run most
often, and building each row's statement anew would cost more than the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from campaign_core import events as ev
from campaign_service.database import schema as db
from campaign_service.journal.interface import JournalEntry, Receipt
from campaign_service.journal.sql.attempts import ATTEMPT_COLUMNS, AttemptChanges, AttemptRow
from campaign_service.journal.sql.chain import ChainHead
from campaign_service.journal.sql.entries import storable

__all__ = ["campaign_row", "move_head", "write_changes", "write_entries", "write_receipts"]

_EVENT = ("seq", "at", "actor", "kind", "campaign_id", "data", "chain")
_COPIED_MIN = 4
"""Of fewer rows the beginning of a COPY costs more than it saves."""
_KEY = ("campaign_id", "position", "attempt")
_CHANGING = (
    "last_seq",
    "answered_at",
    "answer_confirmed_at",
    "message_started_at",
    "messages_played",
    "listening_confirmed_at",
    "digits",
    "ended_at",
    "outcome",
    "given_back",
    "hangup_cause",
    "detail",
)


def move_head(
    connection: sa.Connection, tenant_id: int, *, before: ChainHead, after: ChainHead, writer: str
) -> bool:
    """Return whether the journal ended where its writer thinks; it then ends further on.

    Of two writers at one moment, the second waits for the first and finds the head moved.
    """
    statement = (
        "UPDATE tenant SET last_seq = ?, chain = ?, writer = ?"
        " WHERE id = ? AND last_seq = ? AND chain = ?"
    )
    values = (after.seq, after.chain, writer, tenant_id, before.seq, before.chain)
    return connection.exec_driver_sql(_for(connection, statement), values).rowcount == 1


def write_entries(
    connection: sa.Connection,
    tenant_id: int,
    entries: Sequence[JournalEntry],
    chains: Sequence[bytes],
) -> None:
    """Write events, each with the chain's value behind it."""
    rows = [
        (tenant_id, e.seq, e.at, e.actor, e.kind, e.campaign_id, e.data, chain)
        for e, chain in zip(entries, chains, strict=True)
    ]
    _insert(connection, "event", ("tenant_id", *_EVENT), rows)


def write_changes(connection: sa.Connection, tenant_id: int, changes: AttemptChanges) -> None:
    """Write what becomes of the rows of attempts and campaigns."""
    if changes.placed:
        rows = [(tenant_id, *(row[name] for name in ATTEMPT_COLUMNS)) for row in changes.placed]
        _insert(connection, "attempt", ("tenant_id", *ATTEMPT_COLUMNS), rows)
    if changes.changed:
        _update_attempts(connection, tenant_id, changes.changed)
    for event in changes.campaigns:
        _write_campaign(connection, tenant_id, event)


def write_receipts(
    connection: sa.Connection,
    tenant_id: int,
    receipts: Iterable[Receipt],
    *,
    at: int,
    is_repeated: bool,
) -> None:
    """Write receipts.

    Args:
        connection: the transaction.
        tenant_id: whose.
        receipts: what to write.
        at: the time.
        is_repeated: they may be there already, from a commit of which nobody heard.
    """
    rows = [
        (
            tenant_id,
            storable(one.actor),
            storable(one.key),
            one.request_digest,
            one.first_seq,
            one.last_seq,
            at,
        )
        for one in receipts
    ]
    columns = ("tenant_id", "actor", "key", "request_digest", "first_seq", "last_seq", "at")
    rest = " ON CONFLICT DO NOTHING" if is_repeated else ""
    _insert(connection, "receipt", columns, rows, rest)


def _insert(
    connection: sa.Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    rest: str = "",
) -> None:
    into = f"{table} ({', '.join(columns)})"
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED_MIN and not rest:
        _copy(connection, f"COPY {into} FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {into} VALUES ({marks}){rest}"  # noqa: S608 -- our own names
        connection.exec_driver_sql(_for(connection, statement), list(rows))


def _copy(connection: sa.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows by PostgreSQL's COPY: a third of what INSERT costs both sides."""
    dbapi = connection.dialect.loaded_dbapi
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except dbapi.Error as error:
        # What SQLAlchemy does with the errors of its own statements.
        raise DBAPIError.instance(
            statement, None, error, dbapi.Error, dialect=connection.dialect
        ) from error


def _update_attempts(connection: sa.Connection, tenant_id: int, rows: list[AttemptRow]) -> None:
    settings = ", ".join(f"{name} = ?" for name in _CHANGING)
    where = " AND ".join(f"{name} = ?" for name in ("tenant_id", *_KEY))
    connection.exec_driver_sql(
        _for(connection, f"UPDATE attempt SET {settings} WHERE {where}"),  # noqa: S608 -- our own names
        [
            (*(row[name] for name in _CHANGING), tenant_id, *(row[name] for name in _KEY))
            for row in rows
        ],
    )


def _write_campaign(
    connection: sa.Connection,
    tenant_id: int,
    event: ev.CampaignScheduled | ev.RecipientsAppended | ev.CampaignDeleted,
) -> None:
    table = db.campaign
    mine = (table.c.tenant_id == tenant_id) & (table.c.campaign_id == event.campaign_id)
    if isinstance(event, ev.CampaignDeleted):
        gone = {"deleted_seq": event.seq, "deleted_at": event.at}
        connection.execute(table.update().where(mine).values(gone))
    elif isinstance(event, ev.RecipientsAppended):
        more = table.c.recipients + len(event.recipients)
        connection.execute(table.update().where(mine).values(recipients=more))
    else:
        connection.execute(table.insert().values(campaign_row(tenant_id, event)))


def campaign_row(tenant_id: int, event: ev.CampaignScheduled) -> dict[str, object]:
    """Return the row of a campaign as it begins."""
    return {
        "tenant_id": tenant_id,
        "campaign_id": event.campaign_id,
        "first_seq": event.seq,
        "created_at": event.at,
        "name": storable(event.parameters.name),
        "model_id": event.model_id,
        "model_name": storable(event.model_name),
        "starts_at": event.starts_at,
        "expires_at": event.expires_at,
        "recipients": len(event.parameters.recipients),
        "deleted_seq": None,
        "deleted_at": None,
    }


def _for(connection: sa.Connection, statement: str) -> str:
    return statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")

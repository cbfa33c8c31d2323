"""The tables, as the newest release has them; ``migrations`` tells how they came about.

Times are whole milliseconds since 1970 in UTC, ids are those of the core. A *tenant* is one PBX's
service: its settings, campaigns and journal. One database may hold several.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

__all__ = [
    "BY_USERS",
    "attempt",
    "campaign",
    "event",
    "leadership",
    "metadata",
    "receipt",
    "snapshot",
    "tenant",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables; a package that has tables of its own adds them here."""

tenant = Table(
    "tenant",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("service_id", String(8), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # The head of the journal: an append is taken only by who knows it.
    Column("last_seq", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    # Whose append was the last: tells a writer that its own did succeed after all.
    Column("writer", String(32)),
)


def _of_tenant() -> Column[int]:
    return Column("tenant_id", Integer, ForeignKey("tenant.id"), primary_key=True)


def _number(name: str, *, is_key: bool = False) -> Column[int]:
    # SQLite would make a lone one its own row number; these are all part of a longer key.
    return Column(name, BigInteger, primary_key=is_key, nullable=False, autoincrement=False)


BY_USERS = text("actor NOT IN ('driver', 'scheduler')")
"""Which events a person or a program is behind; in these words, for an index answers no others."""

event = Table(
    "event",
    metadata,
    _of_tenant(),
    _number("seq", is_key=True),
    _number("at"),
    Column("actor", Text, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("campaign_id", BigInteger),
    # The exact text that the chain was made over: no type that a database would rewrite.
    Column("data", Text, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_event_campaign", event.c.tenant_id, event.c.campaign_id, event.c.seq)
Index(
    "ix_event_by_users",
    event.c.tenant_id,
    event.c.seq,
    sqlite_where=BY_USERS,
    postgresql_where=BY_USERS,
)

# Every campaign that there ever was (R9.2): its parameters may be a long list of recipients, which
# nobody wants to read for its name.
campaign = Table(
    "campaign",
    metadata,
    _of_tenant(),
    _number("campaign_id", is_key=True),
    _number("first_seq"),
    _number("created_at"),
    Column("name", Text, nullable=False),
    _number("model_id"),
    Column("model_name", Text, nullable=False),
    _number("starts_at"),
    Column("expires_at", BigInteger),
    _number("recipients"),
    Column("deleted_seq", BigInteger),
    Column("deleted_at", BigInteger),
)

attempt = Table(
    "attempt",
    metadata,
    _of_tenant(),
    _number("campaign_id", is_key=True),
    _number("position", is_key=True),
    _number("attempt", is_key=True),
    Column("call_id", String(32), nullable=False),
    _number("first_seq"),
    Column("last_seq", BigInteger),
    Column("number", Text, nullable=False),
    Column("line", String(16), nullable=False),
    Column("is_retry", Boolean, nullable=False),
    _number("placed_at"),
    Column("answered_at", BigInteger),
    Column("answer_confirmed_at", BigInteger),
    Column("message_started_at", BigInteger),
    Column("messages_played", Integer, nullable=False),
    Column("listening_confirmed_at", BigInteger),
    Column("digits", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", String(40)),
    Column("given_back", String(40)),
    Column("hangup_cause", BigInteger),
    Column("detail", Text, nullable=False),
    sqlite_with_rowid=False,
)
_IN_PROGRESS = text("last_seq IS NULL")
Index(
    "ix_attempt_in_progress",
    attempt.c.tenant_id,
    sqlite_where=_IN_PROGRESS,
    postgresql_where=_IN_PROGRESS,
)

snapshot = Table(
    "snapshot",
    metadata,
    _of_tenant(),
    _number("seq", is_key=True),
    _number("at"),
    Column("chain", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("format", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    _of_tenant(),
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    _number("first_seq"),
    _number("last_seq"),
    _number("at"),
)
Index("ix_receipt_at", receipt.c.tenant_id, receipt.c.at)

leadership = Table(
    "leadership",
    metadata,
    _of_tenant(),
    Column("process", Text, nullable=False),
    Column("url", Text),
    _number("since"),
)

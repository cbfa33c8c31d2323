"""The tables of users; ``database/migrations`` tells how they came about."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from campaign_service.database import metadata

__all__ = [
    "access_event",
    "access_failure",
    "access_grant",
    "access_role",
    "access_token",
    "access_user",
]

# SQLite numbers rows by itself only where the column has this very type.
_RowNumber = BigInteger().with_variant(Integer, "sqlite")

access_user = Table(
    "access_user",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    # Of a one-time password; null: it stays.
    Column("password_expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)

access_role = Table(
    "access_role",
    metadata,
    # Those that are not built in; names of permissions with a space between.
    Column("name", String(64), primary_key=True),
    Column("permissions", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)


def _user_name(*, is_key: bool = False) -> Column[str]:
    key = ForeignKey("access_user.name", ondelete="CASCADE")
    return Column("user_name", String(64), key, primary_key=is_key, nullable=False)


access_grant = Table(
    "access_grant",
    metadata,
    _user_name(is_key=True),
    Column("role", String(64), primary_key=True),
    # A tenant's name, or * for all.
    Column("tenant", String(64), primary_key=True),
)

access_token = Table(
    "access_token",
    metadata,
    Column("id", String(16), primary_key=True),
    # SHA-256 of the secret: 256 bits of chance need no slow hash.
    Column("digest", LargeBinary, nullable=False, unique=True),
    _user_name(),
    Column("is_session", Boolean, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    # Null: all of the user's; else names with a space between.
    Column("permissions", Text),
    Column("tenants", Text),
)
Index("ix_access_token_user_name", access_token.c.user_name)

access_failure = Table(
    "access_failure",
    metadata,
    Column("id", _RowNumber, primary_key=True),
    Column("at", BigInteger, nullable=False),
    # A digest: what is typed as a name may be a password.
    Column("name_digest", String(64), nullable=False),
    Column("address", String(64), nullable=False),
)
Index("ix_access_failure_name", access_failure.c.name_digest, access_failure.c.at)
Index("ix_access_failure_address", access_failure.c.address, access_failure.c.at)

access_event = Table(
    "access_event",
    metadata,
    Column("id", _RowNumber, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("address", Text, nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    # JSON; never a secret.
    Column("details", Text, nullable=False),
    # Which token of the actor's was shown; null: none was.
    Column("token", String(16)),
    # The chain's value behind this line; null: a process of an older release wrote it.
    Column("digest", LargeBinary),
)
Index("ix_access_event_actor", access_event.c.actor, access_event.c.id)
Index("ix_access_event_subject", access_event.c.subject, access_event.c.id)

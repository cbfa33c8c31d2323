"""The journal: tenants, events, campaigns, attempts, snapshots, receipts, and who leads."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("service_id", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("writer", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("name", name="uq_tenant_name"),
        sa.UniqueConstraint("service_id", name="uq_tenant_service_id"),
    )
    _make_event()
    op.create_table(
        "campaign",
        *_key("campaign", "campaign_id"),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("recipients", sa.BigInteger(), nullable=False),
        sa.Column("deleted_seq", sa.BigInteger()),
        sa.Column("deleted_at", sa.BigInteger()),
    )
    _make_attempt()
    op.create_table(
        "snapshot",
        *_key("snapshot", "seq"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "receipt",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "actor", "key", name="pk_receipt"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_receipt_tenant_id"),
    )
    op.create_index("ix_receipt_at", "receipt", ["tenant_id", "at"])
    op.create_table(
        "leadership",
        *_key("leadership"),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )


def _make_event() -> None:
    op.create_table(
        "event",
        *_key("event", "seq"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("campaign_id", sa.BigInteger()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_campaign", "event", ["tenant_id", "campaign_id", "seq"])
    by_users = sa.text("actor NOT IN ('driver', 'scheduler')")
    op.create_index(
        "ix_event_by_users",
        "event",
        ["tenant_id", "seq"],
        sqlite_where=by_users,
        postgresql_where=by_users,
    )


def _make_attempt() -> None:
    op.create_table(
        "attempt",
        *_key("attempt", "campaign_id", "position", "attempt"),
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger()),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("line", sa.String(16), nullable=False),
        sa.Column("is_retry", sa.Boolean(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answer_confirmed_at", sa.BigInteger()),
        sa.Column("message_started_at", sa.BigInteger()),
        sa.Column("messages_played", sa.Integer(), nullable=False),
        sa.Column("listening_confirmed_at", sa.BigInteger()),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("outcome", sa.String(40)),
        sa.Column("given_back", sa.String(40)),
        sa.Column("hangup_cause", sa.BigInteger()),
        sa.Column("detail", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    in_progress = sa.text("last_seq IS NULL")
    op.create_index(
        "ix_attempt_in_progress",
        "attempt",
        ["tenant_id"],
        sqlite_where=in_progress,
        postgresql_where=in_progress,
    )


def _key(table: str, *numbers: str) -> list[sa.Column[int] | sa.Constraint]:
    """Return a tenant's id and further numbers, and that they are the key."""
    return [
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint("tenant_id", *numbers, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
    ]

"""Users, their roles and tokens, log-ins that failed, and the audit of administration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_row_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "access_user",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("password_expires_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_access_user"),
    )
    op.create_table(
        "access_role",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_access_role"),
    )
    op.create_table(
        "access_grant",
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_name", "role", "tenant", name="pk_access_grant"),
        _of_user("access_grant"),
    )
    _make_token()
    _make_failure()
    _make_event()


def _make_token() -> None:
    op.create_table(
        "access_token",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_name", sa.String(64), nullable=False),
        sa.Column("is_session", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("permissions", sa.Text()),
        sa.Column("tenants", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
        sa.UniqueConstraint("digest", name="uq_access_token_digest"),
        _of_user("access_token"),
    )
    op.create_index("ix_access_token_user_name", "access_token", ["user_name"])


def _make_failure() -> None:
    op.create_table(
        "access_failure",
        sa.Column("id", _row_number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name_digest", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_failure"),
    )
    op.create_index("ix_access_failure_name", "access_failure", ["name_digest", "at"])
    op.create_index("ix_access_failure_address", "access_failure", ["address", "at"])


def _make_event() -> None:
    op.create_table(
        "access_event",
        sa.Column("id", _row_number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_event"),
    )
    op.create_index("ix_access_event_actor", "access_event", ["actor", "id"])
    op.create_index("ix_access_event_subject", "access_event", ["subject", "id"])


def _of_user(table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["user_name"],
        ["access_user.name"],
        name=f"fk_{table}_user_name",
        ondelete="CASCADE",
    )

"""The audit of administration names the token that was used, and is a chain."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHAINED = ("at", "actor", "address", "action", "subject", "details", "token")
_ROWS = 1_000


def upgrade() -> None:
    """Add the columns, and chain what is there."""
    op.add_column("access_event", sa.Column("token", sa.String(16)))
    op.add_column("access_event", sa.Column("digest", sa.LargeBinary()))
    # As it was made when this came: what comes later must not change what was.
    table = sa.table(
        "access_event",
        sa.column("id", sa.BigInteger()),
        *(sa.column(name) for name in _CHAINED),
        sa.column("digest", sa.LargeBinary()),
    )
    connection = op.get_bind()
    digest, after = hashlib.sha256(b"call-campaign audit").digest(), 0
    while True:
        page = sa.select(table).where(table.c.id > after).order_by(table.c.id).limit(_ROWS)
        rows = connection.execute(page).all()
        for row in rows:
            text = json.dumps([getattr(row, name) for name in _CHAINED], ensure_ascii=True)
            digest = hashlib.sha256(digest + text.encode()).digest()
            changed = sa.update(table).where(table.c.id == row.id)
            connection.execute(changed.values(digest=digest))
        if len(rows) < _ROWS:
            return
        after = rows[-1].id

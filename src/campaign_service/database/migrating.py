"""Bringing a schema up to this release's, once, whoever else starts at the same moment."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from campaign_core.errors import JournalError

__all__ = ["bring_up_to_date", "check_readable", "revisions"]

_FOLDER = Path(__file__).parent / "migrations"
_FILE = re.compile(r"r(\d{4})_\w+\.py")
_LOCK = 0x63616D706169676E
"""``campaign`` in letters: the number of PostgreSQL's lock for this."""


@cache
def revisions() -> tuple[str, ...]:
    """Return the revisions that this release knows, oldest first.

    They are a line: a file ``rNNNN_...`` each, on top of the one before. So the names of the
    files tell whether there is something to do, and starting a process need load none of them.
    """
    files = (_FILE.fullmatch(path.name) for path in (_FOLDER / "versions").iterdir())
    return tuple(sorted(file[1] for file in files if file is not None))


def bring_up_to_date(engine: sa.Engine, *, shown: str) -> None:
    """Make the tables, or change them to what this release expects.

    Raises:
        JournalError: a newer release made the schema, or it is another program's.
    """
    with engine.connect() as connection, connection.begin():
        if _is_up_to_date(connection, shown):
            return
    with engine.connect() as connection, connection.begin():
        # SQLite's transactions exclude one another anyway.
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        if not _is_up_to_date(connection, shown):
            config = Config()
            config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def check_readable(engine: sa.Engine, *, shown: str) -> None:
    """Return if this release can read a journal whose schema stays as it is.

    The journal's own tables have been the same since the first revision. A revision that changes
    them refuses here what is older, or has the reading know both.

    Raises:
        JournalError: a newer release made the schema, it is another program's, or there is none.
    """
    with engine.connect() as connection, connection.begin():
        if _revision(connection, shown) is None:
            raise JournalError(f"{shown}: there is no journal in it")


def _is_up_to_date(connection: sa.Connection, shown: str) -> bool:
    return _revision(connection, shown) == revisions()[-1]


def _revision(connection: sa.Connection, shown: str) -> str | None:
    """Return the revision that a schema has, of those that are known; ``None``: there is none."""
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables & {"tenant", "event", "attempt", "snapshot", "receipt"}:
            raise JournalError(f"{shown}: it has tables of these names that are not ours")
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in revisions():
        why = f"a newer release made it (schema {found}; this one knows up to {revisions()[-1]})"
        raise JournalError(f"{shown}: {why}. Open it with that release")
    return found

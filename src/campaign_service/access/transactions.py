"""Transactions that change users, one after the other, and how this process hears of them.

Users, roles and log-ins change rarely. So all that is written about them waits in one queue, over
all processes: what was looked at in a transaction still holds when it ends, the last administrator
cannot be deleted twice at once, and the audit is numbered in the order in which it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from campaign_service.database import Database

__all__ = ["change_count", "changing_access", "serialized"]

_LOCK = 0x63616D70757365
"""``campuse`` in letters: the number of PostgreSQL's lock for this."""

_changes: WeakKeyDictionary[Database, int] = WeakKeyDictionary()


@contextmanager
def serialized(database: Database) -> Iterator[sa.Connection]:
    """Return a transaction in which nobody else writes about users."""
    with database.begin() as connection:
        # Of SQLite's transactions that write there is only one at a time anyway.
        if not database.is_sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        yield connection


@contextmanager
def changing_access(database: Database) -> Iterator[sa.Connection]:
    """Return a transaction that changes who may do what; this process heeds it at once."""
    try:
        with serialized(database) as connection:
            yield connection
    finally:
        # Counted even if it failed: it may have been taken all the same.
        _changes[database] = change_count(database) + 1


def change_count(database: Database) -> int:
    """Return how often this process has changed who may do what; what was read before is old."""
    return _changes.get(database, 0)

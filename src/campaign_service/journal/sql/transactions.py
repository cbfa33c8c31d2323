"""Transactions whose errors are those of a journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from campaign_service.database import Database, DatabaseAwayError, DatabaseDamagedError
from campaign_service.journal.interface import JournalAwayError, JournalDamagedError

__all__ = ["read_transaction", "write_transaction"]

_BYTES_PER_S = 2_000_000
_LEAST_S = 8.0


@contextmanager
def write_transaction(database: Database, *, size: int = 0) -> Iterator[sa.Connection]:
    """Return a transaction that may write.

    Args:
        database: where.
        size: how many bytes there are to write; the more, the longer it may take.

    Raises:
        JournalAwayError: nothing is written, or it is not known whether it is.
        JournalDamagedError: the database itself is damaged.
    """
    with _errors(), database.begin(patience_s=_LEAST_S + size / _BYTES_PER_S) as connection:
        yield connection


@contextmanager
def read_transaction(database: Database, *, patience_s: float = 30.0) -> Iterator[sa.Connection]:
    """Return a transaction that reads.

    Raises:
        JournalAwayError: nothing can be read just now.
        JournalDamagedError: the database itself is damaged.
    """
    with _errors(), database.reading(patience_s=patience_s) as connection:
        yield connection


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except DatabaseAwayError as error:
        raise JournalAwayError(str(error)) from error
    except DatabaseDamagedError as error:
        advice = "restore a backup, or what `sqlite3 FILE .recover` saves of it"
        raise JournalDamagedError(f"{error}: {advice}") from error

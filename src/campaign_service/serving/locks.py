"""Locks: of all processes that serve a tenant, one has its lock and leads.

On PostgreSQL an advisory lock, held by a connection of its own: it is free the moment that
connection is gone, and keepalives tell the server within seconds that a machine is. With SQLite a
lock on a file beside the database. The lock saves everybody trouble; what two leaders could spoil
is fenced by the journal, which takes no event but from who knows its end.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from campaign_service.database import Database, DatabaseAwayError
from campaign_service.journal.sql import TenantRow

__all__ = ["FileLock", "Lock", "ServerLock", "lock_of"]

_SPACE = 0x63616D70
"""Of our advisory locks among those of other programs: the letters `camp`."""
_PATIENCE_S = 2.0
_TAKE = sa.text("SELECT pg_try_advisory_lock(CAST(:space AS int), CAST(:tenant AS int))")
_END_APPENDS = sa.text(
    "SELECT count(pg_terminate_backend(holder.pid)) FROM tenant"
    " JOIN pg_locks AS holder ON holder.transactionid = tenant.xmax"
    " JOIN pg_stat_activity AS session ON session.pid = holder.pid"
    " WHERE tenant.id = CAST(:tenant AS int)"
    " AND holder.locktype = 'transactionid' AND holder.mode = 'ExclusiveLock' AND holder.granted"
    " AND session.usename = current_user"
)
"""A leader that was stopped in the middle of an append holds the journal's head for as long as it
stands still: within a COPY no limit of the server's ends its transaction."""
_ANSWER = sa.text("SELECT true")
_NOTICE = sa.text("SET tcp_user_timeout = 4000")
"""An answer on its way to a machine that is gone would keep the lock for a quarter of an hour."""


class Lock(Protocol):
    """The lock of one tenant; for one thread at a time."""

    def take(self) -> bool:
        """Return whether this process has it now.

        Raises:
            DatabaseAwayError: that cannot be known just now.
        """

    def is_held(self) -> bool:
        """Return whether it was not lost since it was taken.

        Raises:
            DatabaseAwayError: that cannot be known just now.
        """

    def release(self) -> None:
        """Let another process have it."""


def lock_of(database: Database, tenant: TenantRow) -> Lock:
    """Return the lock of a tenant, not taken yet."""
    if database.file is not None:
        path = Path(f"{database.file.path}.{tenant.name}.lock")
        return FileLock(path, guarded=database.check_file)
    return ServerLock(database, tenant)


class FileLock:
    """A lock on a file; the kernel frees it when its process is gone.

    It says nothing while the database that it is for is not in its place.
    """

    def __init__(self, path: Path, *, guarded: Callable[[], None] = lambda: None) -> None:
        """Take the file's name, and what looks for the database.

        Args:
            path: of the lock; it is made, and stays.
            guarded: raises ``DatabaseAwayError`` where the database is not in its place.
        """
        self._path = path
        self._guarded = guarded
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Return whether this process has it now.

        Raises:
            DatabaseAwayError: the file cannot be made, or the database is not in its place.
        """
        self._guarded()
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseAwayError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def is_held(self) -> bool:
        """Return whether it was not lost since it was taken.

        Raises:
            DatabaseAwayError: the database is not in its place.
        """
        self._guarded()
        return self._descriptor is not None

    def release(self) -> None:
        """Let another process have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class ServerLock:
    """An advisory lock of PostgreSQL.

    Who does not get it keeps the connection for the next try: to log in each time costs the server
    more than to be asked.
    """

    def __init__(self, database: Database, tenant: TenantRow) -> None:
        """Take the database and whose lock it is."""
        self._database = database
        self._key = {"space": _SPACE, "tenant": tenant.id}
        self._connection: sa.Connection | None = None
        self._is_ours = False

    def take(self) -> bool:
        """Return whether this process has it now.

        Raises:
            DatabaseAwayError: that cannot be known just now.
        """
        if self.is_held():
            return True
        if self._connection is not None:
            with suppress(DatabaseAwayError):
                return self._try()
        # That one had broken while it lay idle; a new one tells whether the server is there.
        self._connect()
        return self._try()

    def is_held(self) -> bool:
        """Return whether it was not lost since it was taken."""
        if self._is_ours:
            with suppress(DatabaseAwayError):
                self._ask(_ANSWER)
        return self._is_ours

    def release(self) -> None:
        """Let another process have it."""
        connection, self._connection, self._is_ours = self._connection, None, False
        if connection is not None:
            # A connection that is broken holds no lock; one that is not is closed by this.
            with suppress(Exception):
                connection.close()

    def _connect(self) -> None:
        with self._database.errors():
            connection = self._database.engine.connect()
            try:
                # No transaction stays open, and the pool must never lend this connection out.
                self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.detach()
            except BaseException:
                self._connection = None
                connection.close()
                raise
        self._ask(_NOTICE)

    def _try(self) -> bool:
        self._is_ours = bool(self._ask(_TAKE.bindparams(**self._key)))
        if self._is_ours:
            self._ask(_END_APPENDS.bindparams(tenant=self._key["tenant"]))
        return self._is_ours

    def _ask(self, question: sa.TextClause) -> object:
        """Return what the server answers; the connection is given up where it does not.

        Raises:
            DatabaseAwayError: it does not answer.
        """
        connection = self._connection
        assert connection is not None
        try:
            with self._database.errors(), self._database.watched(connection, _PATIENCE_S):
                found = connection.execute(question)
                return found.scalar() if found.returns_rows else None
        except BaseException:
            self.release()
            raise

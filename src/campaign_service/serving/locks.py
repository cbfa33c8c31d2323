"""Locks: of all processes that serve a tenant, one has its lock and leads.

On PostgreSQL an advisory lock, held by a connection of its own: it is free the moment that
connection is gone, and keepalives tell the server within seconds that a machine is. With SQLite a
lock on a file beside the database. The lock saves everybody trouble; what two leaders could spoil
is fenced by the journal, which takes no event but from who knows its end.

A leader that hangs, or is stopped, would keep its lock for as long as its connection or process
lives. So whoever has a lock gives a sign of life each time it looks whether it still has it, and
whoever waits for the lock takes it away from a holder that gives none: it ends the session, or puts
a new file in the place of the locked one. The holder finds that out by the very look that would
have been its sign of life, and it looks before it does anything after a standstill.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from typing_extensions import override

from campaign_service.database import Database, DatabaseAwayError
from campaign_service.journal.sql import TenantRow
from campaign_service.serving.leader_silence import LeaderSilence

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
_SESSION = sa.text("SELECT pg_backend_pid()")
"""Also the sign of life. Another session than the one that took the lock does not have it."""
_HOLDER = sa.text(
    "SELECT holder.pid || ' ' || session.backend_start || ' ' || session.state_change"
    " FROM pg_locks AS holder JOIN pg_stat_activity AS session ON session.pid = holder.pid"
    " WHERE holder.locktype = 'advisory' AND holder.granted AND holder.objsubid = 2"
    " AND holder.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND holder.classid = CAST(:space AS oid) AND holder.objid = CAST(:tenant AS oid)"
    " AND session.state = 'idle' AND session.usename = current_user"
)
"""Which session has a lock, and when it last did anything; one that waits for the server's answer
is not to blame."""
_END_HOLDER = sa.text(
    "SELECT pg_terminate_backend(session.pid) FROM pg_stat_activity AS session"
    " WHERE session.pid || ' ' || session.backend_start || ' ' || session.state_change = :holder"
)
_NOTICE = sa.text("SET tcp_user_timeout = 4000")
"""An answer on its way to a machine that is gone would keep the lock for a quarter of an hour."""


class Lock(Protocol):
    """The lock of one tenant; for one thread at a time."""

    def take(self) -> bool:
        """Return whether this process has it now.

        Raises:
            DatabaseAwayError: that cannot be known just now: what is locked is not in its place.
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


class FileLock(Lock):
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
        self._leader_silence = LeaderSilence()

    @override
    def take(self) -> bool:
        if self.is_held():
            return True
        try:
            return self._try_take()
        except OSError as error:
            raise DatabaseAwayError(f"{self._path}: {error.strerror}") from error

    @override
    def is_held(self) -> bool:
        self._guarded()
        if self._descriptor is None:
            return False
        if not _is_still_at(self._descriptor, self._path):
            # Whoever waited has put another one there; see `_replace_file`.
            self.release()
            return False
        try:
            os.utime(self._descriptor)
        except OSError as error:
            raise DatabaseAwayError(f"{self._path}: {error.strerror}") from error
        return True

    @override
    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try_take(self) -> bool:
        descriptor = _open(self._path)
        if not _try_flock(descriptor):
            sign = os.fstat(descriptor)
            os.close(descriptor)
            if self._leader_silence.is_too_long((sign.st_dev, sign.st_ino, sign.st_mtime_ns)):
                self._replace_file(sign)
            return False
        if not _is_still_at(descriptor, self._path):
            # It was taken away from somebody while this process opened it.
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        os.utime(descriptor)
        return True

    def _replace_file(self, silent: os.stat_result) -> None:
        """Put a new file in the place of the one that a silent holder has locked."""
        guard = _open(self._path.with_name(f"{self._path.name}.taking"))
        try:
            if not _try_flock(guard):
                return
            # Another one that waits may have done so just now.
            if os.path.samestat(self._path.stat(), silent):
                self._leader_silence.log(self._path.name)
                self._path.unlink()
        finally:
            os.close(guard)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_flock(descriptor: int) -> bool:
    """Return whether a file is locked now by an open descriptor of ours."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_still_at(descriptor: int, path: Path) -> bool:
    """Return whether a descriptor is of the file that has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


class ServerLock(Lock):
    """An advisory lock of PostgreSQL.

    Who does not get it keeps the connection for the next try: to log in each time costs the server
    more than to be asked.
    """

    def __init__(self, database: Database, tenant: TenantRow) -> None:
        """Take the database and whose lock it is."""
        self._database = database
        self._name = tenant.name
        self._key = {"space": _SPACE, "tenant": tenant.id}
        self._leader_silence = LeaderSilence()
        self._connection: sa.Connection | None = None
        self._is_acquired = False
        self._session: object = None
        """The process id of the server's that has the lock for us."""

    @override
    def take(self) -> bool:
        if self.is_held():
            return True
        if self._connection is not None:
            with suppress(DatabaseAwayError):
                return self._try_take()
        # That one had broken while it lay idle; a new one tells whether the server is there.
        self._connect()
        return self._try_take()

    @override
    def is_held(self) -> bool:
        if self._is_acquired:
            with suppress(DatabaseAwayError):
                if self._query(_SESSION) != self._session:
                    self.release()
        return self._is_acquired

    @override
    def release(self) -> None:
        connection, self._connection, self._is_acquired = self._connection, None, False
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
        self._query(_NOTICE)

    def _try_take(self) -> bool:
        self._is_acquired = bool(self._query(_TAKE.bindparams(**self._key)))
        if self._is_acquired:
            self._session = self._query(_SESSION)
            self._query(_END_APPENDS.bindparams(tenant=self._key["tenant"]))
        else:
            self._end_silent_holder()
        return self._is_acquired

    def _end_silent_holder(self) -> None:
        """End the session of a holder that hangs; the lock is free at the next try."""
        holder = self._query(_HOLDER.bindparams(**self._key))
        if self._leader_silence.is_too_long(holder):
            self._leader_silence.log(self._name)
            self._query(_END_HOLDER.bindparams(holder=holder))

    def _query(self, question: sa.TextClause) -> object:
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

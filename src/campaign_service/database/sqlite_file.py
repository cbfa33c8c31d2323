"""The file of a SQLite database: made, opened, and known again.

Who has a file open keeps it, also when it is deleted or another file is put in its place. SQLite
would go on writing to it, and all of that would be lost when the process ends. So whoever writes
looks, with each commit, whether the file's name still leads to the file that was opened.

A file that is only read is left as it is, and so is its folder: a backup may lie where nothing can
be written. SQLite needs a place beside it for its write-ahead log all the same, unless it is told
that nobody writes; that is so where there is no log.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import weakref
from pathlib import Path

import attrs

from campaign_service.database.errors import DatabaseAwayError
from campaign_service.database.file_name_lock import check_name, hold_name

__all__ = ["DatabaseFile"]

_log = logging.getLogger("campaign_service.database")

_PRIMARY_CODE = 0xFF
"""Of an error's number: the rest says which kind of it."""

_GONE = "it is not there any more: put it back, or start the service anew with a backup"
_OTHER = (
    "another file lies in its place: put the first one back, or start the service anew to go on"
    " from this one"
)


_LOG_GONE = (
    "its write-ahead log beside it was deleted or replaced, and much of what was written is only in"
    " there: stop the service in good order, which saves it"
)
_WRITTEN = "it was written to while it was read: ask again"
_LOG_UNREADABLE = (
    "its write-ahead log cannot be read where nothing can be written: copy it, together with the"
    " file of the same name that ends in -wal, to another folder"
)


@attrs.frozen
class _Identity:
    """Which file it is, whatever its name."""

    device: int
    number: int
    version: tuple[int, int] | None
    """Its size and time, where nobody is to write to it."""


class DatabaseFile:
    """The file of a database that is open.

    Args:
        path: where; the file is made where there is none.
        is_read_only: nothing is made or changed. The file must be there.

    Raises:
        SettingsError: somebody has it open under another name.
        OSError: it can neither be opened nor made.
    """

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        # A process may change its folder later; and SQLite's other files, as the locks of those
        # who lead, lie beside the file itself, not beside what leads to it.
        self.path = path.resolve()
        """Where it was when it was opened, links followed."""
        self.is_read_only = is_read_only
        self._is_closed = False
        self._let_go = None
        if is_read_only:
            check_name(self.path)
        else:
            self._let_go = weakref.finalize(self, os.close, hold_name(self.path))
        # Whoever has it open to write has its log there too, and be it empty.
        self._is_still = is_read_only and not Path(f"{self.path}-wal").exists()
        self._opened = self._identity()
        self._is_lost = False
        self._lock = threading.Lock()
        self._connections = 0
        self._log: _Identity | None = None
        """Its write-ahead log, once something was written; SQLite keeps it while one is open."""

    def was_connected(self, *_: object) -> None:
        """Note that there is one connection more."""
        with self._lock:
            self._connections += 1

    def was_closed(self, *_: object) -> None:
        """Note that there is one less: with the last one, SQLite deletes its log."""
        with self._lock:
            self._connections = max(0, self._connections - 1)
            if not self._connections:
                self._log = None
        self._let_go_of_name()

    def close(self) -> None:
        """Let the file be opened under another name, once its last connection is closed."""
        self._is_closed = True
        self._let_go_of_name()

    def _let_go_of_name(self) -> None:
        # To close any descriptor of a file frees what SQLite has locked of it in this process.
        if self._is_closed and not self._connections and self._let_go is not None:
            self._let_go()

    def connect(self, *, timeout_s: float) -> sqlite3.Connection:
        """Return a connection; the file is never made by it.

        Args:
            timeout_s: so long it waits for another process's transaction.

        Raises:
            DatabaseAwayError: the file is gone, or is another one, or its log cannot be read.
        """
        self.check()
        mode = "mode=ro" if self.is_read_only else "mode=rw"
        still = "&immutable=1" if self._is_still else ""
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?{mode}{still}",
            uri=True,
            timeout=timeout_s,
            check_same_thread=False,
        )
        try:
            if self.is_read_only:
                self._try(connection)
            self.check()
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self, *, is_written: bool = False) -> None:
        """Return if the file is still the one that was opened, and so is its write-ahead log.

        Args:
            is_written: something was just written to it.

        Raises:
            DatabaseAwayError: it was deleted, moved or replaced, and may be put back; or somebody
                has written to it who did not do so before.
        """
        try:
            found = self._identity()
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError)
            raise self._lost(_GONE if is_gone else str(error.strerror)) from error
        if found != self._opened:
            is_same = found.number == self._opened.number
            raise self._lost(_WRITTEN if is_same and self._is_still else _OTHER)
        self._check_log(is_written=is_written)
        if self._is_lost:
            self._is_lost = False
            _log.warning("%s: the file is back in its place", self.path)

    def _check_log(self, *, is_written: bool) -> None:
        try:
            log = _identity_at(Path(f"{self.path}-wal"))
        except OSError:
            log = None
        with self._lock:
            if self._log is None and is_written and self._connections:
                self._log = log
            is_same = self._log in (None, log)
        if not is_same:
            raise self._lost(_LOG_GONE)

    def _try(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if self._is_still or error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_CANTOPEN:
                raise
            raise DatabaseAwayError(f"{self.path}: {_LOG_UNREADABLE}") from error

    def _lost(self, why: str) -> DatabaseAwayError:
        error = DatabaseAwayError(f"{self.path}: {why}")
        if not self._is_lost and not self.is_read_only:
            self._is_lost = True
            _log.critical("nothing is written any more: %s", error)
        return error

    def _identity(self) -> _Identity:
        return _identity_at(self.path, with_version=self._is_still)


def _identity_at(path: Path, *, with_version: bool = False) -> _Identity:
    found = path.stat()
    version = (found.st_size, found.st_mtime_ns) if with_version else None
    return _Identity(found.st_dev, found.st_ino, version)

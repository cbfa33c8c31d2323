"""The file of a SQLite database: made, opened, and known again.

Who has a file open keeps it, also when it is deleted or another file is put in its place. SQLite
would go on writing to it, and all of that would be lost when the process ends. So whoever writes
looks, before each commit, whether the file's name still leads to the file that was opened.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

import attrs

from campaign_service.database.errors import DatabaseAwayError

__all__ = ["DatabaseFile"]

_log = logging.getLogger("campaign_service.database")

_GONE = "it is not there any more: put it back, or start the service anew with a backup"
_OTHER = (
    "another file lies in its place: put the first one back, or start the service anew to go on"
    " from this one"
)


@attrs.frozen
class _Identity:
    """Which file it is, whatever its name."""

    device: int
    number: int


class DatabaseFile:
    """The file of a database that is open.

    Args:
        path: where; the file is made where there is none.

    Raises:
        OSError: it can neither be opened nor made.
    """

    def __init__(self, path: Path) -> None:
        # A process may change its folder later.
        self.path = path.absolute()
        """Where it was when it was opened."""
        # It holds numbers and the digests of passwords; SQLite's two other files take after it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._opened = _identity_at(self.path)
        self._is_lost = False

    def connect(self, *, timeout_s: float) -> sqlite3.Connection:
        """Return a connection; the file is never made by it.

        Args:
            timeout_s: so long it waits for another process's transaction.

        Raises:
            DatabaseAwayError: the file is gone, or is another one.
        """
        self.check()
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw", uri=True, timeout=timeout_s, check_same_thread=False
        )
        try:
            self.check()
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """Return if the file is still where it was opened.

        Raises:
            DatabaseAwayError: it was deleted, moved or replaced. It may be put back.
        """
        try:
            found = _identity_at(self.path)
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError)
            raise self._lost(_GONE if is_gone else str(error.strerror)) from error
        if found != self._opened:
            raise self._lost(_OTHER)
        if self._is_lost:
            self._is_lost = False
            _log.warning("%s: the file is back in its place", self.path)

    def _lost(self, why: str) -> DatabaseAwayError:
        error = DatabaseAwayError(f"{self.path}: {why}")
        if not self._is_lost:
            self._is_lost = True
            _log.critical("nothing is written any more: %s", error)
        return error


def _identity_at(path: Path) -> _Identity:
    found = path.stat()
    return _Identity(found.st_dev, found.st_ino)

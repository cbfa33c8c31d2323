"""The high-water mark: how far a journal has come, noted elsewhere than in its database.

A database that was restored from a backup, or has lost its write-ahead log, is sound in itself: it
ends earlier, and does not know whom it has called since. So whoever leads notes the journal's head
in a small file after each append, and whoever is about to lead compares. The file is not waited
for, as the journal is: after a power cut it may be behind, and then tells less, but nothing false.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from campaign_service.database import Database
from campaign_service.journal.sql import ChainHead, TenantRow, head_of_text

__all__ = ["HighWaterMark", "mark_of"]

_log = logging.getLogger(__name__)

_READ_MAX = 256


def mark_of(database: Database, tenant: TenantRow, *, folder: Path | None) -> HighWaterMark | None:
    """Return the mark of a tenant: beside the file of SQLite, or in a folder of this machine.

    Args:
        database: where the journal is.
        tenant: whose.
        folder: for a database that is on a server; ``None``: no mark is kept then.
    """
    if database.file is not None:
        return HighWaterMark(Path(f"{database.file.path}.{tenant.name}.mark"))
    return (
        None
        if folder is None
        else HighWaterMark(folder / f"{tenant.name}.{tenant.service_id}.mark")
    )


class HighWaterMark:
    """A file that holds a head; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Take the file's name; it is made when a head is noted."""
        self.path = path
        self._descriptor: int | None = None
        self._size = 0
        self._has_failed = False

    def read(self) -> ChainHead | None:
        """Return the head that was noted; ``None``: there is none, or it cannot be read."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_READ_MAX).decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("%s cannot be read, so nothing is compared with it: %s", self.path, error)
            return None
        head = head_of_text(text)
        if head is None:
            _log.warning("%s holds no head, so nothing is compared with it", self.path)
        return head

    def note(self, head: ChainHead) -> None:
        """Note a head; where that cannot be done it is logged, and nothing else comes of it."""
        written = f"{head}\n".encode()
        try:
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(self.path, flags, 0o600)
                self._size = os.fstat(self._descriptor).st_size
            os.pwrite(self._descriptor, written, 0)
            if self._size > len(written):
                os.ftruncate(self._descriptor, len(written))
            self._size = len(written)
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                _log.warning("%s cannot be written, so it tells less: %s", self.path, error)
        else:
            self._has_failed = False

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)

"""What can go wrong with a database, by what may be done about it."""

from __future__ import annotations

from campaign_core.errors import JournalError

__all__ = ["DatabaseAwayError", "DatabaseDamagedError"]


class DatabaseAwayError(OSError):
    """It cannot be reached, read or written just now; the same may be tried again later.

    A commit that fails like this may have been taken all the same: ask before doing it again.
    """


class DatabaseDamagedError(JournalError):
    """What lies on the disk is no sound database any more."""

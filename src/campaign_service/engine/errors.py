"""What ends an engine, or keeps it from acting."""

from __future__ import annotations

from campaign_core.errors import PortableError

__all__ = ["EngineStoppedError", "JournalFailedError", "LeaderUncertainError"]


class JournalFailedError(PortableError):
    """Events could not be made durable: no further call is placed."""

    def __init__(self, error: OSError) -> None:
        """Take what the storage said."""
        self.error = error
        where = f": {error.filename}" if error.filename and error.strerror else ""
        super().__init__(f"the journal cannot be written: {error.strerror or error}{where}")


class EngineStoppedError(Exception):
    """The engine was stopped before it was known whether a command is durable."""


class LeaderUncertainError(Exception):
    """Whether this process still leads cannot be known just now."""

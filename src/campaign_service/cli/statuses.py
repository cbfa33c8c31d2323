"""How a command ends, for whoever calls it from a script."""

from __future__ import annotations

from enum import IntEnum

from campaign_core.errors import PortableError

__all__ = ["CommandFailedError", "ExitStatus"]


class ExitStatus(IntEnum):
    """The exit status of ``campaign``; a command that returns none is completed."""

    COMPLETED = 0
    """Enough recipients were reached; any other command: done."""
    INCOMPLETE = 1
    """The campaign is over, or cannot go on, and too few were reached."""
    BAD_INPUT = 2
    """A file or an option must be mended, or the running service refused; nothing was done."""
    FAILED = 3
    """The telephony, the disk or the running service gave up."""
    INTERRUPTED = 130
    """Ctrl-C, or SIGTERM."""


class CommandFailedError(PortableError):
    """A command has failed; its text is for a person, and knows no more than that one may."""

    def __init__(self, text: str, status: ExitStatus) -> None:
        """Take what to say, and the exit status."""
        self.status = status
        super().__init__(text)

"""How a command ends that cannot do what it was asked for."""

from __future__ import annotations

from campaign_core.errors import PortableError
from campaign_service.cli.statuses import ExitStatus

__all__ = ["CommandFailedError"]


class CommandFailedError(PortableError):
    """A command has failed; its text is for a person, and knows no more than that one may."""

    def __init__(self, text: str, status: ExitStatus) -> None:
        """Take what to say, and the exit status."""
        self.status = status
        super().__init__(text)

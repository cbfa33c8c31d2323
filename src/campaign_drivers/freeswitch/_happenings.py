"""What a session tells: that the server is ready, replies, events, and its own end."""

from __future__ import annotations

import attrs

from campaign_drivers._board import Over
from campaign_drivers.freeswitch._wire import Event

__all__ = ["DENIED", "Happening", "Purpose", "Ready", "Reply", "Seen"]

Purpose = tuple[str, ...]
"""What a command was for; given back with its reply."""

DENIED = "-ERR permission denied"
"""To a user of the directory who may not do that."""


@attrs.frozen(kw_only=True)
class Ready:
    """The server is ready and takes commands; we are subscribed."""

    core_uuid: str
    """Of this run of the server; empty: it does not tell us."""
    sessions_per_s: int | None
    """How many legs it takes a second; ``None``: it does not tell us."""
    sessions_max: int | None
    """How many legs it takes at one time; ``None``: it does not tell us."""
    is_paused: bool = False
    """It takes no new calls until an operator says so."""


@attrs.frozen(kw_only=True)
class Reply:
    """The reply to a command."""

    purpose: Purpose
    text: str

    @property
    def is_denied(self) -> bool:
        """Whether the user of the directory may not do that."""
        return self.text == DENIED

    @property
    def is_success(self) -> bool:
        """Whether the reply is no error."""
        return not self.text.startswith(("-ERR", "-USAGE"))


@attrs.frozen
class Seen:
    """An event."""

    event: Event


Happening = Ready | Over | Reply | Seen

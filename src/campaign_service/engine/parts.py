"""What the two engines share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from campaign_core import Instant, State, calls, link, next_wakeup
from campaign_core.events import Event

__all__ = ["JournalFailedError", "Observer", "is_quiet"]

Observer = Callable[[Sequence[Event]], None]
"""Is told the events of each moment, in order; must neither block nor raise."""


class JournalFailedError(Exception):
    """Events could not be made durable: no further call is placed."""

    def __init__(self, error: OSError) -> None:
        """Take what the storage said."""
        self.error = error
        where = f": {error.filename}" if error.filename and error.strerror else ""
        super().__init__(f"the journal cannot be written: {error.strerror or error}{where}")


def is_quiet(state: State, now: Instant) -> bool:
    """Return whether nothing more happens unless somebody commands it or the telephony reports.

    While the driver is down this is not so: it may come up by itself.
    """
    return not calls(state) and link(state).is_up and next_wakeup(state, now) is None

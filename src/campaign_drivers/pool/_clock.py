"""What a pool asks of a clock: that of the host, by which the host tells the time too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from campaign_core import Instant

__all__ = ["Clock", "Timer"]


class Timer(Protocol):
    """Something that will be done, unless it is cancelled before."""

    def cancel(self) -> None:
        """Do not do it."""


class Clock(Protocol):
    """Tells the time and wakes others; those of ``campaign_drivers.simulated`` do."""

    def now(self) -> Instant:
        """Return the present instant."""

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant or soon after, never within here."""

"""A clock that begins at another time than ours."""

from __future__ import annotations

from collections.abc import Callable

from campaign_core import Instant
from campaign_drivers.clock import Clock, Timer

__all__ = ["ShiftedClock"]


class ShiftedClock:
    """Another clock, set to an instant when this is made: a simulated day begins when it should.

    Args:
        clock: goes on underneath.
        starts_at: what it shows first.
    """

    def __init__(self, clock: Clock, *, starts_at: Instant) -> None:
        self._clock = clock
        self._ahead_ms = starts_at - clock.now()

    def now(self) -> Instant:
        """Return the present instant."""
        return Instant(self._clock.now() + self._ahead_ms)

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant."""
        return self._clock.call_at(Instant(at - self._ahead_ms), do)

    async def sleep_until(self, at: Instant) -> None:
        """Return when it is that time."""
        await self._clock.sleep_until(Instant(at - self._ahead_ms))

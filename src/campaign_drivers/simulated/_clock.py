"""The clocks of simulations: one goes at any speed, the other wherever it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from campaign_core import Instant
from campaign_drivers.clock import Timer, present
from campaign_drivers.simulated._checks import refuse
from campaign_drivers.simulated._event_queue import EventQueue

__all__ = ["RealClock", "VirtualClock"]

_MIN_SPEED, _MAX_SPEED = 0.001, 1_000_000


class _VirtualTimer:
    def __init__(self, do: Callable[[], None]) -> None:
        self.slots = [0]
        self.do = do

    def cancel(self) -> None:
        self.slots[0] = 0


class VirtualClock:
    """A clock that goes where it is told, at once, doing on the way all that is due.

    Args:
        starts_at: the first instant it shows.
    """

    def __init__(self, starts_at: Instant) -> None:
        self._now = starts_at
        self._queue = EventQueue()

    def now(self) -> Instant:
        """Return the present instant."""
        return self._now

    def next_at(self) -> Instant | None:
        """Return when the next thing is to be done."""
        return self._queue.next_at()

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant: while the clock is advanced, never within here."""
        timer = _VirtualTimer(do)
        self._queue.put(max(at, self._now), timer, 0, self._ring)
        return timer

    def advance_to(self, at: Instant) -> None:
        """Go to an instant; a timer that is due shows its own instant while it is done."""
        self._queue.run_until(at)
        self._now = max(self._now, at)

    async def sleep_until(self, at: Instant) -> None:
        """Go to an instant, after other tasks had their turn."""
        await asyncio.sleep(0)
        self.advance_to(at)
        await asyncio.sleep(0)

    def _ring(self, timer: _VirtualTimer, at: Instant) -> None:
        self._now = max(self._now, at)
        timer.do()


class RealClock:
    """A clock that starts with the machine's and goes on by itself, faster or slower.

    It does not follow when the machine's is set; a service lives by
    :class:`~campaign_drivers.clock.ServiceClock`. Needs a running loop.

    Args:
        speed: how many of its seconds pass in one of ours, 0.001 to 1,000,000.
    """

    def __init__(self, *, speed: float = 1) -> None:
        if not _MIN_SPEED <= speed <= _MAX_SPEED:
            raise refuse("speed", speed, f"a number {_MIN_SPEED:g} to {_MAX_SPEED:g}")
        self._speed = speed
        self._started_at = present()
        # What is simulated must not stand still or jump because the machine's clock is set.
        self._started = time.monotonic()

    def now(self) -> Instant:
        """Return the present instant."""
        passed_s = (time.monotonic() - self._started) * self._speed
        return Instant(int(self._started_at + passed_s * 1_000))

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant, or in the next turn of the loop if that is past."""
        return asyncio.get_running_loop().call_later(self._real_s(at), do)

    async def sleep_until(self, at: Instant) -> None:
        """Return when it is that time."""
        await asyncio.sleep(self._real_s(at))

    def _real_s(self, at: Instant) -> float:
        return max(0, at - self.now()) / 1_000 / self._speed

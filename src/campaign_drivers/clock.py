"""Clocks: where a host and its drivers take the time from, and who wakes them.

=================  =====================================  =========================================
the clock          shows                                  is for
=================  =====================================  =========================================
``WallClock``      the time of the machine, as it is set  a service, and calls to real telephones
``RealClock``      its own time, at any speed             a simulation that is watched
``VirtualClock``   the time that it is told to go to      a simulation as fast as the machine allows
=================  =====================================  =========================================

The last two are in ``campaign_drivers.simulated``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from campaign_core import Instant

__all__ = ["Clock", "Timer", "WallClock", "present"]

_LOOKS_EVERY_S = 30.0


class Timer(Protocol):
    """Something that will be done, unless it is cancelled before."""

    def cancel(self) -> None:
        """Do not do it."""


class Clock(Protocol):
    """Tells the time and wakes others. A host must take its own ``now`` from the same clock."""

    def now(self) -> Instant:
        """Return the present instant."""

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant or soon after, never within here."""

    async def sleep_until(self, at: Instant) -> None:
        """Return when it is that time."""


def present() -> Instant:
    """Return the time of the machine, as it is set now."""
    return Instant(time.time_ns() // 1_000_000)


class WallClock:
    """The clock of the machine, read anew each time: it may be set while we run.

    A service runs for months. Meanwhile its machine may sleep, be moved to another host or have
    its clock corrected, and calling hours are those of the corrected clock. So nothing waits for
    long without another look at the time: what a correction makes due is done half a minute
    later at most. Set back, the clock shows earlier times again; the core takes what happens
    then as happening at the time of the last event (R6.13).

    Needs a running loop.

    Args:
        wall: tells the time.
        looks_every_s: the longest wait before another look.
    """

    def __init__(
        self, *, wall: Callable[[], Instant] = present, looks_every_s: float = _LOOKS_EVERY_S
    ) -> None:
        self._wall = wall
        self._looks_every_s = looks_every_s

    def now(self) -> Instant:
        """Return the present instant."""
        return self._wall()

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant, or in the next turn of the loop if that is past."""
        return _WallTimer(self, at, do)

    async def sleep_until(self, at: Instant) -> None:
        """Return when it is that time."""
        has_come = asyncio.Event()
        timer = self.call_at(at, has_come.set)
        try:
            await has_come.wait()
        finally:
            timer.cancel()

    def wait_s(self, at: Instant) -> float:
        """Return how long to wait for an instant before another look at the time; 0: it is past."""
        return min(max(0, at - self._wall()) / 1_000, self._looks_every_s)


class _WallTimer:
    def __init__(self, clock: WallClock, at: Instant, do: Callable[[], None]) -> None:
        self._clock = clock
        self._at = at
        self._do = do
        self._wait(clock.wait_s(at))

    def cancel(self) -> None:
        self._handle.cancel()

    def _wait(self, wait_s: float) -> None:
        next_step = self._look if wait_s else self._do
        self._handle = asyncio.get_running_loop().call_later(wait_s, next_step)

    def _look(self) -> None:
        wait_s = self._clock.wait_s(self._at)
        if wait_s:
            self._wait(wait_s)
        else:
            self._do()

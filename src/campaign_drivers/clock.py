"""Clocks: where a host and its drivers take the time from, and who wakes them.

=================  =====================================  =========================================
the clock          shows                                  is for
=================  =====================================  =========================================
``ServiceClock``   time that nobody sets (R7.12)          a service, and calls to real telephones
``WallClock``      the time of the machine, as it is set  the calendar of a service
``RealClock``      its own time, at any speed             a simulation that is watched
``VirtualClock``   the time that it is told to go to      a simulation as fast as the machine allows
=================  =====================================  =========================================

A host that is given a ``WallClock`` goes by a ``ServiceClock`` beside it. The last two are in
``campaign_drivers.simulated``.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from typing_extensions import override

from campaign_core import Instant

__all__ = ["Calendar", "Clock", "ServiceClock", "Timer", "WallClock", "present", "steady_ms"]

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


@runtime_checkable
class Calendar(Protocol):
    """A clock that knows the time of the machine too, as it is set; starts and hours are by it."""

    def calendar(self) -> Instant:
        """Return what the machine's clock shows now."""


def present() -> Instant:
    """Return the time of the machine, as it is set now."""
    return Instant(time.time_ns() // 1_000_000)


# A machine that is suspended lets its monotonic clock stand still; this one counts on.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_ms() -> int:
    """Return milliseconds of a clock that is never set, and goes on while the machine sleeps."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000


class _LookingClock(ABC):
    """A clock whose time nobody can wait for without looking at it now and then.

    Needs a running loop.
    """

    def __init__(self, looks_every_s: float) -> None:
        self._looks_every_s = looks_every_s

    @abstractmethod
    def now(self) -> Instant:
        """Return the present instant."""

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant, or in the next turn of the loop if that is past."""
        return _LookingTimer(self, at, do)

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
        return min(max(0, at - self.now()) / 1_000, self._looks_every_s)


class WallClock(_LookingClock):
    """The clock of the machine, read anew each time: it may be set while we run.

    A service runs for months. Meanwhile its machine may sleep, be moved to another host or have
    its clock corrected, and calling hours are those of the corrected clock. So nothing waits for
    long without another look at the time: what a correction makes due is done half a minute
    later at most. Durations are not for this clock: see :class:`ServiceClock`.

    Needs a running loop.

    Args:
        wall: tells the time.
        looks_every_s: the longest wait before another look.
    """

    def __init__(
        self, *, wall: Callable[[], Instant] = present, looks_every_s: float = _LOOKS_EVERY_S
    ) -> None:
        super().__init__(looks_every_s)
        self._wall = wall

    @override
    def now(self) -> Instant:
        """Return the present instant."""
        return self._wall()

    def service_clock(self, starts_at: Instant) -> ServiceClock:
        """Return a clock that nobody sets, whose calendar is this one.

        Args:
            starts_at: the first instant it shows.
        """
        looks_every_s = self._looks_every_s
        return ServiceClock(starts_at=starts_at, calendar=self._wall, looks_every_s=looks_every_s)


class ServiceClock(_LookingClock):
    """The time of a service: goes on with the machine's monotonic clock, and is never set (R7.12).

    Waits and deadlines are by it. Beside it stands the calendar, which is the machine's clock as
    it is set: the host tells the core how far the two stand apart. Time during which the machine
    was suspended counts; such a wait is over half a minute late at most.

    Needs a running loop.

    Args:
        starts_at: the first instant it shows; ``None``: what the calendar shows now.
        calendar: tells the time of the machine.
        steady: tells milliseconds since some moment, and is never set.
        looks_every_s: the longest wait before another look.
    """

    def __init__(
        self,
        *,
        starts_at: Instant | None = None,
        calendar: Callable[[], Instant] = present,
        steady: Callable[[], int] = steady_ms,
        looks_every_s: float = _LOOKS_EVERY_S,
    ) -> None:
        super().__init__(looks_every_s)
        self._calendar = calendar
        self._steady = steady
        self._before = (calendar() if starts_at is None else starts_at) - steady()

    @override
    def now(self) -> Instant:
        """Return the present instant."""
        return Instant(self._before + self._steady())

    def calendar(self) -> Instant:
        """Return what the machine's clock shows now."""
        return self._calendar()


class _LookingTimer:
    def __init__(self, clock: _LookingClock, at: Instant, do: Callable[[], None]) -> None:
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

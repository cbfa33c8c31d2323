"""The moments that were set for calls, in the order in which they come."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Timers"]

TimerT = TypeVar("TimerT")


class TimedCall(Protocol):
    """A call as a driver knows it."""

    is_over: bool
    timers: dict[Any, int]
    """What is set, by what it is for; what is set anew replaces the moment before."""


CallT = TypeVar("CallT", bound=TimedCall)


class Timers(Generic[CallT, TimerT]):
    """The moments of all calls; those set anew, taken back or of calls that are over never come."""

    def __init__(self) -> None:
        """Start with none."""
        self._due: list[tuple[int, int, CallT, TimerT]] = []
        self._order = count()

    def set(self, due: int, call: CallT, timer: TimerT) -> None:
        """Set a moment of a call anew."""
        call.timers[timer] = due
        heapq.heappush(self._due, (due, next(self._order), call, timer))

    def next_due(self) -> int | None:
        """Return when the next moment comes."""
        while self._due and not self._holds():
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def passed(self, now: int) -> Iterator[tuple[CallT, TimerT]]:
        """Give the moments that have come, once each."""
        while (at := self.next_due()) is not None and at <= now:
            _, _, call, timer = heapq.heappop(self._due)
            del call.timers[timer]
            yield call, timer

    def _holds(self) -> bool:
        """Return whether the first moment is still to come."""
        due, _, call, timer = self._due[0]
        return call.timers.get(timer) == due and not call.is_over

"""Calls in progress over time, in a bounded number of points."""

from __future__ import annotations

from array import array
from collections import deque
from copy import deepcopy

from campaign_core import CallId, Instant, Line

__all__ = ["AcceptedCalls", "LoadCurve"]

_LINES = (Line.INTERNAL, Line.EXTERNAL)
_POINTS_MAX = 2_048
_NARROWEST_MS = 100


class LoadCurve:
    """The most calls in progress within each of many equal stretches of time.

    The most, not the mean: it is held against limits. When the run outgrows the curve, neighbours
    are joined, so a day takes as much memory as a minute.
    """

    def __init__(self) -> None:
        self.width_ms = _NARROWEST_MS
        """How long each stretch is."""
        self.first_at: Instant | None = None
        """When the first one begins."""
        self._now = dict.fromkeys(_LINES, 0)
        # Internal, external, total: the most of a sum is not the sum of the most.
        self._most = (array("L"), array("L"), array("L"))

    def placed(self, line: Line, at: Instant) -> None:
        """Count a call that begins."""
        self._change(line, 1, at)

    def ended(self, line: Line, at: Instant) -> None:
        """Count a call that is over."""
        self._change(line, -1, at)

    def in_progress(self, line: Line) -> int:
        """Return how many calls of a line are in progress now."""
        return self._now[line]

    def most(self, line: Line | None = None) -> list[int]:
        """Return the most calls of a line, or of both, in each stretch."""
        return list(self._most[2 if line is None else _LINES.index(line)])

    def peak(self, line: Line | None = None) -> int:
        """Return the most calls of a line, or of both, at any time."""
        return max(self.most(line), default=0)

    def _change(self, line: Line, by: int, at: Instant) -> None:
        if self.first_at is None:
            self.first_at = Instant(at - at % _NARROWEST_MS)
        self._reach((at - self.first_at) // self.width_ms)
        while (index := (at - self.first_at) // self.width_ms) >= _POINTS_MAX:
            self._join()
            self._reach(min(index // 2, _POINTS_MAX - 1))
        self._now[line] += by
        if by > 0:
            self._note()

    def _reach(self, index: int) -> None:
        """Fill the stretches up to one with the calls that go on through them."""
        missing = min(index, _POINTS_MAX - 1) + 1 - len(self._most[0])
        if missing > 0:
            for column, now in zip(self._most, self._counts(), strict=True):
                column.extend([now] * missing)

    def _note(self) -> None:
        for column, now in zip(self._most, self._counts(), strict=True):
            column[-1] = max(column[-1], now)

    def _counts(self) -> tuple[int, int, int]:
        internal, external = self._now[Line.INTERNAL], self._now[Line.EXTERNAL]
        return internal, external, internal + external

    def _join(self) -> None:
        self.width_ms *= 2
        for column in self._most:
            column.extend(column[-1:] * (len(column) % 2))
            joined = [max(pair) for pair in zip(column[::2], column[1::2], strict=True)]
            column[:] = array("L", joined)


class AcceptedCalls:
    """Feeds a load curve with calls, each once it is known that it was taken (R5.5).

    A curve takes what happens in its order, and whether a call is taken or given back is known only
    after it was placed: so what came since the oldest undecided one waits.
    """

    def __init__(self) -> None:
        self._curve = LoadCurve()
        self._waiting: deque[tuple[CallId, Line, Instant, bool]] = deque()
        """Begins and ends of calls, in order: whether it is an end is the last."""
        self._undecided: set[CallId] = set()
        self._given_back: set[CallId] = set()

    @property
    def curve(self) -> LoadCurve:
        """The load so far; calls of which nothing is known yet are taken for taken."""
        if not self._waiting:
            return self._curve
        curve = deepcopy(self._curve)
        for change in self._waiting:
            self._feed(curve, change)
        return curve

    def placed(self, call_id: CallId, line: Line, at: Instant) -> None:
        """Take it that a call begins."""
        self._undecided.add(call_id)
        self._waiting.append((call_id, line, at, False))

    def taken(self, call_id: CallId) -> None:
        """Take it that the telephony has taken a call."""
        self._undecided.discard(call_id)

    def ended(self, call_id: CallId, line: Line, at: Instant, *, is_given_back: bool) -> None:
        """Take it that a call is over, or was never one."""
        self._undecided.discard(call_id)
        if is_given_back:
            self._given_back.add(call_id)
        self._waiting.append((call_id, line, at, True))
        while self._waiting and self._waiting[0][0] not in self._undecided:
            change = self._waiting.popleft()
            self._feed(self._curve, change)
            if change[3]:
                self._given_back.discard(change[0])

    def _feed(self, curve: LoadCurve, change: tuple[CallId, Line, Instant, bool]) -> None:
        call_id, line, at, is_end = change
        if call_id not in self._given_back:
            (curve.ended if is_end else curve.placed)(line, at)

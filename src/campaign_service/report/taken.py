"""The load of calls that a telephony took: those that it gave back never were any."""

from __future__ import annotations

from collections import deque
from copy import deepcopy

from campaign_core import CallId, Instant, Line
from campaign_service.report.load import LoadCurve

__all__ = ["TakenCalls"]


class TakenCalls:
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

"""A stub telephony: it answers and ends every call it is given, in the order of placing.

The same for every scheduler. It costs next to nothing, and what it costs is not counted: the
clock runs only while a scheduler holds a stretch of reports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from zlib import crc32

from campaign_core import CallId, Outcome
from campaign_core.reports import AnswerReport, EndReport, Report

__all__ = ["StubTelephony"]


class StubTelephony:
    """Reports one answer and one end for each call, and for some a busy number instead.

    Args:
        busy_every: of how many calls one meets a busy number; ``None``: of none.
    """

    def __init__(self, busy_every: int | None = None) -> None:
        self._busy_every = busy_every
        self._due: deque[Report] = deque()
        self.calls = 0
        """How many it was given."""
        self.trace = 0
        """A checksum of their ids in order: two schedulers did the same if they agree on it."""

    def place(self, call_ids: Iterable[str]) -> None:
        """Take calls."""
        for call_id in call_ids:
            self.calls += 1
            self.trace = crc32(call_id.encode(), self.trace)
            named = CallId(call_id)
            if self._busy_every is not None and self.calls % self._busy_every == 0:
                self._due.append(EndReport(call_id=named, unanswered_as=Outcome.BUSY))
            else:
                self._due.append(AnswerReport(named))

    def reports(self, most: int) -> list[Report]:
        """Return what happens next, at most so many reports."""
        due = self._due
        taken = [due.popleft() for _ in range(min(most, len(due)))]
        due.extend(
            EndReport(call_id=report.call_id)
            for report in taken
            if isinstance(report, AnswerReport)
        )
        return taken

"""The link: the connection between an exchange and us, its loss and its return."""

from __future__ import annotations

from collections.abc import Mapping

from campaign_core import CallId, Instant
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DriverDownReport,
    DriverUpReport,
    Report,
)
from campaign_drivers.errors import LinkLostError
from campaign_drivers.simulated._event_queue import EventQueue, Slots
from campaign_drivers.simulated._live_call import LiveCall

__all__ = ["Link"]

_SECOND_LOOK_MS = 5_000
"""From a connection to the second report of the calls that are up."""


class Link:
    """A connection that can be lost; what is sent meanwhile is lost with it.

    Args:
        queue: where the second report of a connection is put down.
        calls: the calls in progress, by id.
    """

    def __init__(self, *, queue: EventQueue, calls: Mapping[str, LiveCall]) -> None:
        self._queue = queue
        self._calls = calls
        self.slots: Slots = [0]
        self._is_open = False
        self._is_lost = False
        self._sent: list[tuple[Instant, Report]] = []
        self.is_up = False
        """Whether reports get through, and orders: open, and not lost."""

    def open(self, now: Instant) -> None:
        """Connect.

        Raises:
            LinkLostError: the connection is lost just now.
        """
        if self._is_lost:
            raise LinkLostError("the simulated exchange is out of reach")
        if not self._is_open:
            self._is_open = self.is_up = True
            self._report_up(now)

    def close(self) -> None:
        """Disconnect; nothing is reported after."""
        self._is_open = self.is_up = False
        self.slots[0] = 0
        self._sent.clear()

    def lose(self, now: Instant) -> None:
        """Lose the connection, if it is there."""
        self._is_lost = True
        self.slots[0] = 0
        self.send(DriverDownReport(), now)
        self.is_up = False

    def regain(self, now: Instant) -> None:
        """Have the connection back, if we are still there."""
        self._is_lost = False
        if self._is_open:
            self.is_up = True
            self._report_up(now)

    def send(self, report: Report, at: Instant) -> None:
        """Report something, if it gets through."""
        if self.is_up:
            self._sent.append((at, report))
            if type(report) is AnswerReport and report.call_id in self._calls:
                self._calls[report.call_id].answer_told = True

    def give_back(self, call_id: CallId, now: Instant) -> None:
        """Say that a call could not be handed over: the one report that needs no connection."""
        if self._is_open:
            self._sent.append((now, DriverDownReport((call_id,))))

    def first_sent_at(self) -> Instant | None:
        """Return when the first report happened that waits to be taken."""
        return self._sent[0][0] if self._sent else None

    def taken(self) -> list[tuple[Instant, Report]]:
        """Return the reports that wait, which are then taken."""
        sent, self._sent = self._sent, []
        return sent

    def _report_up(self, now: Instant) -> None:
        self.send(DriverUpReport(), now)
        self._tell_calls_up(now)
        for call in self._calls.values():
            if call.answered_at is not None and not call.answer_told:
                self.send(AnswerReport(call.order.call_id), now)
        second = Instant(now + _SECOND_LOOK_MS)
        self._queue.put(second, self, 0, Link._tell_calls_up)

    def _tell_calls_up(self, at: Instant) -> None:
        up = (call.order.call_id for call in self._calls.values())
        self.send(CallsUpReport(frozenset(up)), at)

"""Which of our calls are up after a connection was lost, and what becomes of the others (R5.5).

Upon connecting we subscribe first and then ask which channels are up (a *census*), at once and
again after five seconds. The list lags behind; so each call that we know is asked for by its id as
well, and events win. In between the list is asked for every second while a call that was taken over
may not take applications yet.

==============================================  ===========================================
known of a call                                 then
==============================================  ===========================================
in the list, there by its id, or an event came  up: taken over
not, and it was placed long before the server   not in the first report: lost
was heard last
not, but ordered since then, or shortly         in the first report: it may be placed yet;
before, or never replied to                     lost if it is not there by the second either
==============================================  ===========================================

The core itself waits for the second report where the connection went within five seconds after a
call was placed; such a call need not be in the first. What was lost and turns up later is ended.
"""

from __future__ import annotations

from campaign_core import CallId, ServiceId
from campaign_core.reports import AnswerReport, CallsAdriftReport, CallsUpReport, Report
from campaign_drivers.freeswitch import _calls as calls
from campaign_drivers.freeswitch._call import Work
from campaign_drivers.freeswitch._register import IN_TRANSIT_MS, Register, Row
from campaign_drivers.freeswitch._wire import Command

__all__ = ["CENSUS_MS", "TakingOver"]

CENSUS_MS = 5_000
"""Between the first census of a connection and the second (R5.5)."""

_WAITED_FOR_MS = IN_TRANSIT_MS - 500
"""The core waits for calls placed so long before the connection went; its clock may differ."""

_LOOK_MS = 1_000
"""Between looks at the list, while a call that was taken over may not take applications yet."""


class TakingOver:
    """Asks for the lists of a connection, and draws from them what to report."""

    def __init__(self, register: Register, service_id: ServiceId) -> None:
        """Start without a connection."""
        self._register = register
        self._service_id = service_id
        self._lost_at = 0
        self._second_at: int | None = None
        self._look_at: int | None = None
        self._claimed: frozenset[CallId] = frozenset()

    def lost(self, now: int) -> None:
        """Take it that the connection is gone."""
        self._lost_at, self._second_at, self._look_at = now, None, None

    def begin(self, work: Work) -> None:
        """Ask for the first list, and for each call that we know by its id: that never lags."""
        self._ask_of_each(work)
        self._ask("first", work)

    def wake(self, work: Work) -> None:
        """Ask for the list that is due."""
        if self._second_at is not None and work.now >= self._second_at:
            self._second_at = self._look_at = None
            self._ask_of_each(work)
            self._ask("second", work)
        elif self._look_at is not None and work.now >= self._look_at:
            self._look_at = None
            self._ask("between", work)

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        return min((at for at in (self._second_at, self._look_at) if at is not None), default=None)

    def counted(self, which: str, rows: list[Row] | None, work: Work) -> list[Report]:
        """Take a list, and return what to report of it.

        Args:
            which: ``first``, ``between`` or ``second``.
            rows: the list; ``None``: it cannot be had, and what is known is taken for up.
            work: surroundings.
        """
        if rows is None:
            for call in self._register.calls.values():
                call.here = True
            listed = frozenset(self._register.calls)
        else:
            listed = self._register.count(rows, work.now)
        if which == "first":
            told = self._first(work.now)
        else:
            told = self._second() if which == "second" else []
            for call in self._register.unlisted(listed):
                calls.ask_existence(call, work)
        if which != "second" and self._register.is_settling():
            self._look_at = work.now + _LOOK_MS
        # A call may be in a later list alone, and have been answered long since.
        return [*told, *(AnswerReport(call_id) for call_id in self._register.answered())]

    def _first(self, now: int) -> list[Report]:
        self._second_at = now + CENSUS_MS
        waited_for = [
            call
            for call in self._register.missing()
            if call.placed_at is not None and self._lost_at - call.placed_at < _WAITED_FOR_MS
        ]
        claimed = [
            call for call in self._register.missing() if call.in_transit and call not in waited_for
        ]
        self._claimed = frozenset(call.call_id for call in claimed)
        known = {*self._claimed, *(call.call_id for call in waited_for)}
        self._register.give_up(
            [call for call in self._register.missing() if call.call_id not in known]
        )
        return [CallsUpReport(self._register.here() | self._claimed)]

    def _second(self) -> list[Report]:
        lost = self._register.missing()
        # What was taken over by the first report is lost by the second only if adrift again.
        adrift = [call.call_id for call in lost if call.call_id in self._claimed]
        self._register.give_up(lost)
        self._claimed = frozenset()
        told: list[Report] = [CallsAdriftReport(adrift)] if adrift else []
        return [*told, CallsUpReport(self._register.here())]

    def _ask_of_each(self, work: Work) -> None:
        for call in self._register.missing():
            calls.ask_existence(call, work)

    def _ask(self, which: str, work: Work) -> None:
        # Any column may match; the id of our service is in that of each of our calls.
        command = Command(f"api show channels like {self._service_id} as json")
        work.ask(command, "census", which)

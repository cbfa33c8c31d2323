"""Two times: the service's own, which nobody sets, and the machine's calendar (R7.12).

And whether anything may happen for which time has to pass.
"""

from __future__ import annotations

import logging

from campaign_core import Instant, State, Status, calls, campaigns, link, next_wakeup
from campaign_core.reports import ClockReport
from campaign_drivers.clock import Calendar, Clock, WallClock

__all__ = ["ClockChangeDetector", "is_quiet", "service_clock"]

_log = logging.getLogger(__name__)

_WORTH_TELLING_MS = 1_000
"""As the core has it: what differs by less changes nothing."""


def service_clock(clock: Clock, state: State, *, resumes_at: Instant | None = None) -> Clock:
    """Return the clock by which a service goes on; any but the machine's own is that already.

    Its first instant is never before the state's last event. Where a process died, how long ago
    is known by the machine's clock alone, and so far it is believed. A service in which nothing
    waits for a time to pass begins where the calendar stands: its events are told by that again.

    Args:
        clock: a host's.
        state: to go on from.
        resumes_at: the service's time now, where that is known better.
    """
    if not isinstance(clock, WallClock):
        return clock
    if resumes_at is None:
        ahead_ms = 0 if _waits_for_nothing(state) else state.calendar_ahead_ms
        resumes_at = Instant(clock.now() - ahead_ms)
    return clock.service_clock(max(resumes_at, state.now))


def _waits_for_nothing(state: State) -> bool:
    """Return whether no duration is passing: no call, no retry, no rate and no cap."""
    settings = state.settings
    if calls(state) or settings.call_rate is not None or settings.frequency_cap is not None:
        return False
    return all(
        one.status is Status.SCHEDULED or one.status.is_final for one in campaigns(state, state.now)
    )


class ClockChangeDetector:
    """Notices that the machine's clock was set: it stands otherwise to the service's time.

    Args:
        clock: the service's; one without a calendar shows the same as its calendar would.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calendar = clock if isinstance(clock, Calendar) else None

    @property
    def is_possible(self) -> bool:
        """Whether there is a calendar that may be set."""
        return self._calendar is not None

    def differs(self, state: State) -> bool:
        """Return whether the calendar stands otherwise than a state knows."""
        if self._calendar is None:
            return False
        # Behind the last event time does not go: it is that of the core's next moment too.
        now = max(self._clock.now(), state.now)
        ahead_ms = self._calendar.calendar() - now
        return abs(ahead_ms - state.calendar_ahead_ms) >= _WORTH_TELLING_MS

    def report(self, state: State) -> ClockReport:
        """Return what the calendar shows, and tell the log."""
        assert self._calendar is not None
        shows = self._calendar.calendar()
        ahead_s = (shows - max(self._clock.now(), state.now)) / 1_000
        _log.warning(
            "the machine's clock was set: it stands %.1f s ahead of the service's time, and stood "
            "%.1f s ahead; starts, expiries and calling hours follow it, nothing else does",
            ahead_s,
            state.calendar_ahead_ms / 1_000,
        )
        return ClockReport(shows)


def is_quiet(state: State, now: Instant) -> bool:
    """Return whether nothing more happens unless somebody commands it or the telephony reports.

    While the driver is down this is not so: it may come up by itself.
    """
    return not calls(state) and link(state).is_up and next_wakeup(state, now) is None

"""When to look again: the first instant at which time alone changes what may happen (R6.6)."""

from __future__ import annotations

from campaign_core._schedule.plan import capacity_free_from
from campaign_core._state import timers
from campaign_core._state.service import ServiceRow, State
from campaign_core._state.timers import TimerKind
from campaign_core._values.instants import Instant

__all__ = ["next_wakeup", "wakeup_of"]

_NEVER = 1 << 62


def next_wakeup(state: State, now: Instant) -> Instant | None:
    """Return the first instant strictly after ``now`` at which a tick may do something (R6.6).

    Starts, expiries, deadlines and their grace, digit timeouts, retry delays, calling hours
    opening or closing, rates, caps, deferrals. What has become due by ``now`` and was not taken
    yet (the clock went on since the last message) is for the very next instant. ``None``: nothing
    happens by time alone.
    """
    row = state._row
    return wakeup_of(row, now, is_touched=bool(row.touched or row.capped))


def wakeup_of(row: ServiceRow, now: Instant, *, is_touched: bool) -> Instant | None:
    """Return the next wake-up of a root, or of a draft.

    Args:
        row: looked at.
        now: the time.
        is_touched: whether a campaign's standing is to be looked at again.
    """
    at_once = now + 1
    # Nobody has looked yet at a state folded from events or read from a snapshot: do so at once.
    if is_touched or (row.pass_due_at <= now and row.contenders.first() is not None):
        return Instant(at_once)
    first = row.timers.first() if row.link.is_up else _first_in_darkness(row)
    instants = [] if first is None else [timers.due_at(first)]
    wake = row.wakes.first()
    if wake is not None:
        instants.append(wake >> 32)
    free_from = capacity_free_from(row)
    if now < free_from < _NEVER:
        instants.append(free_from)
    return Instant(max(at_once, min(instants))) if instants else None


def _first_in_darkness(row: ServiceRow) -> int | None:
    """R5.5: while the link is down no silence is over; the rest becomes due as ever."""
    for timer in row.timers:
        kind, _ = timers.read(timer)
        if kind is not TimerKind.DIGIT:
            return timer
    return None

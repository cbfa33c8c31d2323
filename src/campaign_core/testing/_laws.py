"""What must hold of a state at a time, beside what must hold of it at all times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaign_core import decisions as dc
from campaign_core import events as ev
from campaign_core._decision.handle import handle
from campaign_core._schedule.wakeup import next_wakeup
from campaign_core._state.invariants import check
from campaign_core._state.service import State
from campaign_core._values.identifiers import CallId
from campaign_core._values.instants import HOUR_MS, Instant
from campaign_core.reports import Tick

__all__ = ["broken_laws", "wanted_by"]

_WANTS: dict[type[object], type[dc.Decision]] = {
    ev.CallPlaced: dc.PlaceCall,
    ev.PlaybackStarted: dc.Play,
    ev.HangUpOrdered: dc.HangUp,
    ev.CallTransferred: dc.Transfer,
}

_LONG_MS = 30 * 24 * HOUR_MS


def broken_laws(state: State, now: Instant) -> tuple[str, ...]:
    """Return the laws that a state breaks right after a message at ``now``; empty: none.

    Those of ``check``, and: a second pass does nothing (R6.9), and nothing happens before the next
    wake-up, which is later than now (R6.6).

    Args:
        state: as the message left it.
        now: when the message came.
    """
    return (*check(state), *_of_moment(state, Instant(max(now, state.now))))


def _of_moment(state: State, now: Instant) -> Iterator[str]:
    again = handle(state, Tick(), now).events
    if again:
        yield f"R6.9: a second pass is not idle: {again[0]}"
        return
    wakeup = next_wakeup(state, now)
    if wakeup is not None and wakeup <= now:
        yield f"R6.6: the next wake-up is {now - wakeup} ms ago"
        return
    just_before = Instant(now + _LONG_MS if wakeup is None else wakeup - 1)
    for instant in sorted({Instant((now + just_before) // 2), just_before}):
        missed = handle(state, Tick(), instant).events
        if missed:
            yield f"R6.6: {instant - now} ms later, before the next wake-up: {missed[0]}"


def wanted_by(events: Iterable[ev.Event]) -> list[tuple[type[dc.Decision], CallId]]:
    """Return what the telephony must be told after some events, each once and in their order."""
    return [
        (_WANTS[type(event)], event.call_id)
        for event in events
        if isinstance(event, ev.CallEvent) and type(event) in _WANTS
    ]

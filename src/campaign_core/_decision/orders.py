"""Events to decisions: what the telephony is to do about what happened.

Derived, so that a recovered service has them again from its journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from campaign_core import decisions as dc
from campaign_core import events as ev
from campaign_core._model.statuses import Purpose
from campaign_core._state.service import Draft
from campaign_core._values.instants import SECOND_MS

__all__ = ["decisions_of"]

_DEAD_MAN_AFTER_DEADLINE_S = 5
_DEADLINE_RESERVE_S = 10


def _place_call(draft: Draft, event: ev.CallPlaced) -> dc.Decision:
    parameters = draft.campaign(event.campaign_id).parameters
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    return dc.PlaceCall(
        call_id=event.call_id,
        number=event.number,
        line=event.line,
        routing_class=parameters.routing_class,
        caller_number=parameters.caller_number,
        display_name=parameters.name,
        ring_timeout_s=parameters.ring_timeout_s,
        dead_man_s=lasts_s + _DEADLINE_RESERVE_S + _DEAD_MAN_AFTER_DEADLINE_S,
    )


def _play(_: Draft, event: ev.PlaybackStarted) -> dc.Decision:
    stop_digits = "" if event.purpose is Purpose.MESSAGE else dc.ALL_DIGITS
    return dc.Play(
        call_id=event.call_id, play=event.play, sound=event.sound, stop_digits=stop_digits
    )


def _hang_up(_: Draft, event: ev.HangUpOrdered) -> dc.Decision:
    return dc.HangUp(event.call_id)


def _transfer(_: Draft, event: ev.CallTransferred) -> dc.Decision:
    lasts_s = (event.deadline_at - event.at) // SECOND_MS
    return dc.Transfer(
        call_id=event.call_id,
        extension=event.extension,
        dead_man_s=lasts_s + _DEAD_MAN_AFTER_DEADLINE_S,
    )


_ORDERS: dict[type[Any], Callable[[Draft, Any], dc.Decision]] = {
    ev.CallPlaced: _place_call,
    ev.PlaybackStarted: _play,
    ev.HangUpOrdered: _hang_up,
    ev.CallTransferred: _transfer,
}


def decisions_of(draft: Draft, events: Iterable[ev.Event]) -> Iterator[dc.Decision]:
    """Yield what events order, in their order; the draft has the events already."""
    for event in events:
        order = _ORDERS.get(type(event))
        if order is not None:
            yield order(draft, event)

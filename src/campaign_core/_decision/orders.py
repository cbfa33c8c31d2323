"""Events to decisions: what the telephony is to do about what happened.

Derived, so that a recovered service has them again from its journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from campaign_core import decisions as dc
from campaign_core import events as ev
from campaign_core._model.statuses import Purpose
from campaign_core._state.service import Draft
from campaign_core._values.instants import SECOND_MS
from campaign_core._values.makers import maker_of

__all__ = ["decisions_of"]

_new_place_call = maker_of(dc.PlaceCall)
_new_play = maker_of(dc.Play)
_new_hang_up = maker_of(dc.HangUp)

# On Python 3.11 an enumeration is asked for a member at each look.
_MESSAGE = Purpose.MESSAGE

_DEAD_MAN_AFTER_DEADLINE_S = 5
_DEADLINE_RESERVE_S = 10


def _place_call(draft: Draft, event: ev.CallPlaced) -> dc.Decision:
    parameters = draft.campaign(event.campaign_id).parameters
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    return _new_place_call(
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
    stop_digits = "" if event.purpose is _MESSAGE else dc.ALL_DIGITS
    return _new_play(
        call_id=event.call_id, play=event.play, sound=event.sound, stop_digits=stop_digits
    )


def _hang_up(_: Draft, event: ev.HangUpOrdered) -> dc.Decision:
    return _new_hang_up(event.call_id)


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


def decisions_of(draft: Draft, events: Iterable[ev.Event]) -> tuple[dc.Decision, ...]:
    """Return what events order, in their order; the draft has the events already."""
    return tuple(
        [_ORDERS[kind](draft, event) for event in events if (kind := type(event)) in _ORDERS]
    )

"""The call's state machine: which event leads from which step to which (R7).

A row reads: in this step, by this event, to one of these steps. The function makes the new call.
Rows that keep the step record a fact beside it: answered, reached, heard. ``_decision.call_flow``
is the other half: which report, in which step, brings which events about.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import attrs

from campaign_core import events as ev
from campaign_core._model.call_script import CallScript
from campaign_core._model.statuses import Purpose
from campaign_core._state.call import (
    SPEAKING,
    TRANSFERRED,
    Call,
    Ending,
    Playing,
    Ringing,
    Silent,
    Speaking,
    Step,
    Transferred,
)
from campaign_core._transition.arrows import Arrow, table
from campaign_core._values.makers import maker_of
from campaign_core.reports import PlaybackEnd

__all__ = ["CALL_ARROWS", "new_call", "next_call"]


new_call = maker_of(Call)
_new_silent = maker_of(Silent)
_new_ending = maker_of(Ending)

# On Python 3.11 an enumeration is asked for a member at each look.
_MESSAGE = Purpose.MESSAGE
_FAILED = PlaybackEnd.FAILED


def _in_step(call: Call, step: Step, *, is_reached: bool, is_heard: bool) -> Call:
    """Return a call in another step; the rest but for two facts stays."""
    return new_call(
        placement=call.placement,
        deadline_at=call.deadline_at,
        is_answered=call.is_answered,
        is_reached=is_reached,
        is_heard=is_heard,
        is_adrift=call.is_adrift,
        is_overdue=call.is_overdue,
        is_uncounted=call.is_uncounted,
        plays=call.plays,
        step=step,
    )


def _stays(call: Call, _: ev.CallEvent, __: CallScript) -> Call:
    return call


def _answered(call: Call, _: ev.CallAnswered, script: CallScript) -> Call:
    # R7.5: where nothing is to be confirmed, whoever answers is reached.
    is_reached = not (script.confirm_answer or script.confirm_listening)
    return new_call(
        placement=call.placement,
        deadline_at=call.deadline_at,
        is_answered=True,
        is_reached=is_reached,
        is_adrift=call.is_adrift,
        is_overdue=call.is_overdue,
        is_uncounted=call.is_uncounted,
        step=SPEAKING,
    )


def _answer_confirmed(call: Call, _: ev.AnswerConfirmed, script: CallScript) -> Call:
    is_reached = not script.confirm_listening
    return _in_step(call, SPEAKING, is_reached=is_reached, is_heard=call.is_heard)


def _listening_confirmed(call: Call, _: ev.ListeningConfirmed, __: CallScript) -> Call:
    return _in_step(call, SPEAKING, is_reached=True, is_heard=call.is_heard)


def _timed_out(call: Call, _: ev.DigitTimedOut, __: CallScript) -> Call:
    return _in_step(call, SPEAKING, is_reached=call.is_reached, is_heard=call.is_heard)


@lru_cache(maxsize=1024)
def _playing_step(purpose: Purpose, number: int, play: int) -> Playing:
    return Playing(purpose=purpose, round=number, play=play)


def _playing(call: Call, event: ev.PlaybackStarted, _: CallScript) -> Call:
    return new_call(
        placement=call.placement,
        deadline_at=call.deadline_at,
        is_answered=True,
        is_reached=call.is_reached,
        is_heard=call.is_heard,
        is_adrift=call.is_adrift,
        is_overdue=call.is_overdue,
        is_uncounted=call.is_uncounted,
        plays=event.play,
        step=_playing_step(event.purpose, event.round, event.play),
    )


def _play_ended(call: Call, event: ev.PlaybackEnded, _: CallScript) -> Call:
    assert isinstance(call.step, Playing)
    heard = call.step.purpose is _MESSAGE and event.end is not _FAILED
    is_heard = call.is_heard or heard
    return _in_step(call, SPEAKING, is_reached=call.is_reached, is_heard=is_heard)


def _silent(call: Call, event: ev.SilenceStarted, _: CallScript) -> Call:
    step = _new_silent(purpose=event.purpose, round=event.round, until=event.until)
    return _in_step(call, step, is_reached=call.is_reached, is_heard=call.is_heard)


def _overdue(call: Call, _: ev.DeadlinePassed, __: CallScript) -> Call:
    return attrs.evolve(call, is_overdue=True)


def _transferred(call: Call, event: ev.CallTransferred, _: CallScript) -> Call:
    at = event.deadline_at
    return attrs.evolve(call, is_reached=True, is_overdue=False, step=TRANSFERRED, deadline_at=at)


def _ending(call: Call, event: ev.HangUpOrdered, _: CallScript) -> Call:
    step = _new_ending(outcome=event.outcome, by_deadline=event.by_deadline)
    return _in_step(call, step, is_reached=call.is_reached, is_heard=call.is_heard)


def _went_adrift(call: Call, _: ev.CallWentAdrift, __: CallScript) -> Call:
    return attrs.evolve(call, is_adrift=True)


def _taken_over(call: Call, _: ev.CallTakenOver, __: CallScript) -> Call:
    # What was playing when the connection went was heard, as far as anyone can tell.
    heard = isinstance(call.step, Playing) and call.step.purpose is _MESSAGE
    return attrs.evolve(call, is_adrift=False, is_heard=call.is_heard or heard)


_ANSWERED: tuple[type[Step], ...] = (Speaking, Playing, Silent, Transferred)
_EVERY: tuple[type[Step], ...] = (Ringing, *_ANSWERED, Ending)

CALL_ARROWS: dict[tuple[type[Any], type[Any]], Arrow[type[Any]]] = table(
    (Ringing, ev.CallAnswered, {Speaking}, _answered),
    (Speaking, ev.PlaybackStarted, {Playing}, _playing),
    (Playing, ev.PlaybackStarted, {Playing}, _playing),
    (Silent, ev.PlaybackStarted, {Playing}, _playing),
    (Playing, ev.PlaybackEnded, {Speaking}, _play_ended),
    (Speaking, ev.SilenceStarted, {Silent}, _silent),
    (Playing, ev.SilenceStarted, {Silent}, _silent),
    (Silent, ev.SilenceStarted, {Silent}, _silent),
    (Silent, ev.DigitTimedOut, {Speaking}, _timed_out),
    (Speaking, ev.AnswerConfirmed, {Speaking}, _answer_confirmed),
    (Silent, ev.AnswerConfirmed, {Speaking}, _answer_confirmed),
    (Speaking, ev.ListeningConfirmed, {Speaking}, _listening_confirmed),
    (Silent, ev.ListeningConfirmed, {Speaking}, _listening_confirmed),
    (Speaking, ev.CallTransferred, {Transferred}, _transferred),
    (Silent, ev.CallTransferred, {Transferred}, _transferred),
    # The outcome was fixed by the first order; another only repeats it.
    (Ending, ev.HangUpOrdered, {Ending}, _stays),
    *[(step, ev.HangUpOrdered, {Ending}, _ending) for step in (Ringing, *_ANSWERED)],
    *[(step, ev.DigitDialled, {step}, _stays) for step in _EVERY],
    *[(step, ev.OptedOut, {step}, _stays) for step in (Speaking, Silent)],
    *[(step, ev.DeadlinePassed, {step}, _overdue) for step in _EVERY],
    *[(step, ev.CallWentAdrift, {step}, _went_adrift) for step in _EVERY],
    *[(step, ev.CallTakenOver, {step}, _taken_over) for step in _EVERY],
)


def next_call(call: Call, event: ev.CallEvent, script: CallScript) -> Call:
    """Return the call to which an event leads.

    Raises:
        KeyError: the table has no such arrow.
    """
    made: Call = CALL_ARROWS[type(call.step), type(event)].make(call, event, script)
    return made

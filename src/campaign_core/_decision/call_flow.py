"""The call flow: what a report means in each step of a call (R7).

A table by step and report; each function records the events, and one that records none is the row
of a report that comes late, twice or out of order and changes nothing (R9.1). A context shows the
call as it was before: what a function decides does not depend on what it has recorded itself.
``_transition.call`` has the other half: which step an event leads to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core import reports as rp
from campaign_core._decision.call_context import CallContext
from campaign_core._model.call_script import ANSWER_DIGIT, LISTENING_DIGIT
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.sounds import Prompt, in_force
from campaign_core._model.statuses import Purpose
from campaign_core._state.call import (
    Call,
    Ending,
    Playing,
    Ringing,
    Silent,
    Speaking,
    Transferred,
)
from campaign_core._values.instants import SECOND_MS, Instant

__all__ = [
    "FLOW",
    "deadline_of",
    "deadline_passed",
    "digit_timed_out",
    "ended",
    "freed",
    "hang_up",
    "silence_again",
    "taken_over",
]

_DEADLINE_RESERVE_S = 10
_NO_COMMAND_TAKEN = "answered, and over before the telephony took a command"

# On Python 3.11 an enumeration is asked for a member at each look.
_ANSWER_PROMPT = Purpose.ANSWER_PROMPT
_LISTENING_PROMPT = Purpose.LISTENING_PROMPT
_MESSAGE = Purpose.MESSAGE
_REACHED = Outcome.REACHED
_SOUND_MISSING = Outcome.SOUND_MISSING
_LOST = Outcome.LOST
_HUNG_UP = Outcome.HUNG_UP


def deadline_of(parameters: CampaignModel, at: int) -> Instant:
    """Return the deadline of a call placed, or transferred, at an instant (R7.9)."""
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    return Instant(at + (lasts_s + _DEADLINE_RESERVE_S) * SECOND_MS)


# Steps -------------------------------------------------------------------------------------


def _prompt(
    context: CallContext, purpose: Purpose, number: int, given: Prompt, general: str | None
) -> None:
    sound = in_force(given, general)
    if sound is None:
        context.silence_started(purpose, number)
    else:
        context.playback_started(purpose, number, sound)


def _answer_prompt(context: CallContext, number: int) -> None:
    """R7.2: ask to dial 1; after the last prompt, give up."""
    script = context.parameters.script
    if number > script.answer_prompts_max:
        hang_up(context, Outcome.NOT_CONFIRMED)
        return
    general = context.settings.answer_prompt
    _prompt(context, _ANSWER_PROMPT, number, script.answer_prompt, general)


def _message(context: CallContext, number: int) -> None:
    """R7.3, R7.4: play the message; after the last time, give up."""
    parameters = context.parameters
    if number > parameters.script.message_plays_max:
        hang_up(context, Outcome.NOT_CONFIRMED)
        return
    assert parameters.sound is not None, "a campaign has a sound (R4.1)"
    context.playback_started(_MESSAGE, number, parameters.sound)


def _listening_prompt(context: CallContext, number: int) -> None:
    """R7.4: wait for 9, after a prompt where there is one."""
    script = context.parameters.script
    general = context.settings.listening_prompt
    _prompt(context, _LISTENING_PROMPT, number, script.listening_prompt, general)


def hang_up(context: CallContext, outcome: Outcome, *, by_deadline: bool = False) -> None:
    """End the call: its outcome is fixed now, and whoever was reached stays reached (R7.5)."""
    call = context.call
    if isinstance(call.step, Ending):
        outcome = call.step.outcome
    elif call.is_reached and outcome is not _SOUND_MISSING:
        outcome = _REACHED
    context.hang_up_ordered(outcome, by_deadline=by_deadline)


def _again(context: CallContext, purpose: Purpose, number: int) -> None:
    """A wrong digit or silence: the prompt, or the message, once more (R7.2, R7.4)."""
    start = _answer_prompt if purpose is _ANSWER_PROMPT else _message
    start(context, number + 1)


# Rows --------------------------------------------------------------------------------------


def _ignored(_: CallContext, __: rp.Report) -> None:
    """Late or doubled: nothing comes of it."""


def _answered(context: CallContext, _: rp.AnswerReport) -> None:
    context.call_answered()
    start = _answer_prompt if context.parameters.script.confirm_answer else _message
    start(context, 1)


def _digit_noted(context: CallContext, report: rp.DigitReport) -> None:
    context.digit_dialled(report.digit)


def _digit_while_playing(context: CallContext, report: rp.DigitReport) -> None:
    step = context.call.step
    assert isinstance(step, Playing)
    _digit_noted(context, report)
    if step.purpose is not _MESSAGE:
        # Any digit stops a prompt; its own report, with a number that is over, comes late.
        context.playback_ended(step.play, rp.PlaybackEnd.STOPPED)
        _judged(context, step.purpose, step.round, report.digit)


def _digit_in_silence(context: CallContext, report: rp.DigitReport) -> None:
    step = context.call.step
    assert isinstance(step, Silent)
    _digit_noted(context, report)
    _judged(context, step.purpose, step.round, report.digit)


def _judged(context: CallContext, purpose: Purpose, number: int, digit: str) -> None:
    script = context.parameters.script
    if digit == script.opt_out_digit:
        context.record(ev.OptedOut, number=context.call.placement.number)
        hang_up(context, Outcome.OPTED_OUT)
    elif script.transfer is not None and digit == script.transfer.digit:
        deadline_at = deadline_of(context.parameters, context.at)
        extension = script.transfer.extension
        context.record(ev.CallTransferred, extension=extension, deadline_at=deadline_at)
    elif purpose is _ANSWER_PROMPT and digit == ANSWER_DIGIT:
        context.record(ev.AnswerConfirmed)
        _message(context, 1)
    elif purpose is _LISTENING_PROMPT and digit == LISTENING_DIGIT:
        context.record(ev.ListeningConfirmed)
        hang_up(context, _REACHED)
    else:
        _again(context, purpose, number)


def _playback_ended(context: CallContext, report: rp.PlaybackReport) -> None:
    step = context.call.step
    assert isinstance(step, Playing)
    if report.play == step.play:
        context.playback_ended(step.play, report.end)
        _after_playback(context, step, report.end)


def _after_playback(context: CallContext, step: Playing, end: rp.PlaybackEnd) -> None:
    call = context.call
    if end is rp.PlaybackEnd.FAILED:
        # R7.5: reached or not, a message that was never heard is not delivered.
        was_delivered = call.is_reached and call.is_heard
        hang_up(context, _REACHED if was_delivered else _SOUND_MISSING)
    elif step.purpose is not _MESSAGE:
        context.silence_started(step.purpose, step.round)
    elif context.parameters.script.confirm_listening:
        _listening_prompt(context, step.round)
    else:
        hang_up(context, _REACHED)


def _refused(context: CallContext, report: rp.RefusalReport) -> None:
    ended(context, Outcome.REFUSED, detail=report.why)


def _end_reported(context: CallContext, report: rp.EndReport) -> None:
    if not report.took_commands and _was_ordered(context.call):
        context.call_ended(Outcome.FAILED, report.hangup_cause, _NO_COMMAND_TAKEN)
    else:
        ended(context, report.unanswered_as, hangup_cause=report.hangup_cause)


def _was_ordered(call: Call) -> bool:
    """Return whether an answered call was ordered something, and not yet to end (R7.5)."""
    return not isinstance(call.step, Ending) and (
        call.plays > 0 or isinstance(call.step, Transferred)
    )


def ended(
    context: CallContext,
    unanswered_as: Outcome,
    *,
    hangup_cause: int | None = None,
    detail: str = "",
) -> None:
    """Record the end of a call; whoever was reached stays reached (R7.5, R7.10)."""
    call = context.call
    if isinstance(call.step, Ending):
        outcome = call.step.outcome
    elif call.is_reached:
        outcome = _REACHED
    elif call.is_answered and unanswered_as is not _LOST:
        outcome = _HUNG_UP
    else:
        outcome = unanswered_as
    context.call_ended(outcome, hangup_cause, detail)


def _deferred(context: CallContext, _: rp.DeferralReport) -> None:
    if not context.call.is_answered:
        context.record(ev.CallGivenBack, reason=ev.GiveBackReason.DEFERRED)


_ANSWERED = (Speaking, Playing, Silent, Transferred)
_EVERY = (Ringing, *_ANSWERED, Ending)

FLOW: dict[tuple[type[Any], type[Any]], Callable[[CallContext, Any], None]] = {
    # Whatever is not named below is late or doubled and changes nothing.
    **{
        (step, report): _ignored
        for step in _EVERY
        for report in (rp.AnswerReport, rp.PlaybackReport)
    },
    (Ringing, rp.AnswerReport): _answered,
    (Playing, rp.PlaybackReport): _playback_ended,
    **{(step, rp.DigitReport): _digit_noted for step in _EVERY},
    (Playing, rp.DigitReport): _digit_while_playing,
    (Silent, rp.DigitReport): _digit_in_silence,
    **{(step, rp.EndReport): _end_reported for step in _EVERY},
    **{(step, rp.RefusalReport): _refused for step in _EVERY},
    **{(step, rp.DeferralReport): _deferred for step in _EVERY},
}
"""What each report brings about in each step."""


# Time and connection -----------------------------------------------------------------------


def digit_timed_out(context: CallContext) -> None:
    """R7.2, R7.4: the silence is over."""
    step = context.call.step
    assert isinstance(step, Silent)
    context.record(ev.DigitTimedOut)
    _again(context, step.purpose, step.round)


def taken_over(context: CallContext) -> None:
    """R9.3: the call outlived the connection; its step starts again and counts once more.

    Where one more play is too many, the call ends as R7.2 and R7.4 say. Not while a digit is
    awaited and no message need be played for it: nobody could hear the digit (R7.12).
    """
    step = context.call.step
    context.record(ev.CallTakenOver)
    if isinstance(step, Ending):
        hang_up(context, step.outcome)
    if not isinstance(step, Playing | Silent):
        return
    script, number = context.parameters.script, step.round + 1
    if step.purpose is _LISTENING_PROMPT:
        _listening_prompt(context, min(number, script.message_plays_max))
    elif step.purpose is _MESSAGE:
        _message(context, number)
    elif isinstance(step, Silent) and number > script.answer_prompts_max:
        silence_again(context)
    else:
        _answer_prompt(context, number)


def silence_again(context: CallContext) -> None:
    """R7.12: what nobody could hear times nobody out; a silence starts again."""
    step = context.call.step
    if isinstance(step, Silent):
        context.silence_started(step.purpose, step.round)


def deadline_passed(context: CallContext) -> None:
    """R7.9: the call lasts longer than any may; the end reported now is a plain one."""
    outcome = Outcome.NOT_CONFIRMED if context.call.is_answered else Outcome.NO_ANSWER
    context.record(ev.DeadlinePassed)
    hang_up(context, outcome, by_deadline=True)


def freed(context: CallContext) -> None:
    """R7.9: no end was reported though the call is gone for certain by now."""
    step = context.call.step
    outcome = _LOST
    if isinstance(step, Ending) and (not step.by_deadline or step.outcome is _REACHED):
        outcome = step.outcome
    context.call_ended(outcome, None, "")

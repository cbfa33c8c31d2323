"""The call flow: what a report means in each step of a call (R7).

A table by step and report; each function returns the events, and an empty tuple is the row of a
report that comes late, twice or out of order and changes nothing (R9.1). ``_transition.call`` has
the other half: which step an event leads to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from campaign_core import events as ev
from campaign_core import reports as rp
from campaign_core._decision.stamp import Events, Stamp
from campaign_core._model.call_script import ANSWER_DIGIT, LISTENING_DIGIT
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.settings import Settings
from campaign_core._model.sounds import FROM_SETTINGS, Prompt
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
    "Scene",
    "deadline_of",
    "deadline_passed",
    "digit_timed_out",
    "ended",
    "freed",
    "hang_up",
    "taken_over",
]

E = TypeVar("E")
_DEADLINE_RESERVE_S = 10
_NO_COMMAND_TAKEN = "answered, and over before the telephony took a command"


class Scene(Stamp):
    """What a step of a call is decided from; numbers the events that follow."""

    __slots__ = ("call", "call_id", "parameters", "settings")

    def __init__(
        self,
        call: Call,
        parameters: CampaignModel,
        settings: Settings,
        *,
        seq: int,
        at: Instant,
        actor: str,
    ) -> None:
        """Take the call, its campaign's parameters, the general settings, and as a stamp does."""
        self.seq = seq
        self.at = at
        self.actor = actor
        self.call = call
        self.call_id = call.placement.call_id
        self.parameters = parameters
        self.settings = settings

    def next_seq(self) -> int:
        """Return the next event's number: what happens on every call is made without a detour."""
        self.seq += 1
        return self.seq

    def event(self, kind: Callable[..., E], **fields: Any) -> E:
        """Return the next event of this call."""
        self.seq += 1
        return kind(seq=self.seq, at=self.at, actor=self.actor, call_id=self.call_id, **fields)


def deadline_of(parameters: CampaignModel, at: int) -> Instant:
    """Return the deadline of a call placed, or transferred, at an instant (R7.9)."""
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    return Instant(at + (lasts_s + _DEADLINE_RESERVE_S) * SECOND_MS)


# Steps -------------------------------------------------------------------------------------


def _prompt(
    scene: Scene, purpose: Purpose, number: int, given: Prompt, general: str | None
) -> Events:
    sound = general if given is FROM_SETTINGS else given
    if isinstance(sound, str):
        return (_play(scene, purpose, number, sound),)
    return (_silence(scene, purpose, number),)


def _answer_prompt(scene: Scene, number: int) -> Events:
    """R7.2: ask to dial 1; after the last prompt, give up."""
    script = scene.parameters.script
    if number > script.answer_prompts_max:
        return hang_up(scene, Outcome.NOT_CONFIRMED)
    general = scene.settings.answer_prompt
    return _prompt(scene, Purpose.ANSWER_PROMPT, number, script.answer_prompt, general)


def _message(scene: Scene, number: int) -> Events:
    """R7.3, R7.4: play the message; after the last time, give up."""
    if number > scene.parameters.script.message_plays_max:
        return hang_up(scene, Outcome.NOT_CONFIRMED)
    assert scene.parameters.sound is not None, "a campaign has a sound (R4.1)"
    return (_play(scene, Purpose.MESSAGE, number, scene.parameters.sound),)


def _listening_prompt(scene: Scene, number: int) -> Events:
    """R7.4: wait for 9, after a prompt where there is one."""
    script = scene.parameters.script
    general = scene.settings.listening_prompt
    return _prompt(scene, Purpose.LISTENING_PROMPT, number, script.listening_prompt, general)


def _play(scene: Scene, purpose: Purpose, number: int, sound: str) -> ev.Event:
    return ev.PlaybackStarted(
        seq=scene.next_seq(),
        at=scene.at,
        actor=scene.actor,
        call_id=scene.call_id,
        play=scene.call.plays + 1,
        purpose=purpose,
        round=number,
        sound=sound,
    )


def _silence(scene: Scene, purpose: Purpose, number: int) -> ev.Event:
    until = scene.at + scene.parameters.script.digit_timeout_s * SECOND_MS
    return scene.event(ev.SilenceStarted, purpose=purpose, round=number, until=Instant(until))


def hang_up(scene: Scene, outcome: Outcome, *, by_deadline: bool = False) -> Events:
    """End the call: its outcome is fixed now, and whoever was reached stays reached (R7.5)."""
    call = scene.call
    if isinstance(call.step, Ending):
        outcome = call.step.outcome
    elif call.is_reached and outcome is not Outcome.SOUND_MISSING:
        outcome = Outcome.REACHED
    return (scene.event(ev.HangUpOrdered, outcome=outcome, by_deadline=by_deadline),)


def _again(scene: Scene, purpose: Purpose, number: int) -> Events:
    """A wrong digit or silence: the prompt, or the message, once more (R7.2, R7.4)."""
    if purpose is Purpose.ANSWER_PROMPT:
        return _answer_prompt(scene, number + 1)
    return _message(scene, number + 1)


# Rows --------------------------------------------------------------------------------------


def _ignored(_: Scene, __: rp.Report) -> Events:
    return ()


def _answered(scene: Scene, _: rp.AnswerReport) -> Events:
    answered = ev.CallAnswered(
        seq=scene.next_seq(), at=scene.at, actor=scene.actor, call_id=scene.call_id
    )
    start = _answer_prompt if scene.parameters.script.confirm_answer else _message
    return (answered, *start(scene, 1))


def _digit_noted(scene: Scene, report: rp.DigitReport) -> Events:
    return (scene.event(ev.DigitDialled, digit=report.digit),)


def _digit_while_playing(scene: Scene, report: rp.DigitReport) -> Events:
    step = scene.call.step
    assert isinstance(step, Playing)
    dialled = _digit_noted(scene, report)
    if step.purpose is Purpose.MESSAGE:
        return dialled
    # Any digit stops a prompt; its own report, with a number that is over, comes late.
    stopped = scene.event(ev.PlaybackEnded, play=step.play, end=rp.PlaybackEnd.STOPPED)
    return (*dialled, stopped, *_judged(scene, step.purpose, step.round, report.digit))


def _digit_in_silence(scene: Scene, report: rp.DigitReport) -> Events:
    step = scene.call.step
    assert isinstance(step, Silent)
    dialled = _digit_noted(scene, report)
    return (*dialled, *_judged(scene, step.purpose, step.round, report.digit))


def _judged(scene: Scene, purpose: Purpose, number: int, digit: str) -> Events:
    script = scene.parameters.script
    if digit == script.opt_out_digit:
        opted_out = scene.event(ev.OptedOut, number=scene.call.placement.number)
        return (opted_out, *hang_up(scene, Outcome.OPTED_OUT))
    if script.transfer is not None and digit == script.transfer.digit:
        deadline_at = deadline_of(scene.parameters, scene.at)
        extension = script.transfer.extension
        return (scene.event(ev.CallTransferred, extension=extension, deadline_at=deadline_at),)
    if purpose is Purpose.ANSWER_PROMPT and digit == ANSWER_DIGIT:
        return (scene.event(ev.AnswerConfirmed), *_message(scene, 1))
    if purpose is Purpose.LISTENING_PROMPT and digit == LISTENING_DIGIT:
        return (scene.event(ev.ListeningConfirmed), *hang_up(scene, Outcome.REACHED))
    return _again(scene, purpose, number)


def _playback_ended(scene: Scene, report: rp.PlaybackReport) -> Events:
    step = scene.call.step
    assert isinstance(step, Playing)
    if report.play != step.play:
        return ()
    ended = scene.event(ev.PlaybackEnded, play=step.play, end=report.end)
    return (ended, *_after_playback(scene, step, report.end))


def _after_playback(scene: Scene, step: Playing, end: rp.PlaybackEnd) -> Events:
    call = scene.call
    if end is rp.PlaybackEnd.FAILED:
        # R7.5: reached or not, a message that was never heard is not delivered.
        was_delivered = call.is_reached and call.is_heard
        return hang_up(scene, Outcome.REACHED if was_delivered else Outcome.SOUND_MISSING)
    if step.purpose is not Purpose.MESSAGE:
        return (_silence(scene, step.purpose, step.round),)
    if scene.parameters.script.confirm_listening:
        return _listening_prompt(scene, step.round)
    return hang_up(scene, Outcome.REACHED)


def _refused(scene: Scene, report: rp.RefusalReport) -> Events:
    return ended(scene, Outcome.REFUSED, detail=report.why)


def _end_reported(scene: Scene, report: rp.EndReport) -> Events:
    if not report.took_commands and _was_ordered(scene.call):
        return _ended_as(scene, Outcome.FAILED, report.hangup_cause, _NO_COMMAND_TAKEN)
    return ended(scene, report.unanswered_as, hangup_cause=report.hangup_cause)


def _was_ordered(call: Call) -> bool:
    """Return whether an answered call was ordered something, and not yet to end (R7.5)."""
    return not isinstance(call.step, Ending) and (
        call.plays > 0 or isinstance(call.step, Transferred)
    )


def ended(
    scene: Scene, unanswered_as: Outcome, *, hangup_cause: int | None = None, detail: str = ""
) -> Events:
    """Record the end of a call; whoever was reached stays reached (R7.5, R7.10)."""
    call = scene.call
    if isinstance(call.step, Ending):
        outcome = call.step.outcome
    elif call.is_reached:
        outcome = Outcome.REACHED
    elif call.is_answered and unanswered_as is not Outcome.LOST:
        outcome = Outcome.HUNG_UP
    else:
        outcome = unanswered_as
    return _ended_as(scene, outcome, hangup_cause, detail)


def _ended_as(scene: Scene, outcome: Outcome, hangup_cause: int | None, detail: str) -> Events:
    event = ev.CallEnded(
        seq=scene.next_seq(),
        at=scene.at,
        actor=scene.actor,
        call_id=scene.call_id,
        outcome=outcome,
        hangup_cause=hangup_cause,
        detail=detail,
    )
    return (event,)


def _deferred(scene: Scene, _: rp.DeferralReport) -> Events:
    if scene.call.is_answered:
        return ()
    return (scene.event(ev.CallGivenBack, reason=ev.GiveBackReason.DEFERRED),)


_ANSWERED = (Speaking, Playing, Silent, Transferred)
_EVERY = (Ringing, *_ANSWERED, Ending)

FLOW: dict[tuple[type[Any], type[Any]], Callable[[Scene, Any], Events]] = {
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


def digit_timed_out(scene: Scene) -> Events:
    """R7.2, R7.4: the silence is over."""
    step = scene.call.step
    assert isinstance(step, Silent)
    return (scene.event(ev.DigitTimedOut), *_again(scene, step.purpose, step.round))


def taken_over(scene: Scene) -> Events:
    """R9.3: the call outlived the connection; its step starts again and counts once more."""
    step = scene.call.step
    events: Events = (scene.event(ev.CallTakenOver),)
    if isinstance(step, Ending):
        return (*events, *hang_up(scene, step.outcome))
    if not isinstance(step, Playing | Silent):
        return events
    number = step.round + 1
    if step.purpose is Purpose.ANSWER_PROMPT:
        return (*events, *_answer_prompt(scene, number))
    if step.purpose is Purpose.MESSAGE:
        return (*events, *_message(scene, number))
    if number > scene.parameters.script.message_plays_max:
        return (*events, *hang_up(scene, Outcome.NOT_CONFIRMED))
    return (*events, *_listening_prompt(scene, number))


def deadline_passed(scene: Scene) -> Events:
    """R7.9: the call lasts longer than any may; the end reported now is a plain one."""
    outcome = Outcome.NOT_CONFIRMED if scene.call.is_answered else Outcome.NO_ANSWER
    return (scene.event(ev.DeadlinePassed), *hang_up(scene, outcome, by_deadline=True))


def freed(scene: Scene) -> Events:
    """R7.9: no end was reported though the call is gone for certain by now."""
    step = scene.call.step
    outcome = Outcome.LOST
    if isinstance(step, Ending) and (not step.by_deadline or step.outcome is Outcome.REACHED):
        outcome = step.outcome
    return (scene.event(ev.CallEnded, outcome=outcome, hangup_cause=None),)

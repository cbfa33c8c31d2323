"""The call itself: R7 read aloud, and what its end means for the recipient (R5)."""

from __future__ import annotations

from campaign_core import (
    FROM_SETTINGS,
    TECHNICAL,
    FailureReason,
    Outcome,
    Prompt,
    RecipientStatus,
    Status,
)
from campaign_core.decisions import ALL_DIGITS
from campaign_core.reports import PlaybackEnd

from .world import Call, World

# What is heard from the line --------------------------------------------------------------------


def answered(world: World, call: Call) -> None:
    if call.step != "RINGING":
        return
    world.record("answered")
    call.answered = True
    script = world.runs[call.campaign_id].parameters.script
    if script.confirm_answer:
        _answer_prompt(world, call)  # R7.2
        return
    # R7.5: without confirmations, answered is reached.
    call.reached = not script.confirm_listening
    _message(world, call)


def dialled(world: World, call: Call, digit: str) -> None:
    """R7.2, R7.4, R7.7: judged at prompts and in silences, else only recorded."""
    world.record("digit dialled")
    script = world.runs[call.campaign_id].parameters.script
    if call.step not in (
        "ANSWER_PROMPT",
        "ANSWER_SILENCE",
        "LISTENING_PROMPT",
        "LISTENING_SILENCE",
    ):
        return
    if digit == script.opt_out_digit:
        world.do_not_call.add(call.called[0])
        hang_up(world, call, Outcome.OPTED_OUT)
    elif script.transfer is not None and digit == script.transfer.digit:
        _transfer(world, call)
    elif call.step.startswith("ANSWER"):
        if digit == "1":
            call.reached = not script.confirm_listening
            _message(world, call)
        else:
            _answer_prompt(world, call)
    elif digit == "9":
        call.reached = True
        hang_up(world, call, Outcome.REACHED)
    else:
        _message(world, call)


def silence_ended(world: World, call: Call) -> None:
    """R7.2, R7.4: silence of ``digit_timeout_s`` is like a wrong digit."""
    world.record("digit timed out")
    if call.step == "ANSWER_SILENCE":
        _answer_prompt(world, call)
    else:
        _message(world, call)


def played(world: World, call: Call, play: int, end: PlaybackEnd) -> None:
    """R7: the report of a playback's end names its number, a late one is ignored."""
    if call.step not in ("ANSWER_PROMPT", "MESSAGE", "LISTENING_PROMPT") or play != call.plays:
        return
    world.record("playback ended")
    script = world.runs[call.campaign_id].parameters.script
    if end is PlaybackEnd.FAILED:
        # R7.5: where the message could not be played at all.
        was_played = call.step == "MESSAGE" and call.messages > 1
        missing = not (call.reached and was_played)
        hang_up(world, call, Outcome.SOUND_MISSING if missing else Outcome.REACHED)
    elif call.step == "ANSWER_PROMPT":
        _silence(world, call, "ANSWER_SILENCE")
    elif call.step == "LISTENING_PROMPT":
        _silence(world, call, "LISTENING_SILENCE")
    elif script.confirm_listening:
        _listening_prompt(world, call)
    else:
        hang_up(world, call, Outcome.REACHED)


# The steps --------------------------------------------------------------------------------------


def _answer_prompt(world: World, call: Call) -> None:
    script = world.runs[call.campaign_id].parameters.script
    if call.prompts == script.answer_prompts_max:
        hang_up(world, call, Outcome.NOT_CONFIRMED)
        return
    call.prompts += 1
    sound = _prompt(script.answer_prompt, world.settings.answer_prompt)
    if sound is None:
        _silence(world, call, "ANSWER_SILENCE")
    else:
        _play(world, call, "ANSWER_PROMPT", sound, ALL_DIGITS)


def _message(world: World, call: Call) -> None:
    parameters = world.runs[call.campaign_id].parameters
    if call.messages == parameters.script.message_plays_max:
        hang_up(world, call, Outcome.REACHED if call.reached else Outcome.NOT_CONFIRMED)
        return
    call.messages += 1
    assert parameters.sound is not None
    _play(world, call, "MESSAGE", parameters.sound, "")


def _listening_prompt(world: World, call: Call) -> None:
    script = world.runs[call.campaign_id].parameters.script
    sound = _prompt(script.listening_prompt, world.settings.listening_prompt)
    if sound is None:
        _silence(world, call, "LISTENING_SILENCE")
    else:
        _play(world, call, "LISTENING_PROMPT", sound, ALL_DIGITS)


def _prompt(own: Prompt, general: str | None) -> str | None:
    """R2.5: the model's, or as the settings have it."""
    return general if own is FROM_SETTINGS else own


def _play(world: World, call: Call, step: str, sound: str, stop_digits: str) -> None:
    call.step, call.silence_until = step, None
    call.plays += 1
    world.orders.append(("play", call.call_id, call.plays, sound, stop_digits))
    world.record("playback started")


def _silence(world: World, call: Call, step: str) -> None:
    script = world.runs[call.campaign_id].parameters.script
    call.step = step
    call.silence_until = world.now + 1_000 * script.digit_timeout_s
    world.record("silence started")


def _transfer(world: World, call: Call) -> None:
    """R7.7: connects the callee to an extension; reached, the deadline starts anew."""
    parameters = world.runs[call.campaign_id].parameters
    transfer = parameters.script.transfer
    assert transfer is not None
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s + 10
    call.step, call.silence_until, call.reached = "TRANSFERRED", None, True
    call.deadline_at = world.now + 1_000 * lasts_s
    world.orders.append(("transfer", call.call_id, transfer.extension, lasts_s + 5))
    world.record("transferred")


def hang_up(world: World, call: Call, outcome: Outcome) -> None:
    """R7: the outcome is fixed when the hang-up is ordered; one that is fixed stays."""
    if call.fixed is None:
        call.fixed = outcome
    call.step, call.silence_until = "ENDING", None
    world.orders.append(("hang_up", call.call_id))
    world.record("hang-up ordered")


# Taking over after the connection was lost ------------------------------------------------------


def take_over(world: World, call: Call) -> None:
    """R9.3: the current step starts again and counts as one more play."""
    world.record("taken over")
    call.adrift = False
    script = world.runs[call.campaign_id].parameters.script
    if call.step == "ANSWER_SILENCE" and call.prompts == script.answer_prompts_max:
        silence_again(world, call)
    elif call.step.startswith("ANSWER"):
        _answer_prompt(world, call)
    elif call.step == "MESSAGE":
        _message(world, call)
    elif call.step.startswith("LISTENING"):
        call.messages = min(call.messages + 1, script.message_plays_max)
        _listening_prompt(world, call)
    elif call.step == "ENDING":
        assert call.fixed is not None
        hang_up(world, call, call.fixed)


def silence_again(world: World, call: Call) -> None:
    """R7.12: what nobody could hear times nobody out."""
    if call.step.endswith("_SILENCE"):
        _silence(world, call, call.step)


# The end ----------------------------------------------------------------------------------------


def ended(world: World, call: Call, unanswered_as: Outcome, *, took_commands: bool = True) -> None:
    """R7.5, R7.10: what the end of a call means that was reported."""
    was_ordered = call.plays > 0 or call.step == "TRANSFERRED"
    if call.fixed is None and was_ordered and not took_commands:
        end(world, call, Outcome.FAILED)
    elif call.fixed is not None:
        end(world, call, call.fixed)
    elif call.reached:
        end(world, call, Outcome.REACHED)
    elif call.answered:
        end(world, call, Outcome.HUNG_UP)
    else:
        end(world, call, unanswered_as)


def lost(world: World, call: Call) -> None:
    """R5.5: it is known to be no longer up, and nobody knows how it ended."""
    if call.fixed is not None:
        end(world, call, call.fixed)
    else:
        end(world, call, Outcome.REACHED if call.reached else Outcome.LOST)


def deadline_passed(world: World, call: Call) -> None:
    """R7.9: the driver is told to hang up."""
    world.record("deadline passed")
    call.deadline_passed = True
    call.fixed_by_deadline = call.fixed is None
    if call.reached:
        hang_up(world, call, Outcome.REACHED)
    elif call.answered:
        hang_up(world, call, Outcome.NOT_CONFIRMED)
    else:
        hang_up(world, call, Outcome.NO_ANSWER)


def freed(world: World, call: Call) -> None:
    """R7.9: with no end reported by deadline + 10 s the call is freed as lost."""
    if call.fixed_by_deadline and not call.reached:
        end(world, call, Outcome.LOST)
    else:
        ended(world, call, Outcome.LOST)


def end(world: World, call: Call, outcome: Outcome) -> None:
    """R5.1: what the end of a call does to recipient and campaign."""
    world.record(f"ended: {outcome.name}")
    world.ended.append((call.call_id, outcome))
    del world.calls[call.call_id]
    run, person = world.runs[call.campaign_id], world.person_of(call)
    attempt = person.attempts[-1]
    attempt.ended_at, attempt.outcome = world.now, outcome
    if outcome in run.parameters.retry.never_again:
        person.never_again.add(call.called)  # R6.10
    person.status = RecipientStatus.IDLE
    if outcome is Outcome.REACHED:
        person.status = RecipientStatus.CONTACTED
    elif outcome is Outcome.OPTED_OUT:
        world.fail(person, FailureReason.OPTED_OUT)  # R5.6
    elif person.stop_wanted:
        world.fail(person, FailureReason.STOPPED)  # R5.3
    elif len(person.counted) >= person.allowed:
        world.fail(person, FailureReason.ATTEMPTS_USED_UP)
    person.stop_wanted = False
    # R6.17: the breaker looks at the last N calls that ended.
    run.ends.append(outcome)
    breaker = run.parameters.breaker
    if breaker is not None and run.status is Status.ACTIVE and len(run.ends) >= breaker.calls:
        last = run.ends[-breaker.calls :]
        technical = [outcome for outcome in last if outcome in TECHNICAL]
        if len(technical) * 100 > breaker.failed_percent * breaker.calls:
            run.status = Status.PAUSED
            world.record("paused by the breaker")
    # R6.18: and at the last three, whether or not there is a breaker.
    three = [Outcome.SOUND_MISSING] * 3
    if run.status is Status.ACTIVE and run.ends[-3:] == three:
        run.status = Status.PAUSED
        world.record("paused: the sound is missing")


def given_back(world: World, call: Call) -> None:
    """R5.5: the attempt does not count, its number is not used again."""
    world.record("given back")
    del world.calls[call.call_id]
    world.capped = [entry for entry in world.capped if entry[2] != call.call_id]
    person = world.person_of(call)
    person.attempts[-1].given_back = True
    person.status = RecipientStatus.IDLE
    if person.stop_wanted:
        world.fail(person, FailureReason.STOPPED)
    person.stop_wanted = False

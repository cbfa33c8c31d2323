"""Laws on what happened in the calls: what was played, dialled and confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tests.kill.evidence import TAKEN_OVER_MS, TWO_LOOKS_MS, Evidence
from tests.kill.record import Moment, PbxCall

from campaign_core import Outcome, events

__all__ = ["OF_TALK"]


def _digits_that_were_told_are_kept(given: Evidence) -> Iterator[str]:
    """R9.1: of what is told to a living service, nothing is forgotten."""
    for call_id, call in given.record.calls.items():
        kept = given.summary.digits.get(call_id, [])
        if not _is_within(kept, [digit for _, digit in call.digits]):
            yield f"call {call_id}: {kept} is not of what was dialled"
        told = [digit for when, digit in call.digits if given.listener(when, when)]
        if not _is_within(told, kept):
            yield f"call {call_id}: {told} was told and {kept} is known"


def _is_within(few: Sequence[str], many: Sequence[str]) -> bool:
    rest = iter(many)
    return all(digit in rest for digit in few)


def _whoever_confirmed_is_reached(given: Evidence) -> Iterator[str]:
    """R7.5: from the moment the confirmations are recorded the outcome is REACHED."""
    for call_id, call in given.record.calls.items():
        end = given.summary.ended.get(call_id)
        if end is None or end.outcome is Outcome.REACHED:
            continue
        if any(True for _ in _confirmations(given, call)):
            yield f"call {call_id} was confirmed, and ended as {end.outcome.name}"


def _confirmations(given: Evidence, call: PbxCall) -> Iterator[Moment]:
    """Yield the moments at which the last confirmation was given to one who surely heard it.

    A sound that began in this connection was ordered by a service that had taken all before it.
    """
    script = given.summary.parameters[given.summary.placed[call.call_id].campaign_id].script
    if script.confirm_listening:
        yield from _heard_after(given, call, given.message, "9", during=False)
    elif script.confirm_answer:
        yield from _heard_after(given, call, "press-1", "1", during=True)
    elif call.answered is not None and given.listener(call.answered, call.answered):
        yield call.answered


def _heard_after(
    given: Evidence, call: PbxCall, name: str, digit: str, *, during: bool
) -> Iterator[Moment]:
    """Yield when a digit came after a sound (or during it), before another began."""
    following = [*(sound.began for sound in call.sounds[1:]), None]
    for sound, next_began in zip(call.sounds, following, strict=False):
        if name not in sound.name or sound.ended is None:
            continue
        earliest = sound.began if during else sound.ended
        if not during and not sound.is_whole:
            continue
        dialled = [
            (when, one)
            for when, one in call.digits
            if when > earliest and (next_began is None or when < next_began)
        ]
        # The first digit decides: any other would have the sound played again.
        if dialled and dialled[0][1] == digit:
            when = dialled[0][0]
            listener = given.listener(sound.began, when)
            # The calls that were up were taken over by then, and none of them starts anew.
            if listener is not None and listener.began.wall + TAKEN_OVER_MS < sound.began.wall:
                yield when


def _whoever_is_reached_has_confirmed(given: Evidence) -> Iterator[str]:
    """R7.5: answered, and 1 and 9 dialled where they are asked for."""
    for call_id, end in given.summary.ended.items():
        if end.outcome is not Outcome.REACHED:
            continue
        call = given.record.calls.get(call_id)
        if call is None or call.answered is None:
            yield f"call {call_id} is REACHED, and nobody answered"
            continue
        script = given.summary.parameters[given.summary.placed[call_id].campaign_id].script
        dialled = "".join(digit for _, digit in call.digits)
        needed = "1" * script.confirm_answer + "9" * script.confirm_listening
        if not _is_within(needed, dialled):
            yield f"call {call_id} is REACHED, and {dialled!r} was dialled"


def _one_sound_at_a_time(given: Evidence) -> Iterator[str]:
    """R9.3: the step that starts again replaces what still plays."""
    for call_id, call in given.record.calls.items():
        for one, following in pairwise(call.sounds):
            if one.ended is None or one.ended > following.began:
                yield f"call {call_id}: {following.name} began while {one.name} played"


def _nobody_is_kept_until_the_deadline(given: Evidence) -> Iterator[str]:
    """R9.3: a call taken over goes on; none of these callees stays on the line for so long.

    Excused where nobody was connected for long enough to look twice at what is up (R5.5).
    """
    for event in given.journal:
        if not isinstance(event, events.DeadlinePassed):
            continue
        for connection in given.record.connections:
            end = event.at if connection.ended is None else connection.ended.wall
            if connection.began.wall + TWO_LOOKS_MS < event.at <= end:
                yield f"call {event.call_id} was forgotten until its deadline"


OF_TALK: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _digits_that_were_told_are_kept,
    _whoever_confirmed_is_reached,
    _whoever_is_reached_has_confirmed,
    _one_sound_at_a_time,
    _nobody_is_kept_until_the_deadline,
)

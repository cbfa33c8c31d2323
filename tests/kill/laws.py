"""The laws: the telephony's own record against the journal, and against what was acknowledged.

The telephony's record is the witness: nothing the service believes is taken as proof of what
happened on the telephone. Times are compared where both are of the same machine's clock.

What a kill excuses, and nothing else does:

* a call that the journal has placed and the telephony was never told of: killed in between;
* a digit that the telephony told while nobody listened, or less than :data:`TOLD_MS` before the
  one who listened was gone: reported perhaps, but not durable. The call goes on, if it is up;
* the outcome LOST: a call that was in progress at a kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

import attrs
from tests.kill.record import Connection, Moment, PbxCall, PbxRecord
from tests.kill.story import Story, read

from campaign_core import CallLimits, Line, Outcome, Status, events
from campaign_core.testing import audit

__all__ = ["TOLD_MS", "Evidence", "broken_laws"]

TOLD_MS = 1_500
"""By when something that was told to a living service must be durable, on a busy machine."""

TWO_LOOKS_MS = 5_000 + 2 * TOLD_MS
"""By when the telephony was asked twice, upon a connection, which calls are up (R5.5)."""

CLOCK_MS = 60
"""By which two readings of the machine's clock may differ: one of them goes by the time that has
passed since its process began."""


@attrs.define
class Evidence:
    """All that is known after a run, each by its own witness."""

    record: PbxRecord
    """The telephony's."""
    journal: Sequence[events.Event]
    kills: Collection[int]
    """When the service was killed: milliseconds since 1970."""
    message: str = "message"
    """In the name of the sound that is the message, at the telephony."""
    story: Story = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.story = read(self.journal)


def broken_laws(evidence: Evidence) -> list[str]:
    """Return each law that does not hold, as a sentence; empty: all do."""
    return [f"{law.__name__}: {broken}" for law in LAWS for broken in law(evidence)]


# Calls -------------------------------------------------------------------------------------


def _no_call_is_ordered_twice(given: Evidence) -> Iterator[str]:
    """R9.3: no attempt is placed twice."""
    for call_id, orders in given.record.orders.items():
        if orders > 1:
            yield f"call {call_id} was ordered {orders} times"


def _every_call_was_written_before(given: Evidence) -> Iterator[str]:
    """R9.3: a call is handed to the driver only after its event is durable."""
    placed = given.story.placed
    for call_id in given.record.orders:
        if call_id not in placed:
            yield f"call {call_id} is unknown to the journal"
    for call_id, call in given.record.calls.items():
        if call_id not in placed:
            yield f"call {call_id} was up and is unknown to the journal"
            continue
        event = placed[call_id]
        if (event.number, event.line) != (call.number, call.line):
            yield f"call {call_id} went to {call.number} {call.line}, not to {event.number}"
        if event.at > call.began.wall + CLOCK_MS:
            yield f"call {call_id} began {event.at - call.began.wall} ms before it was placed"


def _what_was_given_back_was_never_called(given: Evidence) -> Iterator[str]:
    """R5.5: an attempt that does not count is one that did not come about."""
    for call_id in given.story.given_back:
        if call_id in given.record.calls:
            yield f"call {call_id} was given back, and was made"


def _nobody_is_called_more_often_than_allowed(given: Evidence) -> Iterator[str]:
    """R6.8, and the count is never behind what the telephony saw."""
    story = given.story
    seen = Counter(story.who(call) for call in given.record.calls if call in story.placed)
    for who, calls in seen.items():
        if calls > story.counted[who]:
            yield f"recipient {who} was called {calls} times, {story.counted[who]} count"
    for who, counted in story.counted.items():
        if counted > story.allowed(who):
            yield f"recipient {who} has {counted} attempts of {story.allowed(who)} allowed"


def _nobody_is_called_after_being_reached(given: Evidence) -> Iterator[str]:
    """R6.8: no call to a contacted recipient."""
    reached: dict[tuple[int, int], Moment] = {}
    for call in given.record.calls.values():
        if call.call_id not in given.story.placed:
            continue
        who = given.story.who(call.call_id)
        if who in reached and call.began > reached[who]:
            yield f"recipient {who} was called after being reached"
        end = given.story.ended.get(call.call_id)
        if end is not None and end.outcome is Outcome.REACHED and call.ended is not None:
            reached[who] = call.ended


def _ends_are_not_told_too_early(given: Evidence) -> Iterator[str]:
    """R5.5, R7.9: a call whose end is in the journal is up no more."""
    for call_id, call in given.record.calls.items():
        end = given.story.ended.get(call_id)
        if call.ended is None:
            yield f"call {call_id} is up for ever"
        elif end is None:
            yield f"call {call_id} has no end in the journal"
        elif call.ended.wall > end.at + CLOCK_MS:
            late_ms = call.ended.wall - end.at
            yield f"call {call_id} was up {late_ms} ms after its end as {end.outcome.name}"


def _a_call_that_never_was_is_the_deed_of_a_kill(given: Evidence) -> Iterator[str]:
    for call_id, placed in given.story.placed.items():
        if call_id in given.record.orders or call_id in given.story.given_back:
            continue
        if not any(placed.at <= kill + CLOCK_MS <= placed.at + TOLD_MS for kill in given.kills):
            yield f"call {call_id} was placed, never made, and there was no kill"
        end = given.story.ended.get(call_id)
        if end is None or end.outcome is not Outcome.LOST:
            yield f"call {call_id} was never made, and ended as {end and end.outcome.name}"


def _lost_is_the_deed_of_a_kill(given: Evidence) -> Iterator[str]:
    for call_id, end in given.story.ended.items():
        if end.outcome is not Outcome.LOST:
            continue
        placed = given.story.placed[call_id]
        call = given.record.calls.get(call_id)
        until = placed.at if call is None or call.ended is None else call.ended.wall
        if not any(placed.at - CLOCK_MS <= kill <= until + TOLD_MS for kill in given.kills):
            yield f"call {call_id} was lost without a kill"


# Limits ------------------------------------------------------------------------------------


def _up_at_each_start(given: Evidence) -> Iterator[tuple[PbxCall, list[PbxCall]]]:
    """Yield each call with all that were up when it began, itself counted."""
    calls = [call for call in given.record.calls.values() if call.call_id in given.story.placed]
    moments: list[tuple[int, bool, PbxCall]] = [(call.began.order, True, call) for call in calls]
    moments += [(call.ended.order, False, call) for call in calls if call.ended is not None]
    up: dict[str, PbxCall] = {}
    for _, begins, call in sorted(moments, key=lambda moment: moment[0]):
        if begins:
            up[call.call_id] = call
            yield call, list(up.values())
        else:
            del up[call.call_id]


def _no_limit_is_passed(given: Evidence) -> Iterator[str]:
    """R6.8: never more calls at one time than the limits allowed when the last was placed."""
    for call, up in _up_at_each_start(given):
        yield from _passed(given, f"at call {call.call_id}, of the service", up, of_service=True)
        by_campaign: dict[int, list[PbxCall]] = {}
        for one in up:
            by_campaign.setdefault(given.story.placed[one.call_id].campaign_id, []).append(one)
        for campaign_id, own in by_campaign.items():
            where = f"at call {call.call_id}, of campaign {campaign_id}"
            yield from _passed(given, where, own, of_service=False)


def _passed(
    given: Evidence, where: str, up: Sequence[PbxCall], *, of_service: bool
) -> Iterator[str]:
    for line in (None, *Line):
        counted = [one for one in up if line in {None, one.line}]
        if not counted:
            continue
        # All others had been placed by then, and had not ended. A limit that was lowered since
        # cuts no call; and one line's concerns no call on the other.
        last = max(counted, key=lambda one: given.story.placed[one.call_id].seq).call_id
        limits = _limits_at(given, last, of_service=of_service)
        allowed = limits.total if line is None else limits.on(line)
        if allowed is not None and len(counted) > allowed:
            kind = "" if line is None else f"{line.name} "
            yield f"{where}: {len(counted)} {kind}calls of {allowed}"


def _limits_at(given: Evidence, call_id: str, *, of_service: bool) -> CallLimits:
    """Return the limits that held when a call was placed."""
    if of_service:
        return given.story.settings_at[call_id].call_limits
    return given.story.parameters[given.story.placed[call_id].campaign_id].call_limits


def _no_number_is_in_two_calls(given: Evidence) -> Iterator[str]:
    """R6.14."""
    for call, up in _up_at_each_start(given):
        same = [one for one in up if (one.number, one.line) == (call.number, call.line)]
        if len(same) > 1:
            yield f"{call.number} is in {len(same)} calls: {', '.join(c.call_id for c in same)}"


# What was said -----------------------------------------------------------------------------


def _listener(given: Evidence, since: Moment, until: Moment) -> Connection | None:
    """Return the connection that heard all from a moment to another, and made it durable."""
    for connection in given.record.connections:
        end = connection.ended
        if connection.began < since and (end is None or end.wall > until.wall + TOLD_MS):
            return connection
    return None


def _digits_that_were_told_are_kept(given: Evidence) -> Iterator[str]:
    """R9.1: of what is told to a living service, nothing is forgotten."""
    for call_id, call in given.record.calls.items():
        kept = given.story.digits.get(call_id, [])
        if not _is_within(kept, [digit for _, digit in call.digits]):
            yield f"call {call_id}: {kept} is not of what was dialled"
        told = [digit for when, digit in call.digits if _listener(given, when, when)]
        if not _is_within(told, kept):
            yield f"call {call_id}: {told} was told and {kept} is known"


def _is_within(few: Sequence[str], many: Sequence[str]) -> bool:
    rest = iter(many)
    return all(digit in rest for digit in few)


def _whoever_confirmed_is_reached(given: Evidence) -> Iterator[str]:
    """R7.5: from the moment the confirmations are recorded the outcome is REACHED."""
    for call_id, call in given.record.calls.items():
        end = given.story.ended.get(call_id)
        if end is None or end.outcome is Outcome.REACHED:
            continue
        if any(True for _ in _confirmations(given, call)):
            yield f"call {call_id} was confirmed, and ended as {end.outcome.name}"


def _confirmations(given: Evidence, call: PbxCall) -> Iterator[Moment]:
    """Yield the moments at which the last confirmation was given to one who surely heard it.

    A sound that began in this connection was ordered by a service that had taken all before it.
    """
    script = given.story.parameters[given.story.placed[call.call_id].campaign_id].script
    if script.confirm_listening:
        yield from _heard_after(given, call, given.message, "9", during=False)
    elif script.confirm_answer:
        yield from _heard_after(given, call, "press-1", "1", during=True)
    elif call.answered is not None and _listener(given, call.answered, call.answered):
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
            listener = _listener(given, sound.began, when)
            # The calls that were up were taken over by then, and none of them starts anew.
            if listener is not None and listener.began.wall + TOLD_MS < sound.began.wall:
                yield when


def _whoever_is_reached_has_confirmed(given: Evidence) -> Iterator[str]:
    """R7.5: answered, and 1 and 9 dialled where they are asked for."""
    for call_id, end in given.story.ended.items():
        if end.outcome is not Outcome.REACHED:
            continue
        call = given.record.calls.get(call_id)
        if call is None or call.answered is None:
            yield f"call {call_id} is REACHED, and nobody answered"
            continue
        script = given.story.parameters[given.story.placed[call_id].campaign_id].script
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


# Ends --------------------------------------------------------------------------------------


def _campaigns_end_as_their_calls_say(given: Evidence) -> Iterator[str]:
    """R4.5: COMPLETED if enough were reached, else INCOMPLETE; and only once nobody is left."""
    story = given.story
    for campaign_id, parameters in story.parameters.items():
        end = story.ends.get(campaign_id)
        if end is None:
            yield f"campaign {campaign_id} has not ended"
            continue
        everyone = [(campaign_id, at) for at in range(1, story.recipients[campaign_id] + 1)]
        reached = [who for who in everyone if who in story.contacted]
        required = len(everyone) if parameters.threshold is None else parameters.threshold
        right = Status.COMPLETED if len(reached) >= required else Status.INCOMPLETE
        if (end.status, end.contacted) != (right, len(reached)):
            yield (
                f"campaign {campaign_id} ended as {end.status.name} with {end.contacted}, "
                f"not as {right.name} with {len(reached)}"
            )
        left = [who for who in everyone if who not in reached and not story.has_failed(who)]
        if left:
            yield f"campaign {campaign_id} ended with {left} neither reached nor failed"


def _journal_is_sound(given: Evidence) -> Iterator[str]:
    """The core's own auditor, over the whole journal."""
    yield from audit(given.journal)


LAWS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _no_call_is_ordered_twice,
    _every_call_was_written_before,
    _what_was_given_back_was_never_called,
    _nobody_is_called_more_often_than_allowed,
    _nobody_is_called_after_being_reached,
    _ends_are_not_told_too_early,
    _a_call_that_never_was_is_the_deed_of_a_kill,
    _lost_is_the_deed_of_a_kill,
    _no_limit_is_passed,
    _no_number_is_in_two_calls,
    _digits_that_were_told_are_kept,
    _whoever_confirmed_is_reached,
    _whoever_is_reached_has_confirmed,
    _one_sound_at_a_time,
    _nobody_is_kept_until_the_deadline,
    _campaigns_end_as_their_calls_say,
    _journal_is_sound,
)

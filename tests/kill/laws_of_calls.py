"""Laws on which calls were made, and how many at one time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.kill.evidence import CLOCK_MS, Evidence
from tests.kill.record import Moment, PbxCall

from campaign_core import CallLimits, Line, Outcome

__all__ = ["OF_CALLS"]


def _no_call_is_ordered_twice(given: Evidence) -> Iterator[str]:
    """R9.3: no attempt is placed twice."""
    for call_id, orders in given.record.orders.items():
        if orders > 1:
            yield f"call {call_id} was ordered {orders} times"


def _every_call_was_written_before(given: Evidence) -> Iterator[str]:
    """R9.3: a call is handed to the driver only after its event is durable."""
    placed = given.summary.placed
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
    for call_id in given.summary.given_back:
        if call_id in given.record.calls:
            yield f"call {call_id} was given back, and was made"


def _nobody_is_called_more_often_than_allowed(given: Evidence) -> Iterator[str]:
    """R6.8, and the count is never behind what the telephony saw."""
    summary = given.summary
    seen = Counter(summary.who(call) for call in given.record.calls if call in summary.placed)
    for who, calls in seen.items():
        if calls > summary.counted[who]:
            yield f"recipient {who} was called {calls} times, {summary.counted[who]} count"
    for who, counted in summary.counted.items():
        if counted > summary.allowed(who):
            yield f"recipient {who} has {counted} attempts of {summary.allowed(who)} allowed"


def _nobody_is_called_after_being_reached(given: Evidence) -> Iterator[str]:
    """R6.8: no call to a contacted recipient."""
    reached: dict[tuple[int, int], Moment] = {}
    for call in given.record.calls.values():
        if call.call_id not in given.summary.placed:
            continue
        who = given.summary.who(call.call_id)
        if who in reached and call.began > reached[who]:
            yield f"recipient {who} was called after being reached"
        end = given.summary.ended.get(call.call_id)
        if end is not None and end.outcome is Outcome.REACHED and call.ended is not None:
            reached[who] = call.ended


def _ends_are_not_told_too_early(given: Evidence) -> Iterator[str]:
    """R5.5, R7.9: a call whose end is in the journal is up no more."""
    for call_id, call in given.record.calls.items():
        end = given.summary.ended.get(call_id)
        if call.ended is None:
            yield f"call {call_id} is up for ever"
        elif end is None:
            yield f"call {call_id} has no end in the journal"
        elif call.ended.wall > end.at + CLOCK_MS + given.late_ms:
            late_ms = call.ended.wall - end.at
            yield f"call {call_id} was up {late_ms} ms after its end as {end.outcome.name}"


def _a_call_that_never_was_is_the_deed_of_a_kill(given: Evidence) -> Iterator[str]:
    """R9.3: placed in the journal and never ordered, then lost: killed in between.

    Calls of a line are ordered as they are placed: where a later one was ordered, it was no kill.
    Those of another line may be: where the telephones of a number are is asked first, if they are
    the telephony's own.
    """
    placed_in_order = list(given.summary.placed.values())
    for place, placed in enumerate(placed_in_order):
        call_id = placed.call_id
        if call_id in given.record.orders or call_id in given.summary.given_back:
            continue
        kill = min((at for at in given.kills if at >= placed.at - CLOCK_MS), default=None)
        if kill is None:
            yield f"call {call_id} was placed, never made, and there was no kill"
            continue
        later = [one for one in placed_in_order[place + 1 :] if one.at < kill]
        if any(one.call_id in given.record.orders for one in later if one.line is placed.line):
            yield f"call {call_id} was placed, never made, and calls placed after it were"
        end = given.summary.ended.get(call_id)
        if end is None or end.outcome is not Outcome.LOST:
            yield f"call {call_id} was never made, and ended as {end and end.outcome.name}"


def _lost_is_the_deed_of_a_kill(given: Evidence) -> Iterator[str]:
    """R5.5: LOST are those whose end nobody was told of.

    A telephony that is slow makes a call that was ordered by somebody who is not there any more.
    """
    for call_id, call in given.record.calls.items():
        end = given.summary.ended.get(call_id)
        if end is None or end.outcome is not Outcome.LOST or call.ended is None:
            continue
        if given.listener(call.ended, call.ended) is not None:
            yield f"call {call_id} was lost, though its end was told"
        placed = given.summary.placed.get(call_id)
        since = call.began.wall if placed is None else min(placed.at, call.began.wall)
        if not any(since - CLOCK_MS <= kill <= end.at for kill in given.kills):
            yield f"call {call_id} was lost without a kill"


# Limits ------------------------------------------------------------------------------------


def _up_at_each_start(given: Evidence) -> Iterator[tuple[PbxCall, list[PbxCall]]]:
    """Yield each call with all that were up when it began, itself counted."""
    calls = [call for call in given.record.calls.values() if call.call_id in given.summary.placed]
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
            by_campaign.setdefault(given.summary.placed[one.call_id].campaign_id, []).append(one)
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
        last = max(counted, key=lambda one: given.summary.placed[one.call_id].seq).call_id
        limits = _limits_at(given, last, of_service=of_service)
        allowed = limits.total if line is None else limits.on(line)
        if allowed is not None and len(counted) > allowed:
            kind = "" if line is None else f"{line.name} "
            yield f"{where}: {len(counted)} {kind}calls of {allowed}"


def _limits_at(given: Evidence, call_id: str, *, of_service: bool) -> CallLimits:
    """Return the limits that held when a call was placed."""
    if of_service:
        return given.summary.settings_at[call_id].call_limits
    return given.summary.parameters[given.summary.placed[call_id].campaign_id].call_limits


def _no_number_is_in_two_calls(given: Evidence) -> Iterator[str]:
    """R6.14."""
    for call, up in _up_at_each_start(given):
        same = [one for one in up if (one.number, one.line) == (call.number, call.line)]
        if len(same) > 1:
            yield f"{call.number} is in {len(same)} calls: {', '.join(c.call_id for c in same)}"


OF_CALLS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
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
)

"""The recipient's state machine: R5 as a table over packed records.

A row reads: in this state, by this event, to one of these states. The function makes the new
record from the old one, the event, and the :class:`Context` it needs. What is not a row cannot
happen to a recipient in that state: ``tests/core`` walks the whole product.
"""

from __future__ import annotations

import attrs

from campaign_core import events as ev
from campaign_core._model.outcomes import Outcome
from campaign_core._model.retry import RetryPolicy
from campaign_core._model.statuses import FailureReason, RecipientStatus
from campaign_core._state import record as rec
from campaign_core._transition.arrows import table
from campaign_core._values.instants import seconds

__all__ = ["RECIPIENT_ARROWS", "Context", "next_record"]

_IDLE, _ACTIVE = RecipientStatus.IDLE, RecipientStatus.ACTIVE
_CONTACTED, _FAILED = RecipientStatus.CONTACTED, RecipientStatus.FAILED

# On Python 3.11 an enumeration is asked for a member at each look.
_REACHED = Outcome.REACHED
_OPTED_OUT = Outcome.OPTED_OUT
_USED_UP = FailureReason.ATTEMPTS_USED_UP


_AT_ONCE = RetryPolicy()


@attrs.frozen
class Context:
    """What an arrow may need beside record and event."""

    retry: RetryPolicy = _AT_ONCE
    number_index: int = 0
    """Which of the recipient's numbers is or was called, from 0."""
    record_before: int = 0
    """The record before the call was placed."""


def _placed(record: int, event: ev.CallPlaced, context: Context) -> int:
    # R5.1: the attempt counts when its call is placed.
    return rec.placed(record, context.number_index, event.at)


def _given_back(record: int, _: ev.CallGivenBack, context: Context) -> int:
    # R5.5: as if never called, but the attempt's number stays used, and what a user allowed or
    # stopped meanwhile stays so.
    before = rec.with_allowed(context.record_before, rec.allowed_of(record))
    before = rec.with_never(before, rec.barred_numbers_of(record))
    before = rec.renumbered(before, rec.attempts_of(record))
    if rec.is_stopped(record):
        return rec.failed(before, FailureReason.STOPPED)
    return _idle_or_used_up(before)


def _ended(record: int, event: ev.CallEnded, context: Context) -> int:
    outcome = event.outcome
    if outcome is _REACHED:
        return rec.contacted(record)
    record = rec.due(record, event.at + seconds(context.retry.delay_s(outcome)))
    if outcome in context.retry.never_again:
        record = rec.barred(record, context.number_index)
    if outcome is _OPTED_OUT:
        return rec.failed(record, FailureReason.OPTED_OUT)
    if rec.is_stopped(record):
        return rec.failed(record, FailureReason.STOPPED)
    return _idle_or_used_up(record)


def _idle_or_used_up(record: int) -> int:
    if rec.counted_of(record) < rec.allowed_of(record):
        return rec.idle(record)
    return rec.failed(record, _USED_UP)


def _more(record: int, event: ev.AttemptsAdded, _: Context) -> int:
    return rec.allowed(record, rec.allowed_of(record) + event.attempts)


def _revived(record: int, event: ev.AttemptsAdded, _: Context) -> int:
    return rec.idle(rec.allowed(record, rec.counted_of(record) + event.attempts))


def _stopped_idle(record: int, _: ev.AttemptsStopped, __: Context) -> int:
    return rec.failed(record, FailureReason.STOPPED)


def _stopped_active(record: int, _: ev.AttemptsStopped, __: Context) -> int:
    return rec.stopped(record)


def _failed(record: int, event: ev.RecipientsFailed, _: Context) -> int:
    return rec.failed(record, event.reason)


RECIPIENT_ARROWS = table(
    (_IDLE, ev.CallPlaced, {_ACTIVE}, _placed),
    (_ACTIVE, ev.CallGivenBack, {_IDLE, _FAILED}, _given_back),
    (_ACTIVE, ev.CallEnded, {_CONTACTED, _IDLE, _FAILED}, _ended),
    (_IDLE, ev.AttemptsAdded, {_IDLE}, _more),
    (_ACTIVE, ev.AttemptsAdded, {_ACTIVE}, _more),
    (_FAILED, ev.AttemptsAdded, {_IDLE}, _revived),
    (_IDLE, ev.AttemptsStopped, {_FAILED}, _stopped_idle),
    (_ACTIVE, ev.AttemptsStopped, {_ACTIVE}, _stopped_active),
    (_IDLE, ev.RecipientsFailed, {_FAILED}, _failed),
)

_BY_PACKED = {
    (list(RecipientStatus).index(source), event): arrow.make
    for (source, event), arrow in RECIPIENT_ARROWS.items()
}


def next_record(record: int, event: object, context: Context) -> int:
    """Return the record to which an event leads.

    Raises:
        KeyError: the table has no such arrow.
    """
    made: int = _BY_PACKED[record & 3, type(event)](record, event, context)
    return made

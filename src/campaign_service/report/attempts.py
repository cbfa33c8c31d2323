"""One attempt, as reports and the API show it: made of the events of its call."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from campaign_core import CallId, CampaignId, Instant, Line, Outcome, Position, Purpose
from campaign_core.events import (
    AnswerConfirmed,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallGivenBack,
    CallPlaced,
    DigitDialled,
    GiveBackReason,
    ListeningConfirmed,
    PlaybackStarted,
)

__all__ = ["Attempt", "as_of", "attempt_of"]


@attrs.frozen(kw_only=True)
class Attempt:
    """One try to reach a recipient."""

    call_id: CallId
    campaign_id: CampaignId
    position: Position
    attempt: int
    """Counted from 1 for the recipient, those given back included."""
    number: str
    line: Line
    is_retry: bool
    placed_at: Instant
    answered_at: Instant | None
    answer_confirmed_at: Instant | None
    message_started_at: Instant | None
    """The first time that the message was played."""
    messages_played: int
    """How often the message was begun."""
    listening_confirmed_at: Instant | None
    digits: str
    """What was dialled, in order."""
    ended_at: Instant | None
    """``None``: the call is in progress."""
    outcome: Outcome | None
    """``None``: in progress, or given back."""
    given_back: GiveBackReason | None
    """Why the attempt does not count; ``None``: it counts."""
    hangup_cause: int | None
    """The telephony's Q.850 cause, where it gave one."""
    detail: str
    """What the telephony said of a refusal."""
    events: tuple[CallEvent, ...]
    """Everything that happened in the call, in order."""


def attempt_of(events: Sequence[CallEvent]) -> Attempt:
    """Return the attempt that the events of one call tell of, the first being its placing."""
    placed, ended = events[0], events[-1]
    assert isinstance(placed, CallPlaced)
    at: dict[type[CallEvent], Instant] = {}
    messages: list[Instant] = []
    digits = ""
    for event in events:
        at[type(event)] = event.at
        if isinstance(event, PlaybackStarted) and event.purpose is Purpose.MESSAGE:
            messages.append(event.at)
        elif isinstance(event, DigitDialled):
            digits += event.digit
    return Attempt(
        call_id=placed.call_id,
        campaign_id=placed.campaign_id,
        position=placed.position,
        attempt=placed.attempt,
        number=placed.number,
        line=placed.line,
        is_retry=placed.is_retry,
        placed_at=placed.at,
        answered_at=at.get(CallAnswered),
        answer_confirmed_at=at.get(AnswerConfirmed),
        message_started_at=messages[0] if messages else None,
        messages_played=len(messages),
        listening_confirmed_at=at.get(ListeningConfirmed),
        digits=digits,
        ended_at=ended.at if isinstance(ended, CallEnded | CallGivenBack) else None,
        outcome=ended.outcome if isinstance(ended, CallEnded) else None,
        given_back=ended.reason if isinstance(ended, CallGivenBack) else None,
        hangup_cause=ended.hangup_cause if isinstance(ended, CallEnded) else None,
        detail=ended.detail if isinstance(ended, CallEnded) else "",
        events=tuple(events),
    )


def as_of(attempt: Attempt, at: Instant) -> Attempt:
    """Return an attempt as far as it had come at an instant (R8.3), without its events.

    When each digit was dialled, and each message but the first was begun, its events alone tell.
    So for a call that was in progress at that instant there are no digits and no messages.

    Args:
        attempt: as it is known now; it was placed by then.
    """
    assert attempt.placed_at <= at
    if attempt.ended_at is not None and attempt.ended_at <= at:
        return attrs.evolve(attempt, events=())
    return attrs.evolve(
        attempt,
        answered_at=_by(at, attempt.answered_at),
        answer_confirmed_at=_by(at, attempt.answer_confirmed_at),
        message_started_at=_by(at, attempt.message_started_at),
        messages_played=0,
        listening_confirmed_at=_by(at, attempt.listening_confirmed_at),
        digits="",
        ended_at=None,
        outcome=None,
        given_back=None,
        hangup_cause=None,
        detail="",
        events=(),
    )


def _by(at: Instant, happened_at: Instant | None) -> Instant | None:
    """Return when something happened; ``None``: it had not by then."""
    return None if happened_at is None or happened_at > at else happened_at

"""What answers show, made from what the core and the journal tell. Tables, and no rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from campaign_core import (
    Call,
    Campaign,
    Explanation,
    Failed,
    Position,
    Recipient,
    RecipientState,
    Waiting,
    WhatIf,
)
from campaign_drivers import CampaignForecast
from campaign_service.api.times import time_of, time_or_none
from campaign_service.attempts import Attempt
from campaign_service.journal import JournalEntry
from campaign_service.schemas import core_values, explanations, responses
from campaign_service.schemas.conversion import schema_of, schema_with
from campaign_service.schemas.fields import verbatim

__all__ = [
    "attempt_detail",
    "call_schema",
    "campaign_detail",
    "campaign_row",
    "explanation_schema",
    "forecast_schema",
    "recipient_row",
    "waiting_schema",
    "what_if_answer",
]

_CALLS_SHOWN_MAX = 1_000


def campaign_row(found: Campaign) -> responses.Campaign:
    """Return a campaign as the list shows it (R4.8)."""
    return schema_with(responses.Campaign, _campaign(found))


def campaign_detail(found: Campaign) -> responses.CampaignDetail:
    """Return a campaign with all its parameters."""
    parameters = schema_of(found.parameters, core_values.Parameters)
    return schema_with(responses.CampaignDetail, {**_campaign(found), "parameters": parameters})


def _campaign(found: Campaign) -> dict[str, object]:
    parameters = found.parameters
    return {
        "campaign_id": found.campaign_id,
        "name": found.name,
        "model_id": found.model_id,
        "model_name": found.model_name,
        "status": found.status.name,
        "pause_reason": _name(found.pause_reason),
        "caller_number": parameters.caller_number,
        "priority": parameters.priority,
        "ring_timeout_s": parameters.ring_timeout_s,
        "attempts_max": parameters.attempts_max,
        "threshold": parameters.threshold,
        "confirm_answer": parameters.script.confirm_answer,
        "confirm_listening": parameters.script.confirm_listening,
        "call_limits": schema_of(parameters.call_limits, core_values.CallLimits),
        "is_simulated": found.is_simulated,
        "starts_at": time_of(found.starts_at),
        "expires_at": time_or_none(found.expires_at),
        "is_expired": found.is_expired,
        "recipient_count": len(found.recipients),
        "contacted": found.contacted,
        "failed": found.failed,
        "idle": found.idle,
        "internal_calls": found.internal_calls,
        "external_calls": found.external_calls,
    }


def _name(member: Enum | None) -> str | None:
    return None if member is None else member.name


# Recipients ----------------------------------------------------------------------------------


def recipient_row(
    position: Position, recipient: Recipient, state: RecipientState, attempts: Sequence[Attempt]
) -> responses.RecipientRow:
    """Return a recipient as the status panel shows it (R5.4).

    Args:
        recipient: what was asked for.
        attempts: to reach this recipient, oldest first.
    """
    return schema_of(
        recipient, responses.RecipientRow, **recipient_facts(position, state, attempts)
    )


def recipient_facts(
    position: Position, state: RecipientState, attempts: Sequence[Attempt]
) -> dict[str, object]:
    """Return what a row tells beside what was asked for."""
    counted = [attempt for attempt in attempts if attempt.given_back is None]
    last = counted[-1] if counted else None
    answered = [one.answer_confirmed_at for one in attempts if one.answer_confirmed_at is not None]
    listened = [
        one.listening_confirmed_at for one in attempts if one.listening_confirmed_at is not None
    ]
    return {
        "position": position,
        "state": state.status.name,
        "reason": state.reason.name if isinstance(state, Failed) else None,
        "attempts": state.counted,
        "attempts_allowed": state.allowed,
        "last_call_at": None if last is None else time_of(last.placed_at),
        "last_outcome": None if last is None else _name(last.outcome),
        "answer_confirmed_at": time_or_none(max(answered, default=None)),
        "listening_confirmed_at": time_or_none(max(listened, default=None)),
    }


def attempt_detail(attempt: Attempt, events: Iterable[JournalEntry]) -> responses.AttemptDetail:
    """Return an attempt with everything that happened in it, from its being placed on."""
    told = list(events)
    return responses.AttemptDetail(
        attempt=attempt.attempt,
        call_id=attempt.call_id,
        number=attempt.number,
        line=attempt.line.name,
        is_retry=attempt.is_retry,
        placed_at=time_of(attempt.placed_at),
        answered_at=time_or_none(attempt.answered_at),
        answer_confirmed_at=time_or_none(attempt.answer_confirmed_at),
        message_started_at=time_or_none(attempt.message_started_at),
        messages_played=attempt.messages_played,
        listening_confirmed_at=time_or_none(attempt.listening_confirmed_at),
        digits=attempt.digits,
        ended_at=time_or_none(attempt.ended_at),
        outcome=_name(attempt.outcome),
        given_back=_name(attempt.given_back),
        hangup_cause=attempt.hangup_cause,
        detail=attempt.detail,
        events=[verbatim(entry.data) for entry in told],
        chosen=_chosen(told[0]),
    )


class _Placed(msgspec.Struct):
    """What the event of a call's placing tells of why it was placed."""

    rank: int
    in_use: tuple[int, int, int, int]


def _chosen(placed: JournalEntry) -> responses.Chosen:
    found = msgspec.json.decode(placed.data, type=_Placed)
    internal, external, own_internal, own_external = found.in_use
    return responses.Chosen(
        rank=found.rank,
        internal_calls=internal,
        external_calls=external,
        campaign_internal_calls=own_internal,
        campaign_external_calls=own_external,
    )


# Answers of the state (R8) -------------------------------------------------------------------


def explanation_schema(found: Explanation) -> explanations.Explanation:
    """Return why a recipient is not called, for a program and for a person."""
    return explanations.Explanation(
        campaign_id=found.campaign_id,
        position=found.position,
        is_called_next=found.is_called_next,
        sentence=str(found),
        reasons=[
            explanations.Reason(
                kind=reason.kind.name,
                sentence=reason.sentence,
                change=reason.change,
                until=time_or_none(reason.until),
                count=reason.count,
                limit=reason.limit,
            )
            for reason in found.reasons
        ],
    )


def waiting_schema(found: Waiting) -> explanations.Waiting:
    """Return who waits, and behind what."""
    return explanations.Waiting(
        campaign_id=found.campaign_id,
        position=found.position,
        since=time_of(found.since),
        why=explanation_schema(found.why),
    )


def what_if_answer(found: WhatIf) -> explanations.WhatIfAnswer:
    """Return what a command would do."""
    return explanations.WhatIfAnswer(
        calls=[
            explanations.PlannedCall(
                campaign_id=call.campaign_id,
                position=call.position,
                number=call.number,
                line=call.line.name,
            )
            for call in found.calls[:_CALLS_SHOWN_MAX]
        ],
        call_count=len(found.calls),
        blocked=list(found.blocked),
        freed=list(found.freed),
    )


def call_schema(call: Call) -> responses.Call:
    """Return a call in progress."""
    placement = call.placement
    return responses.Call(
        call_id=placement.call_id,
        campaign_id=placement.campaign_id,
        position=placement.position,
        attempt=placement.attempt,
        number=placement.number,
        line=placement.line.name,
        placed_at=time_of(placement.placed_at),
        deadline_at=time_of(call.deadline_at),
        is_answered=call.is_answered,
        is_reached=call.is_reached,
        is_adrift=call.is_adrift,
        step=type(call.step).__name__,
    )


def forecast_schema(found: CampaignForecast, *, runs: int) -> explanations.CampaignForecast:
    """Return how a campaign will end."""
    ends, reached = found.ends_at, found.reached
    return explanations.CampaignForecast(
        campaign_id=found.campaign_id,
        ends_at=explanations.TimeSpread(
            p10=time_or_none(ends.p10), p50=time_or_none(ends.p50), p90=time_or_none(ends.p90)
        ),
        reached=explanations.Spread(p10=reached.p10, p50=reached.p50, p90=reached.p90),
        completed=found.completed,
        runs=runs,
    )

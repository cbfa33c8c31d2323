"""What answers show of campaigns, recipients and calls (R4.8, R5.4, R8)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from campaign_core import (
    FailureReason,
    Line,
    Outcome,
    PauseReason,
    ReasonKind,
    RecipientStatus,
    Status,
)
from campaign_core.events import GiveBackReason
from campaign_service.api.shapes.wanted import CallLimits, Model, Parameters, Recipient
from campaign_service.api.shapes.words import EventData, Id, Seq, Time

__all__ = [
    "Attempt",
    "AttemptDetail",
    "Call",
    "CallPage",
    "Campaign",
    "CampaignDetail",
    "CampaignForecast",
    "CampaignPage",
    "Explanation",
    "ListedRecipient",
    "ListedRecipientPage",
    "ModelPage",
    "NumberPage",
    "PlannedCall",
    "Reason",
    "RecipientDetail",
    "RecipientPage",
    "RecipientRow",
    "Spread",
    "Waiting",
    "WhatIfAnswer",
]

Next = Annotated[
    int | None, Meta(description="Give it as `after` for the next page; null: this was the last.")
]


class ModelPage(Struct, kw_only=True, frozen=True):
    """Models, by id."""

    items: list[Model]
    next: Next


class NumberPage(Struct, kw_only=True, frozen=True):
    """Numbers on the do-not-call list, sorted."""

    items: list[str]
    next: Annotated[
        str | None,
        Meta(description="Give it as `after` for the next page; null: this was the last."),
    ]


class ListedRecipient(Recipient, kw_only=True, frozen=True):
    """A recipient of a model's list, with its place."""

    position: Id


class ListedRecipientPage(Struct, kw_only=True, frozen=True):
    """Recipients of a model, in list order."""

    items: list[ListedRecipient]
    next: Next
    recipient_count: int


class Campaign(Struct, kw_only=True, frozen=True):
    """A campaign as the list shows it (R4.8)."""

    campaign_id: Id
    name: str
    model_id: Id
    model_name: Annotated[str, Meta(description="The model's name when the campaign was made.")]
    status: Status
    pause_reason: PauseReason | None
    caller_number: str
    priority: int
    ring_timeout_s: int
    attempts_max: int
    threshold: int | None
    confirm_answer: bool
    confirm_listening: bool
    call_limits: CallLimits
    starts_at: Time
    expires_at: Time | None
    is_expired: bool
    recipient_count: int
    contacted: Annotated[int, Meta(description="Recipients reached.")]
    failed: int
    idle: int
    internal_calls: Annotated[int, Meta(description="Calls in progress on internal lines.")]
    external_calls: Annotated[int, Meta(description="Calls in progress on external lines.")]


class CampaignDetail(Campaign, kw_only=True, frozen=True):
    """A campaign with its own copy of all parameters."""

    parameters: Parameters


class CampaignPage(Struct, kw_only=True, frozen=True):
    """Campaigns, in the order of their creation."""

    items: list[Campaign]
    next: Next


class RecipientRow(Recipient, kw_only=True, frozen=True):
    """A recipient as the status panel shows it (R5.4)."""

    position: Id
    state: RecipientStatus
    reason: Annotated[FailureReason | None, Meta(description="Why it failed; null unless it did.")]
    attempts: Annotated[int, Meta(description="Attempts that count (R5.1).")]
    attempts_allowed: int
    last_call_at: Annotated[
        Time | None,
        Meta(description="When the last call was placed; those given back are left aside."),
    ]
    last_outcome: Annotated[
        Outcome | None, Meta(description="Of that call; null: none, or it is in progress.")
    ]
    answer_confirmed_at: Annotated[Time | None, Meta(description="The last time (R5.4).")]
    listening_confirmed_at: Annotated[Time | None, Meta(description="The last time (R5.4).")]


class RecipientPage(Struct, kw_only=True, frozen=True):
    """Recipients of a campaign, in list order."""

    items: list[RecipientRow]
    next: Next
    recipient_count: int


class Attempt(Struct, kw_only=True, frozen=True):
    """One try to reach a recipient."""

    attempt: Annotated[int, Meta(description="Counted from 1, those given back included.")]
    call_id: str
    number: str
    line: Line
    is_retry: bool
    placed_at: Time
    answered_at: Time | None
    answer_confirmed_at: Time | None
    message_started_at: Time | None
    messages_played: int
    listening_confirmed_at: Time | None
    digits: str
    ended_at: Time | None
    outcome: Outcome | None
    given_back: Annotated[
        GiveBackReason | None, Meta(description="Why the attempt does not count (R5.5).")
    ]
    hangup_cause: int | None
    detail: str


class AttemptDetail(Attempt, kw_only=True, frozen=True):
    """An attempt with everything that happened in it.

    The first event, `CallPlaced`, tells why the call was placed at that moment (R8.4): whether it
    was a retry, the campaign's rank, and the calls then in progress.
    """

    events: list[EventData]


class RecipientDetail(RecipientRow, kw_only=True, frozen=True):
    """A recipient with its attempts, oldest first (R5.4)."""

    history: list[AttemptDetail]


class Reason(Struct, kw_only=True, frozen=True):
    """One reason why a recipient is not called."""

    kind: ReasonKind
    sentence: str
    change: Annotated[str, Meta(description="What would change it; empty: nothing would.")]
    until: Annotated[Time | None, Meta(description="When time alone changes it.")]
    count: int | None
    limit: int | None


class Explanation(Struct, kw_only=True, frozen=True):
    """Why a recipient is not being called, or that it is called next (R8.1)."""

    campaign_id: Id
    position: Id
    is_called_next: bool
    sentence: str
    reasons: list[Reason]


class Call(Struct, kw_only=True, frozen=True):
    """A call in progress."""

    call_id: str
    campaign_id: Id
    position: Id
    attempt: int
    number: str
    line: Line
    placed_at: Time
    deadline_at: Annotated[Time, Meta(description="Past it we hang up (R7.9).")]
    is_answered: bool
    is_reached: Annotated[bool, Meta(description="All required confirmations were given (R7.5).")]
    is_adrift: Annotated[
        bool, Meta(description="The connection was lost since it was last known to be up (R5.5).")
    ]
    step: Annotated[str, Meta(description="Where in the call script it is.", examples=["Playing"])]


class CallPage(Struct, kw_only=True, frozen=True):
    """Calls in progress, by campaign and position."""

    items: list[Call]
    next: Annotated[
        str | None,
        Meta(description="Give it as `after` for the next page; null: this was the last."),
    ]


class PlannedCall(Struct, kw_only=True, frozen=True):
    """A call that would be placed."""

    campaign_id: Id
    position: Id
    number: str
    line: Line


class WhatIfAnswer(Struct, kw_only=True, frozen=True):
    """What a command would do at once (R8.5)."""

    calls: Annotated[list[PlannedCall], Meta(description="The first 1,000 of them, in order.")]
    call_count: int
    blocked: Annotated[list[Id], Meta(description="Campaigns that would become BLOCKED.")]
    freed: Annotated[list[Id], Meta(description="Campaigns that would be BLOCKED no more.")]


class Waiting(Struct, kw_only=True, frozen=True):
    """Who of a campaign has waited longest, and behind what (R8.5)."""

    campaign_id: Id
    position: Id
    since: Time
    why: Explanation


class Spread(Struct, kw_only=True, frozen=True):
    """Three quantiles of a number that is not known yet; null: beyond the horizon."""

    p10: int | None
    p50: int | None
    p90: int | None


class TimeSpread(Struct, kw_only=True, frozen=True):
    """Three quantiles of a time that is not known yet; null: beyond the horizon."""

    p10: Time | None
    p50: Time | None
    p90: Time | None


class CampaignForecast(Struct, kw_only=True, frozen=True):
    """How a campaign will end, by playing the future several times (R8.2)."""

    campaign_id: Id
    ends_at: TimeSpread
    reached: Spread
    completed: Annotated[float, Meta(description="The share of runs in which it is completed.")]
    runs: int


class Taken(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What came of a command: it is durable."""

    seq: Seq
    at: Time
    repeated: Annotated[
        bool, Meta(description="This answers an earlier request with the same Idempotency-Key.")
    ]
    model_id: Annotated[Id, Meta(description="Of the model that was made.")] | UnsetType = UNSET
    campaign_id: Annotated[Id, Meta(description="Of the campaign that was made.")] | UnsetType = (
        UNSET
    )

"""What answers show of campaigns, recipients and calls (R4.8, R5.4)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from campaign_core import FailureReason, Line, Outcome, PauseReason, RecipientStatus, Status
from campaign_core.events import GiveBackReason
from campaign_service.schemas.core_values import CallLimits, Model, Parameters, Recipient
from campaign_service.schemas.fields import EventData, Id, Seq, Time, about, name_of
from campaign_service.schemas.pages import Page

__all__ = [
    "AttemptDetail",
    "Call",
    "CallPage",
    "Campaign",
    "CampaignDetail",
    "CampaignPage",
    "Chosen",
    "ListedRecipient",
    "ListedRecipientPage",
    "ModelPage",
    "NumberPage",
    "RecipientDetail",
    "RecipientPage",
    "RecipientRow",
]


class ModelPage(Page[Model, int], kw_only=True, frozen=True):
    """Models, by id."""


class NumberPage(Page[str, str], kw_only=True, frozen=True):
    """Numbers on the do-not-call list, sorted."""


class ListedRecipient(Recipient, kw_only=True, frozen=True):
    """A recipient of a model's list, with its place."""

    position: Id


class ListedRecipientPage(Page[ListedRecipient, int], kw_only=True, frozen=True):
    """Recipients of a model, in list order."""

    recipient_count: Annotated[int, about("In the whole list.")]


class Campaign(Struct, kw_only=True, frozen=True):
    """A campaign as the list shows it (R4.8)."""

    campaign_id: Id
    name: Annotated[str, about("Shown to the recipient, where the telephony can.")]
    model_id: Id
    model_name: Annotated[str, about("The model's name when the campaign was made.")]
    status: Annotated[str, name_of(Status)]
    pause_reason: Annotated[
        Annotated[str, name_of(PauseReason)] | None,
        about(
            "Who or what paused it: a user, the breaker (R6.17), a sound that could"
            " not be played in three calls running (R6.18), or a start of the service with every"
            " campaign held; null: it is not paused."
        ),
    ]
    caller_number: Annotated[str, about("Shown to the recipient.")]
    priority: Annotated[int, about("A higher number goes first (R6.1).")]
    ring_timeout_s: Annotated[int, about("For how long a call is let ring.")]
    attempts_max: Annotated[int, about("Attempts per recipient, before any were added.")]
    threshold: Annotated[int | None, about("How many must be reached; null: all (R4.5).")]
    confirm_answer: Annotated[bool, about("Whether 1 must be dialled before the message (R7.2).")]
    confirm_listening: Annotated[bool, about("Whether 9 must be dialled after the message (R7.4).")]
    call_limits: CallLimits
    is_simulated: Annotated[
        bool, about("Whether nobody is really called: the telephony is simulated.")
    ]
    starts_at: Time
    expires_at: Annotated[Time | None, about("From then on no new call (R4.11); null: never.")]
    is_expired: Annotated[bool, about("Whether that time has come.")]
    recipient_count: Annotated[int, about("In the whole list.")]
    contacted: Annotated[int, about("Recipients reached.")]
    failed: Annotated[int, about("Recipients who are tried no more.")]
    idle: Annotated[int, about("Recipients who may still be called.")]
    internal_calls: Annotated[int, about("Calls in progress on internal lines.")]
    external_calls: Annotated[int, about("Calls in progress on external lines.")]


class CampaignDetail(Campaign, kw_only=True, frozen=True):
    """A campaign with its own copy of all parameters."""

    parameters: Parameters


class CampaignPage(Page[Campaign, int | str], kw_only=True, frozen=True):
    """Campaigns, in the order asked for.

    By their creation, `next` is the last one's number; in another order, a text.
    """


class RecipientRow(Recipient, kw_only=True, frozen=True):
    """A recipient as the status panel shows it (R5.4)."""

    position: Id
    state: Annotated[str, name_of(RecipientStatus)]
    reason: Annotated[
        Annotated[str, name_of(FailureReason)] | None, about("Why it failed; null unless it did.")
    ]
    attempts: Annotated[int, about("Attempts that count (R5.1).")]
    attempts_allowed: Annotated[
        int, about("So many may count; the model's number, and those that were added.")
    ]
    last_call_at: Annotated[
        Time | None, about("When the last call was placed; those given back are left aside.")
    ]
    last_outcome: Annotated[
        Annotated[str, name_of(Outcome)] | None,
        about("Of that call; null: none, or it is in progress."),
    ]
    answer_confirmed_at: Annotated[Time | None, about("The last time (R5.4).")]
    listening_confirmed_at: Annotated[Time | None, about("The last time (R5.4).")]


class RecipientPage(Page[RecipientRow, int], kw_only=True, frozen=True):
    """Recipients of a campaign, in list order."""

    recipient_count: Annotated[int, about("In the whole list.")]


class Chosen(Struct, kw_only=True, frozen=True):
    """Why a call was placed at its moment (R8.4), beside whether it was a retry.

    The event `CallPlaced` has the four numbers in this order, as `in_use`.
    """

    rank: Annotated[
        int, about("The campaign's place among those that compete; 1: the first (R6.2).")
    ]
    internal_calls: Annotated[
        int, about("In progress on internal lines just before, of all campaigns.")
    ]
    external_calls: Annotated[
        int, about("In progress on external lines just before, of all campaigns.")
    ]
    campaign_internal_calls: Annotated[int, about("Those of this campaign.")]
    campaign_external_calls: Annotated[int, about("Those of this campaign.")]


class AttemptDetail(Struct, kw_only=True, frozen=True):
    """An attempt, why it was made at its moment, and everything that happened in it."""

    attempt: Annotated[int, about("Counted from 1, those given back included.")]
    call_id: Annotated[str, about("Unique over all time; the telephony has it too.")]
    number: Annotated[str, about("That was called.")]
    line: Annotated[str, name_of(Line)]
    is_retry: Annotated[bool, about("Whether an attempt that counted was made before.")]
    placed_at: Time
    answered_at: Annotated[Time | None, about("null: it was not.")]
    answer_confirmed_at: Annotated[
        Time | None, about("When 1 was dialled; null: it was not, or not asked for.")
    ]
    message_started_at: Annotated[
        Time | None, about("When the message began for the first time; null: it did not.")
    ]
    messages_played: Annotated[int, about("How many times the message was begun.")]
    listening_confirmed_at: Annotated[
        Time | None, about("When 9 was dialled; null: it was not, or not asked for.")
    ]
    digits: Annotated[str, about("All that were dialled, in order.")]
    ended_at: Annotated[Time | None, about("null: it is in progress.")]
    outcome: Annotated[
        Annotated[str, name_of(Outcome)] | None,
        about("How it ended (R7.10); null: it is in progress, or does not count."),
    ]
    given_back: Annotated[
        Annotated[str, name_of(GiveBackReason)] | None,
        about("Why the attempt does not count (R5.5)."),
    ]
    hangup_cause: Annotated[
        int | None, about("The telephony's own number for it (Q.850); null: it gave none.")
    ]
    detail: Annotated[str, about("What the telephony said of the end, word by word; often empty.")]
    chosen: Chosen
    events: Annotated[
        list[EventData], about("Everything that happened in it, as the journal has it.")
    ]


class RecipientDetail(RecipientRow, kw_only=True, frozen=True):
    """A recipient with its attempts, oldest first (R5.4)."""

    history: Annotated[list[AttemptDetail], about("Every attempt, oldest first.")]


class Call(Struct, kw_only=True, frozen=True):
    """A call in progress."""

    call_id: Annotated[str, about("Unique over all time; the telephony has it too.")]
    campaign_id: Id
    position: Id
    attempt: Annotated[int, about("Counted from 1 for the recipient.")]
    number: Annotated[str, about("That is called.")]
    line: Annotated[str, name_of(Line)]
    placed_at: Time
    deadline_at: Annotated[Time, about("Past it we hang up (R7.9).")]
    is_answered: Annotated[bool, about("Whether somebody, or something, has answered.")]
    is_reached: Annotated[bool, about("All required confirmations were given (R7.5).")]
    is_adrift: Annotated[
        bool, about("The connection was lost since it was last known to be up (R5.5).")
    ]
    step: Annotated[str, Meta(description="Where in the call script it is.", examples=["Playing"])]


class CallPage(Page[Call, str], kw_only=True, frozen=True):
    """Calls in progress, by campaign and position."""


class Taken(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What came of a command: it is durable."""

    seq: Seq
    at: Time
    repeated: Annotated[
        bool, about("This answers an earlier request with the same Idempotency-Key.")
    ]
    model_id: Annotated[Id | None, about("Of the model that was made.")] = None
    campaign_id: Annotated[Id | None, about("Of the campaign that was made.")] = None
    remarks: Annotated[
        list[str],
        about(
            "What is allowed, and perhaps not meant: how many numbers of a list"
            " (of up to 100,000) differ by form only, where no number plan compares them."
        ),
    ] = field(default_factory=list)

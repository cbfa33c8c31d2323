"""What a request may carry beside settings and models: the bodies of commands, and queries."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from campaign_core import RecipientStatus, Status
from campaign_service.schemas.core_values import Recipient
from campaign_service.schemas.fields import (
    MERGE,
    Ask,
    Id,
    IdList,
    ModelName,
    Moment,
    NumberList,
    Seq,
    Sound,
    about,
)
from campaign_service.schemas.pages import HistoryQuery, PositionsQuery

__all__ = [
    "AddAttempts",
    "AfterMinutes",
    "AtTime",
    "AuditQuery",
    "CallsQuery",
    "CampaignSort",
    "CampaignsQuery",
    "CloneModel",
    "Confirmation",
    "DeleteModels",
    "DoNotCallQuery",
    "EventsQuery",
    "ExportQuery",
    "ForecastQuery",
    "Immediately",
    "LogQuery",
    "ModelQuery",
    "ModelsQuery",
    "NoQuery",
    "Numbers",
    "Recipients",
    "RecipientsQuery",
    "Rerun",
    "SoundsConfirmation",
    "StartCampaign",
    "StatusQuery",
    "StopAttempts",
    "StopCampaign",
    "ThenQuery",
    "ViewQuery",
    "When",
]

Then = (
    Annotated[Moment, about("As it was then (R8.3), by the journal; not later than now.")]
    | UnsetType
)
Many = Annotated[list[Recipient], Meta(min_length=1, max_length=10_000_000)]


# Bodies --------------------------------------------------------------------------------------


class Numbers(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Numbers for the do-not-call list, or off it (R6.12)."""

    numbers: Annotated[NumberList, about("As they are dialled, whatever their line.")]


class CloneModel(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How the copy of a model is called (R3.4)."""

    name: ModelName


class DeleteModels(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Models to be deleted, all or none of them (R3.5)."""

    model_ids: Annotated[IdList, about("Which ones: all of them are deleted, or none.")]
    confirmed: Annotated[bool, about("Needed where campaigns were started from one of them.")] = (
        False
    )


class Immediately(
    Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="mode", tag="IMMEDIATE"
):
    """Start with the command itself (R4.2)."""


class AfterMinutes(
    Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="mode", tag="DELAYED"
):
    """Start after a delay (R4.2)."""

    minutes: Annotated[int, Meta(ge=0, le=5_256_000, description="From now on; 0: at once.")]


class AtTime(
    Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="mode", tag="SCHEDULED"
):
    """Start at a date and time, which must not be past (R4.2)."""

    at: Moment


When = Immediately | AfterMinutes | AtTime


class StartCampaign(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A campaign to be started or scheduled from an enabled model (R4.1, R4.2)."""

    model_id: Id
    when: Annotated[When, about("Left out: at once.")] = Immediately()
    name: Annotated[ModelName | None, about("For this run alone; null: the model's.")] = None
    sound: Annotated[Sound | None, about("For this run alone; null: the model's.")] = None
    recipients: Annotated[Many | None, about("For this run alone; null: the model's.")] = None
    expires_at: Annotated[
        Moment | None, about("From then on no new call (R4.11); after the start.")
    ] = None
    merge_duplicates: Annotated[bool, about(MERGE)] = False
    confirmed: Annotated[
        bool, about("Start it though the telephony lacks a sound of it (R6.18).")
    ] = False


class Rerun(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Who of a campaign is called again by a new one. The body may be left out."""

    only: Annotated[
        Literal["UNREACHED", "FAILED"],
        about(
            "All who were not reached, or those who failed; nobody who opted out or is"
            " not to be called."
        ),
    ] = "UNREACHED"
    when: Annotated[When, about("Left out: at once.")] = Immediately()
    name: Annotated[ModelName | None, about("Of the new campaign; null: as the one before.")] = None
    expires_at: Annotated[
        Moment | None, about("From then on no new call (R4.11); after the start.")
    ] = None
    confirmed: Annotated[
        bool, about("Start it though the telephony lacks a sound of it (R6.18).")
    ] = False


class StopCampaign(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How a campaign is closed (R4.7). The body may be left out."""

    hang_up: Annotated[
        bool, about("End the calls in progress at once; else they go on to their end.")
    ] = False


class Recipients(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Recipients to be added behind the others (R4.10)."""

    recipients: Annotated[Many, about("In the order in which they are to be listed.")]
    merge_duplicates: Annotated[bool, about(MERGE)] = False


class AddAttempts(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """More attempts for some recipients (R5.2)."""

    attempts: Annotated[int, Meta(ge=1, le=100, description="How many more each one may have.")]
    positions: Annotated[
        IdList | Literal["ALL_FAILED"],
        about("Whom; ALL_FAILED: every failed one to whom they may be added."),
    ] = "ALL_FAILED"


class StopAttempts(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Recipients to be tried no more (R5.3)."""

    positions: Annotated[IdList, about("Whom, by their places in the list.")]


# Queries -------------------------------------------------------------------------------------


class NoQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class ModelsQuery(PositionsQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of the models, or of the recipients of one."""

    at: Then = UNSET


class ModelQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What an answer with a model holds."""

    recipients: Annotated[bool, about("With the list of recipients.")] = False
    at: Then = UNSET


class Confirmation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """That one knows of the campaigns which were started from a model (R3.5)."""

    confirmed: Annotated[
        bool, about("Needed where campaigns were started or scheduled from it; they stay.")
    ] = False


class SoundsConfirmation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """That one knows of the sounds which the telephony lacks (R6.18)."""

    confirmed: Annotated[
        bool, about("Needed where the telephony lacks a sound of the campaign.")
    ] = False


class DoNotCallQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of the do-not-call list, by number."""

    after: Annotated[
        str, Meta(max_length=32, description="Numbers behind this one: the `next` of a page.")
    ] = ""
    limit: Ask = 100
    at: Then = UNSET


CampaignSort = Literal[
    "CREATION",
    "NAME",
    "MODEL",
    "STATUS",
    "PRIORITY",
    "START",
    "EXPIRY",
    "RECIPIENTS",
    "PROGRESS",
    "CALLS",
]


class CampaignsQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of the list of campaigns."""

    after: Annotated[
        str,
        Meta(
            max_length=1_000,
            pattern=r"^([0-9]{1,16}(:-?[0-9]{1,20}:[^\x00-\x1f]*)?)?$",
            description="Campaigns behind this place: the `next` of a page in the same order.",
        ),
    ] = ""
    limit: Ask = 100
    search: Annotated[
        str,
        Meta(
            max_length=64,
            description="Only those with this anywhere in their name: capital or small, and what is"
            " written without accents finds those with them too.",
        ),
    ] = ""
    sort: Annotated[
        CampaignSort,
        about(
            "By what; those alike by their creation. STATUS: in the order in which a campaign goes"
            " through them; EXPIRY: those that never expire behind all others; PROGRESS: by the"
            " share of recipients reached; CALLS: those in progress."
        ),
    ] = "CREATION"
    order: Annotated[
        Literal["ASCENDING", "DESCENDING"], about("Lowest first, or wholly the other way round.")
    ] = "ASCENDING"
    status: Annotated[
        list[Status], about("Only those with one of these; may be given repeatedly.")
    ] = field(default_factory=list)
    at: Then = UNSET


class ThenQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Now, or as it was at a time."""

    at: Then = UNSET


class RecipientsQuery(PositionsQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of a campaign's recipients. With a filter it may be short though more follow."""

    state: Annotated[
        list[RecipientStatus], about("Only those in one of these; may be given repeatedly.")
    ] = field(default_factory=list)
    number: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=32,
                description="Only those listed under it, as a further number too.",
            ),
        ]
        | UnsetType
    ) = UNSET
    at: Then = UNSET


class LogQuery(HistoryQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of a log."""

    until: Annotated[Moment, about("Only what happened by then.")] | UnsetType = UNSET


class AuditQuery(HistoryQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of what people did."""

    actor: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                pattern=r"^[^\x00-\x1f]+$",
                description="Only what this one did.",
            ),
        ]
        | UnsetType
    ) = UNSET
    since: Annotated[Moment, about("Not before then.")] | UnsetType = UNSET
    until: Annotated[Moment, about("Not after then.")] | UnsetType = UNSET


class StatusQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the status tells."""

    waiting: Annotated[
        bool, about("With who has waited longest (R8.5); with a million idle a second or two.")
    ] = False


class CallsQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of the calls in progress."""

    after: Annotated[
        str, Meta(max_length=32, description="Calls behind this one: the `next` of a page.")
    ] = ""
    limit: Ask = 100
    campaign_id: Annotated[Id, about("Only those of this campaign.")] | UnsetType = UNSET
    at: Then = UNSET


class EventsQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """From where on, and of whom, events are told."""

    after: Annotated[Seq, about("Events behind this one; left out: those to come.")] | UnsetType = (
        UNSET
    )
    campaign_id: Annotated[Id, about("Only those of this campaign.")] | UnsetType = UNSET


class ViewQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a screen shows already, and of which campaign it shows the recipients."""

    after: (
        Annotated[Seq, about("As of which event the screen shows all; left out: nothing yet.")]
        | UnsetType
    ) = UNSET
    campaign_id: (
        Annotated[Id, about("Of this campaign also whose recipients' states changed.")] | UnsetType
    ) = UNSET


class ExportQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is exported, and how it is written."""

    format: Annotated[Literal["csv", "json"], about("How it is written.")] = "csv"
    what: Annotated[
        Literal["recipients", "attempts", "log"],
        about("A row for each recipient, each attempt, or each event."),
    ] = "recipients"


class ForecastQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How a forecast is made."""

    runs: Annotated[int, Meta(ge=10, le=50, description="How many times the future is played.")] = (
        10
    )

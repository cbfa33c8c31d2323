"""What answers show of the service and its journal: status, logs, past campaigns (R9)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campaign_core import Status
from campaign_service.schemas.core_values import CallLimits, Parameters
from campaign_service.schemas.explanations import Waiting
from campaign_service.schemas.fields import EventData, Id, Seq, Time, about, name_of
from campaign_service.schemas.pages import Page, WholeList
from campaign_service.vocabulary import ProcessRole

__all__ = [
    "Alive",
    "AuditPage",
    "CallsInUse",
    "LinkStatus",
    "LogEntry",
    "LogPage",
    "Node",
    "NodeList",
    "PastCampaign",
    "PastCampaignDetail",
    "PastCampaignPage",
    "ProblemMeaning",
    "ServiceStatus",
    "Tenant",
    "TenantList",
    "UnknownTimeZone",
]


class Alive(Struct, kw_only=True, frozen=True):
    """That the process answers."""

    status: Annotated[Literal["alive", "ready"], about("`alive` of /health, `ready` of /ready.")]


class ProblemMeaning(Struct, kw_only=True, frozen=True):
    """A kind of problem: what it means, and what to do."""

    type: Annotated[str, Meta(description="As a problem has it.", examples=["/problems/refused"])]
    title: Annotated[str, about("The same in every problem of this kind.")]
    status: Annotated[int, about("The status of HTTP that comes with it.")]
    meaning: Annotated[str, about("What it means, and what to do.")]


class LogEntry(Struct, kw_only=True, frozen=True):
    """An event, as the journal has it."""

    seq: Seq
    at: Time
    actor: Annotated[str, about("Who caused it: a user, the rules themselves, or the telephony.")]
    kind: Annotated[str, about("The event's type, such as CallPlaced.")]
    campaign_id: Annotated[Id | None, about("Of which campaign; null: of none.")]
    event: EventData
    is_abridged: Annotated[
        bool,
        about(
            "The event is a long one, such as a million recipients, and is not shown"
            " here; the log's entry of this number has all of it."
        ),
    ]


class LogPage(Page[LogEntry, int], kw_only=True, frozen=True):
    """Events, oldest first."""


class PastCampaign(Struct, kw_only=True, frozen=True):
    """A campaign that is, or was and was deleted (R9.2)."""

    campaign_id: Id
    name: Annotated[str, about("Of the campaign.")]
    model_id: Id
    model_name: Annotated[str, about("The model's name when the campaign was made.")]
    created_at: Time
    created_seq: Seq
    starts_at: Annotated[Time, about("For when it was made; it may be started sooner.")]
    expires_at: Annotated[Time | None, about("From then on no new call (R4.11); null: never.")]
    recipient_count: Annotated[int, about("Those appended later included.")]
    deleted_at: Annotated[Time | None, about("null: it is on the list.")]
    deleted_seq: Annotated[
        Seq | None, about("The event by which it was deleted; null: it is on the list.")
    ]


class PastCampaignPage(Page[PastCampaign, int], kw_only=True, frozen=True):
    """Every campaign that ever was, in the order asked for."""


class PastCampaignDetail(PastCampaign, kw_only=True, frozen=True):
    """A campaign with its parameters as they were when it was made."""

    parameters: Parameters
    outcomes: Annotated[dict[str, int], about("How many attempts ended so, by outcome.")]


class LinkStatus(Struct, kw_only=True, frozen=True):
    """The connection to the telephony (R5.5)."""

    is_up: Annotated[bool, about("Whether the telephony is connected.")]
    deferred_until: Annotated[Time | None, about("The telephony takes no call before then.")]
    call_limits: CallLimits
    """How many calls it takes at one time, as far as it has said."""
    telephony: Annotated[
        str | None, about("Its kind; `simulated`: nobody is really called; null: never named.")
    ]


class CallsInUse(Struct, kw_only=True, frozen=True):
    """Calls in progress by line, and the general limits."""

    internal: Annotated[int, about("On internal lines.")]
    external: Annotated[int, about("On external lines.")]
    limits: CallLimits


class UnknownTimeZone(Struct, kw_only=True, frozen=True):
    """A time zone with somebody to call in it that the server does not know (R3.6)."""

    campaign_id: Id
    time_zone: Annotated[str, about("As it was accepted, perhaps by another machine.")]
    recipients: Annotated[int, about("How many are not called for that.")]


class ServiceStatus(Struct, kw_only=True, frozen=True):
    """How a tenant's service fares."""

    tenant: Annotated[str, about("Whose service it is.")]
    service_id: Annotated[str, about("With which the ids of its calls begin.")]
    now: Time
    role: Annotated[str, name_of(ProcessRole)]
    leader: Annotated[str | None, about("Where the leader listens, where known.")]
    journal_away_since: Annotated[
        Time | None, about("Since when nothing can be written; null: all is well.")
    ]
    events_waiting: Annotated[int, about("Events that are not durable yet.")]
    last_seq: Seq
    is_draining: Annotated[
        bool, about("Whether no new calls are placed, since the process is about to stop.")
    ]
    trouble: Annotated[
        str | None,
        about(
            "Why this process cannot serve or lead the tenant, or places no calls"
            " because it is unsure that it leads."
        ),
    ]
    link: LinkStatus
    calls: CallsInUse
    campaigns: Annotated[
        dict[Annotated[str, name_of(Status)], int], about("How many there are, by status.")
    ]
    calendar_ahead_ms: Annotated[
        int,
        about(
            "How far the server's clock stands ahead of the service's own time (R7.12),"
            " by which events are told; 0 unless it was set meanwhile; negative: behind."
        ),
    ]
    unknown_time_zones: Annotated[
        list[UnknownTimeZone], about("Whose calling hours cannot be told: nobody there is called.")
    ]
    waiting: Annotated[
        list[Waiting] | None,
        about("Who has waited longest in each active campaign (R8.5); null: it was not asked for."),
    ]


class Node(Struct, kw_only=True, frozen=True):
    """A node of a telephony that is a pool of several."""

    name: Annotated[str, about("As the file of the pool has it.")]
    is_up: Annotated[bool, about("Whether it is connected.")]
    is_drained: Annotated[bool, about("It gets no new calls, by order.")]
    calls: Annotated[int, about("Calls that it has, those adrift included.")]
    calls_adrift: Annotated[int, about("Those whose fate is unknown since the connection went.")]
    weight: Annotated[int, about("Its share of the calls, beside the others' weights.")]
    call_limits: CallLimits
    calls_per_s: Annotated[
        int | None, about("At most so many new calls a second; null: unlimited.")
    ]
    deferred_until: Annotated[Time | None, about("It takes no call before then.")]
    last_error: Annotated[str | None, about("Why it was out of reach last.")]


class NodeList(WholeList[Node], kw_only=True, frozen=True):
    """The nodes of the telephony, in the order of its file; none, where it is no pool."""


class Tenant(Struct, kw_only=True, frozen=True):
    """One PBX's service."""

    name: Annotated[str, about("As it stands in the paths of the API.")]
    service_id: Annotated[str, about("With which the ids of its calls begin.")]
    role: Annotated[str, name_of(ProcessRole)]
    leader: Annotated[
        str | None, about("Where the process listens that leads it; null: not known.")
    ]
    is_simulated: Annotated[
        bool, about("Whether nobody is really called: the telephony is simulated.")
    ]


class TenantList(WholeList[Tenant], kw_only=True, frozen=True):
    """The tenants of this process that one may see."""


class AuditPage(Page[LogEntry, int], kw_only=True, frozen=True):
    """What people did, oldest first."""

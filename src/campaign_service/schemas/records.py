"""What answers show of the service and its journal: status, logs, past campaigns (R9)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campaign_core import Status
from campaign_service.schemas.core_values import CallLimits, Parameters
from campaign_service.schemas.explanations import Waiting
from campaign_service.schemas.fields import EventData, Id, Seq, Time, name_of
from campaign_service.schemas.responses import Next
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

    status: Annotated[
        Literal["alive", "ready"], Meta(description="`alive` of /health, `ready` of /ready.")
    ]


class ProblemMeaning(Struct, kw_only=True, frozen=True):
    """A kind of problem: what it means, and what to do."""

    type: Annotated[str, Meta(description="As a problem has it.", examples=["/problems/refused"])]
    title: Annotated[str, Meta(description="The same in every problem of this kind.")]
    status: Annotated[int, Meta(description="The status of HTTP that comes with it.")]
    meaning: Annotated[str, Meta(description="What it means, and what to do.")]


class LogEntry(Struct, kw_only=True, frozen=True):
    """An event, as the journal has it."""

    seq: Seq
    at: Time
    actor: Annotated[
        str, Meta(description="Who caused it: a user, the rules themselves, or the telephony.")
    ]
    kind: Annotated[str, Meta(description="The event's type, such as CallPlaced.")]
    campaign_id: Annotated[Id | None, Meta(description="Of which campaign; null: of none.")]
    event: EventData
    is_abridged: Annotated[
        bool,
        Meta(
            description="The event is a long one, such as a million recipients, and is not shown"
            " here; the log's entry of this number has all of it."
        ),
    ]


class LogPage(Struct, kw_only=True, frozen=True):
    """Events, oldest first."""

    items: Annotated[list[LogEntry], Meta(description="Of this page.")]
    next: Next


class PastCampaign(Struct, kw_only=True, frozen=True):
    """A campaign that is, or was and was deleted (R9.2)."""

    campaign_id: Id
    name: Annotated[str, Meta(description="Of the campaign.")]
    model_id: Id
    model_name: Annotated[str, Meta(description="The model's name when the campaign was made.")]
    created_at: Time
    created_seq: Seq
    starts_at: Annotated[Time, Meta(description="For when it was made; it may be started sooner.")]
    expires_at: Annotated[
        Time | None, Meta(description="From then on no new call (R4.11); null: never.")
    ]
    recipient_count: Annotated[int, Meta(description="Those appended later included.")]
    deleted_at: Annotated[Time | None, Meta(description="null: it is on the list.")]
    deleted_seq: Annotated[
        Seq | None, Meta(description="The event by which it was deleted; null: it is on the list.")
    ]


class PastCampaignPage(Struct, kw_only=True, frozen=True):
    """Every campaign that ever was, oldest first."""

    items: Annotated[list[PastCampaign], Meta(description="Of this page.")]
    next: Next


class PastCampaignDetail(PastCampaign, kw_only=True, frozen=True):
    """A campaign with its parameters as they were when it was made."""

    parameters: Parameters
    outcomes: Annotated[dict[str, int], Meta(description="How many attempts ended so, by outcome.")]


class LinkStatus(Struct, kw_only=True, frozen=True):
    """The connection to the telephony (R5.5)."""

    is_up: Annotated[bool, Meta(description="Whether the telephony is connected.")]
    deferred_until: Annotated[
        Time | None, Meta(description="The telephony takes no call before then.")
    ]
    call_limits: CallLimits
    """How many calls it takes at one time, as far as it has said."""
    telephony: Annotated[
        str | None,
        Meta(description="Its kind; `simulated`: nobody is really called; null: never named."),
    ]


class CallsInUse(Struct, kw_only=True, frozen=True):
    """Calls in progress by line, and the general limits."""

    internal: Annotated[int, Meta(description="On internal lines.")]
    external: Annotated[int, Meta(description="On external lines.")]
    limits: CallLimits


class UnknownTimeZone(Struct, kw_only=True, frozen=True):
    """A time zone with somebody to call in it that the server does not know (R3.6)."""

    campaign_id: Id
    time_zone: Annotated[str, Meta(description="As it was accepted, perhaps by another machine.")]
    recipients: Annotated[int, Meta(description="How many are not called for that.")]


class ServiceStatus(Struct, kw_only=True, frozen=True):
    """How a tenant's service fares."""

    tenant: Annotated[str, Meta(description="Whose service it is.")]
    service_id: Annotated[str, Meta(description="With which the ids of its calls begin.")]
    now: Time
    role: Annotated[str, name_of(ProcessRole)]
    leader: Annotated[str | None, Meta(description="Where the leader listens, where known.")]
    journal_away_since: Annotated[
        Time | None, Meta(description="Since when nothing can be written; null: all is well.")
    ]
    events_waiting: Annotated[int, Meta(description="Events that are not durable yet.")]
    last_seq: Seq
    is_draining: Annotated[
        bool,
        Meta(description="Whether no new calls are placed, since the process is about to stop."),
    ]
    trouble: Annotated[
        str | None,
        Meta(
            description="Why this process cannot serve or lead the tenant, or places no calls"
            " because it is unsure that it leads."
        ),
    ]
    link: LinkStatus
    calls: CallsInUse
    campaigns: Annotated[
        dict[Annotated[str, name_of(Status)], int],
        Meta(description="How many there are, by status."),
    ]
    calendar_ahead_ms: Annotated[
        int,
        Meta(
            description="How far the server's clock stands ahead of the service's own time (R7.12),"
            " by which events are told; 0 unless it was set meanwhile; negative: behind."
        ),
    ]
    unknown_time_zones: Annotated[
        list[UnknownTimeZone],
        Meta(description="Whose calling hours cannot be told: nobody there is called."),
    ]
    waiting: Annotated[
        list[Waiting] | None,
        Meta(
            description="Who has waited longest in each active campaign (R8.5); null: it was not"
            " asked for."
        ),
    ]


class Node(Struct, kw_only=True, frozen=True):
    """A node of a telephony that is a pool of several."""

    name: Annotated[str, Meta(description="As the file of the pool has it.")]
    is_up: Annotated[bool, Meta(description="Whether it is connected.")]
    is_drained: Annotated[bool, Meta(description="It gets no new calls, by order.")]
    calls: Annotated[int, Meta(description="Calls that it has, those adrift included.")]
    calls_adrift: Annotated[
        int, Meta(description="Those whose fate is unknown since the connection went.")
    ]
    weight: Annotated[int, Meta(description="Its share of the calls, beside the others' weights.")]
    call_limits: CallLimits
    calls_per_s: Annotated[
        int | None, Meta(description="At most so many new calls a second; null: unlimited.")
    ]
    deferred_until: Annotated[Time | None, Meta(description="It takes no call before then.")]
    last_error: Annotated[str | None, Meta(description="Why it was out of reach last.")]


class NodeList(Struct, kw_only=True, frozen=True):
    """The nodes of the telephony, in the order of its file; none, where it is no pool."""

    items: Annotated[list[Node], Meta(description="All of them: there are no pages.")]


class Tenant(Struct, kw_only=True, frozen=True):
    """One PBX's service."""

    name: Annotated[str, Meta(description="As it stands in the paths of the API.")]
    service_id: Annotated[str, Meta(description="With which the ids of its calls begin.")]
    role: Annotated[str, name_of(ProcessRole)]
    leader: Annotated[
        str | None, Meta(description="Where the process listens that leads it; null: not known.")
    ]
    is_simulated: Annotated[
        bool, Meta(description="Whether nobody is really called: the telephony is simulated.")
    ]


class TenantList(Struct, kw_only=True, frozen=True):
    """The tenants of this process that one may see."""

    items: Annotated[list[Tenant], Meta(description="All of them: there are no pages.")]


class AuditPage(Struct, kw_only=True, frozen=True):
    """What people did, oldest first."""

    items: Annotated[list[LogEntry], Meta(description="Of this page.")]
    next: Next

"""What a service answers about itself, its calls and what is to come, as values."""

from __future__ import annotations

from datetime import datetime

import attrs

from campaign_service.client.campaigns import CallLimits, Explanation

__all__ = [
    "Call",
    "CallsInUse",
    "Forecast",
    "LinkStatus",
    "Node",
    "PlannedCall",
    "ServiceStatus",
    "Spread",
    "Tenant",
    "TimeSpread",
    "UnknownTimeZone",
    "Waiting",
    "WhatIf",
]


@attrs.frozen(kw_only=True)
class Waiting:
    """Who of a campaign has waited longest, and behind what (R8.5)."""

    campaign_id: int
    position: int
    since: datetime
    why: Explanation


@attrs.frozen(kw_only=True)
class Call:
    """A call in progress."""

    call_id: str
    campaign_id: int
    position: int
    attempt: int
    number: str
    line: str
    placed_at: datetime
    deadline_at: datetime
    is_answered: bool
    is_reached: bool
    is_adrift: bool
    step: str


@attrs.frozen(kw_only=True)
class PlannedCall:
    """A call that would be placed."""

    campaign_id: int
    position: int
    number: str
    line: str


@attrs.frozen(kw_only=True)
class WhatIf:
    """What a command would do at once (R8.5)."""

    calls: list[PlannedCall]
    """The first of them, in order."""
    call_count: int
    blocked: list[int]
    """Campaigns that would become BLOCKED."""
    freed: list[int]


@attrs.frozen(kw_only=True)
class Spread:
    """Three quantiles of a number that is not known yet; ``None``: beyond the horizon."""

    p10: int | None
    p50: int | None
    p90: int | None


@attrs.frozen(kw_only=True)
class TimeSpread:
    """Three quantiles of a time that is not known yet; ``None``: beyond the horizon."""

    p10: datetime | None
    p50: datetime | None
    p90: datetime | None


@attrs.frozen(kw_only=True)
class Forecast:
    """How a campaign will end, by playing the future several times (R8.2)."""

    campaign_id: int
    ends_at: TimeSpread
    reached: Spread
    completed: float
    """The share of runs in which it is completed."""
    runs: int


@attrs.frozen(kw_only=True)
class Tenant:
    """One PBX's service."""

    name: str
    service_id: str
    role: str
    leader: str | None
    is_simulated: bool = False
    """Whether nobody is really called."""


@attrs.frozen(kw_only=True)
class LinkStatus:
    """The connection to the telephony."""

    is_up: bool
    deferred_until: datetime | None = None
    call_limits: CallLimits = attrs.field(factory=CallLimits)
    """How many calls it takes at one time, as far as it has said."""
    telephony: str | None = None
    """Its kind; ``simulated``: nobody is really called; ``None``: never named."""


@attrs.frozen(kw_only=True)
class Node:
    """A node of a telephony that is a pool of several."""

    name: str
    is_up: bool
    is_drained: bool
    calls: int
    calls_adrift: int
    weight: int
    call_limits: CallLimits
    calls_per_s: int | None
    deferred_until: datetime | None
    last_error: str | None


@attrs.frozen(kw_only=True)
class CallsInUse:
    """Calls in progress, and the general limits."""

    internal: int
    external: int
    limits: CallLimits


@attrs.frozen(kw_only=True)
class UnknownTimeZone:
    """A time zone with somebody to call in it that the server does not know."""

    campaign_id: int
    time_zone: str
    recipients: int
    """How many are not called for that."""


@attrs.frozen(kw_only=True)
class ServiceStatus:
    """How a tenant's service fares."""

    tenant: str
    service_id: str
    now: datetime
    role: str
    leader: str | None
    journal_away_since: datetime | None
    events_waiting: int
    last_seq: int
    is_draining: bool
    link: LinkStatus
    calls: CallsInUse
    campaigns: dict[str, int]
    trouble: str | None = None
    """Why the process that was asked cannot serve or lead it, or is unsure that it leads."""
    waiting: list[Waiting] | None = None
    """``None``: it was not asked for."""
    calendar_ahead_ms: int = 0
    """How far the server's clock stands ahead of the service's own time; negative: behind it."""
    unknown_time_zones: list[UnknownTimeZone] = attrs.field(factory=list)
    """Whose calling hours the server cannot tell: nobody there is called."""

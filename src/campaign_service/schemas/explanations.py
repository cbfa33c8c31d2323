"""What answers show of questions to the state: why, what if, who waits, how it will end (R8)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from campaign_core import Line, ReasonKind
from campaign_service.schemas.fields import Id, Time, about, name_of

__all__ = [
    "CampaignForecast",
    "Explanation",
    "PlannedCall",
    "Reason",
    "Spread",
    "TimeSpread",
    "Waiting",
    "WhatIfAnswer",
]


class Reason(Struct, kw_only=True, frozen=True):
    """One reason why a recipient is not called."""

    kind: Annotated[str, name_of(ReasonKind)]
    sentence: Annotated[str, about("For a person.")]
    change: Annotated[str, about("What would change it; empty: nothing would.")]
    until: Annotated[Time | None, about("When time alone changes it.")]
    count: Annotated[
        int | None,
        about("How many there are of what the sentence counts; null: it counts nothing."),
    ]
    limit: Annotated[int | None, about("The limit that is reached; null: none is.")]


class Explanation(Struct, kw_only=True, frozen=True):
    """Why a recipient is not being called, or that it is called next (R8.1)."""

    campaign_id: Id
    position: Id
    is_called_next: Annotated[
        bool, about("Whether the next pass calls this recipient: then there is no reason.")
    ]
    sentence: Annotated[str, about("All reasons, for a person.")]
    reasons: Annotated[list[Reason], about("Every one.")]


class PlannedCall(Struct, kw_only=True, frozen=True):
    """A call that would be placed."""

    campaign_id: Id
    position: Id
    number: Annotated[str, about("That would be called.")]
    line: Annotated[str, name_of(Line)]


class WhatIfAnswer(Struct, kw_only=True, frozen=True):
    """What a command would do at once (R8.5)."""

    calls: Annotated[list[PlannedCall], about("The first 1,000 of them, in order.")]
    call_count: Annotated[int, about("How many there would be in all.")]
    blocked: Annotated[list[Id], about("Campaigns that would become BLOCKED.")]
    freed: Annotated[list[Id], about("Campaigns that would be BLOCKED no more.")]


class Waiting(Struct, kw_only=True, frozen=True):
    """Who of a campaign has waited longest, and behind what (R8.5)."""

    campaign_id: Id
    position: Id
    since: Time
    why: Explanation


class Spread(Struct, kw_only=True, frozen=True):
    """Three quantiles of a number that is not known yet; null: beyond the horizon."""

    p10: Annotated[int | None, about("In a tenth of the runs it is no more.")]
    p50: Annotated[int | None, about("In half of the runs it is no more.")]
    p90: Annotated[int | None, about("In nine tenths of the runs it is no more.")]


class TimeSpread(Struct, kw_only=True, frozen=True):
    """Three quantiles of a time that is not known yet; null: beyond the horizon."""

    p10: Annotated[Time | None, about("In a tenth of the runs it is no later.")]
    p50: Annotated[Time | None, about("In half of the runs it is no later.")]
    p90: Annotated[Time | None, about("In nine tenths of the runs it is no later.")]


class CampaignForecast(Struct, kw_only=True, frozen=True):
    """How a campaign will end, by playing the future several times (R8.2)."""

    campaign_id: Id
    ends_at: TimeSpread
    reached: Spread
    completed: Annotated[float, about("The share of runs in which it is completed.")]
    runs: Annotated[int, about("How many times the future was played.")]

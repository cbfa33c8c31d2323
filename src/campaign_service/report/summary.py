"""The figures of a campaign: what a person wants to know first."""

from __future__ import annotations

import attrs

from campaign_core import (
    CallLimits,
    CampaignId,
    Instant,
    Line,
    Outcome,
    PauseReason,
    Settings,
    State,
    Status,
    campaign,
)
from campaign_service.report.panel import StatusPanel

__all__ = ["Summary", "limits_in_force", "summarize"]


@attrs.frozen(kw_only=True)
class Summary:
    """A campaign in figures."""

    campaign_id: CampaignId
    name: str
    status: Status
    pause_reason: PauseReason | None
    """Why it is paused, where it is."""
    recipients: int
    reached: int
    failed: int
    idle: int
    """Neither reached nor failed nor in a call."""
    in_progress: int
    threshold: int | None
    """How many must be reached; ``None``: all."""
    attempts: int
    """Calls placed, those given back not counted."""
    given_back: int
    outcomes: tuple[tuple[Outcome, int], ...]
    """How calls ended, the most frequent first."""
    scheduled_for: Instant
    started_at: Instant | None
    ended_at: Instant | None
    """When nobody was left to call; ``None``: somebody is."""
    now: Instant
    """Of the last event."""
    limits: CallLimits
    """The campaign's own and the general ones, whichever is lower."""
    most_internal: int
    most_external: int
    most_at_once: int
    """The most calls in progress at one time."""

    @property
    def lasted_s(self) -> int | None:
        """Seconds from the start to the end, or to now."""
        if self.started_at is None:
            return None
        return ((self.ended_at or self.now) - self.started_at) // 1_000


def summarize(panel: StatusPanel, state: State, settings: Settings) -> Summary:
    """Return the figures of a panel's campaign.

    Args:
        panel: has taken every event.
        state: the state after them.
    """
    found = campaign(state, panel.campaign_id, state.now)
    return Summary(
        campaign_id=panel.campaign_id,
        name=found.name,
        status=found.status,
        pause_reason=found.pause_reason,
        recipients=len(found.recipients),
        reached=found.contacted,
        failed=found.failed,
        idle=found.idle,
        in_progress=found.internal_calls + found.external_calls,
        threshold=found.parameters.threshold,
        attempts=panel.attempts,
        given_back=panel.given_back,
        outcomes=tuple(panel.outcomes.most_common()),
        scheduled_for=found.starts_at,
        started_at=panel.started_at,
        ended_at=panel.ended_at,
        now=state.now,
        limits=limits_in_force(found.parameters.call_limits, settings.call_limits),
        most_internal=panel.load.peak(Line.INTERNAL),
        most_external=panel.load.peak(Line.EXTERNAL),
        most_at_once=panel.load.peak(),
    )


def limits_in_force(own: CallLimits, general: CallLimits) -> CallLimits:
    """Return the lower one of two limits, for each line and in all."""
    return CallLimits(
        total=_lower(own.total, general.total),
        internal=_lower(own.internal, general.internal),
        external=_lower(own.external, general.external),
    )


def _lower(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)

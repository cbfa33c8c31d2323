"""What a command would do now, and who has waited longest (R8.5)."""

from __future__ import annotations

import attrs

from campaign_core import events as ev
from campaign_core._decision.explain import explain
from campaign_core._decision.handle import handle
from campaign_core._decision.queries import campaign_ids, campaigns, row_of
from campaign_core._decision.reasons import Explanation
from campaign_core._model.recipients import Line
from campaign_core._model.statuses import Status
from campaign_core._state import record as rec
from campaign_core._state.lines import idle_positions
from campaign_core._state.service import State
from campaign_core._values.identifiers import CampaignId, Position
from campaign_core._values.instants import Instant
from campaign_core.commands import Command
from campaign_core.reports import Tick

__all__ = ["PlannedCall", "Waiting", "WhatIf", "starvation", "what_if"]


@attrs.frozen(kw_only=True)
class PlannedCall:
    """A call that would be placed."""

    campaign_id: CampaignId
    position: Position
    number: str
    line: Line


@attrs.frozen(kw_only=True)
class WhatIf:
    """What a command would do at once."""

    calls: tuple[PlannedCall, ...]
    """Calls that would be placed, in order."""
    blocked: tuple[CampaignId, ...]
    """Campaigns that would become ``BLOCKED``."""
    freed: tuple[CampaignId, ...]
    """Campaigns that would be ``BLOCKED`` no more."""


@attrs.frozen(kw_only=True)
class Waiting:
    """The recipient of a campaign that has waited longest, and behind what."""

    campaign_id: CampaignId
    position: Position
    since: Instant
    """Since when it could be called by its own rules."""
    why: Explanation


def what_if(state: State, command: Command, now: Instant) -> WhatIf:
    """Return what a command would do now; nothing happens (R8.5).

    Args:
        state: the state; not changed.
        command: a change of settings, of a model, of a campaign.
        now: the time.

    Raises:
        CommandRefusedError: the command would be refused.
        SettingsError: likewise, for a bad value.
    """
    # What is due anyway is no effect of the command.
    before = handle(state, Tick(), now).state
    after = handle(before, command, now)
    calls = tuple(
        PlannedCall(
            campaign_id=event.campaign_id,
            position=event.position,
            number=event.number,
            line=event.line,
        )
        for event in after.events
        if isinstance(event, ev.CallPlaced)
    )
    were, are = _blocked(before, now), _blocked(after.state, now)
    return WhatIf(
        calls=calls,
        blocked=tuple(campaign_id for campaign_id in are if campaign_id not in were),
        freed=tuple(campaign_id for campaign_id in were if campaign_id not in are),
    )


def _blocked(state: State, now: Instant) -> list[CampaignId]:
    return [
        campaign.campaign_id
        for campaign in campaigns(state, now)
        if campaign.status is Status.BLOCKED
    ]


def starvation(state: State, now: Instant) -> tuple[Waiting, ...]:
    """Return, for each active campaign, who has waited longest and why; longest first (R8.5).

    Costs O(n log n) in the idle recipients of active campaigns.
    """
    found = []
    for campaign_id in campaign_ids(state):
        row = row_of(state, campaign_id)
        if row.status is not Status.ACTIVE or not row.idle:
            continue
        waiting = sorted(
            (max(state._row.time_of(row.starts_at), rec.due_at_of(row.record(position))), position)
            for position in idle_positions(row)
        )
        for since, position in waiting:
            if since > now:
                break
            why = explain(state, campaign_id, Position(position), now)
            # Whoever is called next does not wait; the one behind may.
            if why.reasons:
                found.append(
                    Waiting(
                        campaign_id=campaign_id,
                        position=Position(position),
                        since=Instant(since),
                        why=why,
                    )
                )
                break
    return tuple(sorted(found, key=lambda waiting: (waiting.since, waiting.campaign_id)))

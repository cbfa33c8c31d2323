"""How a campaign would go: a run on virtual time that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from campaign_core import Instant, ServiceId, open_service
from campaign_core.events import CallPlaced, Event
from campaign_drivers.simulated import Exchange
from campaign_service.cli.runs.campaign_run import CAMPAIGN_ID, commands_of
from campaign_service.config import CampaignFile
from campaign_service.engine import VirtualEngine
from campaign_service.report import StatusPanel, Summary, summarize

__all__ = ["Forecast", "forecast"]

_FIRST = 10


@attrs.frozen
class Forecast:
    """What a simulation showed."""

    first_calls: tuple[CallPlaced, ...]
    summary: Summary | None
    """``None``: the simulation was ended before the campaign."""


def forecast(file: CampaignFile, now: Instant, *, to_its_end: bool) -> Forecast:
    """Return how a campaign would go with the network of its file.

    Args:
        file: the campaign.
        now: when the run begins.
        to_its_end: whether to go on after the first calls.
    """
    panel = StatusPanel(CAMPAIGN_ID)
    first: list[CallPlaced] = []

    def note_first(events: Sequence[Event]) -> None:
        if len(first) < _FIRST:
            first.extend(event for event in events if isinstance(event, CallPlaced))

    engine = VirtualEngine(
        open_service(ServiceId(f"{file.simulation.seed:08x}"), file.settings, now),
        exchange=Exchange(file.simulation.network, seed=file.simulation.seed),
        now=now,
        observers=[panel.take, note_first],
        grain_ms=file.simulation.grain_ms,
    )
    for command in commands_of(file):
        engine.give(command)
    engine.run(until=lambda: _is_over(panel) or (not to_its_end and len(first) >= _FIRST))
    summary = summarize(panel, engine.state, file.settings) if to_its_end else None
    return Forecast(tuple(first[:_FIRST]), summary)


def _is_over(panel: StatusPanel) -> bool:
    return panel.ended_at is not None and not panel.in_progress

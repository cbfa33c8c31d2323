"""Forecasts of a running service (R8.2): bounded, since each takes a processor for itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import cast

from campaign_core import CampaignId, Instant, State, Status, campaign, campaigns
from campaign_core.codec import from_data
from campaign_core.errors import CommandRefusedError
from campaign_core.events import Event
from campaign_drivers import CampaignForecast, forecast, observed
from campaign_service.api.stream.entries import WHOLE_MAX
from campaign_service.serving import TenantService

__all__ = ["forecast_of"]

_EVENTS_READ = 20_000
"""The last events of the journal, from which is learnt how callees behave."""
_RUNS_LEAST = 3
_OVER = frozenset({Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED})


def forecast_of(
    tenant: TenantService,
    campaign_id: CampaignId,
    state: State,
    now: Instant,
    *,
    runs: int,
    calls_max: int,
    within_s: float,
    is_wanted: Callable[[], bool] = lambda: True,
) -> tuple[CampaignForecast, int]:
    """Return how a campaign will end, and from how many runs; to be asked in a thread.

    Args:
        tenant: whose.
        campaign_id: which.
        state: the present one, that is played on.
        now: the time.
        runs: how many runs are played, if there is time.
        calls_max: so many calls may be placed in them, at most.
        within_s: after so long it is of the runs played by then.
        is_wanted: whether somebody still waits for it.

    Raises:
        CommandRefusedError: it is over, or to play the future takes too long.
        UnknownCampaignError: there is none such.
    """
    _check_size(state, now, campaign_id, runs=runs, calls_max=calls_max)
    first = max(0, state.sequence - _EVENTS_READ)
    # Those with many recipients in them tell nothing of calls.
    entries = tenant.history.entries(after=first, limit=_EVENTS_READ, data_max=WHOLE_MAX)
    seen = observed(
        cast("Event", from_data(json.loads(entry.data))) for entry in entries if entry.data
    )
    ends_at = time.monotonic() + within_s

    def go_on() -> bool:
        return time.monotonic() < ends_at and is_wanted()

    try:
        found = forecast(state, now, seen, runs=runs, go_on=go_on)
    except TimeoutError:
        found = None
    if found is None or found.runs < min(runs, _RUNS_LEAST):
        why = f"fewer than {_RUNS_LEAST} runs could be played in {within_s:g} s: too few to tell"
        raise CommandRefusedError("Forecast", why)
    return next(one for one in found.campaigns if one.campaign_id == campaign_id), found.runs


def _check_size(
    state: State, now: Instant, campaign_id: CampaignId, *, runs: int, calls_max: int
) -> None:
    campaign(state, campaign_id, now)
    going_on = [one for one in campaigns(state, now) if one.status not in _OVER]
    if campaign_id not in [one.campaign_id for one in going_on]:
        raise CommandRefusedError("Forecast", f"campaign {campaign_id} is over")
    # All that go on take the same lines from each other: all of them are played.
    calls_open = sum(
        (one.idle + one.internal_calls + one.external_calls) * one.parameters.attempts_max
        for one in going_on
    )
    if calls_open * runs > calls_max:
        why = (
            f"up to {calls_open} calls are still to be placed; {runs} runs of that are more than"
            f" the {calls_max} calls that a forecast may play"
        )
        raise CommandRefusedError("Forecast", why)

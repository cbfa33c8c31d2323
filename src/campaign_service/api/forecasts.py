"""Forecasts of a running service (R8.2): bounded, since each takes a processor for itself."""

from __future__ import annotations

import json
from typing import cast

from campaign_core import CampaignId, Status, campaign, campaigns
from campaign_core.codec import from_data
from campaign_core.errors import CommandRefusedError
from campaign_core.events import Event
from campaign_drivers.simulated.forecast import CampaignForecast, forecast, observed
from campaign_service.serving import TenantService

__all__ = ["forecast_of"]

_EVENTS_READ = 20_000
"""The last events of the journal, from which is learnt how callees behave."""
_OVER = frozenset({Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED})


def forecast_of(
    tenant: TenantService, campaign_id: CampaignId, *, runs: int, calls_max: int
) -> CampaignForecast:
    """Return how a campaign will end; to be asked in a thread.

    Raises:
        CommandRefusedError: it is over, or to play the future would take too long.
        UnknownCampaignError: there is none such.
    """
    state, now = tenant.state, tenant.now
    campaign(state, campaign_id, now)
    going_on = [one for one in campaigns(state, now) if one.status not in _OVER]
    if campaign_id not in [one.campaign_id for one in going_on]:
        raise CommandRefusedError("Forecast", f"campaign {campaign_id} is over")
    # All that go on take the same lines from each other: all of them are played.
    open_count = sum(one.idle + one.internal_calls + one.external_calls for one in going_on)
    if open_count * runs > calls_max:
        why = (
            f"{open_count} recipients are still to be settled; {runs} runs of that are more than"
            f" the {calls_max} recipients that a forecast may play"
        )
        raise CommandRefusedError("Forecast", why)
    first = max(0, tenant.health().last_seq - _EVENTS_READ)
    entries = tenant.history.entries(after=first, limit=_EVENTS_READ)
    seen = observed(
        cast("Event", from_data(json.loads(entry.data)))
        for entry in entries
        if entry.kind not in _LARGE
    )
    found = forecast(state, now, seen, runs=runs)
    return next(one for one in found.campaigns if one.campaign_id == campaign_id)


_LARGE = frozenset({"CampaignScheduled", "RecipientsAppended", "ModelAdded", "ModelEdited"})
"""Events that may hold a million recipients, and tell nothing of calls."""

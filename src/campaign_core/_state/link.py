"""What is known of the connection to the telephony (R5.5)."""

from __future__ import annotations

import attrs

from campaign_core._model.limits import CallLimits
from campaign_core._values.instants import BEGINNING, Instant

__all__ = ["SURVEYS", "Link"]

SURVEYS = 2
"""How many reports of the calls that are up are heeded after a reconnection."""


@attrs.frozen(kw_only=True)
class Link:
    """The driver's connection: up at first; a service whose driver is not says so."""

    is_up: bool = True
    went_down_at: Instant = BEGINNING
    """When the connection went last; calls placed shortly before may be unknown to the first
    survey."""
    surveys_due: int = 0
    """Reports of the calls that are up, still to be heeded."""
    deferred_until: Instant = BEGINNING
    """The telephony takes no call before then."""
    call_limits: CallLimits = attrs.field(factory=CallLimits)
    """How many calls the telephony takes at one time, as its driver said last since it is up."""

"""What all events have, and who can be behind one."""

from __future__ import annotations

import attrs

from campaign_core._values.identifiers import CallId, CampaignId
from campaign_core._values.instants import Instant

__all__ = [
    "DRIVER",
    "SCHEDULER",
    "BaseEvent",
    "CallEvent",
    "CampaignEvent",
]

SCHEDULER = "scheduler"
"""The actor of what the rules themselves bring about."""
DRIVER = "driver"
"""The actor of what the telephony reported."""


@attrs.frozen(kw_only=True)
class BaseEvent:
    """What every event carries."""

    seq: int
    """Counted from 1 within the service, without gaps."""
    at: Instant
    """When it is taken to have happened; never before the event before it (R6.13)."""
    actor: str


@attrs.frozen(kw_only=True)
class CampaignEvent(BaseEvent):
    """An event of one campaign."""

    campaign_id: CampaignId


@attrs.frozen(kw_only=True)
class CallEvent(BaseEvent):
    """An event of one call."""

    call_id: CallId

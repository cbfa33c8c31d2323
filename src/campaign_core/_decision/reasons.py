"""Why a recipient is not called: values a program can read, with a sentence for a person (R8.1)."""

from __future__ import annotations

from enum import Enum

import attrs
from typing_extensions import override

from campaign_core._values.identifiers import CampaignId, Position
from campaign_core._values.instants import Instant

__all__ = [
    "Explanation",
    "Reason",
    "ReasonKind",
]


class ReasonKind(Enum):
    """Why a recipient is not called."""

    CONTACTED = "CONTACTED"
    FAILED = "FAILED"
    IN_CALL = "IN_CALL"
    SCHEDULED = "SCHEDULED"
    PAUSED = "PAUSED"
    ENDED = "ENDED"
    THRESHOLD_REACHED = "THRESHOLD_REACHED"
    RETRY_DELAY = "RETRY_DELAY"
    OUTSIDE_CALLING_HOURS = "OUTSIDE_CALLING_HOURS"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    FREQUENCY_CAP = "FREQUENCY_CAP"
    NUMBER_BUSY = "NUMBER_BUSY"
    DRIVER_DOWN = "DRIVER_DOWN"
    DRIVER_DEFERRED = "DRIVER_DEFERRED"
    DRIVER_LIMIT = "DRIVER_LIMIT"
    SERVICE_RATE = "SERVICE_RATE"
    CAMPAIGN_RATE = "CAMPAIGN_RATE"
    SERVICE_LIMIT = "SERVICE_LIMIT"
    CAMPAIGN_LIMIT = "CAMPAIGN_LIMIT"
    ACTIVE_CAMPAIGNS = "ACTIVE_CAMPAIGNS"
    QUEUED_BEHIND = "QUEUED_BEHIND"


@attrs.frozen(kw_only=True)
class Reason:
    """One reason, for a program and for a person."""

    kind: ReasonKind
    sentence: str
    """What keeps the recipient from being called."""
    change: str
    """What would change it; empty where nothing does."""
    until: Instant | None = None
    """When time alone changes it, in the service's time, as ``now`` is (sentence and change are in
    the calendar's, R7.12); ``None``: time alone does not."""
    count: int | None = None
    """How many there are of what the sentence counts: calls in progress, recipients ahead."""
    limit: int | None = None
    """The limit that is reached."""


@attrs.frozen(kw_only=True)
class Explanation:
    """Why a recipient is not being called, or that it is called next."""

    campaign_id: CampaignId
    position: Position
    reasons: tuple[Reason, ...]
    """Every reason; empty: the next pass calls this recipient."""

    @property
    def is_called_next(self) -> bool:
        """Whether the next pass calls this recipient."""
        return not self.reasons

    @override
    def __str__(self) -> str:
        """Return the explanation as one sentence for a person."""
        if not self.reasons:
            return "called by the next pass of the scheduler"
        return "; ".join(reason.sentence for reason in self.reasons)

"""Events of a campaign and of its recipients."""

from __future__ import annotations

import attrs

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.statuses import FailureReason, PauseReason, Status
from campaign_core._values.identifiers import ModelId, Position
from campaign_core._values.instants import Instant
from campaign_core.events._base import CampaignEvent

__all__ = [
    "AttemptsAdded",
    "AttemptsStopped",
    "CampaignDeleted",
    "CampaignEnded",
    "CampaignExpired",
    "CampaignPaused",
    "CampaignResumed",
    "CampaignScheduled",
    "CampaignStarted",
    "CampaignStopped",
    "RecipientsAppended",
    "RecipientsFailed",
]


@attrs.frozen(kw_only=True)
class CampaignScheduled(CampaignEvent):
    """A campaign was created with its own copy of everything (R4.1, R4.2)."""

    model_id: ModelId
    model_name: str
    parameters: CampaignModel
    """The copy, with this run's name, sound and recipients."""
    starts_at: Instant
    expires_at: Instant | None


@attrs.frozen(kw_only=True)
class CampaignStarted(CampaignEvent):
    """The campaign became active: its time came, or a user started it now."""

    starts_at: Instant
    """The due instant, or the moment of the start now: set once (R4.2)."""


@attrs.frozen(kw_only=True)
class CampaignPaused(CampaignEvent):
    """No new calls until it is resumed."""

    reason: PauseReason


@attrs.frozen(kw_only=True)
class CampaignResumed(CampaignEvent):
    """Calls are placed again."""


@attrs.frozen(kw_only=True)
class CampaignStopped(CampaignEvent):
    """A user closed the campaign."""


@attrs.frozen(kw_only=True)
class CampaignExpired(CampaignEvent):
    """Its time is over: no new call from now on (R4.11)."""


@attrs.frozen(kw_only=True)
class CampaignEnded(CampaignEvent):
    """Nobody is left to call (R4.5)."""

    status: Status
    """``COMPLETED`` or ``INCOMPLETE``."""
    contacted: int
    """How many were reached."""


@attrs.frozen(kw_only=True)
class CampaignDeleted(CampaignEvent):
    """The campaign was taken off the list."""


@attrs.frozen(kw_only=True)
class RecipientsAppended(CampaignEvent):
    """Recipients were added behind the others."""

    recipients: RecipientList


@attrs.frozen(kw_only=True)
class AttemptsAdded(CampaignEvent):
    """More attempts were allowed (R5.2)."""

    positions: tuple[Position, ...]
    attempts: int


@attrs.frozen(kw_only=True)
class AttemptsStopped(CampaignEvent):
    """These recipients are tried no more (R5.3)."""

    positions: tuple[Position, ...]


@attrs.frozen(kw_only=True)
class RecipientsFailed(CampaignEvent):
    """Idle recipients were settled by a rule (R6.12, R4.11, R5.6)."""

    positions: tuple[Position, ...]
    reason: FailureReason

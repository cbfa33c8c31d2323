"""Events of the service and of its models."""

from __future__ import annotations

import attrs

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.limits import CallLimits
from campaign_core._model.settings import Settings
from campaign_core._values.identifiers import ModelId, ServiceId
from campaign_core._values.instants import Instant
from campaign_core.events._base import BaseEvent

__all__ = [
    "CalendarShifted",
    "CallsUpReported",
    "DriverCameUp",
    "DriverCapacityChanged",
    "DriverDeferred",
    "DriverWentDown",
    "ModelAdded",
    "ModelDisabled",
    "ModelEdited",
    "ModelEnabled",
    "ModelsDeleted",
    "NumbersBarred",
    "NumbersUnbarred",
    "ServiceOpened",
    "SettingsChanged",
    "TelephonyNamed",
]


@attrs.frozen(kw_only=True)
class ServiceOpened(BaseEvent):
    """The first event of every journal (R8.3)."""

    service_id: ServiceId
    settings: Settings
    telephony: str | None = None
    """The kind of telephony that calls go to; ``None``: it is not known."""


@attrs.frozen(kw_only=True)
class SettingsChanged(BaseEvent):
    """The general settings were replaced."""

    settings: Settings
    keeps_past: bool = False
    """Whether a rate or a cap is switched, or was: what it counted is kept for its window (R2.4,
    R6.15)."""


@attrs.frozen(kw_only=True)
class NumbersBarred(BaseEvent):
    """Numbers were put on the do-not-call list."""

    numbers: tuple[str, ...]


@attrs.frozen(kw_only=True)
class NumbersUnbarred(BaseEvent):
    """Numbers were taken off the do-not-call list."""

    numbers: tuple[str, ...]


@attrs.frozen(kw_only=True)
class CalendarShifted(BaseEvent):
    """The calendar's clock was set: it stands otherwise to the service's time now (R7.12)."""

    ahead_ms: int
    """How far it stands ahead of the time of events; negative: behind it."""


@attrs.frozen(kw_only=True)
class TelephonyNamed(BaseEvent):
    """Calls that are placed from now on go to another kind of telephony than before."""

    telephony: str
    """``simulated``, or the word for a real one."""


@attrs.frozen(kw_only=True)
class DriverWentDown(BaseEvent):
    """The driver lost its telephony, or the service started without it."""

    silent_ms: int = 0
    """For how long it had not been heard by then."""


@attrs.frozen(kw_only=True)
class DriverCameUp(BaseEvent):
    """The driver takes calls again."""


@attrs.frozen(kw_only=True)
class CallsUpReported(BaseEvent):
    """The telephony told which calls are up, after a reconnection."""


@attrs.frozen(kw_only=True)
class DriverDeferred(BaseEvent):
    """The telephony has no capacity: nothing is placed until then."""

    until: Instant


@attrs.frozen(kw_only=True)
class DriverCapacityChanged(BaseEvent):
    """The telephony takes another number of calls at one time than before."""

    call_limits: CallLimits


@attrs.frozen(kw_only=True)
class ModelAdded(BaseEvent):
    """A model was added, or cloned from another."""

    model_id: ModelId
    model: CampaignModel


@attrs.frozen(kw_only=True)
class ModelEdited(BaseEvent):
    """A model's parameters were replaced."""

    model_id: ModelId
    model: CampaignModel


@attrs.frozen(kw_only=True)
class ModelsDeleted(BaseEvent):
    """Models were deleted; campaigns keep their copies."""

    model_ids: tuple[ModelId, ...]


@attrs.frozen(kw_only=True)
class ModelEnabled(BaseEvent):
    """Campaigns may be started from the model."""

    model_id: ModelId


@attrs.frozen(kw_only=True)
class ModelDisabled(BaseEvent):
    """No campaign may be started from the model."""

    model_id: ModelId

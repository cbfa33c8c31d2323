"""Commands that may be tried without being given: what they would do now (R8.5)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campaign_service.schemas.core_values import Settings
from campaign_service.schemas.fields import Id, IdList, about
from campaign_service.schemas.requests import Many, Numbers, StartCampaign

__all__ = ["Trial", "WhatIf"]


def _command(name: str) -> str:
    return name.removeprefix("Try")


class _Trial(
    Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="command", tag=_command
):
    """A command, by its name; nothing of it happens."""


class _OfCampaign(_Trial, kw_only=True, frozen=True):
    campaign_id: Annotated[Id, about("Of which campaign.")]


class TryChangeSettings(_Trial, kw_only=True, frozen=True):
    """What other general settings would do."""

    settings: Settings


class TryAddToDoNotCall(Numbers, kw_only=True, frozen=True, tag_field="command", tag=_command):
    """What barring numbers would do."""


class TryStartCampaign(StartCampaign, kw_only=True, frozen=True, tag_field="command", tag=_command):
    """What one more campaign would do."""


class TryStartNow(_OfCampaign, kw_only=True, frozen=True):
    """What starting a scheduled campaign would do."""


class TryPauseCampaign(_OfCampaign, kw_only=True, frozen=True):
    """What a pause would do."""


class TryResumeCampaign(_OfCampaign, kw_only=True, frozen=True):
    """What the end of a pause would do."""


class TryStopCampaign(_OfCampaign, kw_only=True, frozen=True):
    """What closing a campaign would do."""

    hang_up: Annotated[bool, about("Whether the calls in progress would be ended at once.")] = False


class TryAppendRecipients(_OfCampaign, kw_only=True, frozen=True):
    """What more recipients would do."""

    recipients: Annotated[Many, about("In the order in which they would be listed.")]


class TryAddAttempts(_OfCampaign, kw_only=True, frozen=True):
    """What more attempts would do."""

    attempts: Annotated[int, Meta(ge=1, le=100, description="How many more each would have.")]
    positions: Annotated[
        IdList | Literal["ALL_FAILED"],
        about("Whom; ALL_FAILED: every failed one to whom they may be added."),
    ] = "ALL_FAILED"


class TryStopAttempts(_OfCampaign, kw_only=True, frozen=True):
    """What trying some recipients no more would do."""

    positions: Annotated[IdList, about("Whom, by their places in the list.")]


Trial = (
    TryChangeSettings
    | TryAddToDoNotCall
    | TryStartCampaign
    | TryStartNow
    | TryPauseCampaign
    | TryResumeCampaign
    | TryStopCampaign
    | TryAppendRecipients
    | TryAddAttempts
    | TryStopAttempts
)
"""Every command that can change what is called, or who is blocked."""


class WhatIf(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A command to be tried; nothing happens (R8.5)."""

    trial: Annotated[Trial, about("Which command, by its name in `command`, and what it asks for.")]

"""What the view stream tells screens: campaigns in short, and whose state changed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from campaign_core import PauseReason, Status
from campaign_service.schemas.fields import Id, Seq, Time, about, name_of

__all__ = ["CampaignDigest", "ViewDigest"]


class CampaignDigest(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What changes by itself of a campaign while it is looked at (R4.8)."""

    campaign_id: Id
    status: Annotated[str, name_of(Status)]
    recipient_count: Annotated[int, about("In the whole list.")]
    contacted: Annotated[int, about("Recipients reached.")] = 0
    failed: Annotated[int, about("Recipients who are tried no more.")] = 0
    idle: Annotated[int, about("Recipients who may still be called.")] = 0
    internal_calls: Annotated[int, about("Calls in progress on internal lines.")] = 0
    external_calls: Annotated[int, about("Calls in progress on external lines.")] = 0
    pause_reason: Annotated[
        Annotated[str, name_of(PauseReason)] | None,
        about("Who or what paused it; left out: it is not paused."),
    ] = None
    is_expired: Annotated[bool, about("Whether the time of its expiry has come.")] = False


class ViewDigest(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is so as of an event, and was not so in what the same listener was told before."""

    seq: Seq
    at: Time
    link_is_up: Annotated[bool, about("Whether the telephony is connected.")]
    internal_calls: Annotated[int, about("In progress on internal lines, of all campaigns.")]
    external_calls: Annotated[int, about("In progress on external lines, of all campaigns.")]
    campaigns: Annotated[
        list[CampaignDigest], about("Those that changed; in a `reset` all there are.")
    ]
    deleted: Annotated[list[Id], about("Campaigns that are not in the list any more.")] = field(
        default_factory=list
    )
    positions: Annotated[
        list[Annotated[list[Id], Meta(min_length=2, max_length=2)]],
        Meta(
            description=(
                "Of the campaign that was asked for: the first and the last position of up to"
                " 32 ranges in which is every recipient whose state changed, and perhaps others."
            )
        ),
    ] = field(default_factory=list)

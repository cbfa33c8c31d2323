"""The body of a problem, as RFC 9457 has it and with members of our own."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from campaign_service.schemas.fields import AnyJson, Id

__all__ = ["BadValue", "CampaignName", "LackedSound", "ProblemBody"]


class BadValue(Struct, kw_only=True, frozen=True):
    """One value that cannot be taken, and why."""

    field: Annotated[
        str,
        Meta(
            description="A path into the body, which counts from 0; or the name of a parameter.",
            examples=["recipients[2].number"],
        ),
    ]
    value: AnyJson
    rule: Annotated[str, Meta(description="What is allowed.")]


class CampaignName(Struct, kw_only=True, frozen=True):
    """A campaign that a problem is about."""

    campaign_id: Id
    name: Annotated[str, Meta(description="Of the campaign.")]


class LackedSound(Struct, kw_only=True, frozen=True):
    """A sound that the telephony lacks, and what to do about it."""

    name: Annotated[str, Meta(description="Of the sound.", examples=["press-1"])]
    advice: Annotated[str, Meta(description="What to do about it, for a person.")]


class ProblemBody(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is wrong with a request, or with the service just now (RFC 9457)."""

    type: Annotated[str, Meta(description="Which problem it is.", examples=["/problems/bad-value"])]
    title: Annotated[str, Meta(description="The same for every problem of this type.")]
    status: Annotated[int, Meta(description="The status of HTTP.")]
    detail: Annotated[str, Meta(description="What is wrong this time, for a person.")]
    errors: (
        Annotated[list[BadValue], Meta(description="Every value that must be changed.")] | UnsetType
    ) = UNSET
    command: (
        Annotated[str, Meta(description="The command that the state does not allow.")] | UnsetType
    ) = UNSET
    why: Annotated[str, Meta(description="Why it does not.")] | UnsetType = UNSET
    campaigns: (
        Annotated[
            list[CampaignName],
            Meta(description="Those started or scheduled from the model; they keep their copy."),
        ]
        | UnsetType
    ) = UNSET
    sounds: (
        Annotated[
            list[LackedSound],
            Meta(description="Those that the telephony lacks; a confirmation starts without them."),
        ]
        | UnsetType
    ) = UNSET
    leader: (
        Annotated[str | None, Meta(description="Where the process listens that leads the tenant.")]
        | UnsetType
    ) = UNSET
    id: (
        Annotated[str, Meta(description="Under which the service's log has more of it.")]
        | UnsetType
    ) = UNSET

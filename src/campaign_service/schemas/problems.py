"""What is wrong, as answers tell it (RFC 9457)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from typing_extensions import override

from campaign_service.schemas.fields import AnyJson, Id, about

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
    rule: Annotated[str, about("What is allowed.")]

    @override
    def __str__(self) -> str:
        """Return it as one line for a person."""
        shown = "" if self.value is None else f" = {self.value!r}"
        return f"{self.field}{shown}: {self.rule}"


class CampaignName(Struct, kw_only=True, frozen=True):
    """A campaign that a problem is about."""

    campaign_id: Id
    name: Annotated[str, about("Of the campaign.")]


class LackedSound(Struct, kw_only=True, frozen=True):
    """A sound that the telephony lacks, and what to do about it."""

    name: Annotated[str, Meta(description="Of the sound.", examples=["press-1"])]
    advice: Annotated[str, about("What to do about it, for a person.")]


class ProblemBody(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is wrong with a request, or with the service just now (RFC 9457)."""

    type: Annotated[str, Meta(description="Which problem it is.", examples=["/problems/bad-value"])]
    title: Annotated[str, about("The same for every problem of this type.")]
    status: Annotated[int, about("The status of HTTP.")]
    detail: Annotated[str, about("What is wrong this time, for a person.")]
    errors: Annotated[list[BadValue], about("Every value that must be changed.")] | UnsetType = (
        UNSET
    )
    command: Annotated[str, about("The command that the state does not allow.")] | UnsetType = UNSET
    why: Annotated[str, about("Why it does not.")] | UnsetType = UNSET
    campaigns: (
        Annotated[
            list[CampaignName],
            about("Those started or scheduled from the model; they keep their copy."),
        ]
        | UnsetType
    ) = UNSET
    sounds: (
        Annotated[
            list[LackedSound],
            about("Those that the telephony lacks; a confirmation starts without them."),
        ]
        | UnsetType
    ) = UNSET
    leader: (
        Annotated[str | None, about("Where the process listens that leads the tenant.")] | UnsetType
    ) = UNSET
    id: Annotated[str, about("Under which the service's log has more of it.")] | UnsetType = UNSET

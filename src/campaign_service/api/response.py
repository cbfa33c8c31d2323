"""A good answer, before it is one of HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import attrs
from msgspec import Struct

from campaign_core import CampaignId, ModelId
from campaign_service.schemas.fields import UtcTime
from campaign_service.schemas.responses import Taken
from campaign_service.serving import CommandResult

__all__ = ["ApiResponse", "command_response"]


@attrs.frozen(kw_only=True)
class ApiResponse:
    """A good answer."""

    content: Struct | bytes | AsyncIterator[bytes] | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


def command_response(
    taken: CommandResult,
    *,
    model_id: ModelId | None = None,
    campaign_id: CampaignId | None = None,
    location: str | None = None,
    remarks: Sequence[str] = (),
) -> ApiResponse:
    """Return the answer to a command that is durable."""
    body = Taken(
        seq=taken.seq,
        at=UtcTime.of(taken.at),
        repeated=taken.repeated,
        model_id=model_id,
        campaign_id=campaign_id,
        remarks=list(remarks),
    )
    headers = {} if location is None else {"Location": location}
    return ApiResponse(content=body, headers=headers)

"""A good answer, before it is one of HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import attrs
from msgspec import UNSET, Struct

from campaign_core import CampaignId, ModelId
from campaign_service.api.shapes.shown import Taken as TakenBody
from campaign_service.api.times import text_of
from campaign_service.serving import Taken

__all__ = ["Answer", "taken_answer"]


@attrs.frozen(kw_only=True)
class Answer:
    """A good answer."""

    content: Struct | bytes | AsyncIterator[bytes] | None = None
    status: int = 200
    media: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


def taken_answer(
    taken: Taken,
    *,
    status: int = 200,
    model_id: ModelId | None = None,
    campaign_id: CampaignId | None = None,
    location: str | None = None,
    remarks: Sequence[str] = (),
) -> Answer:
    """Return the answer to a command that is durable."""
    body = TakenBody(
        seq=taken.seq,
        at=text_of(taken.at),
        repeated=taken.repeated,
        model_id=UNSET if model_id is None else model_id,
        campaign_id=UNSET if campaign_id is None else campaign_id,
        remarks=list(remarks) or UNSET,
    )
    headers = {} if location is None else {"Location": location}
    return Answer(content=body, status=status, headers=headers)

"""Tags: what an operator can change, as a short text that differs when it does (If-Match).

A tag is made of content alone, so it is the same on every process and after every restart. That of
a model with a million recipients takes a second or two, once: it is kept as long as the model.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable

import msgspec

from campaign_core import Campaign, CampaignModel, Recipient, Settings, Status
from campaign_service.api.digests import chunks, digest_of
from campaign_service.schemas import core_values
from campaign_service.schemas.conversion import schema_of

__all__ = [
    "ETAGS_PATTERN",
    "ModelTags",
    "campaign_tag",
    "etag_is_known",
    "etag_matches",
    "settings_tag",
    "tag_of",
    "tag_of_compressed",
]

ETAGS_PATTERN = r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'
"""What an If-Match or If-None-Match header may be (RFC 9110)."""

_TAGS = re.compile(r'(?:W/)?"[!#-~]*"')
_DIGITS = 32
_COMPRESSED = '.gzip"'
"""How the tag of a compressed answer ends: its bytes are others, and what it tells is the same."""


def settings_tag(settings: Settings) -> str:
    """Return the tag of the general settings."""
    return tag_of([msgspec.json.encode(schema_of(settings, core_values.Settings))])


def campaign_tag(campaign: Campaign) -> str:
    """Return the tag of a campaign: of what people do to it, and of no call.

    ``BLOCKED`` comes and goes by itself, so it counts as ``ACTIVE`` here.
    """
    status = Status.ACTIVE if campaign.status is Status.BLOCKED else campaign.status
    facts = (
        campaign.campaign_id,
        campaign.name,
        campaign.starts_at,
        campaign.expires_at,
        campaign.is_expired,
        status.name,
        len(campaign.recipients),
    )
    return tag_of([msgspec.json.encode(facts)])


class ModelTags:
    """Makes the tags of models, and keeps each as long as its model lives."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[CampaignModel], str]] = {}

    def of(self, model: CampaignModel) -> str:
        """Return the tag of a model; of one with many recipients, to be asked in a thread."""
        number = id(model)
        kept = self._kept.get(number)
        # A number may come again once its model is gone; the reference tells.
        if kept is not None and kept[0]() is model:
            return kept[1]
        parameters = msgspec.json.encode(schema_of(model, core_values.Parameters))
        tag = tag_of([parameters, *_encoded_rows(model.recipients)])
        self._kept[number] = (weakref.ref(model, lambda _: self._kept.pop(number, None)), tag)
        return tag


def etag_matches(header: str, tag: str) -> bool:
    """Return whether a tag is one of those of an If-Match header (RFC 9110)."""
    return header.strip() == "*" or tag in _plain_tags(header)


def etag_is_known(header: str, tag: str) -> bool:
    """Return whether a tag is one of those of an If-None-Match header, weak ones among them."""
    return header.strip() == "*" or tag in [one.removeprefix("W/") for one in _plain_tags(header)]


def tag_of_compressed(tag: str) -> str:
    """Return the tag of an answer that is compressed; sent back, it stands for the other too."""
    return f"{tag[:-1]}{_COMPRESSED}"


def _plain_tags(header: str) -> list[str]:
    # A comma, or a star, may also stand within a tag.
    found = _TAGS.findall(header)
    return [
        f'{one.removesuffix(_COMPRESSED)}"' if one.endswith(_COMPRESSED) else one for one in found
    ]


def _encoded_rows(recipients: Iterable[Recipient]) -> Iterable[bytes]:
    for chunk in chunks(recipients):
        rows = [
            (
                one.number,
                one.line,
                one.name,
                one.email,
                one.time_zone,
                [(further.number, further.line) for further in one.further_numbers],
            )
            for one in chunk
        ]
        yield msgspec.json.encode(rows)


def tag_of(parts: Iterable[bytes]) -> str:
    """Return the tag of what stands in some bytes, that are given in pieces."""
    return f'"{digest_of(parts)[:_DIGITS]}"'

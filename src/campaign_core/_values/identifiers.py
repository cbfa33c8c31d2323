"""Identifiers: who is who, in the journal and on the telephony.

A call id is 32 hex digits: service, campaign, position and attempt number, eight digits each. It
is the same at every replay, two services on one exchange never clash, and whoever reads a trace
can tell which attempt he sees. Fixed length, because an exchange may refuse an id that is a
prefix of a living one.
"""

from __future__ import annotations

from typing import NewType

__all__ = [
    "CallId",
    "CallKey",
    "CampaignId",
    "ModelId",
    "Position",
    "ServiceId",
    "call_id_of",
    "call_key_of",
    "read_call_id",
]

ServiceId = NewType("ServiceId", str)
"""Eight lower-case hex digits, different for each service that shares an exchange."""

ModelId = NewType("ModelId", int)
"""Counted from 1 within a service, never used again."""

CampaignId = NewType("CampaignId", int)
"""Counted from 1 within a service, never used again."""

Position = NewType("Position", int)
"""A recipient's place in its campaign's list, counted from 1."""

CallId = NewType("CallId", str)
"""32 lower-case hex digits: service, campaign, position, attempt number."""

CallKey = NewType("CallKey", int)
"""Campaign and position as one number: a recipient has one call at a time."""

_HEX = frozenset("0123456789abcdef")
_CALL_ID_DIGITS = 32


def call_key_of(campaign_id: CampaignId, position: Position) -> CallKey:
    """Return the key under which a recipient's call is kept."""
    return CallKey(campaign_id << 32 | position)


def call_id_of(
    service_id: ServiceId, campaign_id: CampaignId, position: Position, attempt: int
) -> CallId:
    """Return the id of one attempt's call; the same arguments give the same id."""
    return CallId(f"{service_id}{campaign_id << 64 | position << 32 | attempt:024x}")


def read_call_id(service_id: ServiceId, call_id: str) -> tuple[CallKey, int] | None:
    """Return key and attempt number, or ``None`` when the id is none of this service's."""
    if len(call_id) != _CALL_ID_DIGITS or not call_id.startswith(service_id):
        return None
    if not _HEX.issuperset(call_id):
        return None
    number = int(call_id[8:], 16)
    return CallKey(number >> 32), number & 0xFFFFFFFF

"""Instants as people write and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from zoneinfo import ZoneInfo

from campaign_core import Instant, is_known_zone

__all__ = ["TIMES", "instant_of", "is_within_times", "written", "zone_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_UTC_DATA = b"TZif" + bytes(32) + (1).to_bytes(4) + (4).to_bytes(4) + bytes(6) + b"UTC\0"
"""UTC as a file of zone data (RFC 9636): no transitions, one type of time."""
_LAST = datetime(2199, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)

TIMES = "1970-01-01 to 2199-12-31, in UTC"
"""The times that are taken, in words; the core knows some decades more, for campaigns to end in."""


def instant_of(moment: datetime) -> Instant:
    """Return a moment that knows its time zone as an instant."""
    return Instant((moment - _EPOCH) // _MS)


def is_within_times(at: int) -> bool:
    """Return whether an instant is one of :data:`TIMES`."""
    return 0 <= at <= instant_of(_LAST)


def written(at: int, zone: ZoneInfo) -> str:
    """Return an instant as ISO 8601 text on the clock of a zone, to the millisecond."""
    moment = datetime.fromtimestamp(at // 1_000, zone).replace(microsecond=at % 1_000 * 1_000)
    return moment.isoformat(timespec="milliseconds")


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone on whose clock times are shown; UTC, for one not known here (R3.6)."""
    if name != "UTC" and is_known_zone(name):
        return ZoneInfo(name)
    return ZoneInfo.from_file(BytesIO(_UTC_DATA), key="UTC")

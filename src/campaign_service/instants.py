"""Instants as people write and read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from io import BytesIO
from zoneinfo import ZoneInfo

from campaign_core import Instant, is_known_zone

__all__ = [
    "TIMES",
    "TimeWriter",
    "clock_change_at",
    "instant_of",
    "is_within_times",
    "iso_text",
    "zone_of",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_UTC_DATA = b"TZif" + bytes(32) + (1).to_bytes(4) + (4).to_bytes(4) + bytes(6) + b"UTC\0"
"""UTC as a file of zone data (RFC 9636): no transitions, one type of time."""
_LAST = datetime(2199, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)

_MINUTE_MS = 60_000
_KEPT_MAX = 4_096

TIMES = "1970-01-01 to 2199-12-31, in UTC"
"""The times that are taken, in words; the core knows some decades more, for campaigns to end in."""


def instant_of(moment: datetime) -> Instant:
    """Return a moment that knows its time zone as an instant."""
    return Instant((moment - _EPOCH) // _MS)


def is_within_times(at: int) -> bool:
    """Return whether an instant is one of :data:`TIMES`."""
    return 0 <= at <= instant_of(_LAST)


def iso_text(at: int, zone: ZoneInfo) -> str:
    """Return an instant as ISO 8601 text on the clock of a zone, to the millisecond."""
    moment = datetime.fromtimestamp(at // 1_000, zone).replace(microsecond=at % 1_000 * 1_000)
    return moment.isoformat(timespec="milliseconds")


class TimeWriter:
    """Writes millions of instants, most of them in a minute that was written before.

    Much happens at one instant, and what happens in a call is told twice: a time that was just
    written is known.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        """Take the zone on whose clock times are written."""
        minutes = lru_cache(_KEPT_MAX)(partial(_around_seconds, zone))
        self._text = lru_cache(_KEPT_MAX)(partial(_within, minutes))

    def __call__(self, at: int | None) -> str:
        """Return an instant as text; none is empty."""
        return "" if at is None else self._text(at)


def _within(minutes: Callable[[int], tuple[str, str]], at: int) -> str:
    minute, rest_ms = divmod(at, _MINUTE_MS)
    before, after = minutes(minute)
    return f"{before}{rest_ms // 1_000:02d}.{rest_ms % 1_000:03d}{after}"


def _around_seconds(zone: ZoneInfo, minute: int) -> tuple[str, str]:
    """Return what stands before and behind the seconds of every instant within a minute."""
    text = iso_text(minute * _MINUTE_MS, zone)
    # Offsets are whole minutes in every zone since 1972.
    return text[:17], text[23:]


def clock_change_at(local: datetime, zone: ZoneInfo) -> str | None:
    """Return what a change of the clock makes of a time on it, as a sentence.

    Args:
        local: without an offset.

    Returns:
        ``None`` where the time is there exactly once.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    taken = first.astimezone(UTC).astimezone(zone)
    if taken.replace(tzinfo=None) != local:
        return (
            f"{local:%H:%M on %Y-%m-%d} is left out on the clock of {zone.key}, which goes forward"
            f" then: it is taken as {taken:%H:%M %Z}"
        )
    if first.utcoffset() != second.utcoffset():
        return (
            f"{local:%H:%M on %Y-%m-%d} comes twice on the clock of {zone.key}, which goes back"
            f" then: the first is taken, {first:%H:%M %Z}, and not {second:%H:%M %Z}"
        )
    return None


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone on whose clock times are shown; UTC, for one not known here (R3.6)."""
    if name != "UTC" and is_known_zone(name):
        return ZoneInfo(name)
    return ZoneInfo.from_file(BytesIO(_UTC_DATA), key="UTC")

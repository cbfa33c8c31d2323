"""Calling hours: the days and times of day at which a recipient may be called (R6.11).

The only place that knows a calendar. Hours are half open, ``[opens, closes)``, on the wall clock
of a time zone: where the clock is put forward, an hour that does not exist is not called in;
where it is put back, the hour that comes twice is called in twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from campaign_core._values.instants import MINUTE_MS, SECOND_MS, Instant
from campaign_core._values.validators import as_set, refuse, whole_number

__all__ = [
    "CallingHours",
    "Weekday",
    "is_open",
    "known_zone",
    "next_change",
]

_DAY_MINUTES = 24 * 60
_DAYS_AHEAD = 16
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


class Weekday(IntEnum):
    """A day of the week, numbered as in :meth:`datetime.date.weekday`."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


def known_zone(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take names of the IANA time zone data base alone."""
    if not isinstance(value, str) or _zone(value) is None:
        raise refuse(attribute.name, value, "a known IANA time zone, such as Europe/Rome")


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    if _ZONE_NAME.fullmatch(name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        # A folder of the data base raises an OSError, an absent name a KeyError.
        return None


def _day_set(given: Iterable[Weekday]) -> frozenset[Weekday]:
    return as_set(given)  # type: ignore[no-any-return]


def _days(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    rule = "one or more of " + ", ".join(day.name for day in Weekday)
    if not isinstance(value, frozenset) or not value:
        raise refuse(attribute.name, value, rule)
    if not all(isinstance(day, Weekday) for day in value):
        raise refuse(attribute.name, value, rule)


@attrs.frozen(kw_only=True)
class CallingHours:
    """One stretch of the day, on some days of the week."""

    days: frozenset[Weekday] = attrs.field(converter=_day_set, validator=_days)
    opens_min: int = attrs.field(validator=whole_number(0, _DAY_MINUTES - 1))
    """Minutes after midnight; the first at which calls are placed."""
    closes_min: int = attrs.field(validator=whole_number(1, _DAY_MINUTES))
    """Minutes after midnight; the first at which none are placed. 1440 is the end of the day;
    hours over midnight are two entries."""

    @closes_min.validator
    def _after_opening(self, attribute: attrs.Attribute[int], value: int) -> None:
        if value <= self.opens_min:
            raise refuse(attribute.name, value, f"later than opens_min ({self.opens_min})")


def _local(zone: str, at: int) -> datetime:
    found = _zone(zone)
    assert found is not None, zone
    return datetime.fromtimestamp(at // SECOND_MS, found)


def is_open(hours: tuple[CallingHours, ...], zone: str, at: int) -> bool:
    """Return whether calls may be placed at an instant; no hours at all mean always."""
    if not hours:
        return True
    local = _local(zone, at)
    day, minute = Weekday(local.weekday()), local.hour * 60 + local.minute
    return any(day in stretch.days and _within(stretch, minute) for stretch in hours)


def _within(stretch: CallingHours, minute: int) -> bool:
    return stretch.opens_min <= minute < stretch.closes_min


def next_change(hours: tuple[CallingHours, ...], zone: str, after: int) -> Instant | None:
    """Return the first instant after another at which open turns to closed or back.

    ``None``: it never does, as with no hours at all or with hours that cover the week.
    """
    if not hours:
        return None
    was_open = is_open(hours, zone, after)
    for candidate in _boundaries(hours, zone, after):
        if is_open(hours, zone, candidate) is not was_open:
            return candidate
    return None


def _boundaries(hours: tuple[CallingHours, ...], zone: str, after: int) -> Iterator[Instant]:
    """Yield, in order, every later instant of two weeks where the answer may change.

    Two, for a clock put forward can leave out the only hours of one week.
    """
    found = _zone(zone)
    start = _local(zone, after).date()
    minutes = {0} | {m for s in hours for m in (s.opens_min, s.closes_min % _DAY_MINUTES)}
    candidates = set()
    for days in range(-1, _DAYS_AHEAD):
        midnight = datetime.combine(start + timedelta(days=days), datetime.min.time(), found)
        for minute in minutes:
            for fold in (0, 1):
                wall = midnight.replace(hour=minute // 60, minute=minute % 60, fold=fold)
                candidates.add(round(wall.timestamp()) * SECOND_MS)
        candidates.update(_clock_changes(zone, round(midnight.timestamp()) * SECOND_MS))
    yield from (Instant(at) for at in sorted(candidates) if at > after)


def _clock_changes(zone: str, midnight: int) -> list[int]:
    """Return the instants, to the minute, at which the clock is put forward or back that day."""
    low, high = midnight, midnight + _DAY_MINUTES * MINUTE_MS
    if _local(zone, low).utcoffset() == _local(zone, high).utcoffset():
        return []
    before = _local(zone, low).utcoffset()
    while high - low > MINUTE_MS:
        middle = low + (high - low) // (2 * MINUTE_MS) * MINUTE_MS
        low, high = (middle, high) if _local(zone, middle).utcoffset() == before else (low, middle)
    return [high]


def instant_of(moment: datetime) -> Instant:
    """Return a time-zone aware moment as an instant.

    Raises:
        SettingsError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise refuse("starts_at", moment, "a date and time with a time zone")
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Instant(since // timedelta(milliseconds=1))

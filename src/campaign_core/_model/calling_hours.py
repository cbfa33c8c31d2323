"""Calling hours: the days and times of day at which a recipient may be called (R6.11).

The only place that knows a calendar. Hours are half open, ``[opens, closes)``, on the wall clock
of a time zone: where the clock is put forward, an hour that does not exist is not called in;
where it is put back, the hour that comes twice is called in twice.

Zone data are the machine's, and machines differ. So a name is checked where a value is made, and
nowhere else (R3.6): a zone that was accepted elsewhere, or before an update, and is not known here
is closed for as long as this process lives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from enum import IntEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import attrs

from campaign_core._values.at_once import all_at_once
from campaign_core._values.instants import MINUTE_MS, SECOND_MS, Instant
from campaign_core._values.validators import as_set, refuse, whole_number

__all__ = [
    "CallingHours",
    "Weekday",
    "is_known_zone",
    "is_open",
    "known_zone",
    "local_time",
    "next_change",
]

_DAY_MINUTES = 24 * 60
_DAYS_AHEAD = 16
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_ZONE_RULE = "a known IANA time zone, such as Europe/Rome"
_CURE = "install the system's tzdata, or the Python package of that name, and start again"
_UTC = "UTC"
_OF_THE_HOST = frozenset({"localtime", "posixrules", "Factory"})
"""What stands among the zones and is none of IANA's, or means none: a host's own settings."""


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
    """Take names of the IANA time zone data base alone, of those that this machine has data for."""
    rule = _zone_rule(value) if isinstance(value, str) else _ZONE_RULE
    if rule is not None:
        raise refuse(attribute.name, value, rule)


@lru_cache(maxsize=1024)
def _zone_rule(name: str) -> str | None:
    """Return what a name would have to be; ``None``: it is that."""
    if name == _UTC:
        return None
    if not _iana_names():
        return f"UTC: there are no time zone data here for any other ({_CURE})"
    # A file system may find a name in any case, or one that the host has beside IANA's.
    return None if name in _iana_names() and _zone(name) is not None else _ZONE_RULE


@lru_cache(maxsize=1)
def _iana_names() -> frozenset[str]:
    """Return the names of all zones that this machine has data for."""
    return frozenset(available_timezones()) - _OF_THE_HOST - {_UTC}


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    if name == _UTC:
        return UTC
    if _ZONE_NAME.fullmatch(name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        # A folder of the data base raises an OSError, an absent name a KeyError.
        return None


def is_known_zone(name: str) -> bool:
    """Return whether this machine has data for a time zone; for ``UTC`` it needs none.

    What it has not when it is first asked, it has not until the process is started again.
    """
    return _zone(name) is not None


def local_time(zone: str, at: int) -> datetime:
    """Return an instant, to the second, on the clock of a zone; of UTC, for one not known here."""
    return datetime.fromtimestamp(at // SECOND_MS, _zone(zone) or UTC)


def _day_set(given: Iterable[Weekday]) -> frozenset[Weekday]:
    return as_set(given)  # type: ignore[no-any-return]


def _days(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    rule = "one or more of " + ", ".join(day.name for day in Weekday)
    if not isinstance(value, frozenset) or not value:
        raise refuse(attribute.name, value, rule)
    if not all(isinstance(day, Weekday) for day in value):
        raise refuse(attribute.name, value, rule)


@all_at_once
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


def is_open(hours: tuple[CallingHours, ...], zone: str, at: int) -> bool:
    """Return whether calls may be placed at an instant; no hours at all mean always.

    Hours in a zone that is not known here are closed (R3.6).
    """
    if not hours:
        return True
    if not is_known_zone(zone):
        return False
    local = local_time(zone, at)
    day, minute = Weekday(local.weekday()), local.hour * 60 + local.minute
    return any(day in stretch.days and _within(stretch, minute) for stretch in hours)


def _within(stretch: CallingHours, minute: int) -> bool:
    return stretch.opens_min <= minute < stretch.closes_min


def next_change(hours: tuple[CallingHours, ...], zone: str, after: int) -> Instant | None:
    """Return the first instant after another at which open turns to closed or back.

    ``None``: it never does, as with no hours at all, with hours that cover the week, or in a zone
    that is not known here.
    """
    if not hours or not is_known_zone(zone):
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
    start = local_time(zone, after).date()
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
    before = _offset(zone, low)
    if before == _offset(zone, high):
        return []
    while high - low > MINUTE_MS:
        middle = low + (high - low) // (2 * MINUTE_MS) * MINUTE_MS
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return [high]


def _offset(zone: str, at: int) -> timedelta | None:
    return local_time(zone, at).utcoffset()


def instant_of(moment: datetime) -> Instant:
    """Return a time-zone aware moment as an instant.

    Raises:
        SettingsError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise refuse("starts_at", moment, "a date and time with a time zone")
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Instant(since // timedelta(milliseconds=1))

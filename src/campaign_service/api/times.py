"""Instants in requests and answers: RFC 3339 text, in UTC and to the millisecond."""

from __future__ import annotations

import re
from datetime import datetime

from campaign_core import Instant
from campaign_core.errors import Problem
from campaign_drivers.clock import present
from campaign_service.api.shapes.building import BadValuesError
from campaign_service.instants import TIMES, instant_of, is_within_times, written, zone_of

__all__ = ["instant_in", "present", "text_of", "text_or_none", "with_times"]

_UTC = zone_of("UTC")
_INSTANT = re.compile(r"\b\d{12,13}\b")


def text_of(at: int) -> str:
    """Return an instant as text."""
    return f"{written(at, _UTC)[:23]}Z"


def text_or_none(at: int | None) -> str | None:
    """Return an instant as text, none as none."""
    return None if at is None else text_of(at)


def instant_in(moment: datetime, field: str) -> Instant:
    """Return the moment that a request names as an instant.

    Raises:
        BadValuesError: no campaign can live at that time.
    """
    at = instant_of(moment)
    if not is_within_times(at):
        raise BadValuesError([Problem(field=field, value=moment.isoformat(), rule=TIMES)])
    return at


def with_times(rule: str) -> str:
    """Return a rule of the core, which counts milliseconds, with times that a person can read."""
    return _INSTANT.sub(lambda found: text_of(int(found[0])), rule)

"""Instants in requests and answers: RFC 3339 text, in UTC and to the millisecond."""

from __future__ import annotations

from datetime import datetime

from campaign_core import Instant
from campaign_core.errors import Problem
from campaign_drivers.clock import present
from campaign_service.instants import TIMES, instant_of, is_within_times, written, zone_of
from campaign_service.schemas.conversion import BadValuesError

__all__ = ["instant_in", "present", "rule_of", "text_of", "text_or_none"]

_UTC = zone_of("UTC")


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


def rule_of(problem: Problem) -> str:
    """Return a problem's rule; the core counts milliseconds, a person reads times."""
    if problem.instant is None:
        return problem.rule
    return problem.rule_at.format(at=text_of(problem.instant))

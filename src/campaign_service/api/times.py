"""Instants in requests and answers: RFC 3339 text, in UTC and to the millisecond."""

from __future__ import annotations

from datetime import datetime

from campaign_core import Instant
from campaign_core.errors import Problem
from campaign_drivers.clock import present
from campaign_service.instants import TIMES, instant_of, is_within_times
from campaign_service.schemas.conversion import BadValuesError
from campaign_service.schemas.fields import UtcTime
from campaign_service.schemas.wire import written

__all__ = ["instant_in", "present", "rule_of", "text_of"]


def text_of(at: int) -> str:
    """Return an instant as text."""
    return written(UtcTime.of(at))


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

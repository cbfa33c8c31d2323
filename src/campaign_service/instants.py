"""Instants as people write and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from campaign_core import Instant

__all__ = ["instant_of", "written"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def instant_of(moment: datetime) -> Instant:
    """Return a moment that knows its time zone as an instant."""
    return Instant((moment - _EPOCH) // _MS)


def written(at: int, zone: ZoneInfo) -> str:
    """Return an instant as ISO 8601 text on the clock of a zone, to the millisecond."""
    moment = datetime.fromtimestamp(at // 1_000, zone).replace(microsecond=at % 1_000 * 1_000)
    return moment.isoformat(timespec="milliseconds")

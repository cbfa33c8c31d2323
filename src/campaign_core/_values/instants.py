"""Instants and durations: integer milliseconds since 1970 UTC, and their units."""

from __future__ import annotations

from typing import NewType

__all__ = ["BEGINNING", "END", "HOUR_MS", "MINUTE_MS", "SECOND_MS", "Instant", "seconds"]

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""

BEGINNING = Instant(0)
"""Before anything happened."""

END = Instant((1 << 43) - 1)
"""The last instant that may be named, in the year 2248: packed keys keep 44 bits for one."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS


def seconds(count: float) -> int:
    """Return a duration in milliseconds."""
    return round(count * SECOND_MS)

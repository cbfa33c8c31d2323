"""How long a session lasts: the one whose token a program keeps, and the one that a browser keeps.

A browser's ends when nothing was asked with it for a while, for browsers are left open; each use
moves its end on. Either ends at the end of a day at work, however much it is used.
"""

from __future__ import annotations

from campaign_core import Instant

__all__ = ["IDLE_MIN", "SESSION_H", "first_end", "last_end", "moved_end"]

SESSION_H = 12
"""So long a session lasts: a day at work, and no night after it."""
IDLE_MIN = 60
"""A browser's session ends when it was not used for so many minutes; ten fewer may be enough, for
its use is noted each ten minutes."""

_SESSION_MS = SESSION_H * 3_600_000
_IDLE_MS = IDLE_MIN * 60_000


def last_end(created_at: Instant) -> Instant:
    """Return when a session ends at the latest."""
    return Instant(created_at + _SESSION_MS)


def first_end(created_at: Instant, *, is_browser: bool) -> Instant:
    """Return when a session ends that is never used."""
    return Instant(created_at + _IDLE_MS) if is_browser else last_end(created_at)


def moved_end(created_at: Instant, expires_at: Instant, *, now: Instant) -> Instant:
    """Return when a session ends that is used now; one that lasts its full time anyway, then."""
    return max(expires_at, min(last_end(created_at), Instant(now + _IDLE_MS)))

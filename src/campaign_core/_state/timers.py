"""What becomes due: one ordered set of integers for the whole service (R6.6).

An entry is instant, kind and whom it concerns, packed so that entries sort as R6.6 wants them:
by the due instant, and at the same one starts, expiries, deadlines, digit timeouts.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Due", "after", "due_at", "entry", "read"]


class Due(IntEnum):
    """The kinds of what becomes due, in the order in which they are taken."""

    START = 0
    EXPIRY = 1
    DEADLINE = 2
    GRACE = 3
    DIGIT = 4


_KEY_BITS = 64
_KIND_BITS = 3
_SHIFT = _KEY_BITS + _KIND_BITS


def entry(at: int, kind: Due, key: int) -> int:
    """Return the entry for a campaign's id or a call's key."""
    return at << _SHIFT | kind << _KEY_BITS | key


def read(packed: int) -> tuple[Due, int]:
    """Return the kind and the campaign's id or the call's key."""
    return Due(packed >> _KEY_BITS & 7), packed & (1 << _KEY_BITS) - 1


def due_at(packed: int) -> int:
    """Return the instant."""
    return packed >> _SHIFT


def after(now: int) -> int:
    """Return the least entry due later than an instant."""
    return (now + 1) << _SHIFT

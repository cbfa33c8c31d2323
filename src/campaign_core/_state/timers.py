"""What becomes due: one ordered set of integers for the whole service (R6.6).

An entry is instant, kind and whom it concerns, packed so that entries sort as R6.6 wants them:
by the due instant, and at the same one starts, expiries, deadlines, digit timeouts.
"""

from __future__ import annotations

from enum import IntEnum

from campaign_core._state.call import Call, Silent
from campaign_core._values.instants import SECOND_MS

__all__ = ["GRACE_MS", "TimerKind", "after", "due_at", "entry", "last_of_call", "of_call", "read"]


class TimerKind(IntEnum):
    """The kinds of what becomes due, in the order in which they are taken."""

    START = 0
    EXPIRY = 1
    DEADLINE = 2
    GRACE = 3
    DIGIT = 4


GRACE_MS = 10 * SECOND_MS
"""How long after its deadline a call without an end is freed (R7.9)."""

_KEY_BITS = 64
_KIND_BITS = 3
_SHIFT = _KEY_BITS + _KIND_BITS
_KINDS = tuple(TimerKind)
_DEADLINE_BITS = TimerKind.DEADLINE << _KEY_BITS


def entry(at: int, kind: TimerKind, key: int) -> int:
    """Return the entry for a campaign's id or a call's key."""
    return at << _SHIFT | kind << _KEY_BITS | key


def read(packed: int) -> tuple[TimerKind, int]:
    """Return the kind and the campaign's id or the call's key."""
    return _KINDS[packed >> _KEY_BITS & 7], packed & (1 << _KEY_BITS) - 1


def due_at(packed: int) -> int:
    """Return the instant."""
    return packed >> _SHIFT


def after(now: int) -> int:
    """Return the least entry due later than an instant."""
    return (now + 1) << _SHIFT


def of_call(call: Call) -> list[int]:
    """Return the entries that a call in progress asks for."""
    last = last_of_call(call)
    if isinstance(call.step, Silent) and not call.is_adrift:
        return [last, entry(call.step.until, TimerKind.DIGIT, call.placement.key)]
    return [last]


def last_of_call(call: Call) -> int:
    """Return the entry of a call's deadline, or of the grace after it."""
    if call.is_overdue:
        return entry(call.deadline_at + GRACE_MS, TimerKind.GRACE, call.placement.key)
    return call.deadline_at << _SHIFT | _DEADLINE_BITS | call.placement.key

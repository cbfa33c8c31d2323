"""How a call can end (R7.10), as sets a rule can name."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import ClassVar

__all__ = ["TECHNICAL", "UNANSWERED", "Outcome"]


class Outcome(Enum):
    """How a call ended; ``REACHED`` is the only success."""

    REACHED = "REACHED"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    REJECTED = "REJECTED"
    CONGESTION = "CONGESTION"
    FAILED = "FAILED"
    INVALID_NUMBER = "INVALID_NUMBER"
    HUNG_UP = "HUNG_UP"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    OPTED_OUT = "OPTED_OUT"
    REFUSED = "REFUSED"
    SOUND_MISSING = "SOUND_MISSING"
    CANCELLED = "CANCELLED"
    LOST = "LOST"

    # Members are compared and hashed on every call: identity is enough and much cheaper.
    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


UNANSWERED = frozenset(
    {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.REJECTED,
        Outcome.CONGESTION,
        Outcome.FAILED,
        Outcome.INVALID_NUMBER,
    }
)
"""What a hangup cause can mean when nobody answered; a driver's table maps onto these."""

TECHNICAL = frozenset({Outcome.CONGESTION, Outcome.REFUSED, Outcome.FAILED})
"""Ends that tell of a broken trunk rather than of a person; the breaker counts them (R6.17)."""

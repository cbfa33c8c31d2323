"""A call as the pool keeps it: which node has it, and what may still become of it."""

from __future__ import annotations

import attrs

from campaign_core import CallId, Line
from campaign_core.decisions import PlaceCall

__all__ = ["LONGEST_MS", "PoolCall", "gone_by"]

_AFTER_DEAD_MAN_MS = 5_000
"""The telephony itself has ended a call by its dead man's switch; so much later it is certain."""

LONGEST_MS = (600 + 7_200 + 10 + 5) * 1_000 + _AFTER_DEAD_MAN_MS
"""A call of which nothing is known but that it is up lasts no longer (R7.9)."""


def gone_by(now: int, dead_man_s: int) -> int:
    """Return when a call is gone for certain, whether its end was heard or not."""
    return now + dead_man_s * 1_000 + _AFTER_DEAD_MAN_MS


@attrs.define(eq=False, kw_only=True)
class PoolCall:
    """A call in progress, or one whose fate is unknown."""

    call_id: CallId
    node: str
    """Who has it."""
    line: Line | None
    """``None``: it was taken over, and nobody says."""
    gone_by: int
    """By then it is gone for certain: what it used is free (R7.9)."""
    order: PlaceCall | None = None
    """With which it was placed; ``None``: it was taken over."""
    placed_at: int = 0
    tried: frozenset[str] = frozenset()
    """Nodes that did not take it, before this one."""
    is_answered: bool = False
    is_hung_up: bool = False
    """Its end was ordered: it goes to no other node any more."""
    adrift_since: int | None = None
    """When its node went out of reach; ``None``: it is there."""

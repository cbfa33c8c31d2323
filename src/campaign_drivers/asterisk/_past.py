"""Calls that are over: what comes late of them makes no call of them again."""

from __future__ import annotations

from campaign_core import CallId

__all__ = ["PastCalls"]

_KEPT = 1_000
"""The last ones."""


class PastCalls:
    """Which calls have ended, and which of them were taken for lost (R5.5)."""

    def __init__(self) -> None:
        """Start without any."""
        self._was_lost: dict[CallId, bool] = {}

    def add(self, call_id: CallId, *, is_lost: bool = False) -> None:
        """Note that a call is over.

        Args:
            call_id: of the call.
            is_lost: nobody was told of its end: should it turn up again, it is to be ended.
        """
        self._was_lost[call_id] = is_lost
        if len(self._was_lost) > _KEPT:
            del self._was_lost[next(iter(self._was_lost))]

    def __contains__(self, call_id: CallId) -> bool:
        """Return whether a call is over."""
        return call_id in self._was_lost

    def was_lost(self, call_id: str) -> bool:
        """Return whether a call was taken for lost: it must not go on (R7.11)."""
        return self._was_lost.get(CallId(call_id), False)

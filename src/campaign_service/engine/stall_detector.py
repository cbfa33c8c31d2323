"""Notices that this process stood still, as when it was stopped and goes on later.

Meanwhile another process may have taken its place. So after a standstill it asks before it acts,
and while nobody can tell whether it leads, no call is placed: not to know is not to lead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from campaign_drivers.clock import steady_ms
from campaign_service.engine.errors import LeaderUncertainError

__all__ = ["DEAF_S", "StallDetector"]

_TICKS_EVERY_S = 0.25
_STALL_S = 2.0
"""A standby that takes over does not call anyone anew within 5 s (R5.5)."""
DEAF_S = 1.0
"""As long as the shortest silence in which a digit is awaited (R7.2)."""


class StallDetector:
    """Notes the time at short intervals; a long gap is a standstill.

    Args:
        confirm_leader: see :class:`~campaign_service.engine.ServicePolicy`.
        on_uncertain: is told when it becomes uncertain who leads, and when it is certain again.
    """

    def __init__(
        self, confirm_leader: Callable[[], Awaitable[None]], on_uncertain: Callable[[bool], None]
    ) -> None:
        self._confirm_leader = confirm_leader
        self._on_uncertain = on_uncertain
        self._ticked_at = _now_s()
        self._has_stalled = False
        self._was_deaf = False
        self._is_uncertain = False

    async def run(self) -> None:
        """Note the time again and again, until cancelled; ask on while it is uncertain who leads.

        Raises:
            Exception: what the question raised: another process leads.
        """
        while True:
            self._look()
            self._ticked_at = _now_s()
            if self._is_uncertain:
                await self._ask()
            await asyncio.sleep(_TICKS_EVERY_S)

    async def confirm_after_stall(self) -> None:
        """After a standstill, ask whether this process leads; raises where another one does.

        Where that cannot be known it says so to who was named for it, and returns.
        """
        self._look()
        if self._has_stalled and not self._is_uncertain:
            await self._ask()

    def was_deaf(self) -> bool:
        """Return, once after each standstill, that there was one: nobody could hear (R7.12)."""
        self._look()
        was_deaf, self._was_deaf = self._was_deaf, False
        if was_deaf:
            self._ticked_at = _now_s()
        return was_deaf

    async def _ask(self) -> None:
        asked_at = _now_s()
        try:
            await self._confirm_leader()
            # An answer that was given before another standstill is none.
            is_certain = _now_s() - asked_at <= _STALL_S
        except LeaderUncertainError:
            is_certain = False
        if is_certain:
            self._has_stalled = False
            self._ticked_at = _now_s()
        if self._is_uncertain is is_certain:
            self._is_uncertain = not is_certain
            self._on_uncertain(self._is_uncertain)

    def _look(self) -> None:
        gap_s = _now_s() - self._ticked_at
        self._was_deaf = self._was_deaf or gap_s > DEAF_S
        self._has_stalled = self._has_stalled or gap_s > _STALL_S


def _now_s() -> float:
    # A machine that is suspended stands still too, and its monotonic clock with it.
    return steady_ms() / 1_000

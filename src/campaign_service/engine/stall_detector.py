"""Notices that this process stood still, as when it was stopped and goes on later.

Meanwhile another process may have taken its place. So after a standstill it asks before it acts,
and while nobody can tell whether it leads, no call is placed: not to know is not to lead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from campaign_drivers.clock import steady_ms

__all__ = ["DEAF_S", "Confirm", "LeaderUncertainError", "StallDetector"]

Confirm = Callable[[], Awaitable[None]]
"""Returns once it is certain that this process leads; raises ``LeaderUncertainError`` where nobody
can know that just now, and another error where another process leads."""

_BEATS_EVERY_S = 0.25
_STANDSTILL_S = 2.0
"""A standby that takes over does not call anyone anew within 5 s (R5.5)."""
DEAF_S = 1.0
"""As long as the shortest silence in which a digit is awaited (R7.2)."""


class LeaderUncertainError(Exception):
    """Whether this process still leads cannot be known just now."""


async def _nobody_asks() -> None:
    """Return at once: no other process can lead a run from a file."""


def _nobody_is_told(_: bool) -> None:  # noqa: FBT001
    """Do nothing."""


class StallDetector:
    """Notes the time at short intervals; a long gap is a standstill.

    Args:
        confirm: asks whether this process still leads; ``None``: it always does.
        unsure: is told when that becomes uncertain, and when it is certain again.
    """

    def __init__(
        self,
        confirm: Confirm | None = None,
        *,
        unsure: Callable[[bool], None] = _nobody_is_told,
    ) -> None:
        self._confirm = confirm or _nobody_asks
        self._unsure = unsure
        self._beaten_at = _now_s()
        self._stood_still = False
        self._was_deaf = False
        self._is_unsure = False

    async def beat(self) -> None:
        """Note the time again and again, until cancelled; ask on while it is uncertain who leads.

        Raises:
            Exception: what the question raised: another process leads.
        """
        while True:
            self._look()
            self._beaten_at = _now_s()
            if self._is_unsure:
                await self._ask()
            await asyncio.sleep(_BEATS_EVERY_S)

    async def be_sure(self) -> None:
        """After a standstill, ask whether this process leads; raises where another one does.

        Where that cannot be known it says so to who was named for it, and returns.
        """
        self._look()
        if self._stood_still and not self._is_unsure:
            await self._ask()

    def was_deaf(self) -> bool:
        """Return, once after each standstill, that there was one: nobody could hear (R7.12)."""
        self._look()
        was_deaf, self._was_deaf = self._was_deaf, False
        if was_deaf:
            self._beaten_at = _now_s()
        return was_deaf

    async def _ask(self) -> None:
        asked_at = _now_s()
        try:
            await self._confirm()
            # An answer that was given before another standstill is none.
            is_sure = _now_s() - asked_at <= _STANDSTILL_S
        except LeaderUncertainError:
            is_sure = False
        if is_sure:
            self._stood_still = False
            self._beaten_at = _now_s()
        if self._is_unsure is is_sure:
            self._is_unsure = not is_sure
            self._unsure(self._is_unsure)

    def _look(self) -> None:
        gap_s = _now_s() - self._beaten_at
        self._was_deaf = self._was_deaf or gap_s > DEAF_S
        self._stood_still = self._stood_still or gap_s > _STANDSTILL_S


def _now_s() -> float:
    # A machine that is suspended stands still too, and its monotonic clock with it.
    return steady_ms() / 1_000

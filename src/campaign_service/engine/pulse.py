"""The pulse: notices that this process stood still, as when it was stopped and goes on later.

Meanwhile another process may have taken its place. So after a standstill it asks before it acts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["Confirm", "Pulse"]

Confirm = Callable[[], Awaitable[None]]
"""Returns once it is certain that this process still leads, or that nobody can know; raises where
another leads."""

_BEATS_EVERY_S = 0.25
_STANDSTILL_S = 2.0
"""A standby that takes over does not call anyone anew within 5 s (R5.5)."""


async def _nobody_asks() -> None:
    """Return at once: no other process can lead a run from a file."""


class Pulse:
    """Notes the time at short intervals; a long gap is a standstill."""

    def __init__(self, confirm: Confirm | None = None) -> None:
        """Take what asks whether this process still leads; ``None``: it always does."""
        self._confirm = confirm or _nobody_asks
        self._beaten_at = time.monotonic()
        self._stood_still = False

    async def beat(self) -> None:
        """Note the time again and again, until cancelled."""
        while True:
            self._look()
            self._beaten_at = time.monotonic()
            await asyncio.sleep(_BEATS_EVERY_S)

    async def be_sure(self) -> None:
        """After a standstill of the process, ask whether it still leads; raises if not."""
        self._look()
        if self._stood_still:
            await self._confirm()
            self._stood_still = False
            self._beaten_at = time.monotonic()

    def _look(self) -> None:
        if time.monotonic() - self._beaten_at > _STANDSTILL_S:
            self._stood_still = True

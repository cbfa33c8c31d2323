"""Those who wait for something to hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs

__all__ = ["Conditions"]


@attrs.frozen(eq=False)
class _Condition:
    holds: Callable[[], bool]
    held: asyncio.Future[None]


class Conditions:
    """What is waited for; it is asked when it is told to look."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._conditions: list[_Condition] = []

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when something holds."""
        held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._conditions.append(_Condition(holds, held))
        await held

    def look(self) -> None:
        """Ask each condition whether it holds now."""
        for condition in self._conditions:
            if not condition.held.done() and condition.holds():
                condition.held.set_result(None)
        self._conditions = [one for one in self._conditions if not one.held.done()]

    def fail(self, error: BaseException) -> None:
        """Let everyone who waits know that it is in vain."""
        for condition in self._conditions:
            if not condition.held.done():
                condition.held.set_exception(error)
        self._conditions = []

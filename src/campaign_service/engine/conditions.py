"""Tasks that wait until a condition on the state is true."""

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
    """The conditions that tasks wait for; checked at each :meth:`look`."""

    def __init__(self) -> None:
        """Start with no waiting condition."""
        self._conditions: list[_Condition] = []

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition is true."""
        held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._conditions.append(_Condition(holds, held))
        await held

    def look(self) -> None:
        """Check each condition; those that are true are done."""
        for condition in self._conditions:
            if not condition.held.done() and condition.holds():
                condition.held.set_result(None)
        self._conditions = [one for one in self._conditions if not one.held.done()]

    def fail(self, error: BaseException) -> None:
        """Raise an error in every task that waits."""
        for condition in self._conditions:
            if not condition.held.done():
                condition.held.set_exception(error)
        self._conditions = []

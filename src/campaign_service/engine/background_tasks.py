"""Tasks that live as long as an engine does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

__all__ = ["BackgroundTasks"]


class BackgroundTasks:
    """Tasks of which none ends by itself, unless it fails.

    Args:
        on_failure: is told the error of each that fails.
    """

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, work: Coroutine[object, None, None]) -> None:
        """Have one more."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def raise_failure(self) -> None:
        """Return if none has failed; raises what the first one raised."""
        for task in self._tasks:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error is not None:
                raise error

    async def cancel(self) -> None:
        """Cancel all of them, and return once they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._on_failure(error)

"""Turns: work that takes a processor for a while, a few at a time, in threads of its own.

What waits for its turn keeps nobody else waiting: short questions, and commands, have other
threads. So neither a flood of log-ins by strangers nor a few long exports stop a service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

__all__ = ["Turns"]

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """Threads for one kind of work.

    Args:
        name: of the threads.
        at_once: how many there are.
        waiting_max: so many wait for one; ``None``: all who come.
        crowded: makes the error for whoever comes when so many wait.
    """

    def __init__(
        self,
        name: str,
        *,
        at_once: int,
        waiting_max: int | None = None,
        crowded: Callable[[], Exception] = RuntimeError,
    ) -> None:
        self._name = name
        self._at_once = at_once
        self._threads: ThreadPoolExecutor | None = None
        self._most = None if waiting_max is None else at_once + waiting_max
        self._crowded = crowded
        self._here = 0

    async def take(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Return what some work comes to, when it has had its turn.

        Raises:
            Exception: what the work raises; and, where too many wait, the error for that.
        """
        if self._most is not None and self._here >= self._most:
            raise self._crowded()
        return await self.go_on(work, *args, **more)

    async def go_on(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Return what more of a work comes to that has begun: it is never turned away.

        Raises:
            Exception: what the work raises.
        """
        loop = asyncio.get_running_loop()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix=self._name)
        self._here += 1
        done = loop.run_in_executor(self._threads, partial(work, *args, **more))
        # Who gives up waiting leaves the work behind: its place is free when that is done.
        done.add_done_callback(self._leave)
        return await asyncio.shield(done)

    def close(self) -> None:
        """Give up what waits; an application that begins again has new threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def _leave(self, done: asyncio.Future[T]) -> None:
        self._here -= 1
        if not done.cancelled():
            # All who asked may have given up, and an error that nobody sees is a warning.
            done.exception()

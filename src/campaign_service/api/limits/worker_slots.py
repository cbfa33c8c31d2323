"""Work that takes a processor for a while, a few at a time, in threads of its own.

What waits for its turn keeps nobody else waiting: short questions, and commands, have other
threads. So neither a flood of log-ins by strangers nor a few long exports stop a service. And of
those who wait, each has a turn in his turn: whoever asks much waits behind himself, not others
behind him. Who gives up waiting has never been there.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

__all__ = ["WorkerSlots"]

P = ParamSpec("P")
T = TypeVar("T")


class WorkerSlots:
    """Threads for one kind of work.

    Args:
        at_once: how many there are.
        waiting_max: so many wait for one; ``None``: all who come.
        waiting_each_max: so many works of one and the same wait; ``None``: as many as of all.
        crowded: makes the error for whoever comes when so many wait.
    """

    def __init__(
        self,
        name: str,
        *,
        at_once: int,
        waiting_max: int | None = None,
        waiting_each_max: int | None = None,
        busy_error: Callable[[], Exception] = RuntimeError,
    ) -> None:
        self._name = name
        self._at_once = at_once
        self._threads: ThreadPoolExecutor | None = None
        self._max = None if waiting_max is None else at_once + waiting_max
        self._max_each = waiting_each_max
        self._crowded = busy_error
        self._running = 0
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """Of each who waits, in the order in which they have their next turn."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits."""
        return not self._waiting

    async def run(self, by: str, work: Callable[P, T], /, *args: P.args, **more: P.kwargs) -> T:
        """Return what some work comes to, when it has had its turn.

        Args:
            by: whose it is.

        Raises:
            Exception: what the work raises; and, where too many wait, the error for that.
        """
        waiting = sum(map(len, self._waiting.values()))
        if self._max is not None and self._running + waiting >= self._max:
            raise self._crowded()
        own = len(self._waiting.get(by, ()))
        if self._max_each is not None and own >= self._max_each:
            raise self._crowded()
        return await self.run_more(by, work, *args, **more)

    async def run_more(
        self, by: str, work: Callable[P, T], /, *args: P.args, **more: P.kwargs
    ) -> T:
        """Return what more of a work comes to that has begun: it is never turned away.

        Raises:
            Exception: what the work raises.
        """
        await self._acquire(by)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix=self._name)
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._threads, partial(work, *args, **more))
        # Who gives up now leaves the work behind: its place is free when that is done.
        done.add_done_callback(self._work_done)
        return await asyncio.shield(done)

    def close(self) -> None:
        """Give up what waits; an application that begins again has new threads."""
        waiting, self._waiting = self._waiting, OrderedDict()
        for turn in [turn for slots in waiting.values() for turn in slots]:
            turn.cancel()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def _acquire(self, by: str) -> None:
        """Wait for a turn, and take it."""
        if self._running < self._at_once:
            self._running += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(by, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(by, turn)
            else:
                self._release()
            raise

    def _forget(self, by: str, turn: asyncio.Future[None]) -> None:
        slots = self._waiting.get(by)
        if slots is not None and turn in slots:
            slots.remove(turn)
            if not slots:
                del self._waiting[by]

    def _work_done(self, done: asyncio.Future[T]) -> None:
        self._release()
        if not done.cancelled():
            # All who asked may have given up, and an error that nobody sees is a warning.
            done.exception()

    def _release(self) -> None:
        """Give a turn that is over to the next, of those who wait that of whom waits longest."""
        while self._waiting:
            by, slots = self._waiting.popitem(last=False)
            turn = slots.popleft()
            if slots:
                self._waiting[by] = slots
            if not turn.done():
                turn.set_result(None)
                return
        self._running -= 1

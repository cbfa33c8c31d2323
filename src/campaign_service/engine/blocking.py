"""An engine for programs of threads: it lives on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from campaign_core import Campaign, CampaignId, State
from campaign_core.commands import Command
from campaign_service.engine.errors import EngineStoppedError
from campaign_service.engine.pending_commands import CommandResult
from campaign_service.engine.real_time import RealTimeEngine

__all__ = ["BlockingEngine"]

T = TypeVar("T")


class BlockingEngine:
    """Runs an engine in a thread, as a context; its methods may be called from any other thread.

    Args:
        make: makes the engine and its driver; called in that thread.
    """

    def __init__(self, make: Callable[[], RealTimeEngine]) -> None:
        self._make = make
        self._begun: Future[tuple[RealTimeEngine, asyncio.AbstractEventLoop]] = Future()
        self._stopped = asyncio.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="campaign engine")

    @property
    def state(self) -> State:
        """The current state; its last events may not be durable yet."""
        return self._begun.result()[0].state

    def give(self, command: Command, *, timeout_s: float | None = None) -> CommandResult:
        """Give a command, and return once what came of it is durable; see the engine's own.

        Raises:
            TimeoutError: it is not by then; what becomes of it is not known.
        """
        engine, _ = self._begun.result()
        return self._wait(engine.give(command), timeout_s)

    def finished(self, campaign_id: CampaignId, *, timeout_s: float | None = None) -> Campaign:
        """Return a campaign once it has ended and none of its calls is in progress (R4.5).

        Raises:
            TimeoutError: it has not by then.
            UnknownCampaignError: there is none such, or it was deleted meanwhile.
        """
        engine, _ = self._begun.result()
        return self._wait(engine.finished(campaign_id), timeout_s)

    def __enter__(self) -> Self:
        """Connect the driver; raises what the engine's own context raises."""
        self._thread.start()
        try:
            self._begun.result()
        except BaseException:
            self._thread.join()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect, once everything is written; calls in progress are left to the telephony."""
        _, loop = self._begun.result()
        # A closed loop: it has ended by itself.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _wait(self, work: Coroutine[Any, Any, T], timeout_s: float | None) -> T:
        _, loop = self._begun.result()
        if loop.is_closed():
            work.close()
            raise EngineStoppedError("the engine was stopped")
        doing = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return doing.result(timeout_s)
        except TimeoutError:
            doing.cancel()
            raise

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 -- raised where the context is left
            if self._begun.done():
                self._error = error
            else:
                self._begun.set_exception(error)

    async def _live(self) -> None:
        async with self._make() as engine:
            self._begun.set_result((engine, asyncio.get_running_loop()))
            await self._stopped.wait()

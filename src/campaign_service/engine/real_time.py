"""The engine in real time: lives by a clock, over any driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

import attrs

from campaign_core import (
    CallId,
    Instant,
    Message,
    Refusal,
    State,
    Transition,
    handle_batch,
    next_wakeup,
)
from campaign_core.commands import Command
from campaign_core.decisions import Decision, PlaceCall
from campaign_core.reports import DriverDownReport, Report, Tick
from campaign_drivers import Driver, LinkLostError
from campaign_drivers.simulated import Clock
from campaign_service.engine.parts import Observer, is_quiet
from campaign_service.engine.scribe import Scribe
from campaign_service.journal import Journal

__all__ = ["RealTimeEngine"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1, 30
"""Between two tries to reach the telephony."""


class _Timer(Protocol):
    """What a clock will do, unless it is cancelled before."""

    def cancel(self) -> None:
        """Do not do it."""


@attrs.frozen(eq=False)
class _Given:
    """A message, and who waits for what comes of it."""

    message: Message
    done: asyncio.Future[None] | None = None


@attrs.frozen(eq=False)
class _Condition:
    holds: Callable[[], bool]
    held: asyncio.Future[None]


class RealTimeEngine:
    """Runs a service over a driver; an asynchronous context in which the driver is connected.

    A call is placed only once its event is durable; orders within a call run ahead of the disk
    (R9.3), but for those of a call that itself still waits.

    Args:
        opened: what ``open_service`` returned, or a state to go on from.
        driver: the telephony.
        clock: the time; the driver's own, where it has one.
        journal: keeps the events; ``None``: nothing does.
        observers: are told the events of each moment.
        keeps_trying: whether a telephony that is out of reach at the start is waited for.
    """

    def __init__(
        self,
        opened: Transition,
        *,
        driver: Driver,
        clock: Clock,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
        keeps_trying: bool = False,
    ) -> None:
        self._state = opened.state
        self._looked_at = opened.state.now
        """The time of the last moment that was handled."""
        self._driver = driver
        self._clock = clock
        self._observers = tuple(observers)
        self._keeps_trying = keeps_trying
        self._scribe = Scribe(journal)
        self._keeps_journal = journal is not None
        self._inbox: list[_Given] = []
        self._bell = asyncio.Event()
        self._timer: _Timer | None = None
        self._not_placed: set[CallId] = set()
        self._conditions: list[_Condition] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = opened

    @property
    def state(self) -> State:
        """What is so now; events of it may still wait for the disk."""
        return self._state

    @property
    def now(self) -> Instant:
        """The time."""
        return self._clock.now()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more happens unless somebody commands it or the telephony reports."""
        return not self._inbox and self._scribe.is_idle and is_quiet(self._state, self._looked_at)

    async def __aenter__(self) -> Self:
        """Connect the driver.

        Raises:
            LinkLostError: the telephony is out of reach, and is not to be waited for.
            LoginRefusedError: it does not take our credentials.
        """
        self._tell(self._opened, [])
        try:
            await self._driver.start(self._report)
        except LinkLostError:
            if not self._keeps_trying:
                raise
            # The core takes the driver to be up until it is told otherwise.
            self._take([_Given(DriverDownReport())])
            self._begin(self._connect())
        self._begin(self._work())
        if self._keeps_journal:
            self._begin(self._scribe.work())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect, once everything is written; calls in progress are left to the telephony."""
        if error is None:
            with suppress(asyncio.CancelledError):
                await self.until(lambda: self._scribe.is_idle)
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._driver.close()

    async def give(self, command: Command) -> None:
        """Give a command, and return once what came of it is durable.

        Raises:
            CommandRefusedError: the state does not allow it.
            SettingsError: a value of it is bad in this state.
            JournalFailedError: the journal takes no more.
        """
        done = asyncio.get_running_loop().create_future()
        condition = self._condition(done.done)
        # A copy: of a command that is given twice, the refusal must find the one it belongs to.
        self._put(_Given(attrs.evolve(command), done))
        await condition
        await done

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when something holds; it is asked after each moment.

        Raises:
            JournalFailedError: the journal takes no more.
        """
        self._bell.set()
        await self._condition(holds)

    def wake(self) -> None:
        """Have everyone who waits asked again: something outside of the engine has changed."""
        self._bell.set()

    # The loop ------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            self._set_timer()
            await self._bell.wait()
            self._bell.clear()
            given, self._inbox = self._inbox, []
            self._take(given)
            self._look_at_conditions()
            await self._scribe.room()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # What has become due since that moment is due at once; asked for the time now, the core
        # would tell of what is due later alone.
        due_at = next_wakeup(self._state, self._looked_at)
        self._timer = None if due_at is None else self._clock.call_at(due_at, self._bell.set)

    def _take(self, given: Sequence[_Given]) -> None:
        messages = [one.message for one in given] or [Tick()]
        self._looked_at = self._clock.now()
        batch = handle_batch(self._state, messages, self._looked_at)
        self._state = batch.state
        self._tell(batch, _taken(given, batch.refusals))

    def _tell(self, transition: Transition, given: Sequence[_Given]) -> None:
        """Have a moment's events written; what need not wait for that is done at once."""
        held: list[Decision] = []
        for decision in transition.decisions:
            if isinstance(decision, PlaceCall):
                self._not_placed.add(decision.call_id)
            # A hang-up must not overtake the call that it is to end.
            if decision.call_id in self._not_placed:
                held.append(decision)
            else:
                self._driver.carry_out(decision)
        for observe in self._observers:
            observe(transition.events)
        if transition.events or given:
            self._scribe.put(transition.events, lambda: self._go_on(held, given))

    def _go_on(self, held: Sequence[Decision], given: Sequence[_Given]) -> None:
        """Do what had to wait until the events were durable."""
        for decision in held:
            self._not_placed.discard(decision.call_id)
            self._driver.carry_out(decision)
        for one in given:
            if one.done is not None and not one.done.done():
                one.done.set_result(None)
        self._look_at_conditions()

    def _report(self, report: Report) -> None:
        self._put(_Given(report))

    def _put(self, given: _Given) -> None:
        self._inbox.append(given)
        self._bell.set()

    # Who waits -----------------------------------------------------------------------------

    def _condition(self, holds: Callable[[], bool]) -> asyncio.Future[None]:
        held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._conditions.append(_Condition(holds, held))
        failed = next((task for task in self._tasks if task.done()), None)
        if failed is not None:
            self._fail(failed)
        return held

    def _look_at_conditions(self) -> None:
        for condition in self._conditions:
            if not condition.held.done() and condition.holds():
                condition.held.set_result(None)
        self._conditions = [one for one in self._conditions if not one.held.done()]

    def _begin(self, work: Coroutine[object, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._fail)
        self._tasks.append(task)

    def _fail(self, task: asyncio.Task[None]) -> None:
        """Let everyone who waits know that a part of the engine has stopped."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        for condition in self._conditions:
            if not condition.held.done():
                condition.held.set_exception(error)
        self._conditions = []

    async def _connect(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._driver.start(self._report)
            except LinkLostError:
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                return


def _taken(given: Sequence[_Given], refusals: Sequence[Refusal]) -> list[_Given]:
    """Return what was taken; whoever gave one of the others hears why it was not."""
    # Refusals come in the order of the messages.
    waiting = list(refusals)
    taken = []
    for one in given:
        if not waiting or one.message is not waiting[0].message:
            taken.append(one)
            continue
        refusal = waiting.pop(0)
        if one.done is not None and not one.done.done():
            one.done.set_exception(refusal.error)
    return taken

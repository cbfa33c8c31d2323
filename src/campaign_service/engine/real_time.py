"""The engine in real time: lives by a clock, over any driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, get_args

import attrs
from typing_extensions import override

from campaign_core import Instant, State, Transition, calls, next_wakeup
from campaign_core.commands import Command
from campaign_core.reports import (
    DeferralReport,
    DriverDownReport,
    Report,
    StandstillReport,
    TelephonyReport,
)
from campaign_drivers import Driver, LinkLostError
from campaign_drivers.clock import Clock, Timer
from campaign_service.engine.calendar import CalendarWatch, clock_of_service
from campaign_service.engine.call_gate import CallGate, GateClosed
from campaign_service.engine.conditions import Conditions
from campaign_service.engine.connecting import connected
from campaign_service.engine.core_runner import CoreRunner
from campaign_service.engine.journal_writer import JournalWriter
from campaign_service.engine.parts import (
    CommandTaken,
    EngineStoppedError,
    Observer,
    ServicePolicy,
    is_quiet,
)
from campaign_service.engine.pending_commands import PendingCommand, PendingCommands
from campaign_service.engine.stall_detector import StallDetector
from campaign_service.engine.unknown_zone_log import UnknownZoneLog
from campaign_service.engine.waiting import WaitableEngine
from campaign_service.journal import Journal, JournalAwayError, JournalEntry

__all__ = ["RealTimeEngine"]

_log = logging.getLogger(__name__)

_REPORTS = frozenset(get_args(Report))
_LOOKS_AT_CALENDAR_EVERY_S = 1.0
_DEFERRED_MS = (1_000, 5_000)
"""For how long calls are deferred while none passes, at first and at most."""


class RealTimeEngine(WaitableEngine):
    """Runs a service over a driver; an asynchronous context in which the driver is connected.

    A call is placed only once its event is durable; orders within a call run ahead of the disk
    (R9.3), but for those of a call that itself still waits. While a journal is away that may come
    back, nothing is placed and nothing is commanded; calls in progress go on.

    Args:
        opened: what ``open_service`` returned, or a state to go on from.
        driver: the telephony.
        clock: the time; the driver's own, where it has one. By the machine's clock, which may be
            set, go starts, expiries and calling hours alone (R7.12).
        journal: keeps the events; ``None``: nothing does.
        observers: are told the events of each moment.
        telephony: the kind that calls go to, to be recorded where it is another than before;
            ``None``: what is recorded stays.
        keeps_trying: whether a telephony that is out of reach at the start is waited for.
        upkeep: what a service asks beside.
    """

    def __init__(
        self,
        opened: Transition,
        *,
        driver: Driver,
        clock: Clock,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
        telephony: str | None = None,
        keeps_trying: bool = False,
        upkeep: ServicePolicy | None = None,
    ) -> None:
        super().__init__()
        self._driver = driver
        self._shown = clock
        self._clock = clock_of_service(clock, opened.state)
        self._calendar = CalendarWatch(self._clock)
        self._named = () if telephony is None else (TelephonyReport(telephony),)
        self._keeps_trying = keeps_trying
        self._upkeep = upkeep or ServicePolicy()
        self._writer = JournalWriter(
            journal, state=opened.state, listener=self, waiting_max=self._upkeep.waiting_max
        )
        self._keeps_journal = journal is not None
        self._gate = CallGate(driver)
        self._stall_detector = StallDetector(self._upkeep.confirm, unsure=self._be_unsure)
        self._pending = PendingCommands()
        self._away_since: Instant | None = None
        self._inbox: list[Report | PendingCommand] = []
        self._bell = asyncio.Event()
        self._timer: Timer | None = None
        self._due_at: Instant | None = None
        self._conditions = Conditions()
        self._zones = UnknownZoneLog(lambda: self.state)
        self._runner = CoreRunner(
            opened.state,
            clock=self._clock,
            gate=self._gate,
            writer=self._writer,
            observers=(*observers, self._zones),
            deferral_ms=self._deferral_ms,
            acted=self._conditions.look,
            told_seq=opened.state.sequence - len(opened.events),
        )
        self._runner.is_durable = self._feed.tell
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = opened

    @property
    @override
    def state(self) -> State:
        """The current state; its last events may not be durable yet."""
        return self._runner.state

    @property
    def durable_state(self) -> State:
        """The state after the last durable event."""
        return self._writer.durable

    @property
    @override
    def now(self) -> Instant:
        """The service's time (R7.12)."""
        return self._clock.now()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more happens unless somebody commands it or the telephony reports."""
        is_idle = not self._inbox and self._writer.is_idle
        return is_idle and is_quiet(self.state, self.now)

    @property
    def journal_away_since(self) -> Instant | None:
        """Since when nothing can be written; ``None``: all is well."""
        return self._away_since

    @property
    def events_waiting(self) -> int:
        """How many events are not durable yet."""
        return self._writer.waiting

    async def __aenter__(self) -> Self:
        """Connect the driver.

        Raises:
            LinkLostError: the telephony is out of reach, and is not to be waited for.
            LoginRefusedError: it does not take our credentials.
        """
        self._zones.look()
        self._runner.tell(self._opened)
        if self._upkeep.is_recovered:
            self._runner.begin_in_darkness()
            if self._named:
                # The driver is down: nothing is placed.
                self._runner.take(self._named)
            if self._upkeep.is_held:
                self._runner.hold()
            self._begin(self._connect())
        else:
            if calls(self.state) and not self._opened.events:
                # Nobody heard what was said in them since the last event.
                self._runner.begin_in_darkness()
            if self._named:
                self._runner.take(self._named)
            try:
                await self._driver.start(self._hear)
            except LinkLostError:
                if not self._keeps_trying:
                    raise
                # The core takes the driver to be up until it is told otherwise.
                self._runner.take([DriverDownReport()])
                self._begin(connected(self._driver, self._hear))
        if self._calendar.is_needed:
            self._begin(self._follow_calendar())
        self._begin(self._work())
        self._begin(self._stall_detector.beat())
        if self._keeps_journal:
            self._begin(self._writer.work())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect, once everything is written; calls in progress are left to the telephony.

        A journal that is away is not waited for: what it has not taken is lost, and was never
        acknowledged.
        """
        try:
            if error is None:
                with suppress(asyncio.CancelledError):
                    await self.until(lambda: self._writer.is_idle or self._away_since is not None)
        finally:
            await self.drop()
            await self._driver.close()

    async def drop(self) -> None:
        """Stop at once, without waiting for the journal or the driver."""
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pending.stop()
        self._feed.end()
        self._conditions.fail(EngineStoppedError("the engine was stopped"))

    async def give(
        self,
        command: Command,
        *,
        receipt: tuple[str, str] | None = None,
        provided: Callable[[State], None] | None = None,
    ) -> CommandTaken:
        """Give a command, and return once what came of it is durable.

        Args:
            command: a moment of its own.
            receipt: a key and the digest of the request, to become durable together with it.
            provided: is called with the state just before; the command is not taken if it raises.

        Raises:
            CommandRefusedError: the state does not allow it.
            SettingsError: a value of it is bad in this state.
            JournalAwayError: nothing can be made durable now; or it was taken, and is not yet.
            JournalFailedError: the journal takes no more.
            EngineStoppedError: it was stopped before the command was durable.
        """
        if self._away_since is not None:
            raise JournalAwayError("the journal cannot be written just now; nothing was done")
        self._raise_failure()
        given = self._pending.new(command, receipt, provided)
        self._put(given)
        return await given.done

    @override
    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition is true; it is checked after each moment.

        Raises:
            AppendConflictError: somebody else writes the journal.
            JournalFailedError: the journal takes no more.
        """
        self._bell.set()
        self._raise_failure()
        await self._conditions.until(holds)

    def wake(self) -> None:
        """Check all conditions again: something outside of the engine has changed."""
        self._bell.set()

    def shut(self, why: GateClosed) -> None:
        """Place no more calls until :meth:`open`; those in progress go on."""
        self._gate.shut_by.add(why)
        self._runner.defer(self._gate.give_back())
        self._bell.set()

    def open(self, why: GateClosed) -> None:
        """Take back a reason for which no calls were placed."""
        self._gate.shut_by.discard(why)
        self._bell.set()

    # The loop ------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            self._set_timer()
            await self._bell.wait()
            self._bell.clear()
            await self._stall_detector.be_sure()
            if self._writer.is_idle:
                self._gate.forget()
            if self._stall_detector.was_deaf():
                self._runner.take([StandstillReport()])
            if self._calendar.differs(self.state):
                self._runner.take([self._calendar.report(self.state)])
            given, self._inbox = self._inbox, []
            is_due = self._due_at is not None and self._due_at <= self.now
            await self._runner.take_all(given, is_due=is_due)
            self._conditions.look()
            await self._writer.room()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_at = next_wakeup(self.state, self.now)
        self._due_at = due_at
        self._timer = None if due_at is None else self._clock.call_at(due_at, self._bell.set)

    def _deferral_ms(self) -> int:
        least_ms, most_ms = _DEFERRED_MS
        away_ms = 0 if self._away_since is None else self._clock.now() - self._away_since
        return max(least_ms, min(most_ms, away_ms))

    def _hear(self, report: Report) -> None:
        """Take a report of the driver; of what is none nothing comes but a line in the log."""
        if type(report) not in _REPORTS:
            kind = type(report).__qualname__
            _log.error("the driver reported what is no report, and it was left out: a %s", kind)
            return
        if isinstance(report, DeferralReport) and self._shown is not self._clock:
            apart_ms = self._clock.now() - self._shown.now()
            report = attrs.evolve(report, until=Instant(max(0, report.until + apart_ms)))
        self._put(report)

    async def _follow_calendar(self) -> None:
        while True:
            if self._calendar.differs(self.state):
                self._bell.set()
            await asyncio.sleep(_LOOKS_AT_CALENDAR_EVERY_S)

    def _put(self, message: Report | PendingCommand) -> None:
        self._inbox.append(message)
        self._bell.set()

    async def _connect(self) -> None:
        # A process that cannot write that the driver was lost does not lead, and must not touch it.
        await self.until(lambda: self._writer.is_idle)
        await connected(self._driver, self._hear, is_patient=True)

    # How the writing goes ------------------------------------------------------------------

    def journal_is_away(self, error: OSError) -> None:
        """Place nothing more; calls in progress go on."""
        self._away_since = self._clock.now()
        _log.error("the journal cannot be written, so no calls are placed: %s", error)
        self._pending.fail(JournalAwayError(f"taken, and not known to be durable: {error}"))
        self.shut(GateClosed.JOURNAL_AWAY)
        self._conditions.look()

    def journal_is_back(self) -> None:
        """Place calls again."""
        assert self._away_since is not None
        away_s = (self._clock.now() - self._away_since) / 1_000
        self._away_since = None
        waiting = self._writer.waiting
        _log.warning(
            "the journal is written again, after %.1f s; %d events waited", away_s, waiting
        )
        self.open(GateClosed.JOURNAL_AWAY)

    def is_durable(self, entries: Sequence[JournalEntry]) -> None:
        """Pass durable events on to the host."""
        self._upkeep.is_durable(entries)

    async def be_sure(self) -> None:
        """After a standstill of the process, ask whether it still leads; raises if not.

        Where that cannot be known, calls that wait are given back.
        """
        await self._stall_detector.be_sure()

    def _be_unsure(self, is_unsure: bool) -> None:  # noqa: FBT001
        if is_unsure:
            _log.warning("this process stood still, and cannot know whether it leads: no calls")
            self.shut(GateClosed.STOOD_STILL)
        else:
            _log.warning("this process leads, in spite of its standstill")
            self.open(GateClosed.STOOD_STILL)

    # Who waits -----------------------------------------------------------------------------

    def _begin(self, work: Coroutine[object, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._fail)
        self._tasks.append(task)

    def _raise_failure(self) -> None:
        for task in self._tasks:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error is not None:
                raise error

    def _fail(self, task: asyncio.Task[None]) -> None:
        """Where a part of the engine failed, raise its error in every task that waits."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self._conditions.fail(error)
        self._pending.fail(error)

"""The engine in real time: lives by a clock, over any driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self, get_args

import attrs

from campaign_core import (
    Campaign,
    CampaignId,
    Instant,
    State,
    Transition,
    calls,
    campaign,
    next_wakeup,
)
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
from campaign_service.engine.background_tasks import BackgroundTasks
from campaign_service.engine.call_gate import CallGate, GateClosed
from campaign_service.engine.conditions import Conditions, has_finished
from campaign_service.engine.connecting import connect_with_retries
from campaign_service.engine.core_runner import CoreRunner
from campaign_service.engine.errors import EngineStoppedError
from campaign_service.engine.event_subscriptions import EventSubscription, EventSubscriptions
from campaign_service.engine.journal_writer import JournalWriter
from campaign_service.engine.observers import Observer, UnknownZoneLog
from campaign_service.engine.pending_commands import (
    CommandResult,
    PendingCommand,
    PendingCommands,
)
from campaign_service.engine.service_policy import ServicePolicy
from campaign_service.engine.service_time import ClockChangeDetector, is_quiet, service_clock
from campaign_service.engine.stall_detector import StallDetector
from campaign_service.journal import Journal, JournalAwayError

__all__ = ["RealTimeEngine"]

_log = logging.getLogger(__name__)

_REPORTS = frozenset(get_args(Report))
_LOOKS_AT_CALENDAR_EVERY_S = 1.0
_DEFERRED_MS = (1_000, 5_000)
"""For how long calls are deferred while none passes, at first and at most."""


class RealTimeEngine:
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
        policy: what a service asks beside.
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
        policy: ServicePolicy | None = None,
    ) -> None:
        self._opened = opened
        self._driver = driver
        self._driver_clock = clock
        self._clock = service_clock(clock, opened.state)
        self._clock_change = ClockChangeDetector(self._clock)
        self._telephony = () if telephony is None else (TelephonyReport(telephony),)
        self._keeps_trying = keeps_trying
        self._policy = policy or ServicePolicy()
        self._gate = CallGate(driver)
        self._stall_detector = StallDetector(self._policy.confirm_leader, self._set_uncertain)
        self._writer = JournalWriter(
            journal,
            state=opened.state,
            clock=self._clock,
            waiting_max=self._policy.waiting_max,
            on_away=self._journal_is_away,
            on_back=partial(self.open, GateClosed.JOURNAL_AWAY),
            on_durable=self._policy.on_durable,
            confirm_after_stall=self._stall_detector.confirm_after_stall,
        )
        self._keeps_journal = journal is not None
        self._pending = PendingCommands()
        self._inbox: list[Report | PendingCommand] = []
        self._has_news = asyncio.Event()
        self._timer: Timer | None = None
        self._due_at: Instant | None = None
        self._conditions = Conditions()
        self._subscriptions = EventSubscriptions()
        self._zones = UnknownZoneLog(lambda: self.state)
        self._runner = CoreRunner(
            opened,
            clock=self._clock,
            gate=self._gate,
            writer=self._writer,
            observers=(*observers, self._zones.take),
            deferral_ms=self._deferral_ms,
            on_durable=self._subscriptions.tell,
            acted=self._conditions.look,
        )
        self._tasks = BackgroundTasks(self._has_failed)

    @property
    def state(self) -> State:
        """The current state; its last events may not be durable yet."""
        return self._runner.state

    @property
    def durable_state(self) -> State:
        """The state after the last durable event."""
        return self._writer.durable_state

    @property
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
        return self._writer.away_since

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
        self._runner.write(self._opened)
        if self._policy.is_recovered:
            self._runner.report_driver_down()
            if self._telephony:
                # The driver is down: nothing is placed.
                self._runner.take(self._telephony)
            if self._policy.is_held:
                self._runner.hold()
            self._tasks.start(self._connect())
        else:
            if calls(self.state) and not self._opened.events:
                # Nobody heard what was said in them since the last event.
                self._runner.report_driver_down()
            if self._telephony:
                self._runner.take(self._telephony)
            try:
                await self._driver.start(self._hear)
            except LinkLostError:
                if not self._keeps_trying:
                    raise
                # The core takes the driver to be up until it is told otherwise.
                self._runner.take([DriverDownReport()])
                self._tasks.start(connect_with_retries(self._driver, self._hear))
        if self._clock_change.is_possible:
            self._tasks.start(self._watch_calendar())
        self._tasks.start(self._run())
        self._tasks.start(self._stall_detector.run())
        if self._keeps_journal:
            self._tasks.start(self._writer.run())
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
                    await self.until(
                        lambda: self._writer.is_idle or self._writer.away_since is not None
                    )
        finally:
            await self.drop()
            await self._driver.close()

    async def drop(self) -> None:
        """Stop at once, without waiting for the journal or the driver."""
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.cancel()
        self._pending.stop()
        self._subscriptions.end()
        self._conditions.fail(EngineStoppedError("the engine was stopped"))

    async def give(
        self,
        command: Command,
        *,
        receipt: tuple[str, str] | None = None,
        provided: Callable[[State], None] | None = None,
    ) -> CommandResult:
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
        if self._writer.away_since is not None:
            raise JournalAwayError("the journal cannot be written just now; nothing was done")
        self._tasks.raise_failure()
        given = PendingCommand(command, receipt, provided)
        self._pending.add(given)
        self._put(given)
        return await given.done

    def events(self) -> EventSubscription:
        """Return the events from now on, each once it is durable; for ``async for``.

        It ends when the engine does. Nothing is left out for a slow reader, and nobody waits for
        it: whoever stops reading before the end calls :meth:`EventSubscription.close`.
        """
        return self._subscriptions.add()

    async def finished(self, campaign_id: CampaignId) -> Campaign:
        """Return a campaign once it has ended and none of its calls is in progress (R4.5).

        Raises:
            UnknownCampaignError: there is none such, or it was deleted meanwhile.
            AppendConflictError: somebody else writes the journal.
            JournalFailedError: the journal takes no more.
        """
        await self.until(lambda: has_finished(self.state, campaign_id, self.now))
        return campaign(self.state, campaign_id, self.now)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition is true; it is checked after each moment.

        Raises:
            AppendConflictError: somebody else writes the journal.
            JournalFailedError: the journal takes no more.
        """
        self._has_news.set()
        self._tasks.raise_failure()
        await self._conditions.until(holds)

    def wake(self) -> None:
        """Check all conditions again: something outside of the engine has changed."""
        self._has_news.set()

    def shut(self, why: GateClosed) -> None:
        """Place no more calls until :meth:`open`; those in progress go on."""
        self._gate.closed_by.add(why)
        self._runner.defer(self._gate.give_back())
        self._has_news.set()

    def open(self, why: GateClosed) -> None:
        """Take back a reason for which no calls were placed."""
        self._gate.closed_by.discard(why)
        self._has_news.set()

    # The loop ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._set_timer()
            await self._has_news.wait()
            self._has_news.clear()
            await self._stall_detector.confirm_after_stall()
            if self._writer.is_idle:
                self._gate.forget_given_back()
            if self._stall_detector.was_deaf():
                self._runner.take([StandstillReport()])
            if self._clock_change.differs(self.state):
                self._runner.take([self._clock_change.report(self.state)])
            given, self._inbox = self._inbox, []
            is_due = self._due_at is not None and self._due_at <= self.now
            await self._runner.take_all(given, is_due=is_due)
            self._conditions.look()
            await self._writer.wait_for_room()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_at = next_wakeup(self.state, self.now)
        self._due_at = due_at
        self._timer = None if due_at is None else self._clock.call_at(due_at, self._has_news.set)

    def _deferral_ms(self) -> int:
        least_ms, most_ms = _DEFERRED_MS
        away_ms = (
            0 if self._writer.away_since is None else self._clock.now() - self._writer.away_since
        )
        return max(least_ms, min(most_ms, away_ms))

    def _hear(self, report: Report) -> None:
        """Take a report of the driver; of what is none nothing comes but a line in the log."""
        if type(report) not in _REPORTS:
            kind = type(report).__qualname__
            _log.error("the driver reported what is no report, and it was left out: a %s", kind)
            return
        if isinstance(report, DeferralReport) and self._driver_clock is not self._clock:
            apart_ms = self._clock.now() - self._driver_clock.now()
            report = attrs.evolve(report, until=Instant(max(0, report.until + apart_ms)))
        self._put(report)

    async def _watch_calendar(self) -> None:
        while True:
            if self._clock_change.differs(self.state):
                self._has_news.set()
            await asyncio.sleep(_LOOKS_AT_CALENDAR_EVERY_S)

    def _put(self, message: Report | PendingCommand) -> None:
        self._inbox.append(message)
        self._has_news.set()

    async def _connect(self) -> None:
        # A process that cannot write that the driver was lost does not lead, and must not touch it.
        await self.until(lambda: self._writer.is_idle)
        await connect_with_retries(self._driver, self._hear, is_patient=True)

    # What stops it, and for how long -----------------------------------------------------------

    def _journal_is_away(self, error: OSError) -> None:
        """Place nothing more; calls in progress go on."""
        self._pending.fail(JournalAwayError(f"taken, and not known to be durable: {error}"))
        self.shut(GateClosed.JOURNAL_AWAY)
        self._conditions.look()

    def _set_uncertain(self, is_uncertain: bool) -> None:  # noqa: FBT001
        if is_uncertain:
            _log.warning("this process stood still, and cannot know whether it leads: no calls")
            self.shut(GateClosed.STOOD_STILL)
        else:
            _log.warning("this process leads, in spite of its standstill")
            self.open(GateClosed.STOOD_STILL)

    def _has_failed(self, error: BaseException) -> None:
        """Raise the error of a part of the engine in every task that waits."""
        self._conditions.fail(error)
        self._pending.fail(error)

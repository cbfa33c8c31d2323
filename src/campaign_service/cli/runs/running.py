"""A run on virtual or on real time: the engine, those who watch it, and Ctrl-C.

Ctrl-C once stops placing calls, twice hangs up, three times leaves at once. The first one pauses
the campaign: a pause can be taken back by whoever opens the journal later, while a stop closes a
campaign for good, and no key that is pressed by mistake should do that.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

import attrs

from campaign_core import CampaignId, Instant, State, Status, open_service, status
from campaign_core.commands import Command, PauseCampaign, StopCampaign
from campaign_core.errors import CommandRefusedError
from campaign_drivers import Driver
from campaign_drivers.clock import Clock, ServiceClock, Timer, present
from campaign_drivers.simulated import Exchange, RealClock
from campaign_service.cli.options import MAX_SPEED
from campaign_service.cli.runs.campaign_run import ACTOR, CAMPAIGN_ID, CampaignRun, commands_of
from campaign_service.cli.runs.display import Display, progress_of
from campaign_service.engine import (
    DriverRequest,
    JournalFailedError,
    OperatorLog,
    RealTimeEngine,
    VirtualEngine,
    open_driver,
    refuse_if_missing,
    refuse_missing_sounds,
)
from campaign_service.journal import Journal
from campaign_service.report import ReportFolder, StatusPanel, Summary

__all__ = ["Interrupts", "counted_interrupts", "run_in_real_time", "run_on_virtual_time"]

_LOOK_EVERY_S = 0.1
_LAST = 3
"""The interrupt after which nothing is waited for."""
_ANSWERS = (
    "",
    "No new calls; those in progress go on to their end. Ctrl-C again to hang up.",
    "Hanging up. Ctrl-C again to leave at once.",
    "Leaving; calls in progress are left to the telephony.",
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Signals that were counted instead of ending the program."""

    def __init__(self) -> None:
        self.count = 0
        self.acknowledged = 0
        """How many of them were answered."""
        self.on_signal: Callable[[], None] | None = None
        """Is called within the signal's handler."""

    @property
    def has_news(self) -> bool:
        """Whether there was one that was not acknowledged yet."""
        return self.count > self.acknowledged

    def acknowledge(self) -> int:
        """Take note of the next one, and return which it is, counted from 1."""
        # One at a time: the next may come while this one is being answered.
        self.acknowledged += 1
        return self.acknowledged

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """Count one; the handler of a signal."""
        self.count += 1
        if self.on_signal is not None:
            self.on_signal()


@contextmanager
def counted_interrupts() -> Iterator[Interrupts]:
    """Have signals counted meanwhile; after that they do again what they did before."""
    interrupts = Interrupts()
    before = {number: signal.signal(number, interrupts.take) for number in _SIGNALS}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answer_to(count: int) -> str:
    """Return what to say to whoever sent so many interrupts."""
    return _ANSWERS[min(count, _LAST)]


def _command_for(count: int, state: State, campaign_id: CampaignId) -> Command | None:
    """Return what an interrupt asks for, the first one or a later one."""
    now = status(state, campaign_id, state.now)
    if count > 1:
        return StopCampaign(campaign_id=campaign_id, hang_up=True, actor=ACTOR)
    if now in {Status.ACTIVE, Status.BLOCKED}:
        return PauseCampaign(campaign_id=campaign_id, actor=ACTOR)
    if now is Status.SCHEDULED:
        # What has not begun cannot be paused, and must not begin behind anybody's back.
        return StopCampaign(campaign_id=campaign_id, actor=ACTOR)
    return None


class _ShiftedClock:
    """Another clock, set to an instant when this is made: a simulated day begins when it should.

    Args:
        starts_at: what it shows first.
    """

    def __init__(self, clock: Clock, *, starts_at: Instant) -> None:
        self._clock = clock
        self._ahead_ms = starts_at - clock.now()

    def now(self) -> Instant:
        """Return the present instant."""
        return Instant(self._clock.now() + self._ahead_ms)

    def call_at(self, at: Instant, do: Callable[[], None]) -> Timer:
        """Have something done at an instant."""
        return self._clock.call_at(Instant(at - self._ahead_ms), do)

    async def sleep_until(self, at: Instant) -> None:
        """Return when it is that time."""
        await self._clock.sleep_until(Instant(at - self._ahead_ms))


@attrs.frozen(kw_only=True)
class _RunWatcher:
    """Decides when a run is over, and shows how far it is on the way."""

    engine: VirtualEngine | RealTimeEngine
    panel: StatusPanel
    display: Display
    interrupts: Interrupts

    def is_over(self) -> bool:
        """Return whether nothing is to be waited for any more."""
        if self.panel.in_progress:
            return self.interrupts.acknowledged >= _LAST
        # Nobody here will resume what its breaker paused.
        is_paused = self.panel.is_paused or bool(self.interrupts.acknowledged)
        return self.panel.ended_at is not None or is_paused

    def needs_attention(self) -> bool:
        """Return whether the run is over or was interrupted; shows it, when that is due."""
        if self.display.is_due():
            self.display.show(progress_of(self.engine.state, self.panel, self.engine.now))
        return self.interrupts.has_news or self.is_over()

    def command(self) -> Command | None:
        """Return what the next interrupt asks for, and say so."""
        count = self.interrupts.acknowledge()
        self.display.note(_answer_to(count))
        return _command_for(count, self.engine.state, CAMPAIGN_ID)


def run_on_virtual_time(run: CampaignRun, display: Display, interrupts: Interrupts) -> Summary:
    """Run a campaign as fast as the machine allows, and write its report."""
    simulation = run.file.simulation
    now = simulation.starts_at or present()
    with ExitStack() as files:
        journal, report = _opened(run, files)
        exchange = Exchange(simulation.network, seed=run.seed)
        engine = VirtualEngine(
            open_service(run.service_id(), run.file.settings, now, telephony=run.telephony),
            exchange=exchange,
            now=now,
            journal=journal,
            observers=[report.take],
            grain_ms=simulation.grain_ms,
        )
        watch = _RunWatcher(
            engine=engine, panel=report.panel, display=display, interrupts=interrupts
        )
        lacked = exchange.missing(sounds=run.sounds_needed(), routing_classes=frozenset())
        refuse_if_missing(lacked, command="run")
        with _report_kept(report, engine):
            for command in commands_of(run.file):
                engine.give(command)
            while not watch.is_over():
                engine.run(until=watch.needs_attention)
                if not interrupts.has_news:
                    break
                asked_for = watch.command()
                if asked_for is not None:
                    with suppress(CommandRefusedError):
                        engine.give(asked_for)
        return report.finish(engine.state)


def run_in_real_time(run: CampaignRun, display: Display, interrupts: Interrupts) -> Summary:
    """Run a campaign by the clock, and write its report."""
    return asyncio.run(_run_in_real_time(run, display, interrupts))


async def _run_in_real_time(run: CampaignRun, display: Display, interrupts: Interrupts) -> Summary:
    clock = _clock(run)
    service_id = run.service_id()
    driver = open_driver(
        DriverRequest(
            url=run.options.driver,
            service_id=service_id,
            clock=clock,
            network=run.file.simulation.network,
            seed=run.seed,
        )
    )
    with ExitStack() as files:
        journal, report = _opened(run, files)
        engine = RealTimeEngine(
            open_service(service_id, run.file.settings, clock.now(), telephony=run.telephony),
            driver=driver,
            clock=clock,
            journal=journal,
            observers=[report.take, OperatorLog().take],
        )
        watch = _RunWatcher(
            engine=engine, panel=report.panel, display=display, interrupts=interrupts
        )
        with _report_kept(report, engine):
            await _run_engine(engine, watch, run, driver)
        return report.finish(engine.state)


async def _run_engine(
    engine: RealTimeEngine, watch: _RunWatcher, run: CampaignRun, driver: Driver
) -> None:
    async with engine:
        await refuse_missing_sounds(driver, run.sounds_needed(), command="run")
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(engine.wake)

        watch.interrupts.on_signal = wake
        for command in commands_of(run.file):
            await engine.give(command)
        await _watch_over(engine, watch)


async def _watch_over(engine: RealTimeEngine, watch: _RunWatcher) -> None:
    looks = asyncio.get_running_loop().create_task(_wake_regularly(engine))
    try:
        while not watch.is_over():
            await engine.until(lambda: watch.needs_attention() or engine.is_quiet)
            if not watch.interrupts.has_news:
                return
            asked_for = watch.command()
            if asked_for is not None:
                with suppress(CommandRefusedError):
                    await engine.give(asked_for)
    finally:
        looks.cancel()


async def _wake_regularly(engine: RealTimeEngine) -> None:
    """Have the display kept up while nothing happens."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        engine.wake()


@contextmanager
def _report_kept(report: ReportFolder, engine: VirtualEngine | RealTimeEngine) -> Iterator[None]:
    """Write the report even where the journal fails: what is known must not be lost with it."""
    try:
        yield
    except JournalFailedError:
        with suppress(OSError):
            report.finish(engine.state)
        raise


def _clock(run: CampaignRun) -> Clock:
    if not run.options.is_simulated:
        return ServiceClock()
    clock = RealClock(speed=run.options.speed or MAX_SPEED)
    starts_at: Instant | None = run.file.simulation.starts_at
    return clock if starts_at is None else _ShiftedClock(clock, starts_at=starts_at)


def _opened(run: CampaignRun, files: ExitStack) -> tuple[Journal | None, ReportFolder]:
    """Return a run's journal and its report, to be closed with other files."""
    journal = run.open_journal()
    if journal is not None:
        files.callback(journal.close)
    report = run.open_report()
    files.callback(report.close)
    return journal, report

"""A journal that goes away for a while: no new calls, calls in progress go on, nothing is lost."""

import asyncio
from contextlib import asynccontextmanager, contextmanager

import pytest
from tests.drivers.test_clock import turns
from tests.service.engine.async_test import async_test
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core import (
    CampaignModel,
    Line,
    Recipient,
    Settings,
    Status,
    calls,
    link,
    open_service,
    replay,
    status,
)
from campaign_core.commands import (
    AddModel,
    PauseCampaign,
    StartCampaign,
    StopCampaign,
)
from campaign_core.decisions import HangUp, PlaceCall, Play
from campaign_core.events import CallGivenBack, CallPlaced, DigitDialled, DriverDeferred
from campaign_core.reports import AnswerReport, DigitReport, EndReport
from campaign_core.testing import audit
from campaign_drivers.simulated import RealClock
from campaign_service.engine import (
    EngineStoppedError,
    GateClosed,
    JournalFailedError,
    RealTimeEngine,
    ServicePolicy,
    journal_writer,
)
from campaign_service.journal import AppendConflictError, JournalAwayError

MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    attempts_max=2,
    recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(5)],
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Have a journal tried again sooner; on a busy machine it hangs no sooner than it does."""
    monkeypatch.setattr(journal_writer, "_HANGS_AFTER_S", 60.0)
    monkeypatch.setattr(journal_writer, "BACK_OFF_S", (0.02,))


@contextmanager
def impatient():
    """Have what is begun to be written in a block count as hanging at once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(journal_writer, "_HANGS_AFTER_S", 0.1)
        yield


@asynccontextmanager
async def running(journal, *, speed=20, policy=None):
    clock, driver = RealClock(speed=speed), RecordingDriver()
    opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(
        opened, driver=driver, clock=clock, journal=journal, policy=policy
    ) as engine:
        yield engine, driver


def sound(engine, journal):
    """Return whether the journal tells the engine's state and breaks no law."""
    return audit(journal.events) == () and replay(journal.events) == engine.state


def call_events(journal, kind):
    return [event for event in journal.events if isinstance(event, kind)]


@async_test
async def test_while_the_journal_is_away_no_call_is_placed_and_those_in_progress_go_on():
    """R9.3."""
    journal = MemoryJournal()
    async with running(journal) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1))
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        journal.away = "No space left on device"
        one, other, *_ = driver.ordered(PlaceCall)
        driver.report(AnswerReport(one.call_id))
        await engine.until(lambda: len(driver.ordered(Play)) == 1)
        await engine.until(lambda: engine.journal_away_since is not None)
        # Its recipient would be called again at once, and is not.
        driver.report(EndReport(call_id=other.call_id))
        await engine.until(lambda: link(engine.state).deferred_until > engine.now)
        # It is deferred again and again, and that is what the state says of it.
        enough = engine.now + 5_000
        await engine.until(
            lambda: (
                engine.now > enough and status(engine.state, 1, engine.state.now) is Status.BLOCKED
            )
        )
        assert len(driver.ordered(PlaceCall)) == 5
        assert engine.events_waiting > 0

        journal.away = None
        await engine.until(lambda: len(driver.ordered(PlaceCall)) > 5)
        assert engine.journal_away_since is None
        await engine.until(lambda: engine.is_quiet or not engine.events_waiting)
        assert sound(engine, journal)


@async_test
async def test_calls_that_wait_for_the_disk_as_it_goes_away_are_given_back_and_never_placed():
    """R5.5: they do not count, though their event becomes durable after all."""
    journal = MemoryJournal()
    async with running(journal) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        journal.away = "the server is gone"
        with pytest.raises(JournalAwayError, match="not known to be durable"):
            await engine.give(StartCampaign(model_id=1))
        assert calls(engine.state) == ()
        journal.away = None
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)

        given_back = {event.call_id for event in call_events(journal, CallGivenBack)}
        assert len(given_back) >= 5
        assert given_back.isdisjoint(order.call_id for order in driver.orders)
        assert audit(journal.events) == ()


@async_test
async def test_journal_that_does_not_answer_counts_as_away_and_its_calls_are_not_placed_later():
    """R9.3: the append went well in the end, too late for the calls that waited for it."""
    journal = MemoryJournal()
    async with running(journal) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        journal.gate.clear()
        with impatient():
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
            await engine.until(lambda: engine.journal_away_since is not None)
        with pytest.raises(JournalAwayError):
            await starting
        journal.gate.set()
        await engine.until(lambda: engine.journal_away_since is None)
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        given_back = {event.call_id for event in call_events(journal, CallGivenBack)}
        assert given_back.isdisjoint(order.call_id for order in driver.ordered(PlaceCall))
        assert audit(journal.events) == ()


@async_test
async def test_hang_up_of_a_call_that_was_given_back_goes_nowhere():
    journal = MemoryJournal()
    async with running(journal) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        journal.gate.clear()
        with impatient():
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
            stopping = asyncio.ensure_future(engine.give(StopCampaign(campaign_id=1, hang_up=True)))
            with pytest.raises(JournalAwayError):
                await starting
            with pytest.raises(JournalAwayError):
                await stopping
        journal.gate.set()
        await engine.until(lambda: not engine.events_waiting)
        assert driver.ordered(HangUp) == driver.ordered(PlaceCall) == []
        assert status(engine.state, 1, engine.now) is Status.TERMINATED


@async_test
async def test_commands_are_refused_at_once_while_the_journal_is_away():
    journal = MemoryJournal()
    async with running(journal) as (engine, _):
        await engine.give(AddModel(model=MODEL))
        journal.away = "the server is gone"
        with pytest.raises(JournalAwayError):
            await engine.give(StartCampaign(model_id=1))
        with pytest.raises(JournalAwayError, match="nothing was done"):
            await engine.give(PauseCampaign(campaign_id=1))
        journal.away = None
        await engine.until(lambda: engine.journal_away_since is None)
        await engine.give(PauseCampaign(campaign_id=1))


@async_test
async def test_long_absence_costs_few_events_however_many_calls_there_is_room_for():
    """The queue is bounded; what waits must not fill it."""
    journal = MemoryJournal()
    async with running(journal, speed=200) as (engine, _):
        await engine.give(AddModel(model=MODEL))
        journal.away = "the server is gone"
        with pytest.raises(JournalAwayError):
            await engine.give(StartCampaign(model_id=1))
        before = engine.events_waiting
        since = engine.now
        await engine.until(lambda: engine.now - since > 60_000)
        # 60 s; every 5 s one call is tried, and deferred.
        assert engine.events_waiting - before <= 3 * 20
        journal.away = None
        await engine.until(lambda: not engine.events_waiting)
        assert audit(journal.events) == ()


@async_test
async def test_when_too_many_events_wait_what_happens_waits_too_and_nothing_is_lost():
    journal = MemoryJournal()
    # No call's deadline comes meanwhile, however long this takes.
    async with running(journal, speed=1, policy=ServicePolicy(waiting_max=8)) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1))
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        journal.away = "the disk is full"
        for order in driver.ordered(PlaceCall):
            driver.report(AnswerReport(order.call_id))
            await turns(20)
        for order in driver.ordered(PlaceCall) * 20:
            driver.report(DigitReport(call_id=order.call_id, digit="7"))
            await turns(20)
        assert 8 < engine.events_waiting < 25
        assert len(driver.ordered(Play)) <= 5
        journal.away = None
        await engine.until(lambda: not engine.events_waiting and len(driver.ordered(Play)) == 5)
        assert sound(engine, journal)
        assert len(call_events(journal, DigitDialled)) == 5 * 20


@async_test
async def test_what_waited_long_is_written_in_parts_that_no_journal_takes_long_for():
    class Measured(MemoryJournal):
        def append(self, events, **more):
            sizes.append(len(events))
            return super().append(events, **more)

    sizes = []
    journal = Measured()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(journal_writer, "_EVENTS_MAX", 10)
        async with running(journal) as (engine, driver):
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
            journal.away = "the disk is full"
            for order in driver.ordered(PlaceCall) * 10:
                driver.report(DigitReport(call_id=order.call_id, digit="7"))
                await turns(20)
            assert engine.events_waiting >= 50
            journal.away = None
            await engine.until(lambda: not engine.events_waiting)
            assert sound(engine, journal)
    # A moment is never parted.
    assert max(sizes) < 20


@async_test
async def test_another_writer_ends_the_engine_and_those_who_wait_hear_of_it():
    journal = MemoryJournal()
    drivers = []

    async def run():
        async with running(journal) as (engine, driver):
            drivers.append(driver)
            await engine.give(AddModel(model=MODEL))
            journal.events.append(journal.events[-1])
            await engine.give(StartCampaign(model_id=1))

    with pytest.raises(AppendConflictError):
        await run()
    assert drivers[0].orders == []


@async_test
async def test_error_that_is_no_absence_ends_the_run_as_before():
    class Broken(MemoryJournal):
        def append(self, events, *, expected, receipts=()):
            raise OSError(5, "Input/output error")

    with pytest.raises(JournalFailedError, match="Input/output error"):
        async with running(Broken()) as (engine, _):
            await engine.give(AddModel(model=MODEL))


@async_test
async def test_draining_places_no_new_call_and_costs_one_deferral_a_second():
    journal = MemoryJournal()
    async with running(journal, speed=50) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        engine.shut(GateClosed.DRAINING)
        await engine.give(StartCampaign(model_id=1))
        since = engine.now
        await engine.until(lambda: engine.now - since > 10_000)
        assert driver.orders == []
        assert len(call_events(journal, DriverDeferred)) <= 12
        engine.open(GateClosed.DRAINING)
        await engine.until(lambda: len(driver.ordered(PlaceCall)) >= 5)
        assert len(call_events(journal, CallPlaced)) <= 12 + 5
        assert audit(journal.events) == ()


@async_test
async def test_command_given_to_an_engine_that_was_stopped_is_refused():
    journal = MemoryJournal()
    async with running(journal) as (engine, _):
        pass
    with pytest.raises(EngineStoppedError):
        await engine.give(AddModel(model=MODEL))

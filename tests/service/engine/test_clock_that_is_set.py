"""R7.12: the machine's clock is set while a service runs; no wait is longer or shorter for it."""

import asyncio
import logging
from contextlib import asynccontextmanager

import attrs
import pytest
from tests.drivers.test_clock import HOUR_MS, Wall, turns, within
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_journal_away import MODEL

from campaign_core import (
    CallingHours,
    CallScript,
    Instant,
    Outcome,
    RetryPolicy,
    Settings,
    Status,
    Weekday,
    calls,
    handle,
    link,
    open_service,
    replay,
    status,
)
from campaign_core.commands import AddModel, StartAfter, StartCampaign
from campaign_core.decisions import HangUp, PlaceCall
from campaign_core.events import CalendarShifted, CallPlaced, DeadlinePassed, DigitTimedOut
from campaign_core.reports import AnswerReport, ClockReport, DeferralReport, EndReport
from campaign_core.testing import audit
from campaign_drivers.clock import ServiceClock, WallClock
from campaign_service.engine import GateClosed, RealTimeEngine, ServicePolicy, real_time
from campaign_service.engine.service_time import service_clock

SECOND_MS = 1_000
DAY_MS = 24 * HOUR_MS
RETRY_S = 60
RETRIED = set(Outcome) - {Outcome.REACHED, Outcome.OPTED_OUT}
PATIENT = attrs.evolve(MODEL, retry=RetryPolicy(delays_s=dict.fromkeys(RETRIED, RETRY_S)))
ASKING = attrs.evolve(
    PATIENT,
    script=CallScript(confirm_answer=True, answer_prompt=None, answer_prompts_max=1),
    recipients=PATIENT.recipients[:1],
)
STEPS = [-HOUR_MS, -90 * SECOND_MS, 90 * SECOND_MS, HOUR_MS, 400 * DAY_MS]


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Have the calendar looked at sooner."""
    monkeypatch.setattr(real_time, "_LOOKS_AT_CALENDAR_EVERY_S", 0.01)


class Machine:
    """A machine with two clocks: one that somebody may set, and one that nobody can."""

    def __init__(self, at=40 * DAY_MS):
        self.wall = Wall(at)
        self.steady = Wall(5_000)

    def clock(self, starts_at=None, looks_every_s=0.005):
        return ServiceClock(
            starts_at=starts_at,
            calendar=self.wall,
            steady=self.steady,
            looks_every_s=looks_every_s,
        )

    def set(self, by_ms):
        self.wall.at += by_ms

    def pass_ms(self, ms):
        self.wall.at += ms
        self.steady.at += ms


@asynccontextmanager
async def running(clock, opened=None, policy=None):
    driver, journal = RecordingDriver(), MemoryJournal()
    if opened is None:
        opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(
        opened, driver=driver, clock=clock, journal=journal, policy=policy
    ) as engine:
        yield engine, driver, journal


async def started(engine, driver, model=PATIENT):
    await engine.give(AddModel(model=model))
    await engine.give(StartCampaign(model_id=1))
    await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(model.recipients))


async def heard(engine, journal, kind, times=1):
    """Return events of a kind, once so many are durable."""

    def found():
        return [event for event in journal.events if isinstance(event, kind)]

    await engine.until(lambda: len(found()) >= times)
    return found()


async def shifted(engine, ahead_ms):
    await engine.until(lambda: engine.state.calendar_ahead_ms == ahead_ms)


def story(coroutine_function):
    def test():
        within(coroutine_function())

    test.__name__, test.__doc__ = coroutine_function.__name__, coroutine_function.__doc__
    return test


@story
async def test_scheduled_campaign_starts_when_the_clock_is_set_to_its_time():
    """Start and expiry follow the wall clock."""
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, _):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1, when=StartAfter(minutes=60)))
        assert status(engine.state, 1, engine.now) is Status.SCHEDULED
        machine.set(HOUR_MS)
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(MODEL.recipients))


@story
async def test_scheduled_campaign_waits_when_the_clock_is_set_back():
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, _):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1, when=StartAfter(minutes=60)))
        machine.set(-HOUR_MS)
        machine.pass_ms(HOUR_MS)
        await shifted(engine, -HOUR_MS)
        assert status(engine.state, 1, engine.now) is Status.SCHEDULED
        machine.pass_ms(HOUR_MS)
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(MODEL.recipients))


@story
async def test_calling_hours_open_when_the_clock_is_set_to_them():
    """Calling hours follow the wall clock."""
    machine = Machine()
    opens = CallingHours(days=list(Weekday), opens_min=60, closes_min=120)
    async with running(machine.clock()) as (engine, driver, _):
        await engine.give(AddModel(model=attrs.evolve(MODEL, calling_hours=[opens])))
        await engine.give(StartCampaign(model_id=1))
        assert driver.orders == []
        machine.set(HOUR_MS)
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(MODEL.recipients))


async def silence_lasts(by_ms):
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, journal):
        await started(engine, driver, ASKING)
        driver.report(AnswerReport(driver.orders[0].call_id))
        await engine.until(lambda: bool(calls(engine.state)[0].is_answered))
        began = engine.state.now
        machine.set(by_ms)
        await shifted(engine, by_ms)
        machine.pass_ms(4_999)
        await turns(100)
        assert driver.ordered(HangUp) == []
        machine.pass_ms(1)
        await engine.until(lambda: bool(driver.ordered(HangUp)))
        (timed_out,) = await heard(engine, journal, DigitTimedOut)
        assert timed_out.at == began + 5 * SECOND_MS
        assert audit(journal.events) == ()
        assert replay(journal.events) == engine.state


async def deadline_holds(by_ms):
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, journal):
        await started(engine, driver, ASKING)
        deadline_at = calls(engine.state)[0].deadline_at
        machine.set(by_ms)
        await shifted(engine, by_ms)
        machine.pass_ms(deadline_at - engine.now - 1)
        await turns(100)
        assert driver.ordered(HangUp) == []
        machine.pass_ms(1)
        (passed,) = await heard(engine, journal, DeadlinePassed)
        assert passed.at == deadline_at


async def retry_is_due(by_ms):
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, journal):
        await started(engine, driver, ASKING)
        driver.report(EndReport(call_id=driver.orders[0].call_id))
        await engine.until(lambda: not calls(engine.state))
        ended_at = engine.state.now
        machine.set(by_ms)
        await shifted(engine, by_ms)
        machine.pass_ms(RETRY_S * SECOND_MS - 1)
        await turns(100)
        assert len(driver.ordered(PlaceCall)) == 1
        machine.pass_ms(1)
        placed = await heard(engine, journal, CallPlaced, times=2)
        assert placed[1].at == ended_at + RETRY_S * SECOND_MS


@pytest.mark.parametrize("by_ms", STEPS)
@pytest.mark.parametrize("lasts", [silence_lasts, deadline_holds, retry_is_due])
def test_nothing_lasts_longer_or_shorter_whatever_the_clock_is_set_to(lasts, by_ms):
    """Durations pass by a clock that is never set."""
    within(lasts(by_ms))


def test_step_of_the_clock_is_an_event_and_a_line_in_the_log(caplog):
    """How far the calendar stands is a message and an event like any other."""

    async def run():
        machine = Machine()
        async with running(machine.clock()) as (engine, _, journal):
            before = engine.now
            machine.set(-HOUR_MS)
            (event,) = await heard(engine, journal, CalendarShifted)
            assert event.ahead_ms == -HOUR_MS
            assert event.at == before
            machine.set(400)
            await asyncio.sleep(0.05)
            assert engine.state.calendar_ahead_ms == -HOUR_MS

    with caplog.at_level(logging.WARNING):
        within(run())
    (told,) = [record.message for record in caplog.records if "clock was set" in record.message]
    assert "-3600.0 s" in told


@story
async def test_time_of_events_never_goes_back():
    """R6.13."""
    machine = Machine()
    async with running(machine.clock()) as (engine, driver, journal):
        await started(engine, driver)
        last_at = engine.state.now
        machine.set(-HOUR_MS)
        machine.pass_ms(3)
        taken = await engine.give(AddModel(model=attrs.evolve(MODEL, name="Other")))
        assert taken.at == last_at + 3
        assert audit(journal.events) == ()


@story
async def test_engine_does_not_spin_while_the_clock_stands_apart():
    """Neither by its timers, nor where calls are deferred, by the telephony or by itself (R5.5)."""
    machine = Machine()
    async with running(machine.clock(looks_every_s=30)) as (engine, driver, journal):
        await started(engine, driver, attrs.evolve(MODEL, attempts_max=100))
        machine.set(-HOUR_MS)
        await shifted(engine, -HOUR_MS)
        first, second, *_ = driver.ordered(PlaceCall)
        driver.report(DeferralReport(call_id=first.call_id, until=engine.now + 2_000))
        await engine.until(lambda: len(calls(engine.state)) == len(MODEL.recipients) - 1)
        engine.shut(GateClosed.DRAINING)
        driver.report(EndReport(call_id=second.call_id))
        await engine.until(lambda: len(calls(engine.state)) == len(MODEL.recipients) - 2)
        seq = engine.state.sequence
        await turns(1_000)
        assert engine.state.sequence == seq
        assert audit(journal.events) == ()


def test_engine_goes_by_a_clock_of_its_own_beside_the_machine_s():
    """A silence ends though the machine's clock was set back by an hour; in real time."""
    wall = Wall(40 * DAY_MS)

    async def run():
        asking = attrs.evolve(ASKING, script=attrs.evolve(ASKING.script, digit_timeout_s=1))
        async with running(WallClock(wall=wall, looks_every_s=0.01)) as (engine, driver, _):
            await started(engine, driver, asking)
            driver.report(AnswerReport(driver.orders[0].call_id))
            wall.at -= HOUR_MS
            await engine.until(lambda: bool(driver.ordered(HangUp)))
            assert abs(engine.state.calendar_ahead_ms + HOUR_MS) < 30 * SECOND_MS

    within(run())


@story
async def test_deferral_of_a_driver_that_goes_by_the_machine_s_clock_lasts_as_long():
    """R5.5: nothing is placed on the driver until T."""
    wall = Wall(40 * DAY_MS)
    async with running(WallClock(wall=wall, looks_every_s=0.01)) as (engine, driver, _):
        await started(engine, driver, ASKING)
        wall.at += HOUR_MS
        until = wall.at + 30 * SECOND_MS
        driver.report(DeferralReport(call_id=driver.orders[0].call_id, until=until))
        await engine.until(lambda: not calls(engine.state))
        assert 20 * SECOND_MS < link(engine.state).deferred_until - engine.now <= 30 * SECOND_MS


# Another process, another machine ---------------------------------------------------------------


def left_behind(machine):
    """Return a service whose process ended in the middle of something."""
    return open_service("00000001", Settings(), machine.wall())


@pytest.mark.parametrize("behind_ms", [3 * SECOND_MS, HOUR_MS])
def test_service_goes_on_from_its_last_event_where_the_clock_stands_before_it(behind_ms):
    """Never back: after a restart, or on a standby whose clock is behind, from the last event."""
    machine = Machine()
    opened = left_behind(machine)
    machine.set(-behind_ms)

    async def run():
        clock = WallClock(wall=machine.wall)
        policy = ServicePolicy(is_recovered=True)
        async with running(clock, opened, policy) as (engine, *_):
            await engine.until(lambda: engine.state.calendar_ahead_ms != 0)
            assert engine.now >= opened.state.now
            assert abs(engine.state.calendar_ahead_ms + behind_ms) < SECOND_MS

    within(run())


@story
async def test_time_that_passed_while_nobody_ran_counts():
    """A retry that is due in an hour is not due in two since the service was upgraded."""
    machine = Machine()
    opened = left_behind(machine)
    machine.pass_ms(HOUR_MS)
    clock = WallClock(wall=machine.wall)
    policy = ServicePolicy(is_recovered=True)
    async with running(clock, opened, policy) as (engine, *_):
        assert 0 <= engine.now - Instant(opened.state.now + HOUR_MS) < 10 * SECOND_MS
        assert engine.state.calendar_ahead_ms == 0


def test_service_that_waits_for_nothing_begins_where_the_calendar_stands():
    """Events are told by the calendar again; where something waits, it waits as long."""
    machine = Machine()
    opened = left_behind(machine)
    shifted_by = handle(opened.state, ClockReport(machine.wall() + HOUR_MS), machine.wall())
    added = handle(shifted_by.state, AddModel(model=MODEL), machine.wall())
    begun = handle(added.state, StartCampaign(model_id=1), machine.wall())
    machine.pass_ms(HOUR_MS + 5_000)
    clock = WallClock(wall=machine.wall)

    at_rest, at_work = (service_clock(clock, one.state) for one in (added, begun))

    assert 0 <= at_rest.now() - machine.wall() < SECOND_MS
    assert 0 <= at_work.now() - (machine.wall() - HOUR_MS) < SECOND_MS

"""The machine's clock is set while a service runs: campaigns follow it, and nothing spins."""

import asyncio
from contextlib import asynccontextmanager

import attrs
from tests.drivers.test_clock import HOUR_MS, Wall, turns
from tests.service.engine.memory import MemoryJournal
from tests.service.engine.test_journal_away import MODEL, Telephony

from campaign_core import Outcome, RetryPolicy, Settings, Status, calls, open_service, status
from campaign_core.commands import AddModel, StartAfter, StartCampaign
from campaign_core.decisions import PlaceCall
from campaign_core.reports import DeferralReport, EndReport
from campaign_core.testing import audit
from campaign_drivers.clock import WallClock
from campaign_service.engine import RealTimeEngine, Shut

RETRY_S = 60
RETRIED = set(Outcome) - {Outcome.REACHED, Outcome.OPTED_OUT}
PATIENT = attrs.evolve(MODEL, retry=RetryPolicy(delays_s=dict.fromkeys(RETRIED, RETRY_S)))


@asynccontextmanager
async def running(wall, *, looks_every_s=0.01):
    clock, driver = WallClock(wall=wall, looks_every_s=looks_every_s), Telephony()
    journal = MemoryJournal()
    opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(opened, driver=driver, clock=clock, journal=journal) as engine:
        yield engine, driver, journal


async def started(engine, driver, model=PATIENT):
    await engine.give(AddModel(model=model))
    await engine.give(StartCampaign(model_id=1))
    await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(model.recipients))


def story(coroutine_function):
    def test():
        asyncio.run(asyncio.wait_for(coroutine_function(), timeout=20))

    test.__name__, test.__doc__ = coroutine_function.__name__, coroutine_function.__doc__
    return test


@story
async def test_scheduled_campaign_starts_when_the_clock_is_set_to_its_time():
    wall = Wall()
    async with running(wall) as (engine, driver, _):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1, when=StartAfter(minutes=60)))
        assert status(engine.state, 1, engine.now) is Status.SCHEDULED
        wall.at += HOUR_MS
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == len(MODEL.recipients))


@story
async def test_events_keep_their_order_where_the_clock_is_set_back():
    """R6.13."""
    wall = Wall()
    async with running(wall) as (engine, driver, journal):
        await started(engine, driver)
        last_at = engine.state.now
        wall.at -= HOUR_MS
        taken = await engine.give(AddModel(model=attrs.evolve(MODEL, name="Other")))
        assert taken.at == last_at
        assert audit(journal.events) == ()


@story
async def test_deadlines_come_later_by_no_more_than_the_clock_was_set_back():
    wall = Wall()
    async with running(wall) as (engine, driver, journal):
        await started(engine, driver)
        began = wall.at
        wall.at -= HOUR_MS
        for order in driver.ordered(PlaceCall):
            driver.report(EndReport(call_id=order.call_id))
        await engine.until(lambda: not calls(engine.state))
        wall.at = began + RETRY_S * 1_000
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 2 * len(PATIENT.recipients))
        assert audit(journal.events) == ()


@story
async def test_engine_does_not_spin_while_the_clock_is_behind_the_last_event():
    """Neither by its timers, nor where calls are deferred, by the telephony or by itself (R5.5)."""
    wall = Wall()
    async with running(wall, looks_every_s=30) as (engine, driver, journal):
        await started(engine, driver, attrs.evolve(MODEL, attempts_max=100))
        wall.at -= HOUR_MS
        first, second, *_ = driver.ordered(PlaceCall)
        driver.report(DeferralReport(call_id=first.call_id, until=wall.at + 2_000))
        await engine.until(lambda: len(calls(engine.state)) == len(MODEL.recipients) - 1)
        engine.shut(Shut.DRAINING)
        driver.report(EndReport(call_id=second.call_id))
        await engine.until(lambda: len(calls(engine.state)) == len(MODEL.recipients) - 2)
        reads, seq = wall.reads, engine.state.sequence
        await turns(1_000)
        assert wall.reads - reads < 20
        assert engine.state.sequence == seq
        assert audit(journal.events) == ()

"""A process that stood still, as when it is stopped and goes on later: it asks who leads."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from tests.drivers.test_clock import turns
from tests.service.engine.async_test import async_test
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.test_journal_away import MODEL, running

from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import PlaceCall, Play
from campaign_core.events import CallGivenBack
from campaign_core.reports import AnswerReport
from campaign_service.database import DatabaseAwayError
from campaign_service.engine import LeaderUncertainError, ServicePolicy, stall_detector
from campaign_service.journal import AppendConflictError
from campaign_service.serving.leader_lock import LeaderLock, LeadershipLostError


@async_test
async def test_engine_that_stood_still_asks_before_it_acts():
    """R9.3: meanwhile another process may lead."""
    asked = []

    async def confirm():
        asked.append(True)
        raise AppendConflictError(expected=1, found=2)

    journal, drivers = MemoryJournal(), []

    async def run():
        async with running(journal, policy=ServicePolicy(confirm_leader=confirm)) as (
            engine,
            driver,
        ):
            drivers.append(driver)
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
            # As SIGSTOP does: nothing runs for a while.
            threading.Event().wait(stall_detector._STALL_S + 0.2)
            driver.report(AnswerReport(driver.orders[0].call_id))
            await engine.until(lambda: bool(driver.ordered(Play)))

    with pytest.raises(AppendConflictError):
        await run()
    assert len(asked) == 1
    assert drivers[0].ordered(Play) == []


@async_test
async def test_engine_that_stood_still_while_its_event_was_written_asks_before_it_calls():
    """R9.3: the event is durable, and yet another process may lead by now."""
    is_rival_there = False

    async def confirm():
        if is_rival_there:
            raise AppendConflictError(expected=1, found=2)

    journal, drivers = MemoryJournal(), []

    async def run():
        nonlocal is_rival_there
        async with running(journal, policy=ServicePolicy(confirm_leader=confirm)) as (
            engine,
            driver,
        ):
            drivers.append(driver)
            await engine.give(AddModel(model=MODEL))
            journal.gate.clear()
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
            while journal.appends < 2:
                await turns(10)
            is_rival_there = True
            journal.gate.set()
            # As SIGSTOP does: nothing runs for a while.
            threading.Event().wait(stall_detector._STALL_S + 0.2)
            await starting

    with pytest.raises(AppendConflictError):
        await run()
    assert drivers[0].orders == []


class Oracle:
    """Knows whether this process leads, or does not."""

    def __init__(self):
        self.is_known = True
        self.asked = 0

    async def confirm(self):
        self.asked += 1
        if not self.is_known:
            raise LeaderUncertainError("the database does not answer")


async def stood_still_while_a_call_was_written(engine, journal, oracle):
    """Have a campaign's calls written just when the process stands still, and nobody knows."""
    await engine.give(AddModel(model=MODEL))
    journal.gate.clear()
    starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
    while journal.appends < 2:
        await turns(10)
    oracle.is_known = False
    journal.gate.set()
    # As SIGSTOP does: nothing runs for a while.
    threading.Event().wait(stall_detector._STALL_S + 0.2)
    await starting


@async_test
async def test_engine_that_cannot_know_whether_it_leads_places_no_call_until_it_knows():
    """R9.3: not to know is not to lead; R5.5: what waited is given back, and counts for nothing."""
    journal, oracle = MemoryJournal(), Oracle()
    async with running(journal, policy=ServicePolicy(confirm_leader=oracle.confirm)) as (
        engine,
        driver,
    ):
        await stood_still_while_a_call_was_written(engine, journal, oracle)
        await asyncio.sleep(3 * stall_detector._TICKS_EVERY_S)
        assert driver.orders == []
        assert oracle.asked > 1

        oracle.is_known = True
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        given_back = {event.call_id for event in journal.events if isinstance(event, CallGivenBack)}
        assert given_back
        assert given_back.isdisjoint(order.call_id for order in driver.orders)


@async_test
async def test_answer_that_came_before_another_standstill_is_none():
    """R9.3: who leads may have changed since it was given."""
    journal, oracle = MemoryJournal(), Oracle()
    asked = 0

    async def confirm():
        nonlocal asked
        asked += 1
        if asked == 1:
            threading.Event().wait(stall_detector._STALL_S + 0.2)
        await oracle.confirm()

    async with running(journal, policy=ServicePolicy(confirm_leader=confirm)) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        threading.Event().wait(stall_detector._STALL_S + 0.2)
        await engine.give(StartCampaign(model_id=1))
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        assert asked == 2


class LockThatCannotBeAsked:
    """The server ended its connection, and takes no other."""

    def is_held(self):
        raise DatabaseAwayError("the connection is gone")

    take = is_held


@async_test
async def test_leader_whose_lock_cannot_be_asked_about_is_not_confirmed():
    leadership = LeaderLock(None, None, LockThatCannotBeAsked(), url=None)
    with pytest.raises(LeaderUncertainError):
        await leadership.confirm()
    leadership.close()


class LockThatIsLost:
    """It answers slowly at first; by the second question another process has it."""

    def __init__(self):
        self.asked = threading.Event()
        self.may_answer = threading.Event()
        self.answers = [True, False]

    def is_held(self):
        answer = self.answers.pop(0)
        self.asked.set()
        self.may_answer.wait(timeout=10)
        return answer

    def take(self):
        return False


@async_test
async def test_leader_is_confirmed_by_a_question_that_was_asked_after_its_standstill():
    """What was asked before it may have been answered before it too."""
    lock = LockThatIsLost()
    tenant = SimpleNamespace(name="main")
    leadership = LeaderLock(None, tenant, lock, url=None)
    holding = asyncio.ensure_future(leadership.hold(on_uncertain=lambda _: None))
    await asyncio.to_thread(lock.asked.wait)
    confirming = asyncio.ensure_future(leadership.confirm())
    await turns(10)
    lock.may_answer.set()
    with pytest.raises(LeadershipLostError):
        await confirming
    holding.cancel()
    leadership.close()

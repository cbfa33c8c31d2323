"""A process that stood still, as when it is stopped and goes on later: it asks who leads."""

import asyncio
import threading

import pytest
from tests.drivers.test_clock import turns
from tests.service.engine.memory import MemoryJournal
from tests.service.engine.test_journal_away import MODEL, running, story

from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import PlaceCall, Play
from campaign_core.reports import AnswerReport
from campaign_service.engine import Upkeep, pulse
from campaign_service.journal import AppendConflictError


@story
async def test_engine_that_stood_still_asks_before_it_acts():
    """R9.3: meanwhile another process may lead."""
    asked = []

    async def confirm():
        asked.append(True)
        raise AppendConflictError(expected=1, found=2)

    journal, drivers = MemoryJournal(), []

    async def run():
        async with running(journal, upkeep=Upkeep(confirm=confirm)) as (engine, driver):
            drivers.append(driver)
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
            # As SIGSTOP does: nothing runs for a while.
            threading.Event().wait(pulse._STANDSTILL_S + 0.2)
            driver.report(AnswerReport(driver.orders[0].call_id))
            await engine.until(lambda: bool(driver.ordered(Play)))

    with pytest.raises(AppendConflictError):
        await run()
    assert len(asked) == 1
    assert drivers[0].ordered(Play) == []


@story
async def test_engine_that_stood_still_while_its_event_was_written_asks_before_it_calls():
    """R9.3: the event is durable, and yet another process may lead by now."""
    is_rival_there = False

    async def confirm():
        if is_rival_there:
            raise AppendConflictError(expected=1, found=2)

    journal, drivers = MemoryJournal(), []

    async def run():
        nonlocal is_rival_there
        async with running(journal, upkeep=Upkeep(confirm=confirm)) as (engine, driver):
            drivers.append(driver)
            await engine.give(AddModel(model=MODEL))
            journal.gate.clear()
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
            while journal.appends < 2:
                await turns(10)
            is_rival_there = True
            journal.gate.set()
            # As SIGSTOP does: nothing runs for a while.
            threading.Event().wait(pulse._STANDSTILL_S + 0.2)
            await starting

    with pytest.raises(AppendConflictError):
        await run()
    assert drivers[0].orders == []

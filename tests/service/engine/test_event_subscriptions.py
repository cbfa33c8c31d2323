"""What a program that embeds the engine may wait for: events, and the end of a campaign."""

import asyncio
import re

import pytest
from tests.service.engine.async_test import async_test
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.test_journal_away import MODEL, running

from campaign_core import Outcome, Status, calls
from campaign_core.commands import AddModel, StartCampaign, StopCampaign
from campaign_core.decisions import PlaceCall
from campaign_core.errors import UnknownCampaignError
from campaign_core.events import CallPlaced, ModelAdded
from campaign_core.reports import EndReport
from campaign_service.engine import new_service_id


@async_test
async def test_events_come_once_they_are_durable_and_end_with_the_engine():
    journal = MemoryJournal()
    async with running(journal) as (engine, _):
        taken = await engine.give(AddModel(model=MODEL))
        followed, forgotten = engine.events(), engine.events()
        forgotten.close()
        begun = len(journal.events)
        await engine.give(StartCampaign(model_id=taken.model_id))
        seen = [await anext(followed)]
        while not isinstance(seen[-1], CallPlaced):
            seen.append(await anext(followed))
            assert seen[-1] in journal.events
    rest = [event async for event in followed]
    assert [*seen, *rest] == journal.events[begun:]
    assert not isinstance(seen[0], ModelAdded)
    assert [event async for event in engine.events()] == []


@async_test
async def test_command_tells_the_ids_of_what_it_made():
    async with running(MemoryJournal()) as (engine, _):
        added = await engine.give(AddModel(model=MODEL))
        assert (added.model_id, added.campaign_id) == (1, None)
        started = await engine.give(StartCampaign(model_id=1))
        assert (started.model_id, started.campaign_id) == (None, 1)
        stopped = await engine.give(StopCampaign(campaign_id=1))
        assert (stopped.model_id, stopped.campaign_id) == (None, None)


@async_test
async def test_campaign_is_finished_once_none_of_its_calls_is_in_progress():
    """R4.7: after a stop, calls go on to their end."""
    async with running(MemoryJournal()) as (engine, driver):
        await engine.give(AddModel(model=MODEL))
        await engine.give(StartCampaign(model_id=1))
        await engine.until(lambda: len(driver.ordered(PlaceCall)) == 5)
        finishing = asyncio.ensure_future(engine.finished(1))
        await engine.give(StopCampaign(campaign_id=1))
        assert not finishing.done()
        for call in calls(engine.state):
            driver.report(EndReport(call_id=call.placement.call_id, unanswered_as=Outcome.BUSY))
        assert (await finishing).status is Status.TERMINATED
        with pytest.raises(UnknownCampaignError):
            await engine.finished(9)


def test_services_have_ids_of_their_own():
    made = {new_service_id() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{8}", one) for one in made)

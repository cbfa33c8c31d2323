"""R7.12: a standby knows the service's time by what it reads, whatever its own machine's clock."""

import asyncio

import pytest
from tests.drivers.test_clock import Wall
from tests.service.journal.sql.streams import NOON, Campaign

from campaign_core.reports import EndReport
from campaign_drivers.clock import WallClock
from campaign_drivers.simulated import VirtualClock
from campaign_service.journal.sql import SqlJournal, create_tenant
from campaign_service.serving import follower as module
from campaign_service.serving.follower import Follower

HOUR_MS = 3_600_000


@pytest.fixture
def steady(monkeypatch):
    """A monotonic clock that a test sets."""
    steady = Wall(50_000)
    monkeypatch.setattr(module, "steady_ms", steady)
    return steady


@pytest.fixture
def tenant(database):
    return create_tenant(database, "main", service_id="a1b2c3d4")


def now(follower, wall):
    return follower.now(WallClock(wall=wall))


def test_standby_that_reads_along_knows_the_time_though_its_clock_is_wrong(
    database, tenant, steady
):
    campaign, journal = Campaign(), SqlJournal(database, tenant)
    journal.append(campaign.events, expected=0)
    follower, wall = Follower(database, tenant), Wall(NOON + 3 * HOUR_MS)

    async def run():
        await follower.recover()
        assert now(follower, wall) == wall.at
        await follower.read_on()
        campaign.tell(EndReport(call_id=campaign.calls[0]))
        count = len(campaign.events)
        journal.append(campaign.events[journal_count:], expected=journal_count)
        steady.at += 250
        await follower.read_on()
        assert follower.seq == count
        steady.at += 40_000
        assert now(follower, wall) == campaign.state.now + 40_000

    journal_count = len(campaign.events)
    asyncio.run(run())


def test_standby_that_could_not_read_for_long_goes_by_its_machine_s_clock(database, tenant, steady):
    campaign, journal = Campaign(), SqlJournal(database, tenant)
    follower, wall = Follower(database, tenant), Wall(NOON + HOUR_MS)

    async def run():
        await follower.recover()
        await follower.read_on()
        journal.append(campaign.events, expected=0)
        steady.at += HOUR_MS
        await follower.read_on()
        assert now(follower, wall) == wall.at
        wall.at = NOON - HOUR_MS
        assert now(follower, wall) == campaign.state.now

    asyncio.run(run())


def test_of_a_clock_that_nobody_sets_the_time_is_taken(database, tenant, steady):
    journal = SqlJournal(database, tenant)
    journal.append(Campaign().events, expected=0)
    follower = Follower(database, tenant)

    asyncio.run(follower.recover())

    assert follower.now(VirtualClock(NOON + 77_000)) == NOON + 77_000

"""A database that is full, or gone for a while, under a service with calls in progress."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from campaign_core import (
    CallLimits,
    CampaignModel,
    Line,
    Recipient,
    Status,
    campaign,
    replay,
    status,
)
from campaign_core.commands import AddModel, PauseCampaign, StartCampaign
from campaign_core.events import CallAnswered, CallPlaced
from campaign_core.testing import audit
from campaign_drivers.simulated import (
    Answers,
    Exchange,
    Network,
    RealClock,
    SimulatedDriver,
    population,
)
from campaign_service.database import Database, DatabaseAwayError
from campaign_service.engine import register_driver
from campaign_service.journal import JournalAwayError
from campaign_service.journal.sql import SqlJournal, create_tenant, find_tenant, transactions
from campaign_service.serving import ServiceHost, ServiceHostSettings
from campaign_service.serving.locks import lock_of

COUNT = 18
SPEED = 10


@asynccontextmanager
async def serving(url):
    """Serve one tenant over an exchange of which everything is known."""
    clock = RealClock(speed=SPEED)
    numbers = {f"{200 + i}": [Answers(ring=1 + i % 3)] for i in range(COUNT)}
    exchange = Exchange(
        Network(population=population(scripts=numbers)), seed=1, kept_calls_max=1_000
    )
    register_driver(
        "known", lambda request: SimulatedDriver(exchange=exchange, clock=request.clock)
    )
    host = ServiceHost(
        ServiceHostSettings(database=url, tenants={"main": "known"}, drain_s=1), clock=clock
    )
    await host.start()
    try:
        yield host, host.tenants["main"], exchange
    finally:
        await host.stop(at_once=True)


async def start_campaign(tenant):
    model = CampaignModel(
        name="Test",
        caller_number="100",
        sound="message",
        call_limits=CallLimits(total=6),
        recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(COUNT)],
    )
    await tenant.give(AddModel(model=model))
    await tenant.give(StartCampaign(model_id=1), key="start")


async def until(holds, within_s=30):
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 -- what it waits for is in no event
            await asyncio.sleep(0.01)


async def outage(tenant, exchange, *, begin, end):
    """Have the database go away in the middle of calls, and come back."""
    await until(lambda: exchange.counts().answered >= 4)
    await asyncio.to_thread(begin)
    await until(lambda: tenant.health().journal_away_since is not None)
    taken = exchange.counts().taken
    with pytest.raises(JournalAwayError):
        await tenant.give(PauseCampaign(campaign_id=1))
    with pytest.raises(JournalAwayError):
        await tenant.give(PauseCampaign(campaign_id=1), key="pause")
    # Those in progress go on to their end, and are not cut.
    await until(lambda: not exchange.calls_up() and tenant.health().calls == 0)
    assert exchange.counts().taken == taken
    assert campaign(tenant.state, 1, tenant.now).contacted == taken
    assert tenant.health().events_waiting > 0

    # Not in a thread: the server would end with the one that started it.
    end()
    await until(lambda: tenant.health().journal_away_since is None)
    repeated = await tenant.give(StartCampaign(model_id=1), key="start")
    assert repeated.repeated
    await until(lambda: status(tenant.state, 1, tenant.now) is Status.COMPLETED)
    await until(lambda: tenant.health().events_waiting == 0)
    assert exchange.counts().taken == COUNT


def check_journal(url, state, exchange):
    """Nothing is lost: the journal tells the state, and each call of the exchange."""
    database = Database.open(url)
    try:
        events = list(SqlJournal(database, find_tenant(database, "main")).read())
    finally:
        database.close()
    assert audit(events) == ()
    assert replay(events) == state
    placed = {event.call_id for event in events if isinstance(event, CallPlaced)}
    answered = {event.call_id for event in events if isinstance(event, CallAnswered)}
    records = exchange.calls()
    assert {record.call_id for record in records} <= placed
    assert {record.call_id for record in records if record.answered_at is not None} == answered


def said(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("campaign_service.engine")
    ]


def test_disk_that_is_full_stops_calls_and_not_the_service(sqlite_url, caplog):
    """R9.3; `max_page_count` is what SQLite itself says of a disk that takes no more."""

    async def story():
        limit = []
        async with serving(sqlite_url) as (host, tenant, exchange):

            def bound(connection, record, proxy):
                connection.execute(f"PRAGMA max_page_count = {limit[0] if limit else 2**30}")

            sa.event.listen(host.database.engine, "checkout", bound)
            await start_campaign(tenant)
            # Lower than what is there: it then takes no page more.
            await outage(tenant, exchange, begin=lambda: limit.append(1), end=limit.clear)
            return tenant.state, exchange

    with caplog.at_level(logging.WARNING):
        state, exchange = asyncio.run(story())
    check_journal(sqlite_url, state, exchange)
    away, back = said(caplog)
    assert "so no calls are placed" in away
    assert "is full" in away
    assert "is written again" in back


def test_file_that_is_moved_away_and_put_back_stops_calls_meanwhile(sqlite_url, tmp_path, caplog):
    """R9.3: what is written to it meanwhile is nowhere else."""
    path, aside = tmp_path / "campaigns.db", tmp_path / "aside.db"

    async def story():
        async with serving(sqlite_url) as (_, tenant, exchange):
            await start_campaign(tenant)
            await outage(
                tenant,
                exchange,
                begin=lambda: path.rename(aside),
                end=lambda: aside.rename(path),
            )
            return tenant.state, exchange

    with caplog.at_level(logging.WARNING):
        state, exchange = asyncio.run(story())
    check_journal(sqlite_url, state, exchange)
    away, back = said(caplog)
    assert "it is not there any more" in away
    assert "is written again" in back


def delete(path):
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


def replace(path):
    other = path.with_name("other.db")
    Database.open(str(other)).close()
    other.replace(path)


@pytest.mark.parametrize("lose", [delete, replace])
def test_service_whose_file_is_lost_takes_no_command_and_places_no_call(sqlite_url, tmp_path, lose):
    """R9.3: all that was acknowledged after it would be lost with the process."""
    path = tmp_path / "campaigns.db"

    async def story():
        async with serving(sqlite_url) as (_, tenant, exchange):
            await start_campaign(tenant)
            await until(lambda: exchange.counts().answered >= 2)
            lose(path)
            with pytest.raises(JournalAwayError):
                await tenant.give(PauseCampaign(campaign_id=1), key="pause")
            await until(lambda: tenant.health().journal_away_since is not None)
            placed = exchange.counts().taken
            with pytest.raises(JournalAwayError):
                await tenant.give(PauseCampaign(campaign_id=1))
            await until(lambda: not exchange.calls_up() and tenant.health().calls == 0)
            assert exchange.counts().taken == placed

    asyncio.run(story())
    assert path.exists() is (lose is replace)


def test_lock_is_not_known_to_be_held_while_the_database_is_not_in_its_place(sqlite_url, tmp_path):
    """Whoever leads places no call then, though nothing is written just now."""
    path, aside = tmp_path / "campaigns.db", tmp_path / "aside.db"
    database = Database.open(sqlite_url)
    lock = lock_of(database, create_tenant(database, "main"))
    assert lock.take()
    path.rename(aside)
    for ask in (lock.is_held, lock.take):
        with pytest.raises(DatabaseAwayError):
            ask()

    aside.rename(path)

    assert lock.is_held()
    lock.release()
    database.close()


@pytest.mark.integration
def test_server_that_is_gone_for_a_while_stops_calls_and_not_the_service(
    postgres, postgres_url, caplog
):
    """R9.3."""

    async def story():
        async with serving(postgres_url) as (_, tenant, exchange):
            await start_campaign(tenant)
            await outage(tenant, exchange, begin=postgres.stop, end=postgres.start)
            return tenant.state, exchange

    with caplog.at_level(logging.WARNING):
        state, exchange = asyncio.run(story())
    check_journal(postgres_url, state, exchange)
    away, back = said(caplog)
    assert "so no calls are placed" in away
    assert "is written again" in back


@pytest.mark.integration
def test_server_that_hangs_stops_calls_and_not_the_service(
    postgres, postgres_url, caplog, monkeypatch
):
    """R9.3: connections stay up, and nobody answers."""
    monkeypatch.setattr(transactions, "_LEAST_S", 3.0)

    async def story():
        async with serving(postgres_url) as (_, tenant, exchange):
            await start_campaign(tenant)
            await outage(tenant, exchange, begin=postgres.freeze, end=postgres.thaw)
            return tenant.state, exchange

    try:
        with caplog.at_level(logging.WARNING):
            state, exchange = asyncio.run(story())
    finally:
        postgres.thaw()
    check_journal(postgres_url, state, exchange)
    assert "has not answered" in said(caplog)[0]

"""A tenant in one process, and in two: commands, keys, events, and who leads."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import attrs
import pytest
import sqlalchemy as sa
from tests.drivers.test_clock import HOUR_MS, Wall
from tests.service.serving.test_database_away import until

from campaign_core import CampaignModel, Line, Recipient, Settings, calls, models
from campaign_core.commands import AddModel, ChangeSettings, PauseCampaign, StartCampaign
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_core.events import ModelAdded
from campaign_drivers.clock import WallClock
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, find_tenant
from campaign_service.serving import (
    KeyReusedError,
    NotLeadingError,
    ProcessRole,
    ServiceHost,
    ServiceHostSettings,
)
from campaign_service.serving import service_host as service_host_module

MINUTE_MS = 60_000
MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    recipients=[Recipient(number="200", line=Line.INTERNAL)],
)


@asynccontextmanager
async def host(database_url, **more):
    settings = {
        "database": database_url,
        "tenants": {"main": "simulated"},
        "url": "http://one",
        "drain_s": 0,
    }
    started = ServiceHost(ServiceHostSettings(**{**settings, **more}))
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


@asynccontextmanager
async def tenant(database_url, **more):
    async with host(database_url, **more) as started:
        yield started.tenants["main"]


def run(story):
    asyncio.run(asyncio.wait_for(story, timeout=30))


async def heard(found, *, after, count, **which):
    entries = []
    async for entry in found.follow(after=after, **which):
        entries.append(entry)
        if len(entries) == count:
            return entries
    return entries


def test_command_returns_its_own_events_once_they_are_durable(database_url):
    """R9.3, R6.6."""

    async def story():
        async with tenant(database_url) as found:
            taken = await found.give(AddModel(model=MODEL, actor="anna"))
            (event,) = taken.events
            assert (type(event), event.actor, event.seq) == (ModelAdded, "anna", taken.seq)
            started = await found.give(StartCampaign(model_id=1, actor="anna"))
            # The scheduler's call of the same moment is not the command's.
            assert {event.actor for event in started.events} == {"anna"}
            entries = await asyncio.to_thread(found.history.entries, after=0, limit=100)
            assert taken.seq in {entry.seq for entry in entries}

    run(story())


def test_tenant_lives_by_a_time_that_the_machine_s_clock_does_not_set(sqlite_url, monkeypatch):
    """R7.12: the clock may be corrected, in either direction, while the service runs."""
    wall = Wall()
    monkeypatch.setattr(service_host_module, "WallClock", partial(WallClock, wall=wall))

    async def story():
        async with tenant(sqlite_url) as found:
            began = found.now
            assert wall.at <= began < wall.at + MINUTE_MS
            for step_ms in (HOUR_MS, -2 * HOUR_MS):
                wall.at += step_ms
                taken = await found.give(AddModel(model=attrs.evolve(MODEL, name=f"{step_ms}")))
                assert began <= taken.at <= found.now < began + MINUTE_MS
                assert abs(found.now + found.state.calendar_ahead_ms - wall.at) < MINUTE_MS

    run(story())


def test_command_that_changes_nothing_returns_the_last_event_before(sqlite_url):
    async def story():
        async with tenant(sqlite_url) as found:
            before = found.state.sequence
            taken = await found.give(ChangeSettings(settings=Settings()), key="same")
            again = await found.give(ChangeSettings(settings=Settings()), key="same")
            assert taken.events == again.events
            assert taken.seq == again.seq
            assert taken.seq >= before

    run(story())


def test_command_that_is_given_again_under_its_key_is_taken_once(database_url):
    """R9.3: a client may safely repeat one, also at the same moment, and after a restart."""

    async def story():
        async with tenant(database_url) as found:
            add = AddModel(model=MODEL, actor="anna")
            given = await asyncio.gather(*(found.give(add, key="k") for _ in range(5)))
            assert sorted(taken.repeated for taken in given) == [False, True, True, True, True]
            assert {taken.seq for taken in given} == {given[0].seq}
            assert {taken.events for taken in given} == {given[0].events}
            with pytest.raises(KeyReusedError):
                await found.give(
                    AddModel(model=attrs.evolve(MODEL, name="B"), actor="anna"), key="k"
                )
            # The key is its sender's own.
            other = AddModel(model=attrs.evolve(MODEL, name="C"), actor="bert")
            assert not (await found.give(other, key="k")).repeated
        async with tenant(database_url) as found:
            again = await found.give(add, key="k")
            assert again == attrs.evolve(given[0], repeated=True)
            assert len(models(found.state)) == 2

    run(story())


def test_refused_command_leaves_its_key_free(sqlite_url):
    async def story():
        async with tenant(sqlite_url) as found:
            with pytest.raises(CommandRefusedError):
                await found.give(StartCampaign(model_id=1), key="k")
            await found.give(AddModel(model=MODEL))
            assert not (await found.give(StartCampaign(model_id=1), key="k")).repeated

    run(story())


def test_condition_is_asked_at_the_moment_the_command_is_taken(sqlite_url):
    """Two operators cannot overwrite each other."""

    class ChangedError(Exception):
        pass

    def unchanged(state):
        if models(state):
            raise ChangedError

    async def story():
        async with tenant(sqlite_url) as found:
            first = AddModel(model=MODEL)
            second = AddModel(model=attrs.evolve(MODEL, name="Other"))
            given = await asyncio.gather(
                found.give(first, provided=unchanged),
                found.give(second, provided=unchanged),
                return_exceptions=True,
            )
            assert isinstance(given[1], ChangedError)
            assert len(models(found.state)) == 1

    run(story())


def test_events_are_heard_without_gap_or_repeat_from_anywhere(database_url):
    async def story():
        async with tenant(database_url) as found:
            await found.give(AddModel(model=MODEL))
            await found.give(StartCampaign(model_id=1))
            listening = asyncio.create_task(heard(found, after=0, count=9))
            await found.give(PauseCampaign(campaign_id=1))
            for number in range(4):
                model = attrs.evolve(MODEL, name=f"Model {number}")
                await found.give(AddModel(model=model))
            assert [entry.seq for entry in await listening] == list(range(1, 10))
            assert [entry.seq for entry in await heard(found, after=4, count=3)] == [5, 6, 7]
            of_campaign = await heard(found, after=0, count=2, campaign_id=1)
            assert [entry.kind for entry in of_campaign] == [
                "CampaignScheduled",
                "CampaignStarted",
            ]

        # From the database, since this process has not heard them.
        async with tenant(database_url) as found:
            assert [entry.seq for entry in await heard(found, after=0, count=9)] == list(
                range(1, 10)
            )

    run(story())


def test_listeners_end_when_the_process_stops(sqlite_url):
    async def story():
        async with tenant(sqlite_url) as found:
            listening = asyncio.create_task(heard(found, after=0, count=1_000))
            await asyncio.sleep(0)
        assert 2 <= len(await listening) < 1_000

    run(story())


def test_second_process_follows_and_leads_once_the_first_has_stopped(database_url):
    async def story():
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(AsyncExitStack())
            one = await first.enter_async_context(tenant(database_url))
            other = await stack.enter_async_context(tenant(database_url, url="http://two"))
            assert (one.role, other.role) == (ProcessRole.LEADING, ProcessRole.FOLLOWING)
            taken = await one.give(AddModel(model=MODEL))
            assert (await heard(other, after=taken.seq - 1, count=1))[0].seq == taken.seq
            assert len(models(other.state)) == 1
            await until(lambda: other.health().leader_url == "http://one")
            with pytest.raises(NotLeadingError, match="http://one"):
                await other.give(StartCampaign(model_id=1))

            await first.aclose()
            await until(lambda: other.role is ProcessRole.LEADING, within_s=20)
            await other.give(StartCampaign(model_id=1))
            assert other.health().leader_url == "http://two"

    run(story())


def test_recovered_service_begins_at_its_snapshot(sqlite_url, monkeypatch):
    """Done when a journal opens within seconds from its latest snapshot: one is kept at a stop."""
    asked = []
    recover = SqlJournal.recover

    def watched(self):
        found = recover(self)
        asked.append(found)
        return found

    monkeypatch.setattr(SqlJournal, "recover", watched)

    async def story():
        async with tenant(sqlite_url) as found:
            await found.give(AddModel(model=MODEL))
            last_seq = found.health().last_seq
        async with tenant(sqlite_url):
            pass
        assert asked[0] is None
        assert asked[1].snapshot_seq >= last_seq

    run(story())


def test_snapshots_are_kept_while_it_runs(sqlite_url):
    async def story():
        async with host(sqlite_url, snapshot_events=3) as started:
            await started.tenants["main"].give(AddModel(model=MODEL))
            journal = SqlJournal(started.database, find_tenant(started.database, "main"))
            await until(lambda: journal.recover().snapshot_seq >= 3)

    run(story())


def test_tenants_of_one_database_know_nothing_of_each_other(sqlite_url):
    async def story():
        async with host(sqlite_url, tenants={"a": "simulated", "b": "simulated"}) as started:
            await started.tenants["a"].give(AddModel(model=MODEL))
            assert models(started.tenants["b"].state) == {}
            ids = {found.service_id for found in started.tenants.values()}
            assert len(ids) == 2
            assert "leads 2 of 2 tenants" in started.status()
            await started.prove_alive()

    run(story())


def test_tenant_that_is_damaged_keeps_no_other_from_service(sqlite_url, caplog, monkeypatch):
    """It is named, and served again once it is mended."""
    monkeypatch.setattr("campaign_service.serving.tenant_supervisor._AFTER_DEFECT_S", 0.2)
    both = {"north": "simulated", "south": "simulated"}
    actor = sa.text(
        "UPDATE event SET actor = :actor WHERE seq = 1"
        " AND tenant_id = (SELECT id FROM tenant WHERE name = 'north')"
    )

    async def story():
        async with host(sqlite_url, tenants=both) as first:
            for one in first.tenants.values():
                await one.give(AddModel(model=MODEL))
        change(actor, "somebody")
        async with host(sqlite_url, tenants=both) as second:
            north, south = second.tenants["north"], second.tenants["south"]
            await south.give(StartCampaign(model_id=1))
            assert south.health().trouble is None
            assert "event 1 is altered" in north.health().trouble
            assert "tenant north cannot be served: event 1 is altered" in caplog.text
            with pytest.raises(NotLeadingError):
                await north.give(StartCampaign(model_id=1))
            change(actor, found)
            await until(lambda: north.role is ProcessRole.LEADING)
            await north.give(StartCampaign(model_id=1))

    def change(statement, value):
        database = Database.open(sqlite_url)
        with database.begin() as connection:
            connection.execute(sa.text("DELETE FROM snapshot"))
            connection.execute(statement, {"actor": value})
        database.close()

    found = "scheduler"
    run(story())


def test_bad_address_of_a_driver_is_refused_at_the_start(sqlite_url):
    async def story():
        async with tenant(sqlite_url, tenants={"main": "modem://u:secret@host"}):
            pass

    with pytest.raises(SettingsError, match="driver"):
        run(story())


def test_calls_in_progress_end_before_a_stop(sqlite_url):
    """Graceful stop: no new calls; calls in progress end."""

    async def story():
        async with tenant(sqlite_url, drain_s=60) as found:
            many = [Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(3)]
            await found.give(AddModel(model=attrs.evolve(MODEL, recipients=many, ring_timeout_s=1)))
            await found.give(StartCampaign(model_id=1))
            await until(lambda: len(calls(found.state)) == 3)
        assert calls(found.state) == ()
        assert found.state.sequence == found.health().last_seq

    run(story())


def test_tenants_are_spread_over_processes_that_start_together(database_url, monkeypatch):
    names = ["north", "south", "east", "west"]
    orders = iter([names, names[::-1]])
    monkeypatch.setattr(service_host_module, "_own_order", lambda _: next(orders))

    async def story():
        async with AsyncExitStack() as stack:
            hosts = [
                ServiceHost(
                    ServiceHostSettings(
                        database=database_url,
                        tenants=dict.fromkeys(names, "simulated"),
                        url=url,
                        drain_s=0,
                    )
                )
                for url in ("http://one", "http://two")
            ]
            await asyncio.gather(*(one.start() for one in hosts))
            for one in hosts:
                stack.push_async_callback(one.stop)

            def led(one):
                return {n for n, found in one.tenants.items() if found.role is ProcessRole.LEADING}

            await until(lambda: sum(len(led(one)) for one in hosts) == len(names))
            assert all(led(one) for one in hosts)

    run(story())

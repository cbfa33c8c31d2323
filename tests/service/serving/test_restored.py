"""A service that is started from a backup: it does not know whom it has called since."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import attrs
import pytest
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_journal_away import MODEL
from tests.service.serving.test_other_telephony import journal_of

from campaign_core import PauseReason, Status, campaign
from campaign_core.commands import AddModel, ResumeCampaign, StartAt, StartCampaign
from campaign_core.events import CallPlaced, CampaignPaused, CampaignStarted
from campaign_service.database import Database
from campaign_service.engine import register_driver
from campaign_service.journal.sql import find_tenant
from campaign_service.serving import ServiceHost, ServiceHostSettings
from campaign_service.serving.high_water_mark import HighWaterMark, mark_of
from campaign_service.serving.takeover_checks import JournalRolledBackError


@pytest.fixture
def telephonies():
    """Every telephony that was opened, each with what it was ordered."""
    opened = []

    def open_one(_):
        opened.append(RecordingDriver())
        return opened[-1]

    register_driver("lab", open_one)
    return opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "campaigns.db"


async def living(database, story, **more):
    host = ServiceHost(
        ServiceHostSettings(database=str(database), tenants={"main": "lab"}, drain_s=0, **more)
    )
    try:
        await host.start()
        return await story(host.tenants["main"])
    finally:
        await host.stop(at_once=True)


def serve(database, story, **more):
    return asyncio.run(asyncio.wait_for(living(database, story, **more), timeout=60))


async def until_heard(tenant, kind):
    async for entry in tenant.follow(after=0):
        if entry.kind == kind.__name__:
            return


async def call(tenant):
    await tenant.give(AddModel(model=MODEL))
    await tenant.give(StartCampaign(model_id=1))
    await until_heard(tenant, CallPlaced)


async def look(tenant):
    """Give a telephony the time to be called on, and say how things are."""
    await asyncio.sleep(1)
    return tenant.state


def backed_up(path, story):
    """Return the backup of a service that was begun, and went on by a story."""
    backup = path.with_name("backup.db")

    async def begin(tenant):
        await tenant.give(AddModel(model=MODEL))
        await tenant.give(StartCampaign(model_id=1))

    serve(path, begin)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    serve(path, story)
    return backup


def restore(backup, path):
    for file in path.parent.glob(f"{path.name}-*"):
        file.unlink()
    shutil.copy(backup, path)


async def add(tenant):
    await tenant.give(AddModel(model=attrs.evolve(MODEL, name="Another")))


def test_service_that_is_started_with_hold_calls_nobody_until_a_user_resumes(path, telephonies):
    serve(path, call)

    state = serve(path, look, hold=True)

    shown = campaign(state, 1, state.now)
    assert (shown.status, shown.pause_reason) == (Status.PAUSED, PauseReason.HELD)
    assert telephonies[-1].orders == []


def test_campaign_whose_start_comes_while_it_is_held_calls_nobody(path, telephonies):
    async def plan(tenant):
        await tenant.give(AddModel(model=MODEL))

        await tenant.give(StartCampaign(model_id=1, when=StartAt(tenant.now + 4_000)))

    serve(path, plan)
    state = serve(path, lambda tenant: _until(tenant, CampaignPaused), hold=True)

    shown = campaign(state, 1, state.now)
    assert (shown.status, shown.pause_reason) == (Status.PAUSED, PauseReason.HELD)
    events = journal_of(path)
    assert any(isinstance(event, CampaignStarted) for event in events)
    assert not any(isinstance(event, CallPlaced) for event in events)
    assert telephonies[-1].orders == []

    async def resume(tenant):
        await tenant.give(ResumeCampaign(campaign_id=1))
        await until_heard(tenant, CallPlaced)

    serve(path, resume)


async def _until(tenant, kind):
    await until_heard(tenant, kind)
    return tenant.state


def test_journal_that_went_back_is_refused_until_the_operator_says_so(path, telephonies):
    restore(backed_up(path, add), path)
    events = journal_of(path)

    with pytest.raises(JournalRolledBackError, match="was a backup restored"):
        serve(path, look)
    assert journal_of(path) == events

    state = serve(path, look, restored=True)
    assert campaign(state, 1, state.now).pause_reason is PauseReason.HELD
    assert telephonies[-1].orders == []
    # Said once, it is noted, and needs not be said again.
    serve(path, look)


def test_lost_write_ahead_log_is_noticed(path, telephonies):
    lost = path.with_name("without-log.db")

    async def copy_without_log(tenant):
        await tenant.give(AddModel(model=MODEL))
        # What a plain copy takes of a file whose log is beside it.
        shutil.copy(path, lost)
        await tenant.give(AddModel(model=attrs.evolve(MODEL, name="Another")))

    serve(path, copy_without_log)
    restore(lost, path)
    with pytest.raises(JournalRolledBackError):
        serve(path, look)


def test_journal_that_went_on_otherwise_from_a_backup_is_refused(path, telephonies):
    """It may be longer than the one before, and is another one all the same."""
    backup = backed_up(path, add)
    elsewhere = path.with_name("elsewhere.db")
    shutil.copy(backup, elsewhere)

    async def go_on(tenant):
        for name in ("One", "Two", "Three", "Four"):
            await tenant.give(AddModel(model=attrs.evolve(MODEL, name=name)))

    serve(elsewhere, go_on)
    restore(elsewhere, path)
    with pytest.raises(JournalRolledBackError, match="has another event"):
        serve(path, look)


def test_file_that_is_gone_is_not_begun_anew_unseen(path, telephonies):
    serve(path, add)
    for file in path.parent.glob("campaigns.db*"):
        if file.suffix != ".mark":
            file.unlink()
    with pytest.raises(JournalRolledBackError):
        serve(path, look)


@pytest.mark.integration
def test_mark_of_a_server_lies_in_a_folder_of_the_machine(postgres_url, tmp_path, telephonies):
    serve(postgres_url, add, marks_dir=tmp_path)
    with closing(Database.open(postgres_url)) as database:
        tenant = find_tenant(database, "main")
        mark = mark_of(database, tenant, folder=tmp_path)
        assert mark.read().seq > 1
        assert mark_of(database, tenant, folder=None) is None


@pytest.mark.parametrize("text", ["", "5", "x" * 500, "5:zz\n"])
def test_mark_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "mark").write_text(text)
    assert HighWaterMark(tmp_path / "mark").read() is None

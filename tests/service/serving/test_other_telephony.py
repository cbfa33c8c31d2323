"""A service whose telephony was forgotten: nobody is reached in simulation by oversight."""

import asyncio
from contextlib import closing

import pytest
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_journal_away import MODEL
from tests.service.journal.sql.streams import Campaign

from campaign_core import SIMULATED, campaign, link
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.events import CallPlaced, ServiceOpened, TelephonyNamed
from campaign_service.database import Database
from campaign_service.engine import register_driver, telephony_of
from campaign_service.journal.sql import SqlJournal, create_tenant, find_tenant
from campaign_service.serving import ServiceHost, ServiceHostSettings
from campaign_service.serving.takeover_checks import OtherTelephonyError

REAL, OTHER = "lab", "workshop"


@pytest.fixture(autouse=True)
def laboratories():
    for scheme in (REAL, OTHER):
        register_driver(scheme, lambda _: RecordingDriver())


async def live(path, driver, *, calls=False, **more):
    """Serve for a moment, and call somebody or nobody; return the tenant's last state."""
    host = ServiceHost(
        ServiceHostSettings(database=str(path), tenants={"main": driver}, drain_s=0, **more)
    )
    try:
        await host.start()
        tenant = host.tenants["main"]
        if calls:
            await tenant.give(AddModel(model=MODEL))
            await tenant.give(StartCampaign(model_id=1))
            async for entry in tenant.follow(after=0):
                if entry.kind == "CallPlaced":
                    break
        return tenant.state
    finally:
        await host.stop(at_once=True)


def serve(path, driver, **more):
    return asyncio.run(asyncio.wait_for(live(path, driver, **more), timeout=60))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "campaigns.db"


def journal_of(path):
    with closing(Database.open(str(path))) as database:
        return list(SqlJournal(database, find_tenant(database, "main")).read())


@pytest.mark.parametrize(("before", "now"), [(REAL, SIMULATED), (SIMULATED, REAL)])
def test_simulated_and_real_calls_follow_each_other_only_where_that_is_said(path, before, now):
    serve(path, before, calls=True)
    events = journal_of(path)
    with pytest.raises(OtherTelephonyError, match=f"went to {before}, and the driver is {now}"):
        serve(path, now)
    assert journal_of(path) == events

    state = serve(path, now, other_telephony=True)
    assert link(state).telephony == now
    # Said once, it is on record, and needs not be said again.
    assert link(serve(path, now)).telephony == now
    assert campaign(state, 1, state.now).is_simulated


def test_real_telephonies_take_each_others_place_and_each_is_on_record(path):
    serve(path, REAL, calls=True)
    serve(path, OTHER)
    serve(path, OTHER)
    events = journal_of(path)
    assert [event.telephony for event in events if isinstance(event, TelephonyNamed)] == [OTHER]
    assert events[0].telephony == REAL


def test_service_that_called_nobody_yet_takes_any_telephony(path):
    """The first start of the tutorial is a simulated one."""
    serve(path, SIMULATED)
    assert link(serve(path, REAL)).telephony == REAL


def test_journal_of_an_older_release_goes_on_with_any_telephony(path):
    """It does not say whom it called: nobody can know."""
    story = Campaign()
    with closing(Database.open(str(path))) as database:
        tenant = create_tenant(database, "main", service_id=story.events[0].service_id)
        SqlJournal(database, tenant).append(story.events, expected=0)
    assert any(isinstance(event, CallPlaced) for event in journal_of(path))
    assert isinstance(journal_of(path)[0], ServiceOpened)
    assert link(serve(path, SIMULATED)).telephony == SIMULATED


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("simulated", "simulated"),
        ("asterisk://u:p@host/", "asterisk"),
        ("asterisks://u:p@host/", "asterisk"),
        ("freeswitchs://:p@host/", "freeswitch"),
        ("lab://bench", "lab"),
        ("pool:nowhere.toml", "pool"),
    ],
)
def test_kind_of_telephony_follows_from_its_url(url, kind):
    assert telephony_of(url) == kind


@pytest.mark.parametrize(
    ("drivers", "kind"), [(["simulated"] * 2, "simulated"), (["simulated", "lab://x"], "pool")]
)
def test_pool_is_simulated_where_each_of_its_nodes_is(tmp_path, drivers, kind):
    file = tmp_path / "pool.toml"
    nodes = [f'[[node]]\nname = "n{i}"\ndriver = "{url}"\n' for i, url in enumerate(drivers)]
    file.write_text("".join(nodes))
    assert telephony_of(f"pool:{file}") == kind

"""A journal that an earlier release wrote opens in this one, and says the same."""

import shutil
from pathlib import Path

import pytest

from campaign_core import handle, replay
from campaign_core.reports import DriverDownReport
from campaign_service import access
from campaign_service.database import Database
from campaign_service.journal.sql import (
    CampaignExport,
    JournalQueries,
    SqlJournal,
    find_tenant,
    verify,
)

DATA = Path(__file__).parent / "data"
HEADS = {
    "journal-0.1.db": "13:b98f807b175c3745069c041bb347fa10d1489e497a2c39a24bae51f5dacb28d5",
    "journal-0.1-evening.db": "99:74296e2944206288dfa813a7343f8427aa5030182caa35b7527b002027f76759",
}
"""Files that earlier releases wrote, and the heads of their journals."""
EVENING = "journal-0.1-evening.db"
"""A breaker, transfers, caps, rates, pauses, calls adrift and given back, and two users."""


@pytest.fixture(params=HEADS)
def path(request, tmp_path):
    path = tmp_path / request.param
    shutil.copy(DATA / request.param, path)
    return path


@pytest.fixture
def older(path):
    database = Database.open(str(path))
    yield database, HEADS[path.name]
    database.close()


def test_journal_of_an_older_release_is_whole(older):
    database, head = older
    tenant = find_tenant(database, "main")

    found = verify(database, tenant, replays=True)

    assert found.problems == ()
    assert head == str(found.head)


def test_journal_of_an_older_release_is_recovered_from_its_snapshot(older):
    database, _ = older
    journal = SqlJournal(database, find_tenant(database, "main"))

    found = journal.recover()

    assert replay(journal.read()) == found.state
    assert 0 < found.snapshot_seq < found.head.seq


def opened(name, tmp_path):
    path = tmp_path / name
    shutil.copy(DATA / name, path)
    return Database.open(str(path))


def test_journal_of_an_older_release_is_told_of(tmp_path):
    database = opened("journal-0.1.db", tmp_path)
    history = JournalQueries(database, find_tenant(database, "main"))

    assert [one.name for one in history.campaigns()] == ["Closing"]
    assert len(history.attempts(1, first=1, last=3)) == 3
    assert "anna" in {entry.actor for entry in history.by_users()}
    assert history.receipt("anna", "k1").last_seq == 3
    database.close()


def test_busy_evening_of_an_older_release_is_told_of(tmp_path):
    """R9.2: with every attempt, however it ended, and who gave which command."""
    database = opened(EVENING, tmp_path)
    history = JournalQueries(database, find_tenant(database, "main"))

    assert [one.name for one in history.campaigns()] == [
        "Evening è sera",
        "Model 2",
        "Tomorrow",
        "Short",
    ]
    outcomes = {outcome.name for one in (1, 2, 4) for outcome in history.outcomes(one)}
    assert outcomes >= {"REACHED", "OPTED_OUT", "CONGESTION", "BUSY", "REFUSED", "LOST"}
    assert {entry.actor for entry in history.by_users()} == {"anna", "bruno", "operator"}
    database.close()


def test_users_of_an_older_release_are_there(tmp_path):
    database = opened(EVENING, tmp_path)

    assert [one.name for one in access.users(database)] == ["anna", "bruno"]
    assert [one.label for one in access.tokens(database, "bruno", now=0)] == ["a program"]
    database.close()


def test_journal_of_an_older_release_goes_on(older):
    """What this release appends follows, and the whole is verified."""
    database, _ = older
    tenant = find_tenant(database, "main")
    journal = SqlJournal(database, tenant)
    state = journal.recover().state

    events = handle(state, DriverDownReport(), state.now).events
    journal.append(events, expected=state.sequence)

    assert verify(database, tenant, replays=True).problems == ()


def test_journal_of_an_older_release_is_verified_and_told_of_as_it_is(path):
    """A backup that is verified is not changed into another one."""
    before = path.read_bytes()
    database = Database.open(str(path), is_read_only=True)
    tenant = find_tenant(database, "main")

    found = verify(database, tenant, replays=True)
    export = CampaignExport(JournalQueries(database, tenant), 1)

    assert (found.problems, str(found.head)) == ((), HEADS[path.name])
    assert list(export.recipients())
    assert list(export.attempts())
    assert list(export.log())
    database.close()
    assert before == path.read_bytes()
    assert [path] == list(path.parent.iterdir())

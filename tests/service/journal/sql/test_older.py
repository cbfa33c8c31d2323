"""A journal that an earlier release wrote opens in this one, and says the same."""

import shutil
from pathlib import Path

import pytest

from campaign_core import replay
from campaign_service.database import Database
from campaign_service.journal.sql import CampaignExport, History, SqlJournal, find_tenant, verify

DATA = Path(__file__).parent / "data"
HEADS = {
    "journal-0.1.db": ("13:b98f807b175c3745069c041bb347fa10d1489e497a2c39a24bae51f5dacb28d5"),
}
"""Files that earlier releases wrote, and the heads of their journals."""


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


def test_journal_of_an_older_release_is_told_of(older):
    database, _ = older
    history = History(database, find_tenant(database, "main"))

    assert [one.name for one in history.campaigns()] == ["Closing"]
    assert len(history.attempts(1, first=1, last=3)) == 3
    assert "anna" in {entry.actor for entry in history.by_users()}
    assert history.receipt("anna", "k1").last_seq == 3


def test_journal_of_an_older_release_is_verified_and_told_of_as_it_is(path):
    """A backup that is verified is not changed into another one."""
    before = path.read_bytes()
    database = Database.open(str(path), is_read_only=True)
    tenant = find_tenant(database, "main")

    found = verify(database, tenant, replays=True)
    export = CampaignExport(History(database, tenant), 1)

    assert (found.problems, str(found.head)) == ((), HEADS[path.name])
    assert len(list(export.recipients())) == len(list(export.attempts())) == 3
    assert list(export.log())
    database.close()
    assert before == path.read_bytes()
    assert [path] == list(path.parent.iterdir())

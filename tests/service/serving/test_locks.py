"""Locks: what a leader that hangs leaves behind, and how its lock is taken away."""

import time
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant
from campaign_service.serving import leader_silence
from campaign_service.serving.leader_silence import LeaderSilence
from campaign_service.serving.locks import FileLock, ServerLock

HEAD = "UPDATE tenant SET writer = 'hanging' WHERE id = %s"
EVENTS = "COPY event (tenant_id, seq, at, actor, kind, data, chain) FROM STDIN"


@pytest.fixture
def database(postgres_url):
    with closing(Database.open(postgres_url)) as opened:
        yield opened


def move_head(database, tenant):
    """What an append begins with; it does not wait for long."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        mine = {"id": tenant.id}
        connection.execute(sa.text("UPDATE tenant SET writer = 'new' WHERE id = :id"), mine)


@pytest.mark.integration
@pytest.mark.parametrize("is_copying", [False, True])
def test_append_that_a_hanging_leader_left_open_is_ended_by_whoever_leads_next(
    database, postgres_url, is_copying
):
    """Its advisory lock is lost already; within a COPY no limit of the server's would end it."""
    tenant = create_tenant(database, "main")
    hanging = psycopg.connect(postgres_url)
    hanging.execute(HEAD, (tenant.id,))
    copying = hanging.cursor().copy(EVENTS)
    if is_copying:
        copying.__enter__()
    with pytest.raises(sa.exc.OperationalError):
        move_head(database, tenant)

    lock = ServerLock(database, tenant)
    assert lock.take()
    move_head(database, tenant)

    lock.release()
    hanging.close()


@pytest.mark.integration
def test_append_of_another_tenant_goes_on(database, postgres_url):
    mine, other = create_tenant(database, "main"), create_tenant(database, "branch")
    lock = ServerLock(database, mine)
    with psycopg.connect(postgres_url) as appending:
        appending.execute(HEAD, (other.id,))

        assert lock.take()

        appending.execute(HEAD, (other.id,))
    lock.release()


@pytest.fixture
def impatient(monkeypatch):
    """A holder is silent for too long at the second look that finds no new sign of life."""
    monkeypatch.setattr(leader_silence, "SILENT_S", 0.000_001)


def file_locks(tmp_path, count):
    return [FileLock(tmp_path / "campaigns.db.main.lock") for _ in range(count)]


def server_locks(database, count):
    tenant = create_tenant(database, "main")
    return [ServerLock(database, tenant) for _ in range(count)]


def takes_over(held, waiting):
    """Return whether who waits gets the lock after a few tries, and the holder hears of it."""
    for _ in range(200):
        if waiting.take():
            return not held.is_held() and not held.take()
        time.sleep(0.02)
    return False


@pytest.mark.integration
def test_session_that_gives_no_sign_of_life_is_ended(database, impatient):
    held, waiting = server_locks(database, 2)
    assert held.take()
    assert takes_over(held, waiting)
    for one in (held, waiting):
        one.release()


@pytest.mark.integration
def test_session_that_gives_signs_of_life_keeps_its_lock(database, impatient):
    held, waiting = server_locks(database, 2)
    assert held.take()
    for _ in range(5):
        assert held.is_held()
        assert not waiting.take()
    for one in (held, waiting):
        one.release()


def test_file_of_a_holder_that_gives_no_sign_of_life_is_replaced(tmp_path, impatient):
    held, waiting = file_locks(tmp_path, 2)
    assert held.take()
    assert takes_over(held, waiting)


def test_file_of_a_holder_that_gives_signs_of_life_is_left_to_it(tmp_path, impatient):
    held, waiting = file_locks(tmp_path, 2)
    assert held.take()
    for _ in range(5):
        assert held.is_held()
        assert not waiting.take()


def test_of_many_that_wait_for_a_silent_holder_one_gets_the_lock(tmp_path, impatient):
    held, *waiting = file_locks(tmp_path, 6)
    assert held.take()
    for _ in range(3):
        for one in waiting:
            one.take()
    assert [one.is_held() for one in (held, *waiting)].count(True) == 1


def test_lock_whose_file_is_taken_away_is_held_no_more(tmp_path):
    (held,) = file_locks(tmp_path, 1)
    assert held.take()
    (tmp_path / "campaigns.db.main.lock").unlink()
    assert not held.is_held()


def test_silence_is_counted_by_looks_of_who_did_not_stand_still_itself():
    """Who wakes from an hour's standstill has heard nothing for an hour, and that says nothing."""
    now = 0.0
    watched = LeaderSilence(clock=lambda: now)
    assert not watched.is_too_long("sign")
    now += 3_600
    assert not watched.is_too_long("sign")
    now += 1
    assert not watched.is_too_long("another")
    for _ in range(9):
        now += 1
        assert not watched.is_too_long("another")
    now += 1
    assert watched.is_too_long("another")
    assert not watched.is_too_long(None)

"""Locks on a real PostgreSQL: what a leader that hangs leaves behind."""

from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant
from campaign_service.serving.locks import ServerLock

pytestmark = pytest.mark.integration

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


def test_append_of_another_tenant_goes_on(database, postgres_url):
    mine, other = create_tenant(database, "main"), create_tenant(database, "branch")
    lock = ServerLock(database, mine)
    with psycopg.connect(postgres_url) as appending:
        appending.execute(HEAD, (other.id,))

        assert lock.take()

        appending.execute(HEAD, (other.id,))
    lock.release()

"""A pooler between us and PostgreSQL: a lock belongs to a session, so each needs one of its own."""

import time
from contextlib import closing

import pytest
from tests import pgbouncer
from tests.pgbouncer import PgBouncer

from campaign_core.errors import SettingsError
from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant
from campaign_service.serving.locks import ServerLock

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(pgbouncer.why_not() is not None, reason=str(pgbouncer.why_not())),
]


@pytest.fixture
def pooled(postgres, postgres_url):
    """What gives the URL of an empty database by way of a pooler in some mode."""
    poolers = []

    def pooled(mode, **more):
        poolers.append(PgBouncer(postgres, mode, **more))
        return poolers[-1].url(postgres_url.rpartition("/")[2])

    yield pooled
    for one in poolers:
        one.close()


@pytest.mark.parametrize("pool_size", [1, 2, 20])
def test_pooler_that_shares_sessions_out_is_refused(pooled, pool_size):
    with pytest.raises(SettingsError, match="session mode"):
        Database.open(pooled("transaction", pool_size=pool_size))


def test_pooler_that_gives_each_connection_a_session_is_as_good_as_none(pooled):
    with closing(Database.open(pooled("session", pool_size=20))) as database:
        tenant = create_tenant(database, "main")
        held, other = ServerLock(database, tenant), ServerLock(database, tenant)
        assert held.take()
        assert not other.take()
        assert held.is_held()
        held.release()
        # The server hears of it from the pooler, a moment later.
        assert any(other.take() or time.sleep(0.05) for _ in range(200))
        other.release()


def test_server_itself_is_no_pooler(postgres_url):
    Database.open(postgres_url).close()

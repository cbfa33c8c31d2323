"""A journal in each kind of database."""

import pytest

from campaign_core import ServiceId
from campaign_service.journal.sql import JournalQueries, SqlJournal, create_tenant


@pytest.fixture
def tenant(database):
    # The service that `campaign_core.testing` and the stories tell of.
    return create_tenant(database, "main", service_id=ServiceId("a1b2c3d4"))


@pytest.fixture
def journal(database, tenant):
    return SqlJournal(database, tenant)


@pytest.fixture
def history(database, tenant):
    return JournalQueries(database, tenant)

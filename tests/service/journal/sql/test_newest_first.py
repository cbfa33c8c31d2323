"""R9.1, R9.2: log, audit and past campaigns read backwards, however much is written meanwhile."""

from itertools import chain, product

import pytest
import sqlalchemy as sa

from campaign_core import commands as cm
from campaign_service.database import Database
from campaign_service.journal.sql import JournalQueries, SqlJournal, create_tenant

from .streams import Campaign


@pytest.fixture
def campaign(journal):
    campaign = Campaign()
    campaign.end_calls(2)
    for actor in ("otto", "anna", "otto"):
        campaign.tell(cm.StartCampaign(actor=actor, model_id=1))
    journal.append(campaign.events, expected=0)
    return campaign


def backwards(read, limit, cursor="seq"):
    """Return all that there is, page by page, each from where the one before ended."""
    found, after = [], 0
    while page := read(after=after, limit=limit, is_newest_first=True):
        assert len(page) <= limit
        found += page
        after = getattr(page[-1], cursor)
    return found


def test_log_backwards_is_the_log_the_other_way_round(history, campaign):
    times = sorted({event.at + by for event in campaign.events for by in (-1, 0, 1)})
    for campaign_id, until in product((None, 1, 2, 9), (None, *times)):
        asked = {"campaign_id": campaign_id, "until": until}
        forwards = history.entries(after=0, limit=1_000, **asked)

        def read(asked=asked, **page):
            return history.entries(**asked, **page)

        assert backwards(read, 3) == backwards(read, 1_000) == forwards[::-1]


def test_audit_backwards_is_the_audit_the_other_way_round(history, campaign):
    times = [None, *sorted({event.at + by for event in campaign.events for by in (0, 1)})]
    users = [event for event in campaign.events if event.actor not in ("driver", "scheduler")]
    for actor, since, until in product((None, "otto", "nobody"), times[::2], times[::2]):
        expected = [
            event.seq
            for event in users
            if actor in (None, event.actor)
            and (since is None or event.at >= since)
            and (until is None or event.at <= until)
        ]

        def read(asked=(actor, since, until), **page):
            return history.by_users(actor=asked[0], since=asked[1], until=asked[2], **page)

        assert [entry.seq for entry in read(after=0, limit=1_000)] == expected
        assert [entry.seq for entry in backwards(read, 2)] == expected[::-1]


def test_past_campaigns_backwards(history, campaign):
    assert [one.campaign_id for one in history.campaigns(after=1, limit=2)] == [2, 3]
    found = backwards(history.campaigns, 3, "campaign_id")
    assert [one.campaign_id for one in found] == [4, 3, 2, 1]
    assert history.campaigns() == found[::-1]
    assert history.campaigns(after=1, is_newest_first=True) == []


def test_what_is_written_meanwhile_moves_no_page(history, journal, campaign):
    before = history.entries(after=0, limit=1_000)
    first = history.entries(after=0, limit=4, is_newest_first=True)

    known = len(campaign.events)
    campaign.end_calls(3)
    journal.append(campaign.events[known:], expected=known)

    rest = history.entries(after=first[-1].seq, limit=1_000, is_newest_first=True)
    assert first + rest == before[::-1]
    assert history.entries(after=0, limit=1, is_newest_first=True)[0].seq == len(campaign.events)


def test_long_events_cut_a_page_short_at_its_old_end(history, campaign):
    newest = history.entries(after=0, limit=1, is_newest_first=True)[0]

    assert history.entries(after=0, limit=9, bytes_max=1, is_newest_first=True) == [newest]


# How it is read ---------------------------------------------------------------------------------


@pytest.fixture
def plan_of(tmp_path):
    """Whatever a question reads, as SQLite plans it: a line for each table that is looked into."""
    database = Database.open(f"sqlite:///{tmp_path / 'planned.db'}")
    tenant = create_tenant(database, "main", service_id="a1b2c3d4")
    campaign = Campaign()
    SqlJournal(database, tenant).append(campaign.events, expected=0)
    history, asked = JournalQueries(database, tenant), []

    def put_down(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", put_down)

    def plan(method, **asked_for):
        asked.clear()
        getattr(history, method)(**asked_for)
        seen = [one for one in asked if "FROM event" in one[0] or "FROM campaign" in one[0]]
        with database.reading() as connection:
            rows = [
                connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
                for text, values in seen
            ]
        return [row[-1] for row in chain(*rows)]

    yield plan
    database.close()


KEY, BY_CAMPAIGN, BY_USERS = "PRIMARY KEY", "ix_event_campaign", "ix_event_by_users"


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize(
    ("method", "filters", "index"),
    [
        ("entries", {}, KEY),
        ("entries", {"until": 1_749_988_801_000}, KEY),
        ("entries", {"campaign_id": 1}, BY_CAMPAIGN),
        ("entries", {"campaign_id": 1, "until": 1_749_988_801_000}, BY_CAMPAIGN),
        ("by_users", {}, BY_USERS),
        ("by_users", {"actor": "anna"}, BY_USERS),
        ("by_users", {"since": 1_749_988_801_000, "until": 1_749_988_802_000}, BY_USERS),
        ("campaigns", {}, "sqlite_autoindex_campaign_1"),
    ],
)
def test_page_is_read_along_an_index(plan_of, method, filters, index, after, is_newest_first):
    """Of a journal of millions no page reads more than it shows, nor sorts anything."""
    *times, page = plan_of(
        method, after=after, limit=10, is_newest_first=is_newest_first, **filters
    )

    table = "campaign" if method == "campaigns" else "event"
    assert page.startswith(f"SEARCH {table} USING ")
    assert index in page
    for line in times:
        assert line == "SEARCH event USING PRIMARY KEY (tenant_id=? AND seq>?)"

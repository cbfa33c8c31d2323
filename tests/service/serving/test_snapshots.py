"""When snapshots are kept, so that a recovery never takes long."""

import asyncio
import logging

import pytest
from tests.service.journal.sql.streams import Campaign

from campaign_core import Line, Recipient
from campaign_core.commands import AppendRecipients
from campaign_service.database import Database
from campaign_service.journal import JournalAwayError
from campaign_service.journal.sql import SqlJournal, create_tenant
from campaign_service.serving import snapshots
from campaign_service.serving.snapshots import SnapshotKeeper

LARGE = 12_000
"""Characters; a list of 100 recipients is longer, and the opening of a campaign is not."""


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(snapshots, "_LOOKS_EVERY_S", 0.001)
    monkeypatch.setattr(snapshots, "_AGAIN_AFTER_S", 0.001)
    monkeypatch.setattr(snapshots, "_SIZE_MIN", LARGE)


@pytest.fixture
def opened(database_url):
    """A journal with a small campaign in it, and the campaign."""
    database = Database.open(database_url)
    campaign = Campaign()
    journal = SqlJournal(database, create_tenant(database, "main", service_id="a1b2c3d4"))
    journal.append(campaign.events, expected=0)
    yield journal, campaign
    database.close()


def append(journal, campaign, *, recipients, first=0):
    done = len(campaign.events)
    listed = [
        Recipient(number=f"1{n:06d}", line=Line.EXTERNAL) for n in range(first, first + recipients)
    ]
    campaign.tell(AppendRecipients(campaign_id=1, recipients=listed, actor="anna"))
    journal.append(campaign.events[done:], expected=done)


async def looks(keeper, state, *, times):
    """Let the keeper look some times."""
    left = iter(range(times))
    enough = asyncio.Event()

    def durable():
        if next(left, None) is None:
            enough.set()
        return state

    working = asyncio.ensure_future(keeper.run(durable))
    waiting = asyncio.ensure_future(enough.wait())
    await asyncio.wait([working, waiting], timeout=30, return_when=asyncio.FIRST_COMPLETED)
    assert not working.done(), "it has ended"
    assert enough.is_set()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def kept_after(journal, state, *, keeper=None, times=3):
    asyncio.run(looks(keeper or SnapshotKeeper(journal), state, times=times))
    found = journal.recover()
    return found.snapshot_seq


def test_few_events_are_not_worth_a_snapshot(opened, hurried):
    journal, campaign = opened

    assert kept_after(journal, campaign.state) == 0


def test_few_events_with_many_recipients_are(opened, hurried):
    """A service that is killed soon after a large start must not open slowly."""
    journal, campaign = opened
    append(journal, campaign, recipients=100)

    assert campaign.state.sequence == kept_after(journal, campaign.state)


def test_so_are_many_recipients_that_came_in_small_parts(opened, hurried):
    journal, campaign = opened
    keeper = SnapshotKeeper(journal)
    for first in range(0, 100, 25):
        assert kept_after(journal, campaign.state, keeper=keeper) == 0
        append(journal, campaign, recipients=25, first=first)

    assert campaign.state.sequence == kept_after(journal, campaign.state, keeper=keeper)


def test_only_what_came_since_the_last_snapshot_counts(opened, hurried):
    journal, campaign = opened
    append(journal, campaign, recipients=100)
    first = SnapshotKeeper(journal)
    asyncio.run(first.keep(campaign.state))
    campaign.end_calls()
    done = first.last_seq
    journal.append(campaign.events[done:], expected=done)

    # Also of another process, which was told where the last one is.
    for keeper in (first, SnapshotKeeper(journal, last_seq=done)):
        assert done == kept_after(journal, campaign.state, keeper=keeper)


def test_large_state_is_kept_less_often(opened, hurried, monkeypatch):
    monkeypatch.setattr(snapshots, "_SIZE_PER_RECIPIENT", 1_000)
    journal, campaign = opened
    append(journal, campaign, recipients=100)

    assert kept_after(journal, campaign.state) == 0


@pytest.mark.parametrize("where", ["keep_snapshot", "commanded_size"])
@pytest.mark.parametrize("error", [JournalAwayError("gone"), RuntimeError("a defect")])
def test_whatever_fails_it_is_logged_and_tried_again(
    opened, hurried, monkeypatch, caplog, where, error
):
    """A snapshot saves time; for want of one nobody ceases to lead."""
    journal, campaign = opened
    append(journal, campaign, recipients=100)
    rightly, failures = getattr(journal, where), iter([error])

    def fail_once(*given, **named):
        for one in failures:
            raise one
        return rightly(*given, **named)

    monkeypatch.setattr(journal, where, fail_once)
    with caplog.at_level(logging.ERROR):
        assert campaign.state.sequence == kept_after(journal, campaign.state, times=4)
    assert f"is kept: {error}" in caplog.text

"""Recovery: from the latest snapshot that is whole, or from the first event."""

import gc
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_core import replay
from campaign_core.codec import snapshot_of
from campaign_core.errors import JournalError
from campaign_core.testing import histories
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal import JournalDamagedError
from campaign_service.journal.sql import (
    JournalQueries,
    RecoveryCancelledError,
    SqlJournal,
    create_tenant,
    snapshots,
    verify,
)

from .streams import Campaign


def kept_seqs(database, tenant):
    return [one.head.seq for one in snapshots.list_snapshots(database, tenant)]


def test_empty_journal_has_no_state(journal):
    assert journal.recover() is None


def test_state_is_recovered_from_events_alone(journal):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)

    found = journal.recover()

    assert campaign.state == found.state
    assert (found.snapshot_seq, found.damaged) == (0, ())
    assert journal.head() == found.head


def test_state_is_recovered_from_a_snapshot_and_the_events_behind_it(journal):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    journal.keep_snapshot(campaign.state)
    done = len(campaign.events)
    campaign.end_calls(2)
    journal.append(campaign.events[done:], expected=done)

    found = journal.recover()

    assert campaign.state == found.state
    assert (done, ()) == (found.snapshot_seq, found.damaged)
    assert len(campaign.events) == found.head.seq


def test_recovered_journal_is_appended_to_without_reading_it_again(database, tenant, journal):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    journal.keep_snapshot(campaign.state)
    done = len(campaign.events)
    next_one = SqlJournal(database, tenant)
    next_one.recover()
    campaign.end_calls()

    next_one.append(campaign.events[done:], expected=done)

    assert campaign.state == SqlJournal(database, tenant).recover().state


def test_snapshot_of_what_is_not_durable_is_refused(journal):
    campaign = Campaign()
    journal.append(campaign.events[:3], expected=0)

    with pytest.raises(JournalDamagedError, match="event 7 is missing"):
        journal.keep_snapshot(campaign.state)


def test_the_last_two_snapshots_are_kept(database, tenant, journal):
    campaign = Campaign()
    seqs = []
    for _ in range(4):
        done = journal.last_seq
        journal.append(campaign.events[done:], expected=done)
        journal.keep_snapshot(campaign.state)
        seqs.append(campaign.state.sequence)
        if campaign.calls:
            campaign.end_calls()

    assert seqs[:1:-1] == kept_seqs(database, tenant)


def test_older_snapshots_are_kept_far_apart(database, tenant, journal, monkeypatch):
    """R8.3: the past can be had without replaying all of it."""
    monkeypatch.setattr(snapshots, "_APART", 4)
    campaign = Campaign(numbers=6)
    while campaign.calls:
        done = journal.last_seq
        journal.append(campaign.events[done:], expected=done)
        journal.keep_snapshot(campaign.state)
        campaign.end_calls()

    *older, second, last = reversed(kept_seqs(database, tenant))

    assert last - second < 4
    assert len(older) > 1
    assert all(later - earlier >= 4 for earlier, later in pairwise(older))


def two_snapshots(journal):
    """A journal with two snapshots and events behind them; the campaign."""
    campaign = Campaign()
    for _ in range(3):
        done = journal.last_seq
        journal.append(campaign.events[done:], expected=done)
        if campaign.calls:
            journal.keep_snapshot(campaign.state)
            campaign.end_calls()
    return campaign


DAMAGES = {
    "data": lambda row: {"data": bytes(row.data[:-1]) + bytes([row.data[-1] ^ 1])},
    "cut off": lambda row: {"data": bytes(row.data[: len(row.data) // 2])},
    "chain": lambda _: {"chain": bytes(32)},
    "digest": lambda _: {"digest": bytes(32)},
    "time": lambda row: {"at": row.at + 1},
}


def damage_snapshot(database, seq, damage):
    table = db.snapshot
    with database.begin() as connection:
        row = connection.execute(table.select().where(table.c.seq == seq)).one()
        connection.execute(table.update().where(table.c.seq == seq).values(DAMAGES[damage](row)))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_snapshot_is_reported_and_the_one_before_is_used(
    database, tenant, journal, damage, caplog
):
    campaign = two_snapshots(journal)
    last, before = kept_seqs(database, tenant)
    damage_snapshot(database, last, damage)

    found = journal.recover()

    assert replay(campaign.events[: journal.head().seq]) == found.state
    assert before == found.snapshot_seq
    assert [f"the snapshot of event {last}"] == [text[:25].strip() for text in found.damaged]
    assert found.damaged[0] in caplog.text


def test_with_all_snapshots_damaged_all_events_are_replayed(database, tenant, journal):
    campaign = two_snapshots(journal)
    for seq in kept_seqs(database, tenant):
        damage_snapshot(database, seq, "data")

    found = journal.recover()

    assert replay(campaign.events[: journal.head().seq]) == found.state
    assert (found.snapshot_seq, len(found.damaged)) == (0, 2)


def test_snapshot_is_not_looked_through_once_more_when_it_is_opened(
    database, tenant, journal, monkeypatch
):
    """It was when it was kept, and its digest tells that it is the same."""
    two_snapshots(journal)
    last, _ = kept_seqs(database, tenant)
    monkeypatch.setattr(snapshots, "check", lambda _: ("R6.8: somebody was called too often",))

    assert last == journal.recover().snapshot_seq

    sentence = "the snapshot of event {} is wrong: R6.8: somebody was called too often"
    assert tuple(sentence.format(seq) for seq in kept_seqs(database, tenant)) == (
        verify(database, tenant).problems
    )


def test_snapshot_of_a_state_that_breaks_a_law_is_never_kept(journal, monkeypatch):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    monkeypatch.setattr(snapshots, "check", lambda _: ("R6.8: somebody was called too often",))

    with pytest.raises(JournalError, match=r"R6\.8: somebody was called too often"):
        journal.keep_snapshot(campaign.state)


def test_no_garbage_is_collected_while_a_state_is_read_and_it_is_again_afterwards(
    database, tenant, journal, monkeypatch
):
    two_snapshots(journal)
    reading, was_enabled = threading.Barrier(2), []
    state_of = snapshots.state_of

    def read(data):
        # Two at one moment: neither switches it on under the other.
        reading.wait(timeout=30)
        state = state_of(data)
        was_enabled.append(gc.isenabled())
        reading.wait(timeout=30)
        return state

    monkeypatch.setattr(snapshots, "state_of", read)
    threads = [threading.Thread(target=SqlJournal(database, tenant).recover) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert was_enabled == [False, False]
    assert gc.isenabled()


def test_snapshot_behind_the_journals_end_is_damage(database, journal):
    """Events that were taken away together with the head leave the snapshot behind."""
    campaign = two_snapshots(journal)
    del campaign
    table = db.event.c
    with database.begin() as connection:
        row = connection.execute(db.event.select().where(table.seq == 5)).one()
        connection.execute(db.event.delete().where(table.seq > 5))
        connection.execute(db.tenant.update().values(last_seq=5, chain=row.chain))

    with pytest.raises(JournalDamagedError, match="events are missing, or a snapshot was put in"):
        journal.recover()


# The past -----------------------------------------------------------------------------------


def test_any_past_state_can_be_had_again(journal, history):
    """R8.3."""
    campaign = two_snapshots(journal)
    end = journal.head().seq
    events = campaign.events[:end]

    for event in events:
        assert replay(events, until=event.at) == history.state_at(event.at)
        assert replay(events[: event.seq]) == history.state_after(event.seq)
    assert replay(events) == history.state_at(events[-1].at + 1_000_000)


def test_later_state_is_made_from_an_earlier_one_that_is_known(journal, history):
    """R8.3; issue F4: states of nearby times are shared."""
    campaign = two_snapshots(journal)
    events = campaign.events[: journal.head().seq]
    known = None

    for event in events:
        known = history.recovered_at(event.at, known=known)
        assert replay(events, until=event.at) == known.state

    with pytest.raises(RecoveryCancelledError):
        history.recovered_at(events[0].at, is_wanted=lambda: False)


def test_time_before_the_journal_has_no_state(journal, history):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)

    with pytest.raises(JournalError, match="the journal begins later"):
        history.state_at(campaign.events[0].at - 1)


@pytest.fixture
def shared(database_url):
    opened = Database.open(database_url)
    yield opened
    opened.close()


@given(story=histories(), data=st.data())
@settings(max_examples=25)
def law_of_recovery(database, names, story, data):
    tenant = create_tenant(database, f"t{next(names)}")
    journal = SqlJournal(database, tenant)
    events = story.events
    journal.append(events, expected=0)
    for _ in range(data.draw(st.integers(0, 3))):
        # Between the events of one moment not all laws hold: no service keeps such a state.
        journal.keep_snapshot(data.draw(st.sampled_from(story.transitions)).state)
    until = data.draw(st.sampled_from(events)).at

    found = SqlJournal(database, tenant).recover()

    assert story.state == found.state == replay(events)
    assert snapshot_of(story.state) == snapshot_of(found.state)
    assert replay(events, until=until) == JournalQueries(database, tenant).state_at(until)


def test_recovery_gives_what_replaying_everything_gives_whatever_the_snapshots(shared):
    """R8.3: the same events give an equal state."""
    law_of_recovery(shared, iter(range(100_000)))

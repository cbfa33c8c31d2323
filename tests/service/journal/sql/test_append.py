"""Appending: whole or not at all, by one writer, with receipts and the rows of attempts."""

import threading
from contextlib import contextmanager

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_core import reports as rp
from campaign_core.testing import histories
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal import AppendConflictError, JournalAwayError, Receipt
from campaign_service.journal.sql import SqlJournal, append_statements, create_tenant
from campaign_service.journal.sql import sql_journal as module
from campaign_service.journal.sql.attempts import attempt_of_row, select_in_progress
from campaign_service.report import StatusPanel

from .streams import Campaign


def receipt(key="k1", **changes):
    given = {"actor": "anna", "key": key, "request_digest": "d", "first_seq": 2, "last_seq": 3}
    return Receipt(**{**given, **changes})


def test_what_was_appended_is_read_again_in_order(journal):
    """R9.1: the state is a fold over the events and nothing else."""
    events = Campaign().events

    journal.append(events[:2], expected=0)
    journal.append(events[2:], expected=2)

    assert events == list(journal.read())
    assert events[3:] == list(journal.read(after=3))
    assert len(events) == journal.last_seq


def test_another_object_reads_what_was_appended(database, tenant, journal):
    events = Campaign().events

    journal.append(events, expected=0)

    other = SqlJournal(database, tenant)
    assert len(events) == other.last_seq
    assert events == list(other.read())


def test_reading_until_a_time_stops_there(journal):
    """R8.3: any past state can be had again."""
    campaign = Campaign()
    until = campaign.now
    early = list(campaign.events)
    campaign.end_calls()
    journal.append(campaign.events, expected=0)

    assert early == list(journal.read(until=until))


def test_append_returns_the_entries_that_it_wrote(journal, history):
    events = Campaign().events

    entries = journal.append(events, expected=0)

    assert list(entries) == history.entries(after=0, limit=100)


def test_append_that_expects_another_end_is_refused(journal):
    events = Campaign().events
    journal.append(events[:3], expected=0)

    with pytest.raises(AppendConflictError) as refused:
        journal.append(events[1:], expected=1)

    assert (refused.value.expected, refused.value.found) == (1, 3)
    assert events[:3] == list(journal.read())


def test_events_that_are_not_numbered_on_are_refused(journal):
    events = Campaign().events

    with pytest.raises(ValueError, match="not numbered on from 0"):
        journal.append(events[1:], expected=0)


def test_second_writer_of_the_same_events_is_refused(database, tenant, journal):
    """Two leaders that think alike must not both place the calls."""
    events = Campaign().events
    other = SqlJournal(database, tenant)
    journal.append(events[:3], expected=0)
    assert len(list(other.read())) == 3
    journal.append(events[3:], expected=3)

    with pytest.raises(AppendConflictError):
        other.append(events[3:], expected=3)


def test_two_writers_at_one_moment_never_both_succeed(database, tenant):
    events = Campaign().events
    journals = [SqlJournal(database, tenant) for _ in range(4)]
    barrier = threading.Barrier(len(journals))
    results = []

    def write(journal):
        barrier.wait()
        try:
            journal.append(events, expected=0)
            results.append("done")
        except AppendConflictError:
            results.append("refused")

    threads = [threading.Thread(target=write, args=(journal,)) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["done", "refused", "refused", "refused"]
    assert events == list(journals[0].read())


def test_tenants_do_not_see_each_other(database, tenant, journal):
    other = SqlJournal(database, create_tenant(database, "branch"))
    events = Campaign().events

    journal.append(events, expected=0)

    assert other.last_seq == 0
    assert list(other.read()) == []


# Receipts ---------------------------------------------------------------------------------


def test_receipt_is_kept_with_the_events(journal, history):
    journal.append(Campaign().events, expected=0, receipts=[receipt()])

    assert receipt() == history.receipt("anna", "k1")
    assert history.receipt("otto", "k1") is None


def die(*given, **named):
    raise ZeroDivisionError


@pytest.mark.parametrize("place", ["write_entries", "write_changes", "write_receipts"])
def test_append_that_dies_anywhere_leaves_neither_events_nor_receipts(
    database, tenant, journal, history, monkeypatch, place
):
    """R9.3: a command is there with its receipt, or is not there: it is given again."""
    events = Campaign().events
    journal.append(events[:2], expected=0)
    write = getattr(append_statements, place)

    def die_behind(*given, **named):
        write(*given, **named)
        raise ZeroDivisionError

    # What is written last is still in no transaction that is over, nor is what is written first.
    for dies in (die, die_behind):
        with monkeypatch.context() as patched:
            patched.setattr(append_statements, place, dies)
            with pytest.raises(ZeroDivisionError):
                journal.append(events[2:], expected=2, receipts=[receipt()])

        assert events[:2] == list(SqlJournal(database, tenant).read())
        assert history.receipt("anna", "k1") is None

    journal.append(events[2:], expected=2, receipts=[receipt()])
    assert receipt() == history.receipt("anna", "k1")


def test_receipt_of_a_command_that_changed_nothing_is_kept_without_events(journal, history):
    journal.append(Campaign().events, expected=0)
    nothing = receipt(first_seq=8, last_seq=7)

    journal.append([], expected=7, receipts=[nothing])

    assert nothing == history.receipt("anna", "k1")
    assert journal.last_seq == 7


def test_receipt_of_who_no_longer_leads_is_refused(database, tenant, journal):
    events = Campaign().events
    other = SqlJournal(database, tenant)
    journal.append(events[:3], expected=0)
    other.append(events[3:], expected=3)

    with pytest.raises(AppendConflictError):
        journal.append([], expected=3, receipts=[receipt()])


def test_receipts_are_forgotten_after_a_week(journal, history, database, monkeypatch):
    events = Campaign().events
    journal.append(events[:3], expected=0, receipts=[receipt("old")])
    with database.begin() as connection:
        connection.execute(db.receipt.update().values(at=db.receipt.c.at - 8 * 86_400_000))
    journal._pruned_at = 0

    journal.append(events[3:], expected=3, receipts=[receipt("new")])

    assert history.receipt("anna", "old") is None
    assert history.receipt("anna", "new") is not None


# An answer that never came ------------------------------------------------------------------


class Unclear:
    """Has one transaction succeed, or fail, and its writer hear that the database is away."""

    def __init__(self, monkeypatch, *, is_taken):
        self.is_armed = True
        self.is_taken = is_taken
        self.begin = module.write_transaction
        monkeypatch.setattr(module, "write_transaction", self.transaction)

    @contextmanager
    def transaction(self, *given, **named):
        away = JournalAwayError("the answer was lost") if self.is_armed else None
        self.is_armed = False
        with self.begin(*given, **named) as connection:
            yield connection
            if away is not None and not self.is_taken:
                raise away
        if away is not None:
            raise away


@pytest.mark.parametrize("is_taken", [True, False])
@pytest.mark.parametrize("more", [0, 2])
def test_append_given_again_after_an_unclear_failure_is_made_once(
    journal, history, monkeypatch, is_taken, more
):
    """R9.3: also when more events have come meanwhile, which are given with the others."""
    campaign = Campaign()
    campaign.end_calls(2)
    events = campaign.events
    journal.append(events[:4], expected=0)
    first = len(events) - 2
    unclear = Unclear(monkeypatch, is_taken=is_taken)
    with pytest.raises(JournalAwayError):
        journal.append(events[4:first], expected=4, receipts=[receipt()])
    assert not unclear.is_armed

    entries = journal.append(
        events[4 : first + more], expected=4, receipts=[receipt(), receipt("k2")]
    )

    assert list(entries) == history.entries(after=4, limit=100)
    assert events[: first + more] == list(journal.read())
    assert receipt() == history.receipt("anna", "k1")
    assert receipt("k2") == history.receipt("anna", "k2")
    journal.append(events[first + more :], expected=first + more)
    assert_attempts_are_those_of(history, events)


def test_same_events_by_another_writer_are_no_answer_to_an_unclear_failure(
    database, tenant, journal, monkeypatch
):
    events = Campaign().events
    other = SqlJournal(database, tenant)
    Unclear(monkeypatch, is_taken=False)
    with pytest.raises(JournalAwayError):
        journal.append(events, expected=0)
    other.append(events, expected=0)

    with pytest.raises(AppendConflictError):
        journal.append(events, expected=0)


# The rows of attempts -----------------------------------------------------------------------


def panel_attempts(events, campaign_id=1):
    """The attempts as the report's own fold has them, without their events."""
    found = []
    panel = StatusPanel(campaign_id, on_attempt=found.append)
    panel.take(events)
    found += panel.attempts_open()
    plain = [attrs.evolve(attempt, events=()) for attempt in found]
    return sorted(plain, key=lambda one: (one.position, one.attempt))


def assert_attempts_are_those_of(history, events):
    assert panel_attempts(events) == history.attempts(1, first=1, last=1_000_000)


def test_attempts_are_told_as_they_were_in_each_state(journal, history):
    """R5.4: of what came behind a state nothing is told with it, not of the same millisecond."""
    campaign = Campaign()
    for report in (rp.AnswerReport, rp.EndReport):
        for call_id in campaign.calls[:2]:
            campaign.tell(report(call_id=call_id), after_ms=0)
    journal.append(campaign.events, expected=0)

    for seq in range(3, len(campaign.events) + 1):
        state = history.state_after(seq)
        told = history.attempts_in(state, 1, first=1, last=3)
        known = panel_attempts(campaign.events[:seq])
        assert [attrs.evolve(one, messages_played=0) for one in known] == [
            attrs.evolve(one, messages_played=0) for one in told
        ]


def test_attempts_are_right_after_every_append(journal, history):
    """R5.4: the status panel's attempts need no scan of the journal."""
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    assert_attempts_are_those_of(history, campaign.events)
    for _ in range(3):
        expected = len(campaign.events)
        campaign.end_calls()
        journal.append(campaign.events[expected:], expected=expected)
        assert_attempts_are_those_of(history, campaign.events)


def test_attempts_in_progress_are_found_again_by_the_next_writer(
    database, tenant, journal, history
):
    """R9.3: rows and events become durable together, so no crash parts them."""
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    expected = len(campaign.events)
    campaign.end_calls(3)

    SqlJournal(database, tenant).append(campaign.events[expected:], expected=expected)

    assert_attempts_are_those_of(history, campaign.events)


def kept_attempts(database, tenant):
    query = sa.select(db.attempt).where(db.attempt.c.tenant_id == tenant.id)
    with database.reading() as connection:
        return [attempt_of_row(row) for row in connection.execute(query).mappings()]


class Shared:
    """One database for all examples of a law: each has a tenant of its own."""

    def __init__(self, url):
        self.database = Database.open(url)
        self.count = 0

    def tenant(self):
        self.count += 1
        return create_tenant(self.database, f"t{self.count}")


@pytest.fixture
def shared(database_url):
    shared = Shared(database_url)
    yield shared
    shared.database.close()


@given(story=histories(), data=st.data())
@settings(max_examples=30)
def law_of_appending(shared, story, data):
    tenant = shared.tenant()
    events, done = list(story.events), 0
    journal = SqlJournal(shared.database, tenant)
    while done < len(events):
        count = data.draw(st.integers(1, len(events) - done))
        if data.draw(st.booleans()):
            journal = SqlJournal(shared.database, tenant)
        journal.append(events[done : done + count], expected=done)
        done += count
    campaigns = {event.campaign_id for event in events if hasattr(event, "model_name")}
    wanted = [one for key in campaigns for one in panel_attempts(events, key)]

    assert events == list(SqlJournal(shared.database, tenant).read())
    assert sorted(map(str, wanted)) == sorted(map(str, kept_attempts(shared.database, tenant)))


def test_whatever_happened_is_read_again_and_attempts_are_those_of_the_report(shared):
    law_of_appending(shared)


def test_attempts_in_progress_are_found_by_their_index(database):
    """Of millions of attempts a few are in progress: who starts must not look through all."""
    query = select_in_progress(1).compile(
        dialect=database.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.reading() as connection:
        if not database.is_sqlite:
            # An empty table is read whole all the same.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"{explain} {query}").all()

    assert "ix_attempt_in_progress" in str(plan)

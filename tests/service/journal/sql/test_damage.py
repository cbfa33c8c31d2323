"""What was altered behind our back is found, named, and never left out in silence."""

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_core.errors import JournalError
from campaign_service.database import Database, DatabaseDamagedError
from campaign_service.database import schema as db
from campaign_service.journal import JournalDamagedError
from campaign_service.journal.sql import SqlJournal, create_tenant, verify

from .streams import Campaign

TABLE = db.event


def change(connection, number, **values):
    connection.execute(TABLE.update().where(TABLE.c.seq == number).values(values))


def alter_data(connection):
    row = connection.execute(TABLE.select().where(TABLE.c.seq == 5)).one()
    change(connection, 5, data=row.data.replace("000000001", "000000009"))


def alter_chain(connection):
    change(connection, 5, chain=bytes(32))


def take_out(connection):
    connection.execute(TABLE.delete().where(TABLE.c.seq == 5))


def take_out_the_last(connection):
    last = connection.execute(sa.select(sa.func.max(TABLE.c.seq))).scalar()
    connection.execute(TABLE.delete().where(TABLE.c.seq == last))


def swap(connection):
    change(connection, 5, seq=1_000)
    change(connection, 6, seq=5)
    change(connection, 1_000, seq=6)


def swap_what_they_say(connection):
    rows = connection.execute(TABLE.select().where(TABLE.c.seq.in_([5, 6]))).all()
    change(connection, 5, data=rows[1].data, chain=rows[1].chain)
    change(connection, 6, data=rows[0].data, chain=rows[0].chain)


def put_in(connection):
    """An event between the fourth and the fifth: those behind it are numbered on."""
    last = connection.execute(sa.select(sa.func.max(TABLE.c.seq))).scalar()
    for seq in range(last, 4, -1):
        change(connection, seq, seq=seq + 1)
    row = connection.execute(TABLE.select().where(TABLE.c.seq == 4)).mappings().one()
    connection.execute(TABLE.insert().values({**row, "seq": 5}))


def alter_actor(connection):
    change(connection, 5, actor="somebody else")


def alter_time(connection):
    change(connection, 5, at=1)


def alter_campaign(connection):
    change(connection, 5, campaign_id=2)


def alter_head(connection):
    connection.execute(db.tenant.update().values(chain=bytes(32)))


def move_head_back(connection):
    row = connection.execute(TABLE.select().where(TABLE.c.seq == 4)).one()
    connection.execute(db.tenant.update().values(last_seq=4, chain=row.chain))


FOUND_BY_ALL = {
    alter_data: "event 5 is altered",
    alter_chain: "event 5 is altered",
    take_out: "event 5 is missing: event 6 stands in its place",
    take_out_the_last: "events 9 to 9 are missing",
    swap: "event 5 is altered",
    swap_what_they_say: "event 5 is altered",
    put_in: "event 5 is altered",
    alter_actor: "event 5 is altered: its columns say something else",
    alter_time: "event 5 is altered: its columns say something else",
    alter_campaign: "event 5 is altered: its columns say something else",
    alter_head: "the journal's end is altered",
}


@pytest.fixture
def campaign(journal):
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    campaign.end_calls()
    journal.append(campaign.events[7:9], expected=7)
    return campaign


@pytest.mark.parametrize("damage", FOUND_BY_ALL, ids=lambda damage: damage.__name__)
def test_recovery_names_the_first_bad_event(database, tenant, journal, campaign, damage):
    """A service does not start on what is not what was written."""
    with database.begin() as connection:
        damage(connection)

    with pytest.raises(JournalDamagedError, match=FOUND_BY_ALL[damage]):
        SqlJournal(database, tenant).recover()


@pytest.mark.parametrize("damage", FOUND_BY_ALL, ids=lambda damage: damage.__name__)
def test_verification_names_the_first_bad_event(database, tenant, journal, campaign, damage):
    with database.begin() as connection:
        damage(connection)

    found = verify(database, tenant)

    assert FOUND_BY_ALL[damage] in found.problems[0]


def test_events_behind_the_end_are_found(database, tenant, journal, campaign):
    """So says verification; an append finds them too, when it comes to their numbers."""
    with database.begin() as connection:
        move_head_back(connection)

    assert "events stand behind the journal's end, which is event 4" in str(
        verify(database, tenant).problems
    )
    with pytest.raises(JournalDamagedError, match="there are rows behind event 4"):
        SqlJournal(database, tenant).append(campaign.events[4:], expected=4)


def test_writer_finds_that_the_end_was_altered(database, journal, campaign):
    with database.begin() as connection:
        alter_head(connection)

    with pytest.raises(JournalDamagedError, match="is not the one that was written"):
        journal.append(campaign.events[9:], expected=9)


@pytest.mark.parametrize("replays", [False, True])
def test_sound_journal_verifies(database, tenant, journal, campaign, replays):
    journal.append(campaign.events[9:], expected=9)
    journal.keep_snapshot(campaign.state)

    found = verify(database, tenant, noted=journal.head(), replays=replays)

    assert found.problems == ()
    counts = (found.head.seq, found.attempts, found.campaigns, found.snapshots)
    assert (len(campaign.events), 3, 1, 1) == counts


def test_head_that_was_noted_tells_of_a_chain_that_was_made_anew(database, tenant, journal):
    """Who can write to the database can make a new chain, but none with the old head."""
    campaign = Campaign()
    journal.append(campaign.events, expected=0)
    noted = journal.head()
    with database.begin() as connection:
        for table in (TABLE, db.attempt, db.campaign, db.tenant):
            connection.execute(table.delete())
    forged = create_tenant(database, "main", service_id=tenant.service_id)
    again = SqlJournal(database, forged)
    again.append([attrs.evolve(one, actor="x") for one in campaign.events], expected=0)

    assert verify(database, forged).problems == ()
    assert "the head that was noted does not belong to event 7" in str(
        verify(database, forged, noted=noted).problems
    )


def test_head_that_was_noted_tells_of_a_journal_that_was_cut(database, tenant, journal, campaign):
    noted = journal.head()
    fresh = create_tenant(database, "other")
    again = SqlJournal(database, fresh)
    again.append(campaign.events[:5], expected=0)

    assert "is not there: the journal ends with event 5" in str(
        verify(database, fresh, noted=noted).problems
    )


ROWS = {
    "outcome": lambda c: c.execute(db.attempt.update().values(outcome="REACHED")),
    "answered": lambda c: c.execute(
        db.attempt.update().where(db.attempt.c.position == 1).values(answered_at=1)
    ),
    "missing": lambda c: c.execute(db.attempt.delete().where(db.attempt.c.position == 3)),
    "campaign": lambda c: c.execute(db.campaign.update().values(name="Another")),
    "no campaign": lambda c: c.execute(db.campaign.delete()),
}


@pytest.mark.parametrize("change", ROWS)
def test_rows_that_do_not_say_what_the_events_say_are_found(
    database, tenant, journal, campaign, change
):
    journal.append(campaign.events[9:], expected=9)
    with database.begin() as connection:
        ROWS[change](connection)

    assert "its row is not what its events say" in str(verify(database, tenant).problems)


def test_snapshot_that_is_not_what_the_events_give_is_found(
    database, tenant, journal, campaign, monkeypatch
):
    journal.append(campaign.events[9:], expected=9)
    other = Campaign(name="Another")
    other.end_calls()
    journal.keep_snapshot(other.state)

    assert verify(database, tenant).problems == ()
    problems = verify(database, tenant, replays=True).problems
    seq = len(campaign.events)
    assert (
        f"the snapshot of event {seq} is wrong: it is not the state that the events give",
    ) == problems


@pytest.fixture
def shared(database_url):
    opened = Database.open(database_url)
    yield opened
    opened.close()


@given(data=st.data())
@settings(max_examples=60)
def law_of_the_chain(database, tenant, events, data):
    """Whatever one character of whatever event is altered to, it is found."""
    seq = data.draw(st.integers(1, len(events)))
    with database.reading() as connection:
        row = connection.execute(TABLE.select().where(TABLE.c.seq == seq)).one()
    at = data.draw(st.integers(0, len(row.data) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = f"{row.data[:at]}{other}{row.data[at + 1 :]}"
    with database.begin() as connection:
        change(connection, seq, data=changed)
    try:
        problems = verify(database, tenant).problems
    finally:
        with database.begin() as connection:
            change(connection, seq, data=row.data)

    assert (changed == row.data) == (not problems)
    assert not problems or f"event {seq} is altered" in problems[0]


def test_chain_finds_any_single_alteration(database, tenant, journal, campaign):
    law_of_the_chain(database, tenant, campaign.events[:9])


# The file itself ----------------------------------------------------------------------------


def filled(url):
    database = Database.open(url)
    tenant = create_tenant(database, "main")
    campaign = Campaign(numbers=400)
    SqlJournal(database, tenant).append(campaign.events, expected=0)
    # Into the file: so far the events are in its write-ahead log.
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return tenant


def test_file_of_sqlite_that_was_cut_off_is_damaged(sqlite_url, tmp_path):
    tenant = filled(sqlite_url)
    path = tmp_path / "campaigns.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])

    # The very opening meets it, or the first read.
    with pytest.raises(JournalError, match="malformed"):
        recover(sqlite_url, tenant)


def test_pages_of_sqlite_that_were_overwritten_are_damage(sqlite_url, tmp_path):
    tenant = filled(sqlite_url)
    path = tmp_path / "campaigns.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8 * 4096] = bytes(range(256)) * (8 * 16)
    path.write_bytes(content)

    with pytest.raises(JournalDamagedError):
        recover(sqlite_url, tenant)


def test_file_that_is_no_database_is_damaged(sqlite_url, tmp_path):
    (tmp_path / "campaigns.db").write_bytes(b"something else altogether " * 400)

    with pytest.raises(DatabaseDamagedError, match="not a database"):
        Database.open(sqlite_url)


def recover(url, tenant):
    database = Database.open(url)
    try:
        return SqlJournal(database, tenant).recover()
    finally:
        database.close()

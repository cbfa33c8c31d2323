"""A journal that is away: said so, lost nothing, and written again when it is back."""

import pytest

from campaign_service.database import Database
from campaign_service.journal import JournalAwayError, JsonLinesJournal
from campaign_service.journal.sql import SqlJournal, append_statements, create_tenant

from .streams import Campaign
from .test_append import receipt


def set_pages_max(database, pages):
    """Have each connection of SQLite act as if the disk had so many pages; 0: no bound."""
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        used = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {used + pages if pages else 1 << 30}")


def test_disk_that_is_full_is_told_of_and_nothing_is_half_written(sqlite_url):
    database = Database.open(sqlite_url)
    journal = SqlJournal(database, create_tenant(database, "main"))
    campaign = Campaign(numbers=300)
    events = campaign.events
    journal.append(events[:2], expected=0)
    set_pages_max(database, 1)

    with pytest.raises(JournalAwayError, match="full"):
        journal.append(events[2:], expected=2)

    assert events[:2] == list(journal.read())
    set_pages_max(database, 0)
    journal.append(events[2:], expected=2)
    assert events == list(journal.read())
    database.close()


@pytest.mark.integration
def test_server_that_dies_is_written_to_again_when_it_is_back(postgres, postgres_url):
    """What was acknowledged is there (R9.3), and what was not is made once."""
    database = Database.open(postgres_url)
    journal = SqlJournal(database, create_tenant(database, "main"))
    events = Campaign().events
    journal.append(events[:2], expected=0)
    postgres.stop()
    try:
        with pytest.raises(JournalAwayError):
            journal.append(events[2:], expected=2)
        with pytest.raises(JournalAwayError):
            journal.head()
    finally:
        postgres.start()

    journal.append(events[2:], expected=2)

    assert events == list(journal.read())
    database.close()


@pytest.mark.integration
def test_server_that_dies_within_an_append_leaves_all_of_it_or_nothing(
    postgres, postgres_url, monkeypatch
):
    database = Database.open(postgres_url)
    journal = SqlJournal(database, create_tenant(database, "main"))
    events = Campaign().events
    journal.append(events[:2], expected=0)
    write = append_statements.write_changes

    def die_before(*given):
        postgres.kill()
        write(*given)

    with monkeypatch.context() as patched:
        patched.setattr(append_statements, "write_changes", die_before)
        try:
            with pytest.raises(JournalAwayError):
                journal.append(events[2:], expected=2)
        finally:
            postgres.start()

    assert events[:2] == list(SqlJournal(database, journal.tenant).read())
    journal.append(events[2:], expected=2)
    assert events == list(journal.read())
    database.close()


def test_journal_of_a_run_keeps_no_receipts(tmp_path):
    journal = JsonLinesJournal.create(tmp_path / "journal.jsonl")

    with pytest.raises(ValueError, match="keeps no receipts"):
        journal.append(Campaign().events, expected=0, receipts=[receipt()])

    assert journal.append(Campaign().events, expected=0) == ()
    journal.close()

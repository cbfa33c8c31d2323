"""The schema: made by migrations from the first version on, and refused when it is unknown."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from campaign_core.errors import JournalError
from campaign_service.access import tables, verify_audit  # noqa: F401 -- part of the metadata
from campaign_service.database import Database, metadata, migrating

START = 1_700_000_000_000


def test_migrations_from_nothing_give_the_tables_that_the_code_knows(database):
    with database.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_revisions_told_by_file_names_are_those_that_alembic_finds():
    config = Config()
    config.set_main_option("script_location", str(migrating._FOLDER))
    script = ScriptDirectory.from_config(config)

    found = [one.revision for one in script.walk_revisions()]

    assert list(reversed(found)) == list(migrating.revisions())
    assert [script.get_current_head()] == found[:1]


def test_opening_again_changes_nothing(database, database_url):
    with database.begin() as connection:
        before = connection.execute(sa.text("SELECT version_num FROM alembic_version")).all()

    Database.open(database_url).close()

    with database.begin() as connection:
        after = connection.execute(sa.text("SELECT version_num FROM alembic_version")).all()
    assert before == after == [(migrating.revisions()[-1],)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def url_of_its_own(request):
    """A database whose tables a test may spoil."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.make_database())


def test_schema_of_a_newer_release_is_refused(url_of_its_own):
    database = Database.open(url_of_its_own)
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(JournalError, match="a newer release made it") as refused:
        Database.open(url_of_its_own)

    assert "only-on-loopback" not in str(refused.value)


def test_another_programs_tables_are_left_alone(sqlite_url):
    engine = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE event (whatever TEXT)"))
    engine.dispose()

    with pytest.raises(JournalError, match="not ours"):
        Database.open(sqlite_url)


def open_at_once(url: str) -> list[BaseException | None]:
    """Open a database from several threads at one moment; what each came to."""
    barrier = threading.Barrier(4)
    results: list[BaseException | None] = []

    def work():
        barrier.wait()
        try:
            Database.open(url).close()
            results.append(None)
        except BaseException as error:  # noqa: BLE001 -- shown by the assertion
            results.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_processes_that_start_together_do_not_clash_on_sqlite(sqlite_url):
    assert open_at_once(sqlite_url) == [None] * 4


@pytest.mark.integration
def test_processes_that_start_together_do_not_clash_on_postgresql(postgres):
    name = postgres.make_database()

    assert open_at_once(postgres.url(name)) == [None] * 4

    postgres.drop_database(name)


def test_audit_of_an_older_release_is_chained_when_it_is_opened(url_of_its_own, monkeypatch):
    """Issue F10: the audit is chained; what stood there before too."""
    upgrade = migrating.command.upgrade
    with monkeypatch.context() as older:
        older.setattr(migrating.command, "upgrade", lambda config, _: upgrade(config, "0002"))
        database = Database.open(url_of_its_own)
    line = sa.text(
        "INSERT INTO access_event (at, actor, address, action, subject, details)"
        " VALUES (:at, 'anna', '10.0.0.7', 'LOGGED_IN', 'anna', '{}')"
    )
    with database.begin() as connection:
        connection.execute(line, [{"at": START + number} for number in range(1_200)])
    assert verify_audit(database) is None
    database.close()

    database = Database.open(url_of_its_own)
    found = verify_audit(database)
    database.close()

    assert (found.lines, found.problems) == (1_200, ())

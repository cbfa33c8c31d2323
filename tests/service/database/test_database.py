"""The database: what may be given, what is shown, and what becomes of trouble."""

import shutil
import sqlite3
import stat
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from campaign_core.errors import JournalError, SettingsError
from campaign_service.database import Database, DatabaseAwayError
from campaign_service.database.urls import address_of
from campaign_service.serving.locks import lock_of

SELECT = sa.text("SELECT count(*) FROM tenant")
INSERT = sa.text(
    "INSERT INTO tenant (id, name, service_id, created_at, last_seq, chain)"
    " VALUES (:id, :name, :name, 0, 0, :chain)"
)


def put(database, number):
    with database.begin() as connection:
        connection.execute(INSERT, {"id": number, "name": f"t{number}", "chain": b""})


def count(database):
    with database.reading() as connection:
        return connection.execute(SELECT).scalar()


def test_connection_in_use_when_the_database_is_closed_is_closed_in_the_end(database_url):
    """A thread that nobody waits for may still read when a service stops."""
    database = Database.open(database_url)
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        database.close()
        assert connection.execute(SELECT).scalar() == 0

    # Each of the two libraries has an error of its own for it.
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("campaigns.db", "campaigns.db"),
        ("/var/lib/campaigns.db", "/var/lib/campaigns.db"),
        ("sqlite:///campaigns.db", "campaigns.db"),
        ("sqlite:////var/lib/campaigns.db", "/var/lib/campaigns.db"),
        ("postgresql://host/name", "postgresql://host/name"),
        ("postgres://u:secret@host:5433/name", "postgres://u:***@host:5433/name"),
        ("postgresql://u@host/name?password=secret", "postgresql://u@host/name"),
    ],
)
def test_address_is_shown_without_its_password(given, shown):
    address = address_of(given)

    assert shown == address.shown
    assert "secret" not in repr(address)


@pytest.mark.parametrize(
    "given",
    ["", "mysql://host/name", "postgresql://host", "sqlite://", "sqlite:///:memory:", "x://[bad"],
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(SettingsError, match="postgresql://USER:PASSWORD@HOST:PORT/NAME"):
        address_of(given)


def test_password_is_not_in_what_is_refused():
    with pytest.raises(SettingsError) as refused:
        address_of("mysql://user:secret@host/name?password=secret")

    assert "secret" not in str(refused.value)


def put_in_vain(database):
    with database.begin() as connection:
        connection.execute(INSERT, {"id": 1, "name": "t1", "chain": b""})
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:se@cret@host/name",
        "postgresql://u:se/cr@et@host/name",
        "postgresql://u:secr/et@host/name",
        "postgresql://u:@secret@host/name?sslmode=require",
    ],
)
def test_password_with_a_sign_of_urls_is_refused_and_not_shown(url):
    """Read as they stand, a part of the password would be the host, and hosts are shown."""
    with pytest.raises(SettingsError, match="@ is written as %40, / as %2F") as refused:
        address_of(url)

    assert "cr" not in str(refused.value).replace("characters", "")


def test_signs_that_are_escaped_belong_to_the_password():
    assert address_of("postgresql://u:a%40b%2Fc@host/name").url.password == "a@b/c"


def test_transaction_is_taken_whole_or_not_at_all(database):
    with pytest.raises(ZeroDivisionError):
        put_in_vain(database)

    assert count(database) == 0


def test_reader_sees_one_moment(database):
    put(database, 1)
    with database.reading() as connection:
        before = connection.execute(SELECT).scalar()
        put(database, 2)
        assert before == connection.execute(SELECT).scalar() == 1
    assert count(database) == 2


def test_database_is_for_any_thread(database):
    threads = [threading.Thread(target=put, args=(database, n)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(database) == 8


# SQLite -------------------------------------------------------------------------------------


def test_file_is_durable_and_for_its_owner_alone(sqlite_url, tmp_path):
    database = Database.open(sqlite_url)
    put(database, 1)

    with database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("campaigns.db*")}
    database.close()

    assert pragmas == ["wal", 2, 1]
    assert {0o600} == modes


def test_file_that_must_exist_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        Database.open(str(tmp_path / "nowhere.db"), must_exist=True)

    assert list(tmp_path.iterdir()) == []


def test_file_that_another_writes_to_for_long_is_away(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setattr("campaign_service.database.engines._BUSY_MS", 50)
    database = Database.open(sqlite_url)
    other = sqlite3.connect(tmp_path / "campaigns.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseAwayError, match="locked"):
            put(database, 1)
    finally:
        other.close()

    put(database, 1)
    assert count(database) == 1
    database.close()


def test_file_that_another_process_is_just_making_is_waited_for(sqlite_url, tmp_path, monkeypatch):
    """SQLite's own patience does not cover the change to a write-ahead log."""
    path = tmp_path / "campaigns.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE begun (x)")
    other.execute("BEGIN IMMEDIATE")
    pauses = []

    def pause(seconds):
        # The other one is done while we wait, however short that is.
        pauses.append(seconds)
        other.close()

    # Not for everybody: others sleep in threads of their own.
    clock = SimpleNamespace(sleep=pause, monotonic=time.monotonic)
    monkeypatch.setattr("campaign_service.database.engines.time", clock)
    Database.open(sqlite_url).close()

    assert len(pauses) == 1


def test_full_disk_is_away_for_as_long_as_it_is_full(sqlite_url):
    database = Database.open(sqlite_url)
    put(database, 1)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")
        connection.detach()
        with pytest.raises(DatabaseAwayError, match="full"), database.errors():
            connection.execute(INSERT, {"id": 2, "name": "t2", "chain": b"x" * 100_000})
        connection.rollback()

    put(database, 2)
    assert count(database) == 2
    database.close()


@pytest.fixture
def file(sqlite_url, tmp_path):
    """A database with one row, and its file."""
    database = Database.open(sqlite_url)
    put(database, 1)
    yield database, tmp_path / "campaigns.db"
    database.close()


def test_file_that_was_deleted_takes_nothing_and_is_not_made_anew(file, tmp_path, caplog):
    """R9.3: what is written to it would be gone with the process."""
    database, _ = file
    for one in tmp_path.glob("campaigns.db*"):
        one.unlink()

    for _ in range(2):
        with pytest.raises(DatabaseAwayError, match="it is not there any more"):
            put(database, 2)
    # A new connection makes no new file either.
    database.engine.dispose()
    with pytest.raises(DatabaseAwayError, match="it is not there any more"):
        count(database)

    assert list(tmp_path.iterdir()) == []
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


def test_file_that_is_deleted_within_a_transaction_has_not_taken_it(file):
    database, path = file

    def put_and_delete():
        with database.begin() as connection:
            connection.execute(INSERT, {"id": 2, "name": "t2", "chain": b""})
            path.unlink()

    with pytest.raises(DatabaseAwayError, match="it is not there any more"):
        put_and_delete()


def test_file_in_whose_place_another_lies_takes_nothing_and_leaves_that_one_alone(file, tmp_path):
    database, path = file
    other = tmp_path / "other.db"
    Database.open(str(other)).close()
    other.replace(path)
    before = path.read_bytes()

    for _ in range(2):
        with pytest.raises(DatabaseAwayError, match="another file lies in its place"):
            put(database, 2)
        database.engine.dispose()

    assert before == path.read_bytes()


def test_file_that_is_put_back_is_written_to_again(file, tmp_path, caplog):
    database, path = file
    path.rename(tmp_path / "aside.db")
    with pytest.raises(DatabaseAwayError):
        put(database, 2)

    (tmp_path / "aside.db").rename(path)
    put(database, 2)

    assert count(database) == 2
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "WARNING"]


def test_log_that_was_deleted_beside_the_file_takes_nothing(file, tmp_path):
    """What is in it is nowhere else; a stop in good order still brings it into the file."""
    database, path = file
    for name in ("campaigns.db-wal", "campaigns.db-shm"):
        (tmp_path / name).unlink()

    for _ in range(2):
        with pytest.raises(DatabaseAwayError, match="its write-ahead log beside it was deleted"):
            put(database, 2)

    database.close()
    again = Database.open(str(path))
    assert count(again) == 1
    again.close()


def test_log_that_goes_with_the_last_connection_is_made_again(file, tmp_path):
    database, _ = file
    database.engine.dispose()
    assert not (tmp_path / "campaigns.db-wal").exists()

    put(database, 2)
    put(database, 3)

    assert count(database) == 3


def test_file_is_found_by_whoever_changes_the_folder(file, tmp_path, monkeypatch):
    opened, path = file
    monkeypatch.chdir(tmp_path)
    database = Database.open(path.name)
    monkeypatch.chdir("/")

    put(database, 2)

    assert count(opened) == 2
    database.close()


# Only read ----------------------------------------------------------------------------------


def seen(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def backup(path, to):
    """Copy a database as SQLite's own command does."""
    to.parent.mkdir()
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(to)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        one.backup(other)


def test_backup_that_is_read_stays_as_it_is_and_so_does_its_folder(file, tmp_path):
    _, path = file
    copy = tmp_path / "backup" / "backup.db"
    backup(path, copy)
    before = seen(copy.parent)

    database = Database.open(str(copy), is_read_only=True)
    assert count(database) == 1
    with pytest.raises(DatabaseAwayError, match="readonly"):
        put(database, 2)
    assert before == seen(copy.parent)
    database.close()

    assert before == seen(copy.parent)


def test_file_that_is_written_to_is_read_with_all_that_was_written(file):
    """What was written last is in the log beside it."""
    writer, path = file

    reader = Database.open(str(path), is_read_only=True)
    put(writer, 2)

    assert count(reader) == 2
    reader.close()


def read_while_it_is_written_to(database, url):
    with database.reading() as connection:
        connection.execute(SELECT)
        writer = Database.open(url)
        put(writer, 2)
        # What is in its log goes to the file.
        writer.close()


def test_backup_that_is_written_to_while_it_is_read_is_said_to_be(file, tmp_path):
    """It was not locked, so what was read may be of no one moment."""
    _, path = file
    copy = tmp_path / "backup" / "backup.db"
    backup(path, copy)
    database = Database.open(str(copy), is_read_only=True)

    with pytest.raises(DatabaseAwayError, match="it was written to while it was read"):
        read_while_it_is_written_to(database, str(copy))

    database.close()
    again = Database.open(str(copy), is_read_only=True)
    assert count(again) == 2
    again.close()


def test_log_that_cannot_be_read_where_it_lies_is_said_to_be(file, tmp_path):
    _, path = file
    folder = tmp_path / "copies"
    folder.mkdir()
    for name in ("campaigns.db", "campaigns.db-wal"):
        shutil.copy(path.with_name(name), folder)
    # SQLite needs a file of this name to read the log. Root could make one in any folder, but here.
    (folder / "campaigns.db-shm").symlink_to("nowhere/at-all")

    with pytest.raises(DatabaseAwayError, match="copy it, together with the file"):
        Database.open(str(folder / "campaigns.db"), is_read_only=True)


def test_what_is_only_read_must_be_there_and_be_a_journal(tmp_path):
    nowhere, empty = tmp_path / "nowhere.db", tmp_path / "empty.db"
    empty.touch()

    with pytest.raises(FileNotFoundError):
        Database.open(str(nowhere), is_read_only=True)
    with pytest.raises(JournalError, match="there is no journal in it"):
        Database.open(str(empty), is_read_only=True)

    assert seen(tmp_path) == {"empty.db": b""}


# PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def server(postgres):
    """The server, running again afterwards."""
    yield postgres
    if postgres.process is None:
        postgres.start()


@pytest.mark.integration
def test_server_that_was_restarted_fails_nobody(server, postgres_url, monkeypatch):
    monkeypatch.setattr("campaign_service.database.engines._IDLE_S", 0)
    database = Database.open(postgres_url)
    put(database, 1)

    server.restart()

    assert count(database) == 1
    database.close()


@pytest.mark.integration
def test_server_that_is_gone_is_away_until_it_is_back(server, postgres_url):
    database = Database.open(postgres_url)
    put(database, 1)

    server.kill()
    for _ in range(2):
        with pytest.raises(DatabaseAwayError) as away:
            put(database, 2)
    assert "only-on-loopback" not in str(away.value)
    server.start()

    put(database, 2)
    assert count(database) == 2
    database.close()


@pytest.mark.integration
def test_server_that_hangs_is_away_within_seconds(server, postgres_url):
    database = Database.open(postgres_url)
    began = time.monotonic()
    server_side = sa.text("SELECT pg_sleep(60)")

    with pytest.raises(DatabaseAwayError), database.begin(patience_s=0.3) as connection:
        connection.execute(server_side)

    assert time.monotonic() - began < 5
    put(database, 1)
    database.close()


@pytest.mark.integration
def test_frozen_server_is_away_within_seconds(server, postgres_url, monkeypatch):
    """Its kernel still answers for it: keepalives alone would never tell."""
    monkeypatch.setattr("campaign_service.database.engines._CONNECT_S", 2)
    monkeypatch.setattr("campaign_service.database.engines._IDLE_S", 0)
    database = Database.open(postgres_url)
    put(database, 1)
    began = time.monotonic()

    server.freeze()
    try:
        with pytest.raises(DatabaseAwayError):
            put(database, 2)
        took_s = time.monotonic() - began
    finally:
        server.thaw()

    assert took_s < 10
    put(database, 2)
    assert count(database) == 2
    database.close()


@pytest.mark.integration
def test_writer_that_is_stopped_in_its_transaction_holds_nobody_up(server, postgres_url):
    """A leader whose machine is suspended must not keep the next one from writing."""
    database = Database.open(postgres_url)
    put(database, 1)
    stopped = Database.open(postgres_url)
    with stopped.engine.connect() as connection:
        limit = connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar()
        lock = connection.execute(sa.text("SHOW lock_timeout")).scalar()
        connection.execute(sa.text("SET idle_in_transaction_session_timeout = '200ms'"))
        connection.commit()
        connection.execute(sa.text("UPDATE tenant SET last_seq = 5"))

        with database.begin() as other:
            other.execute(sa.text("UPDATE tenant SET last_seq = 6"))

        connection.invalidate()
    stopped.close()
    database.close()
    assert (limit, lock) == ("10s", "5s")


def taken_by(database):
    """Return what locks a tenant of a database."""
    return lock_of(database, SimpleNamespace(name="main"))


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A database's file, and other ways to name it that lead to the very same name."""
    folder = tmp_path / "real"
    folder.mkdir()
    (tmp_path / "folder").symlink_to(folder)
    (tmp_path / "link.db").symlink_to(folder / "campaigns.db")
    (tmp_path / "link-to-link.db").symlink_to(tmp_path / "link.db")
    monkeypatch.chdir(tmp_path)
    return folder / "campaigns.db"


@pytest.mark.parametrize(
    "name",
    [
        "link.db",
        "link-to-link.db",
        "folder/campaigns.db",
        "real/../real/campaigns.db",
        "./folder/../link.db",
        "sqlite:///link.db",
    ],
)
def test_file_has_one_leader_by_whatever_name_it_is_opened(named, name):
    with closing(Database.open(str(named))) as first, closing(Database.open(name)) as second:
        put(first, 1)
        assert count(second) == 1
        held, other = taken_by(first), taken_by(second)
        assert held.take()
        assert not other.take()
        held.release()
        assert other.take()
        other.release()


def test_file_whose_link_came_first_is_made_where_the_link_leads(named):
    with closing(Database.open("link.db")) as database:
        put(database, 1)
    assert named.exists()
    assert not list(named.parent.parent.glob("*-wal"))


@pytest.mark.parametrize("is_read_only", [False, True])
def test_file_is_open_under_one_name_alone(named, is_read_only):
    """SQLite would keep a log beside each of two hard links, and either would spoil the other."""
    other = named.with_name("other.db")
    with closing(Database.open(str(named))) as database:
        put(database, 1)
        other.hardlink_to(named)
        with pytest.raises(SettingsError, match="under another name"):
            Database.open(str(other), is_read_only=is_read_only)
        put(database, 2)
    with closing(Database.open(str(other))) as database:
        assert count(database) == 2
        with pytest.raises(SettingsError, match="under another name"):
            Database.open(str(named))

"""`campaign verify` and `campaign import`: what they print, and how they end."""

import json
import os
import re

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from tests.service.journal.sql.streams import Campaign

from campaign_service.access import Actor, Passwords, add_user
from campaign_service.cli import main
from campaign_service.database import Database
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import SqlJournal, create_tenant

CONSOLE = Actor(name="console", address="console")
GOOD = "correct horse battery"
PASSWORDS = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def url(database_url):
    """A database with a journal in it."""
    database = Database.open(database_url)
    tenant = create_tenant(database, "main", service_id="a1b2c3d4")
    SqlJournal(database, tenant).append(Campaign().events, expected=0)
    database.close()
    return database_url


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = JsonLinesJournal.create(path)
    journal.append(Campaign().events, expected=0)
    journal.close()
    return path


def head_in(text):
    return re.search(r"head (\d+:[0-9a-f]{64})", text)[1]


def alter(url):
    database = Database.open(url)
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE event SET actor = 'otto' WHERE seq = 5"))
    database.close()


def test_sound_journal(url, capsys):
    status = main(["verify", url])

    shown = capsys.readouterr().out
    assert status == 0
    assert "tenant main: 7 events, 3 attempts, 1 campaign, 0 snapshots" in shown
    assert "all is as it was written" in shown
    assert "only-on-loopback" not in shown


def test_audit_of_users_is_looked_at_too(url, capsys):
    """Issue F10: the audit is chained; `campaign verify` tells of it."""
    database = Database.open(url)
    for name in ("anna", "bob"):
        add_user(database, PASSWORDS, name, by=CONSOLE, now=1, password=GOOD)
    assert main(["verify", url]) == 0
    told = capsys.readouterr().out
    head = re.search(r"audit of users: 2 lines\n  head (\d+:[0-9a-f]{64})", told)[1]
    with database.begin() as connection:
        connection.execute(sa.text("DELETE FROM access_event WHERE subject = 'bob'"))

    assert main(["verify", url]) == 0
    assert main(["verify", url, "--audit-head", head]) == 1
    assert "WRONG: line 2, whose head was noted, is not there" in capsys.readouterr().out
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE access_event SET actor = 'eve'"))
    database.close()
    assert main(["verify", url]) == 1
    assert "WRONG: line 1 is altered" in capsys.readouterr().out
    assert main(["verify", url, "--audit-head", "1:ab"]) == 2


def test_head_that_is_printed_can_be_asked_for_later(url, capsys):
    main(["verify", url])
    head = head_in(capsys.readouterr().out)

    assert main(["verify", url, "--head", head, "--tenant", "main", "--replay"]) == 0
    assert "7 events, replayed" in capsys.readouterr().out
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert main(["verify", url, "--head", other]) == 1
    assert "WRONG: the head that was noted does not belong to event 7" in capsys.readouterr().out


def test_altered_journal(url, capsys):
    alter(url)

    assert main(["verify", url]) == 1
    assert "WRONG: event 5 is altered" in capsys.readouterr().out


def test_file_of_a_run_has_the_head_that_its_import_has(sqlite_url, lines, capsys):
    assert main(["verify", str(lines)]) == 0
    head = head_in(capsys.readouterr().out)

    assert main(["import", str(lines), "--db", sqlite_url]) == 0
    assert head == head_in(capsys.readouterr().out)
    assert main(["verify", sqlite_url, "--head", head]) == 0
    assert main(["verify", str(lines), "--head", head, "--replay"]) == 0


def test_file_of_a_run_that_was_altered(lines, capsys):
    lines.write_text(lines.read_text().replace('"000000002"', '"000000009"'))

    assert main(["verify", str(lines)]) == 1
    assert "is not what was written" in capsys.readouterr().out


def test_file_of_an_older_release_that_was_altered(lines, capsys):
    """It has no chain of its own: only a head that was noted tells."""
    header, *events = lines.read_text().splitlines()
    told = json.loads(header)
    del told["chain"]
    events = [re.sub(r'^\{"chain":"\w+",', "{", line) for line in events]
    lines.write_text("".join(f"{line}\n" for line in [json.dumps(told), *events]))
    assert main(["verify", str(lines)]) == 0
    found = capsys.readouterr().out
    assert "it has no chain of checksums" in found
    lines.write_text(lines.read_text().replace('"000000002"', '"000000009"'))

    assert main(["verify", str(lines)]) == 0
    assert main(["verify", str(lines), "--head", head_in(found)]) == 1
    assert "event 7 or one before it is altered" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("call_id", "0 0"),
        ("at", 1 << 60),
        ("at", -1),
        ("seq", 1 << 70),
        ("actor", "\ud800"),
        ("parameters", {"type": "Outcome", "name": "BUSY"}),
    ],
)
@pytest.mark.parametrize("is_chained", [True, False])
def test_value_that_no_service_ever_wrote_is_told_with_its_line(
    sqlite_url, lines, capsys, field, value, is_chained
):
    """By every command that reads journals, with a sentence."""
    header, *events = map(json.loads, lines.read_text().splitlines())
    number, event = next((i, one) for i, one in enumerate(events, 2) if field in one and i > 2)
    event[field] = value
    if not is_chained:
        for one in (header, *events):
            one.pop("chain")
    lines.write_text("".join(f"{json.dumps(one)}\n" for one in [header, *events]))
    for command in (
        ["verify", str(lines)],
        ["verify", str(lines), "--replay"],
        ["replay", str(lines)],
        ["explain", str(lines), "201"],
        ["import", str(lines), "--db", sqlite_url],
    ):
        assert main(command) != 0
        told = capsys.readouterr()
        assert f"{lines}:" in told.out + told.err
        if not is_chained:
            assert f"{lines}:{number}: " in told.out + told.err


def test_file_of_a_run_that_was_cut_off(lines, capsys):
    lines.write_bytes(lines.read_bytes()[:-5])

    assert main(["verify", str(lines)]) == 1
    assert "WRONG: line 8 was cut off" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "{url}", "--tenant", "rome"], "there is no such tenant"),
        (["verify", "{url}", "--head", "7"], "64 hex digits"),
        (["verify", "{folder}/nowhere.db"], "there is no such file"),
        (["verify", "mysql://host/name"], "postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        (["import", "{lines}", "--db", "{url}"], "there is one of this name"),
        (["import", "{lines}", "--db", "{url}", "--tenant", "b"], "another tenant has this one"),
    ],
)
def test_what_cannot_be_done_is_said(sqlite_url, lines, tmp_path, capsys, arguments, said):
    database = Database.open(sqlite_url)
    create_tenant(database, "main", service_id="a1b2c3d4")
    database.close()
    given = {"url": sqlite_url, "folder": tmp_path, "lines": lines}

    status = main([argument.format(**given) for argument in arguments])

    assert status in (2, 3)
    assert said in capsys.readouterr().err


def test_database_that_is_out_of_reach_is_a_failure(capsys):
    status = main(["verify", "postgresql://somebody:secret@127.0.0.1:9/campaigns"])

    shown = capsys.readouterr().err
    assert status == 3
    assert "postgresql://somebody:***@127.0.0.1:9/campaigns" in shown
    assert "secret" not in shown


# Which database ------------------------------------------------------------------------------


@pytest.fixture
def found(url, monkeypatch, tmp_path):
    """Name the database in each way that the service takes; the options that are needed then."""
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_")]:
        monkeypatch.delenv(name)
    (tmp_path / "db").write_text(url)
    (tmp_path / "service.toml").write_text('db_file = "db"\n')

    def found(way):
        match way:
            case "variable":
                monkeypatch.setenv("CAMPAIGN_DB", url)
            case "file named by a variable":
                monkeypatch.setenv("CAMPAIGN_DB_FILE", str(tmp_path / "db"))
            case "configuration named by a variable":
                monkeypatch.setenv("CAMPAIGN_CONFIG", str(tmp_path / "service.toml"))
            case "file":
                return ["--db-file", str(tmp_path / "db")]
            case _:
                return ["--config", str(tmp_path / "service.toml")]
        return []

    return found


WAYS = [
    "variable",
    "file named by a variable",
    "configuration named by a variable",
    "file",
    "configuration",
]


@pytest.mark.parametrize("way", WAYS)
def test_database_is_found_as_by_the_service(found, lines, tmp_path, monkeypatch, way, capsys):
    """One way to name it for `serve`, `user`, `verify`, `export` and `import`."""
    options = found(way)
    out = str(tmp_path / "out")

    assert main(["verify", *options]) == 0
    assert main(["export", *options, "--campaign", "1", "--out", out]) == 0
    assert main(["import", str(lines), *options]) == 2
    assert "there is one of this name" in capsys.readouterr().err
    monkeypatch.setenv("CAMPAIGN_TENANT", "rome")
    assert main(["export", *options, "--campaign", "1", "--out", out]) == 2
    assert "'rome': there is no such tenant" in capsys.readouterr().err


def test_journal_and_a_named_database_exclude_each_other(lines, capsys):
    assert main(["verify", str(lines), "--db", "campaigns.db"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_bad_database_is_named_by_its_option(capsys, tmp_path):
    assert main(["export", "--db", "mysql://h/n", "--campaign", "1", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("--db: a file, sqlite:///FILE, or postgresql://")


def test_missing_library_is_told_of_the_option_that_needs_it(monkeypatch, capsys, tmp_path):
    def without(*_, **__):
        raise ModuleNotFoundError(name="psycopg")

    monkeypatch.setattr("campaign_service.database.engines.sa.create_engine", without)
    monkeypatch.chdir(tmp_path)
    told = "--db: PostgreSQL needs the extra 'postgresql' of call-campaign to be installed"

    for command in (["user", "list"], ["serve", "--listen", "127.0.0.1:0"]):
        assert main([*command, "--db", "postgresql://h/n"]) == 2
        assert told in capsys.readouterr().err

"""`campaign verify` and `campaign import`: what they print, and how they end."""

import re

import pytest
import sqlalchemy as sa
from tests.service.journal.sql.streams import Campaign

from campaign_service.cli import main
from campaign_service.database import Database
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import SqlJournal, create_tenant


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
    assert "tenant main: 7 events, 3 attempts, 1 campaigns, 0 snapshots" in shown
    assert "all is as it was written" in shown
    assert "only-on-loopback" not in shown


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
    main(["verify", str(lines)])
    head = head_in(capsys.readouterr().out)
    lines.write_text(lines.read_text().replace('"000000002"', '"000000009"'))

    assert main(["verify", str(lines)]) == 0
    assert main(["verify", str(lines), "--head", head]) == 1
    assert "event 7 or one before it is altered" in capsys.readouterr().out


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

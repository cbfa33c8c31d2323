"""`campaign export`: a campaign's recipients, attempts and log as files (R9.2)."""

import csv
import json

import pytest
from tests.service.journal.sql.streams import Campaign

from campaign_service.cli import main
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, create_tenant
from campaign_service.report.rows import ATTEMPT_COLUMNS, RECIPIENT_COLUMNS


@pytest.fixture
def campaign(database):
    tenant = create_tenant(database, "main", service_id="a1b2c3d4")
    campaign = Campaign()
    campaign.end_calls(2)
    SqlJournal(database, tenant).append(campaign.events, expected=0)
    return campaign


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_campaign_is_exported_while_the_service_has_the_database_open(
    database, database_url, campaign, tmp_path, capsys
):
    out = tmp_path / "out"

    status = main(["export", "--db", database_url, "--campaign", "1", "--out", str(out)])

    assert status == 0
    assert "campaign 1, Closing: 3 recipients, 3 attempts" in capsys.readouterr().out
    assert sorted(p.name for p in out.iterdir()) == ["attempts.csv", "log.jsonl", "recipients.csv"]
    recipients, attempts = rows(out / "recipients.csv"), rows(out / "attempts.csv")
    assert list(RECIPIENT_COLUMNS) == list(recipients[0])
    assert list(ATTEMPT_COLUMNS) == list(attempts[0])
    assert recipients[2]["state"] == "ACTIVE"
    assert [row["position"] for row in attempts] == ["1", "2", "3"]
    assert attempts[2]["outcome"] == ""
    assert attempts[0]["outcome"] == recipients[0]["last_outcome"] != ""
    assert attempts[2]["placed_at"] == recipients[2]["last_call_at"]
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [
        event.seq for event in campaign.events if type(event).__name__[:5] in ("Campa", "CallP")
    ] == [line["seq"] for line in log if line["type"][:5] in ("Campa", "CallP")]
    assert log[0]["parameters"]["name"] == "Closing"


@pytest.mark.parametrize("number", ["9", "-1", "9" * 30])
def test_unknown_campaign_is_named(database, database_url, campaign, tmp_path, capsys, number):
    status = main(
        ["export", "--db", database_url, "--campaign", number, "--out", str(tmp_path / "out")]
    )

    assert status == 2
    assert f"campaign = {number}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_database_that_is_not_there_is_not_made(tmp_path, capsys):
    path = tmp_path / "nowhere.db"

    assert main(["export", "--db", str(path), "--campaign", "1", "--out", str(tmp_path)]) == 3
    assert "there is no such file" in capsys.readouterr().err
    assert not path.exists()
    Database.open(str(path)).close()
    assert main(["export", "--db", str(path), "--campaign", "1", "--out", str(tmp_path)]) == 2
    assert "there is no such tenant" in capsys.readouterr().err

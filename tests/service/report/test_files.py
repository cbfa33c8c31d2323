"""A report written by one call, from the events of a journal."""

import csv
import json

import pytest

from campaign_core import (
    CallLimits,
    CampaignModel,
    Instant,
    Line,
    Recipient,
    Settings,
    open_service,
)
from campaign_core.commands import (
    AddModel,
    AppendRecipients,
    DeleteCampaign,
    StartCampaign,
)
from campaign_core.errors import UnknownCampaignError
from campaign_drivers.simulated import Exchange, Network
from campaign_service.engine import VirtualEngine
from campaign_service.report import ReportFolder, write_report

NOON = Instant(1_768_219_200_000)
MODEL = CampaignModel(
    name="Closing",
    caller_number="100",
    sound="message",
    attempts_max=2,
    call_limits=CallLimits(total=3),
    recipients=[Recipient(number=str(200 + i), name=f"P{i}", line=Line.INTERNAL) for i in range(8)],
)


@pytest.fixture
def journal():
    """Of two campaigns, the first with somebody appended, and deleted in the end."""
    events = []
    engine = VirtualEngine(
        open_service("0000000a", Settings(), NOON, telephony="simulated"),
        exchange=Exchange(Network(), seed=4),
        now=NOON,
        observers=[events.extend],
    )
    engine.give(AddModel(model=MODEL))
    engine.give(StartCampaign(model_id=1))
    engine.give(StartCampaign(model_id=1, name="Other"))
    late = Recipient(number="300", name="Late", line=Line.INTERNAL)
    engine.give(AppendRecipients(campaign_id=1, recipients=[late]))
    engine.run()
    engine.give(DeleteCampaign(campaign_id=1))
    return events


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_report_is_written_by_one_call_also_of_a_campaign_that_was_deleted(journal, tmp_path):
    """R9.2: consulted after the campaign was deleted; appended recipients among the others."""
    summary = write_report(journal, 1, tmp_path / "out", notes={"made by": "a test"})

    people = rows(tmp_path / "out/recipients.csv")
    attempts = rows(tmp_path / "out/attempts.csv")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(ReportFolder.NAMES)
    assert [row["name"] for row in people] == [*(f"P{i}" for i in range(8)), "Late"]
    assert len(attempts) == sum(int(row["attempts"]) for row in people) == summary.attempts
    assert {row["is_simulated"] for row in attempts} == {"true"}
    report = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    assert report["run"] == {"made by": "a test"}
    assert summary.status.name == report["summary"]["status"] == "COMPLETED"


def test_other_campaigns_are_not_told(journal, tmp_path):
    write_report(journal, 2, tmp_path)

    assert {row["name"] for row in rows(tmp_path / "attempts.csv")} <= {f"P{i}" for i in range(8)}


def test_campaign_that_never_was_is_refused_and_nothing_is_written(journal, tmp_path):
    with pytest.raises(UnknownCampaignError):
        write_report(journal, 7, tmp_path / "out")

    assert not (tmp_path / "out").exists()

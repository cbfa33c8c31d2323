"""The status panel (R5.4), held against the journal and against the exchange's own record."""

import csv
import json
from collections import Counter

import attrs
import pytest

from campaign_core import (
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    RecipientStatus,
    Settings,
    open_service,
    recipient,
)
from campaign_core.commands import AddModel, AppendRecipients, StartCampaign
from campaign_core.events import AnswerConfirmed, CallEnded, CallPlaced, ListeningConfirmed
from campaign_drivers import Capacity
from campaign_drivers.simulated import Exchange, Network, NotAnswered, follows_prompts, population
from campaign_service.engine import VirtualEngine
from campaign_service.report import ReportFolder, StatusPanel, summarize
from campaign_service.report.rows import ATTEMPT_COLUMNS, RECIPIENT_COLUMNS

NOON = Instant(1_768_219_200_000)
MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    attempts_max=3,
    time_zone="Europe/Rome",
    script=CallScript(confirm_answer=True, confirm_listening=True),
    recipients=[
        Recipient(number=f"{200 + i}", line=Line.INTERNAL, name=f"P {i}, “x”") for i in range(40)
    ],
)


@attrs.frozen
class Run:
    """A campaign that was run, its panel, its events and its report."""

    panel: StatusPanel
    events: list
    exchange: Exchange
    engine: VirtualEngine
    folder: object
    summary: object

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def table(self, name):
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def run_campaign(folder, network=None, model=MODEL):
    events = []
    exchange = Exchange(network or Network(), seed=4, kept_calls_max=1_000)
    report = ReportFolder(
        folder, campaign_id=1, model=model, settings=Settings(), notes={"driver": "simulated"}
    )
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=exchange,
        now=NOON,
        observers=[events.extend, report.take],
    )
    engine.give(AddModel(model=model))
    engine.give(StartCampaign(model_id=1))
    engine.run()
    summary = report.finish(engine.state)
    return Run(report.panel, events, exchange, engine, folder, summary)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_campaign(tmp_path_factory.mktemp("report"))


def test_row_of_a_recipient_is_what_the_journal_tells(run):
    """R5.4, told once more and plainly from the events."""
    placed = {event.call_id: event for event in run.of(CallPlaced)}

    def last(kind, position):
        found = [event for event in run.of(kind) if placed[event.call_id].position == position]
        return found[-1] if found else None

    rows = list(run.panel.rows(run.engine.state))
    assert [row.position for row in rows] == list(range(1, 41))
    for row in rows:
        ended = last(CallEnded, row.position)
        answer = last(AnswerConfirmed, row.position)
        listening = last(ListeningConfirmed, row.position)
        assert row.status is recipient(run.engine.state, 1, row.position).status
        assert row.attempts == sum(p.position == row.position for p in placed.values())
        assert row.last_outcome is ended.outcome
        assert row.last_call_at == placed[ended.call_id].at
        assert row.answer_confirmed_at == (None if answer is None else answer.at)
        assert row.listening_confirmed_at == (None if listening is None else listening.at)


def test_rows_of_attempts_are_what_the_exchange_saw(run):
    seen = {call.call_id: call for call in run.exchange.calls()}
    rows = run.table("attempts.csv")

    assert {row["call_id"] for row in rows} == set(seen)
    assert [row for row in rows if row["digits"] != seen[row["call_id"]].digits] == []
    answered = {call.call_id for call in seen.values() if call.answered_at is not None}
    assert {row["call_id"] for row in rows if row["answered_at"]} == answered


def test_report_sums_up(run):
    recipients, attempts = run.table("recipients.csv"), run.table("attempts.csv")
    summary = run.summary
    states = Counter(row["state"] for row in recipients)

    assert states == {"CONTACTED": summary.reached, "FAILED": summary.failed}
    assert summary.recipients == len(recipients) == 40
    assert summary.attempts == len(attempts) == sum(int(row["attempts"]) for row in recipients)
    assert Counter(row["outcome"] for row in attempts) == {
        outcome.name: count for outcome, count in summary.outcomes
    }
    reached = [row for row in attempts if row["outcome"] == "REACHED"]
    assert sorted(int(row["position"]) for row in reached) == [
        int(row["position"]) for row in recipients if row["state"] == "CONTACTED"
    ]


def test_json_has_the_rows_of_the_tables_and_the_events(run):
    report = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))

    def plain(row):
        return {
            key: "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
            for key, cell in row.items()
        }

    assert report["format"] == 1
    assert report["run"] == {"driver": "simulated"}
    assert report["summary"]["reached"] == run.summary.reached
    assert report["campaign"]["name"] == "Test"
    assert [plain(row) for row in report["recipients"]] == run.table("recipients.csv")
    happened = [row.pop("events") for row in report["attempts"]]
    assert [plain(row) for row in report["attempts"]] == run.table("attempts.csv")
    assert {events[0]["event"] for events in happened} == {"CallPlaced"}
    assert {events[-1]["event"] for events in happened} == {"CallEnded"}


def test_columns_are_those_of_the_rows(run):
    assert tuple(run.table("attempts.csv")[0]) == ATTEMPT_COLUMNS
    assert tuple(run.table("recipients.csv")[0]) == RECIPIENT_COLUMNS


def test_times_are_on_the_campaign_s_clock(run):
    assert run.table("attempts.csv")[0]["placed_at"] == "2026-01-12T13:00:00.000+01:00"


def test_call_given_back_is_no_attempt(tmp_path):
    """R5.5: the attempt does not count."""
    run = run_campaign(tmp_path, Network(capacity=Capacity(calls_max=7)))
    rows = run.table("attempts.csv")

    given_back = [row for row in rows if row["given_back"] == "DEFERRED"]
    assert len(given_back) == run.summary.given_back > 0
    assert run.summary.attempts == len(rows) - len(given_back)
    assert run.exchange.counts().taken == run.summary.attempts
    assert {row["outcome"] for row in given_back} == {""}


def test_call_in_progress_is_shown_as_such(tmp_path):
    panel = StatusPanel(1)
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=Exchange(Network(), seed=1),
        now=NOON,
        observers=[panel.take],
    )
    engine.give(AddModel(model=MODEL))
    engine.give(StartCampaign(model_id=1))
    (row, *_) = panel.rows(engine.state)

    assert panel.in_progress == 40
    assert (row.status, row.attempts) == (RecipientStatus.ACTIVE, 1)
    assert (row.last_call_at, row.last_outcome) == (NOON, None)
    assert {attempt.ended_at for attempt in panel.attempts_open()} == {None}
    assert summarize(panel, engine.state, Settings()).in_progress == 40


def test_recipients_may_be_appended_on_the_way():
    """R4.10."""
    network = Network(
        population=population(
            scripts={"200": [NotAnswered(outcome=Outcome.BUSY, after=1), follows_prompts()]}
        )
    )
    panel = StatusPanel(1)
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=Exchange(network, seed=1),
        now=NOON,
        observers=[panel.take],
    )
    engine.give(AddModel(model=attrs.evolve(MODEL, recipients=MODEL.recipients[:1])))
    engine.give(StartCampaign(model_id=1))
    engine.give(AppendRecipients(campaign_id=1, recipients=[Recipient(number="300")]))
    engine.run()
    first, second = panel.rows(engine.state)

    assert (first.last_outcome, first.attempts) == (Outcome.REACHED, 2)
    assert second.recipient.number == "300"
    assert second.attempts >= 1

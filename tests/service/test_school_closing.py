"""The example campaign from its files to its report, with some recipients checked by hand."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from campaign_core import Status, campaign, check, replay
from campaign_core.testing import audit
from campaign_service.cli import main
from campaign_service.journal import JsonLinesJournal

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/school-closing/campaign.toml"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("school") / "out"
    assert main(["run", str(EXAMPLE), "--out", str(folder)]) == 0
    return folder


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def recipients(out):
    return {row["name"]: row for row in rows(out / "recipients.csv")}


@pytest.fixture(scope="module")
def attempts(out):
    def attempts(name):
        return [row for row in rows(out / "attempts.csv") if row["name"] == name]

    return attempts


def told(attempts):
    return [(row["number"], row["outcome"], row["hangup_cause"]) for row in attempts]


def time(text):
    return datetime.fromisoformat(text)


def test_campaign_is_completed(out):
    summary = json.loads((out / "report.json").read_text(encoding="utf-8"))["summary"]

    assert summary["status"] == "COMPLETED"
    assert summary["recipients"] == 300
    assert summary["reached"] >= summary["threshold"] == 285
    assert summary["started_at"] == "2026-01-12T16:00:00.000+00:00"
    assert summary["most_internal"] <= 8
    assert summary["most_external"] <= 12
    assert summary["most_at_once"] == 16


def test_figures_are_the_sums_of_the_rows(out):
    summary = json.loads((out / "report.json").read_text(encoding="utf-8"))["summary"]
    recipients, attempts = rows(out / "recipients.csv"), rows(out / "attempts.csv")

    assert Counter(row["state"] for row in recipients) == {
        "CONTACTED": summary["reached"],
        "FAILED": summary["failed"],
    }
    assert Counter(row["outcome"] for row in attempts) == summary["outcomes"]
    assert sum(int(row["attempts"]) for row in recipients) == summary["attempts"]


def test_journal_tells_the_same_and_breaks_no_law(out):
    events = list(JsonLinesJournal.open(out / "journal.jsonl").read())
    state = replay(events)
    summary = json.loads((out / "report.json").read_text(encoding="utf-8"))["summary"]

    assert audit(events) == ()
    assert check(state) == ()
    assert campaign(state, 1, state.now).status is Status.COMPLETED
    assert campaign(state, 1, state.now).contacted == summary["reached"]


def test_busy_extension_is_followed_by_the_mobile(recipients, attempts):
    """R5.6: further numbers are taken in turn over the counted attempts."""
    assert told(attempts("Dev Sharp")) == [
        ("201", "BUSY", "17"),
        ("+447700900421", "REACHED", "16"),
    ]
    row = recipients["Dev Sharp"]
    assert (row["position"], row["state"], row["attempts"]) == ("1", "CONTACTED", "2")
    assert row["last_outcome"] == "REACHED"


def test_busy_number_rests_for_a_minute_and_those_never_called_go_first(recipients, attempts):
    """R6.10: 60 s from the end of a busy call; R6.4: first those never called."""
    first, second = attempts("Oscar Fleming")

    assert (first["placed_at"], first["ended_at"]) == (
        "2026-01-12T16:00:00.000+00:00",
        "2026-01-12T16:00:02.000+00:00",
    )
    assert time(second["placed_at"]) >= time("2026-01-12T16:01:02+00:00")
    assert second["outcome"] == "REACHED"
    # 1 for the answer and 9 after the message, nothing else: R7.5.
    assert second["digits"] == "19"
    row = recipients["Oscar Fleming"]
    assert row["answer_confirmed_at"] == second["answer_confirmed_at"]
    assert row["listening_confirmed_at"] == second["listening_confirmed_at"]
    assert row["last_call_at"] == second["placed_at"]
    # The message of 16 s lies between the two digits.
    heard = time(second["listening_confirmed_at"]) - time(second["answer_confirmed_at"])
    assert heard >= timedelta(seconds=16)


def test_number_that_does_not_exist_is_never_tried_again(attempts):
    """R6.10: after INVALID_NUMBER the number is done with."""
    assert told(attempts("Ben Brennan")) == [
        ("+447700900007", "INVALID_NUMBER", "1"),
        ("+441632960036", "REACHED", "16"),
    ]


def test_voicemail_box_and_half_heard_message_do_not_count_as_reached(recipients, attempts):
    """R7.2: three prompts without a 1; R7.5: ended by the callee before the 9."""
    first, second, third = attempts("Dev Morgan")

    assert told([first, second, third]) == [
        ("+447700900165", "NOT_CONFIRMED", "16"),
        ("+447700900591", "HUNG_UP", "16"),
        ("+447700900165", "REACHED", "16"),
    ]
    assert (first["answer_confirmed_at"], first["messages_played"]) == ("", "0")
    # Three prompts of 5 s, each with 5 s of silence behind it.
    lasted = time(first["ended_at"]) - time(first["answered_at"])
    assert lasted == timedelta(seconds=3 * (5 + 5))
    assert second["answer_confirmed_at"] != ""
    assert second["messages_played"] == "1"
    assert second["listening_confirmed_at"] == ""
    assert recipients["Dev Morgan"]["attempts"] == "3"


def test_who_is_away_is_called_five_times_and_then_failed(recipients, attempts):
    """R7.1: rings for 25 s; R6.10: rests for 300 s; R5.1: five attempts."""
    calls = attempts("Tariq Marsh")
    row = recipients["Tariq Marsh"]

    assert told(calls) == [("+447700900978", "NO_ANSWER", "19")] * 5
    assert (row["state"], row["reason"]) == ("FAILED", "ATTEMPTS_USED_UP")
    for call in calls:
        assert time(call["ended_at"]) - time(call["placed_at"]) == timedelta(seconds=25)
    for before, after in pairwise(calls):
        rest = time(after["placed_at"]) - time(before["ended_at"])
        assert rest >= timedelta(seconds=300)
    # Late in the campaign there is room at once.
    assert time(calls[4]["placed_at"]) - time(calls[3]["ended_at"]) == timedelta(seconds=300)


def test_no_more_than_three_calls_are_placed_in_a_second(out):
    """R2.4."""
    placed = sorted(time(row["placed_at"]) for row in rows(out / "attempts.csv"))

    assert min(b - a for a, b in zip(placed, placed[3:], strict=False)) >= timedelta(seconds=1)


def test_check_finds_nothing_wrong_with_it(capsys):
    assert main(["check", str(EXAMPLE)]) == 0
    assert "300: 60 internal, 240 external" in capsys.readouterr().out

"""``campaign explain`` and ``campaign replay``: what a journal can be asked."""

import json
from pathlib import Path

import pytest

from campaign_service.cli import main

CAMPAIGN = """
[campaign]
name = "Fire drill"
caller_number = "100"
sound = "drill"
recipients = "recipients.csv"
attempts_max = 2
ring_timeout_s = 20
time_zone = "Europe/Rome"
call_limits = { total = 1 }
retry = { delays_s = { BUSY = 60 } }

[simulated]
starts_at = 2026-01-12T08:00:00+01:00

[simulated.numbers]
"201" = ["busy"]
"202" = ["no_answer", "follows_prompts"]
"203" = ["follows_prompts"]
"""
# By hand, one call at a time:
#   08:00:00  201, busy after 2 s; again from 08:01:02
#   08:00:02  202, rings 20 s in vain; again at once, but 203 was never called
#   08:00:22  203, answers after 2 to 15 s, and hears 10 s of message


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    here = tmp_path_factory.mktemp("past")
    (here / "campaign.toml").write_text(CAMPAIGN)
    (here / "recipients.csv").write_text(
        "number,name,line\n201,Ada,internal\n202,Ben,external\n203,Eve,external\n"
    )
    main(["run", str(here / "campaign.toml"), "--out", str(here / "out")])
    return str(here / "out/journal.jsonl")


@pytest.fixture
def told(journal, capsys):
    def told(command, *arguments):
        assert main([command, journal, *arguments]) == 0
        return capsys.readouterr().out

    return told


def states(told, at):
    shown = json.loads(told("replay", "--at", at, "--json"))
    return [row["state"] for row in shown["campaigns"][0]["recipients"]]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-12T08:00:00", ["ACTIVE", "IDLE", "IDLE"]),
        ("2026-01-12T07:00:01+00:00", ["ACTIVE", "IDLE", "IDLE"]),
        ("08:00:01.999", ["ACTIVE", "IDLE", "IDLE"]),
        ("8:00:02", ["IDLE", "ACTIVE", "IDLE"]),
        ("+21.999", ["IDLE", "ACTIVE", "IDLE"]),
        ("+0:22", ["IDLE", "IDLE", "ACTIVE"]),
        ("+1:00:00", ["FAILED", "CONTACTED", "CONTACTED"]),
    ],
)
def test_state_of_any_time_can_be_had_again(told, at, expected):
    """R8.3."""
    assert states(told, at) == expected


def test_list_of_campaigns_shows_what_it_must(told):
    """R4.8."""
    (shown,) = json.loads(told("replay", "--json"))["campaigns"]

    assert {key: shown[key] for key in shown if key != "recipients"} == {
        "campaign_id": 1,
        "name": "Fire drill",
        "model": "Fire drill",
        "caller_number": "100",
        "priority": 0,
        "ring_timeout_s": 20,
        "attempts_max": 2,
        "threshold": None,
        "confirm_answer": False,
        "confirm_listening": False,
        "call_limits": {"total": 1, "internal": None, "external": None},
        "starts_at": "2026-01-12T08:00:00.000+01:00",
        "expires_at": None,
        "recipients_count": 3,
        "reached": 2,
        "failed": 1,
        "idle": 0,
        "internal_calls": 0,
        "external_calls": 0,
        "status": "INCOMPLETE",
        "is_simulated": True,
    }


def test_campaign_that_waits_for_room_is_blocked(told):
    """R4.4."""
    assert "1  Fire drill: BLOCKED" in told("replay", "--at", "+1", "--no-recipients")


def test_recipients_may_be_chosen_by_their_state(told):
    shown = told("replay", "--state", "failed")

    assert "201 Ada" in shown
    assert "202 Ben" not in shown


def test_explain_tells_what_keeps_somebody_from_being_called(told):
    """R8.1."""
    shown = told("explain", "203", "--at", "+10")

    assert "Fire drill, recipient 3: Eve, 203 (external)" in shown
    assert "At 2026-01-12 08:00:10 Europe/Rome: IDLE, 0 of 2 attempts made" in shown
    assert "total limit of this campaign reached (1 of 1)" in shown


def test_explain_tells_until_when_a_retry_waits(told):
    shown = told("explain", "Ada", "--at", "+10")

    assert "Attempt 1, 2026-01-12 08:00:00, to 201 (internal): BUSY, hangup cause 17" in shown
    assert "to be tried again only at 2026-01-12 08:01:02 Europe/Rome" in shown


def test_explain_tells_each_event_of_an_attempt_unless_it_shall_be_brief(told):
    assert "08:00:02.000  CallEnded: outcome BUSY, hangup_cause 17" in told("explain", "201")
    assert "CallEnded" not in told("explain", "201", "--brief")


def test_explain_tells_of_the_call_in_progress(told):
    shown = told("explain", "202", "--at", "+5")

    assert "to 202 (external): in progress" in shown
    assert "in a call now" in shown


@pytest.mark.parametrize("wanted", ["202", "Ben", "ben", "2"])
def test_recipient_is_found_by_number_name_or_position(told, wanted):
    assert "recipient 2: Ben" in told("explain", wanted, "--brief")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ["explain", "Zoe"],
            "'Zoe': no recipient of the journal has this number, name or position",
        ),
        (["explain", "9" * 5_000], "no recipient of the journal"),
        (["explain", ""], "'': no recipient of the journal"),
        (["explain", "4"], "'4': no recipient of the journal"),
        (["explain", "Ada", "--at", "noon"], "'noon' is no time"),
        (["replay", "--at", "25:00"], "is no time"),
        (["replay", "--at", "2026-01-11T00:00:00"], "the journal begins later"),
        (["replay", "--at", "+99999999999999"], "+99999999999999: not within 1970-01-01 to 2199"),
        (["replay", "--at", f"+{'9' * 5_000}"], ": not within 1970-01-01 to 2199-12-31"),
        (["explain", "Ada", "--at", "9999-12-31T23:59:59"], "not within 1970-01-01 to 2199-12-31"),
        (["replay", "--at", "0001-01-01T00:00:00"], "not within 1970-01-01 to 2199-12-31"),
        (["replay", "--at", "+1:99"], "'+1:99' is no time"),
        (["replay", "--at", "+1:60:00"], "'+1:60:00' is no time"),
        (["replay", "--state", "asleep"], "'asleep' is not one of"),
    ],
)
def test_question_that_has_no_answer_is_refused(journal, capsys, arguments, why):
    assert main([arguments[0], journal, *arguments[1:]]) == 2
    assert why in capsys.readouterr().err


def test_torn_tail_is_told_and_the_rest_is_shown(journal, tmp_path, capsys):
    whole = Path(journal).read_bytes()
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(whole[:-20])

    assert main(["replay", str(torn)]) == 0
    told = capsys.readouterr()
    assert "was cut off in the middle of being written" in told.err
    assert "Fire drill" in told.out


def test_file_that_is_no_journal_is_refused(tmp_path, capsys):
    path = tmp_path / "people.csv"
    path.write_text("number\n201\n")

    assert main(["replay", str(path)]) == 2
    assert "people.csv:1: not a journal" in capsys.readouterr().err


def test_event_that_cannot_have_happened_is_told_with_its_line(journal, tmp_path, capsys):
    header, *events = Path(journal).read_text(encoding="utf-8").splitlines()
    plain = [{**json.loads(line), "chain": None} for line in [header, *events]]
    for one in plain:
        del one["chain"]
    number, placed = next((n, e) for n, e in enumerate(plain, 1) if e.get("type") == "CallPlaced")
    placed["position"] = 0
    path = tmp_path / "journal.jsonl"
    first = f"{path}:{number}: event {number - 1}, "
    for lines, told in ((plain, first), (plain[:1], f"{path}:1: ")):
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        for command in (["replay", str(path)], ["explain", str(path), "201"]):
            assert main(command) == 2
            assert told in capsys.readouterr().err


def test_explain_tells_every_time_on_one_clock(tmp_path, capsys):
    text = CAMPAIGN.replace("[simulated]", "[start]\nat = 2026-01-12T09:00:00\n\n[simulated]")
    (tmp_path / "campaign.toml").write_text(text)
    (tmp_path / "recipients.csv").write_text("number,time_zone\n201,Asia/Tokyo\n")
    out = tmp_path / "out"
    main(["run", str(tmp_path / "campaign.toml"), "--out", str(out)])
    for at, told in [
        ("08:30:00", "starts at 2026-01-12 09:00:00"),
        ("+10", "at 2026-01-12 09:01:02"),
    ]:
        capsys.readouterr()
        assert main(["explain", str(out / "journal.jsonl"), "201", "--at", at, "--brief"]) == 0
        shown = capsys.readouterr().out
        assert f"{told} Europe/Rome" in shown
        assert "UTC" not in shown
        assert "Tokyo" not in shown

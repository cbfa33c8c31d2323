"""``campaign run``: its exit status, its files, its options, and Ctrl-C."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign_core import replay
from campaign_core.events import CallPlaced
from campaign_service.cli import main
from campaign_service.journal import JsonLinesJournal

SRC = Path(__file__).parents[4] / "src"
FILES = ["attempts.csv", "calls.svg", "journal.jsonl", "recipients.csv", "report.json"]

CAMPAIGN = """
[campaign]
name = "Fire drill"
caller_number = "100"
sound = "drill"
recipients = "recipients.csv"
attempts_max = 2
script = { confirm_answer = true }
call_limits = { total = 4 }

[simulated]
seed = 3
starts_at = 2026-01-12T08:00:00Z
rates = { answered = 1.0 }
people = { follows_prompts = 1 }
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a campaign of twelve, who all follow the prompts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    rows = "".join(f"{200 + i},internal\n" for i in range(12))
    (tmp_path / "recipients.csv").write_text(f"number,line\n{rows}")
    return tmp_path


def change(here, old, new):
    path = here / "campaign.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_completed_campaign_ends_with_status_0_and_a_report(here, capsys):
    assert main(["run", "campaign.toml"]) == 0

    told = capsys.readouterr().out
    assert "Fire drill: COMPLETED after 0:0" in told
    assert "reached   12 of 12 recipients, 12 needed" in told
    assert "4 calls (limit 4) at once" in told
    assert "  SIMULATED: nobody is really called\n" in told
    assert sorted(path.name for path in (here / "reports/fire-drill-1").iterdir()) == FILES


def test_each_run_has_a_folder_of_its_own(here):
    main(["run", "campaign.toml"])
    main(["run", "campaign.toml"])

    assert sorted(path.name for path in (here / "reports").iterdir()) == [
        "fire-drill-1",
        "fire-drill-2",
    ]


def test_same_seed_gives_the_same_files(here):
    main(["run", "campaign.toml", "--out", "a"])
    main(["run", "campaign.toml", "--out", "b"])
    main(["run", "campaign.toml", "--out", "c", "--seed", "4"])

    def content(folder):
        return {path.name: path.read_bytes() for path in (here / folder).iterdir()}

    assert content("a") == content("b")
    assert content("a")["journal.jsonl"] != content("c")["journal.jsonl"]


def test_incomplete_campaign_ends_with_status_1(here, capsys):
    change(here, "answered = 1.0", "answered = 0.0")

    assert main(["run", "campaign.toml"]) == 1
    assert "Fire drill: INCOMPLETE" in capsys.readouterr().out


def test_campaign_that_nobody_can_be_called_in_ends_with_status_1(here, capsys):
    change(here, "total = 4", "total = 0")

    assert main(["run", "campaign.toml"]) == 1
    assert "Fire drill: BLOCKED" in capsys.readouterr().out


def test_campaign_that_its_breaker_pauses_ends_with_status_1(here, capsys):
    change(here, "answered = 1.0", "congestion = 1.0")
    change(here, "attempts_max", "breaker = { calls = 3, failed_percent = 50 }\nattempts_max")

    assert main(["run", "campaign.toml", "--speed", "max"]) == 1
    assert "Fire drill: PAUSED" in capsys.readouterr().out


def test_bad_input_ends_with_status_2_and_names_every_row(here, capsys):
    (here / "recipients.csv").write_text("number,line\nx,internal\n201,nowhere\n")

    assert main(["run", "campaign.toml"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "recipients.csv:2: number = 'x': letters are no digits: write the number alone\n"
        "recipients.csv:3: line = 'nowhere': internal or external\n"
        "campaign: 2 problems; nothing was done\n"
    )
    assert not (here / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "Missing argument 'CAMPAIGN.toml'"),
        (["run", "nowhere.toml"], "'nowhere.toml' does not exist"),
        (["run", "campaign.toml", "--speed", "fast"], "'fast': a number 0.001 to 1,000,000, or"),
        (["run", "campaign.toml", "--speed", "nan"], "'nan': a number 0.001 to 1,000,000, or max"),
        (["run", "campaign.toml", "--seed", "-1"], "-1 is not in the range"),
        (["run", "campaign.toml", "--driver", "modem"], "driver = 'modem': one of asterisk"),
        (
            ["run", "campaign.toml", "--driver", "asterisk://u:p@localhost/", "--seed", "1"],
            "--seed = 1: only with the simulated driver",
        ),
        (
            ["run", "campaign.toml", "--driver", "asterisk://u:p@localhost/", "--no-journal"],
            "--no-journal = True: only with the simulated driver: real calls are placed once",
        ),
        (["run", "campaign.toml", "--out", "."], "--out = '.': a place where nothing is yet"),
        (["run", "campaign.toml", "--journal", "recipients.csv"], "--journal = 'recipients.csv'"),
        (
            ["run", "campaign.toml", "--journal", "none/j.jsonl"],
            "--journal = 'none/j.jsonl': a file in a folder that exists",
        ),
        (
            ["run", "campaign.toml", "--out", "recipients.csv/out"],
            "--out = 'recipients.csv/out': cannot be made: Not a directory",
        ),
        (["run", "campaign.toml", "--settings", "campaign.toml"], "campaign: unknown; known here"),
        (["dial"], "No such command 'dial'"),
    ],
    ids=lambda value: None if isinstance(value, str) else "_".join(value)[-40:],
)
def test_wrong_use_ends_with_status_2_and_a_sentence(here, capsys, arguments, told):
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


def test_start_in_the_past_is_refused_and_leaves_nothing_behind(here, capsys):
    """R4.2: a time in the past is refused."""
    change(here, "[simulated]", "[start]\nat = 2020-01-01T00:00:00\n[simulated]")

    assert main(["run", "campaign.toml"]) == 2
    assert "campaign.toml:12: start.at = 2020-01-01T00:00:00: a time not" in capsys.readouterr().err
    assert not (here / "reports").exists()


def test_telephony_out_of_reach_ends_with_status_3_and_leaves_nothing_behind(here, capsys):
    url = "asterisk://user:hush@127.0.0.1:1/?internal=PJSIP/{number}"

    assert main(["run", "campaign.toml", "--driver", url]) == 3
    told = capsys.readouterr().err
    assert "127.0.0.1:1" in told
    assert "hush" not in told
    assert list((here / "reports").iterdir()) == []


def test_settings_may_come_from_another_file(here, capsys):
    (here / "settings.toml").write_text("[settings]\ncall_limits = { total = 2 }\n")

    assert main(["run", "campaign.toml", "--settings", "settings.toml"]) == 0
    assert "2 calls (limit 2) at once" in capsys.readouterr().out


def test_do_not_call_list_is_kept(here):
    """R6.12."""
    change(here, "[simulated]", '[do_not_call]\nnumbers = ["201"]\n[simulated]')
    main(["run", "campaign.toml", "--out", "out"])
    with (here / "out/recipients.csv").open(newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["number"] == "201"]

    assert (row["state"], row["reason"], row["attempts"]) == ("FAILED", "DO_NOT_CALL", "0")


def test_delayed_start_is_waited_for(here):
    change(here, "[simulated]", "[start]\nafter_min = 30\n[simulated]")
    main(["run", "campaign.toml", "--out", "out"])
    summary = json.loads((here / "out/report.json").read_text())["summary"]

    assert summary["started_at"] == "2026-01-12T08:30:00.000+00:00"


def test_journal_goes_where_it_is_told_or_nowhere(here, capsys):
    main(["run", "campaign.toml", "--out", "a", "--journal", "elsewhere.jsonl"])
    main(["run", "campaign.toml", "--out", "b", "--no-journal"])

    assert "Journal: elsewhere.jsonl" in capsys.readouterr().out
    assert (here / "elsewhere.jsonl").is_file()
    for folder in ("a", "b"):
        assert "journal.jsonl" not in {path.name for path in (here / folder).iterdir()}


def test_simulation_also_runs_by_the_clock(here, capsys):
    assert main(["run", "campaign.toml", "--speed", "500", "--out", "out"]) == 0
    summary = json.loads((here / "out/report.json").read_text())["summary"]

    # A clock that goes on while we work: late by some steps of ours, never early.
    assert summary["status"] == "COMPLETED"
    assert "2026-01-12T08:00" <= summary["started_at"] < "2026-01-12T12:00"
    assert summary["lasted_s"] >= 30


# Ctrl-C, in a process of its own ---------------------------------------------------------------


class Command:
    """``campaign run`` in a process of its own, by a clock that goes sixty times too fast."""

    def __init__(self, here, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONUNBUFFERED": "1"}
        self.out = here / "out"
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys; from campaign_service.cli import main; sys.exit(main())",
                "run",
                "campaign.toml",
                "--out",
                "out",
                *arguments,
            ],
            cwd=here,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def interrupt_once_calling(self):
        journal = self.out / "journal.jsonl"
        deadline = time.monotonic() + 30
        while not (journal.exists() and b'"CallPlaced"' in journal.read_bytes()):
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.interrupt()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def hear(self, text):
        told = ""
        for line in self.process.stdout:
            told += line
            if text in line:
                return
        pytest.fail(f"said, instead of {text!r}:\n{told}")

    def end(self):
        told, _ = self.process.communicate(timeout=60)
        return self.process.returncode, told


@pytest.fixture
def command(here):
    """Starts the command; whatever of it is left at the end is ended."""
    started = []

    def start(*arguments):
        started.append(Command(here, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def story_of(out):
    events = list(JsonLinesJournal.open(out / "journal.jsonl").read())
    return events, replay(events)


def test_ctrl_c_stops_placing_calls_and_lets_those_in_progress_end(here, command):
    change(here, "people = { follows_prompts = 1 }", "people = { voicemail = 1 }")
    # So slow that no call has ended, and made room for another, by the time of the interrupt.
    running = command("--speed", "8")
    running.interrupt_once_calling()
    running.hear("No new calls; those in progress go on to their end.")
    status, told = running.end()

    assert status == 130, told
    assert "Fire drill: PAUSED" in told
    events, _ = story_of(running.out)
    assert sum(isinstance(event, CallPlaced) for event in events) == 4
    # They rang, were answered by a box, and were given up after three prompts: R7.2.
    summary = json.loads((running.out / "report.json").read_text())["summary"]
    assert summary["outcomes"] == {"NOT_CONFIRMED": 4}
    assert summary["idle"] == 12


def test_second_ctrl_c_hangs_up(here, command):
    change(here, "people = { follows_prompts = 1 }", "people = { voicemail = 1 }")
    running = command("--speed", "2")
    running.interrupt_once_calling()
    running.hear("No new calls; those in progress go on to their end.")
    running.interrupt()
    running.hear("Hanging up.")
    status, told = running.end()

    assert status == 130, told
    assert "Fire drill: TERMINATED" in told
    summary = json.loads((running.out / "report.json").read_text())["summary"]
    assert summary["outcomes"] == {"CANCELLED": 4}


def test_ctrl_c_before_the_start_leaves_nothing_to_start(here, command):
    change(here, "[simulated]", "[start]\nafter_min = 600\n[simulated]")
    running = command("--speed", "1")
    deadline = time.monotonic() + 30
    while not (running.out / "journal.jsonl").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    running.interrupt()
    status, told = running.end()

    assert status == 130, told
    assert "Fire drill: TERMINATED" in told


def test_ctrl_c_works_on_virtual_time_too(here, command):
    rows = "".join(f"{20000 + i}\n" for i in range(30_000))
    (here / "recipients.csv").write_text(f"number\n{rows}")
    running = command("--no-journal")
    attempts = running.out / "attempts.csv.part"
    deadline = time.monotonic() + 60
    while not (attempts.exists() and attempts.stat().st_size > 1_000):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.interrupt()
    status, told = running.end()

    assert status == 130, told
    assert "Fire drill: PAUSED" in told
    assert re.search(r"reached   \d+ of 30000", told)


def test_report_is_written_even_if_the_journal_fails(here, monkeypatch, capsys):
    append = JsonLinesJournal.append

    def fail_later(self, events, *, expected):
        if expected > 60:
            raise OSError(28, "No space left on device")
        append(self, events, expected=expected)

    monkeypatch.setattr(JsonLinesJournal, "append", fail_later)

    for number, speed in enumerate(["max", "300"]):
        assert main(["run", "campaign.toml", "--speed", speed, "--out", f"out{number}"]) == 3
        assert "the journal cannot be written: No space left" in capsys.readouterr().err
        summary = json.loads((here / f"out{number}/report.json").read_text())["summary"]
        assert summary["status"] in {"ACTIVE", "BLOCKED"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full")
@pytest.mark.parametrize("full", ["attempts.csv", "report.json", "calls.svg"])
def test_full_disk_is_told_with_the_file_and_leaves_no_half_of_it(here, capsys, full):
    (here / "out").mkdir()
    open_file = Path.open

    def open_full(self, *arguments, **options):
        path = Path("/dev/full") if self.name == f"{full}.part" else self
        return open_file(path, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", open_full)
        assert main(["run", "campaign.toml", "--out", "out"]) == 3

    assert f"campaign: out/{full}: No space left on device" in capsys.readouterr().err
    assert [path.name for path in (here / "out").iterdir()] == ["journal.jsonl"]


def test_run_whose_telephony_lacks_a_sound_calls_nobody_and_leaves_nothing(here, capsys):
    """R6.18: a sound is looked for before a campaign starts; missing, it needs a confirmation."""
    change(here, "[simulated]\n", "[simulated]\nsounds = { missing = ['press-1'] }\n")

    assert main(["run", "campaign.toml", "--out", "told"]) == 2
    told = capsys.readouterr().err
    assert "the telephony lacks sounds of this campaign:\n  press-1: " in told
    assert "--yes runs the campaign all the same" in told
    assert not (here / "told").exists()

    assert main(["run", "campaign.toml", "--out", "told", "--speed", "1000"]) == 2
    assert main(["run", "campaign.toml", "--out", "told", "--yes"]) == 1
    assert "Fire drill: PAUSED by a missing sound after 0:" in capsys.readouterr().out
    summary = json.loads((here / "told/report.json").read_text())["summary"]
    assert summary["pause_reason"] == "SOUND_MISSING"


def test_run_may_start_at_once_whatever_its_file_says(here, capsys):
    """R4.2: immediately, in the place of a time."""
    change(here, "[simulated]\n", "[start]\nat = 2026-01-12T09:00:00Z\n\n[simulated]\n")

    assert main(["run", "campaign.toml", "--out", "told", "--now"]) == 0

    summary = json.loads((here / "told/report.json").read_text())["summary"]
    assert summary["started_at"] == "2026-01-12T08:00:00.000+00:00"

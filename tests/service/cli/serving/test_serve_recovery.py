"""The service killed and stopped in the middle of a campaign, with the PBX in another process."""

import json
import signal
import subprocess
import sys
from collections import Counter

import pytest
from tests.service.serving_process import ROOT, ServingProcess, environment

from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import Client, Connection

COUNT, LIMIT = 24, 4
CAMPAIGN = f"""
[campaign]
name = "Drill"
caller_number = "100"
sound = "drill"
recipients = "people.csv"
attempts_max = 3

[campaign.script]
confirm_answer = true

[campaign.call_limits]
total = {LIMIT}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{5_001 + index},internal\n" for index in range(COUNT))
    (tmp_path / "people.csv").write_text(f"number,line\n{rows}")
    (tmp_path / "drill.toml").write_text(CAMPAIGN)
    return tmp_path


@pytest.fixture
def pbx(here):
    """An emulated FreeSWITCH that keeps a record of its own; its URL is in a file."""
    command = [sys.executable, "-m", "tests.emulators.freeswitch", "--speed", "8"]
    with subprocess.Popen(
        [*command, "--record", here / "record", "--sound-ms", "1000"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        port = int(process.stdout.readline())
        url = f"freeswitch://:throwaway1@127.0.0.1:{port}/?internal=user/{{number}}"
        (here / "driver").write_text(f"{url}&sound_path=/snd/{{sound}}\n")
        yield
        process.kill()


def record(here, what):
    lines = [json.loads(line) for line in (here / "record").read_text().splitlines()]
    # Sounds are looked for on a call to nobody.
    return [line for line in lines if line["what"] == what and "-probe-" not in line["id"]]


def start(here, process):
    (here / "token").write_text(process.token())
    where = ["--url", process.url, "--token-file", "token"]
    assert main(["start", "drill.toml", *where]) == 0


def client(here, process):
    return Client(Connection(url=process.url, token=(here / "token").read_text()))


def follow_until(here, process, ends, after=0):
    """Follow the events until one is the last that is wanted; the number of that one."""
    with client(here, process) as watching:
        for entry in watching.follow(after=after):
            if ends(entry):
                return entry.seq
    raise AssertionError


def check_that_all_went_right(here, process):
    with client(here, process) as watching:
        row = watching.campaign(1)
        rows = list(watching.recipients(1))
        outcomes = Counter(
            str(entry.event["outcome"]) for entry in watching.log(1) if entry.kind == "CallEnded"
        )
    calls = record(here, "call")
    assert (row.status, row.contacted, row.failed) == ("COMPLETED", COUNT, 0)
    assert max(call["up"]["total"] for call in calls) <= LIMIT
    # The PBX itself is the witness: no call twice, and nobody called more often than was counted.
    assert max(Counter(call["id"] for call in calls).values()) == 1
    attempts = Counter({row.number: row.attempts for row in rows})
    assert Counter(call["number"] for call in calls) <= attempts
    assert set(outcomes) <= {"REACHED", "LOST"}


def test_killed_service_goes_on_and_finishes_the_campaign_right(here, pbx):
    """Done when: killed and restarted in the middle of a campaign, it finishes it right."""
    with ServingProcess(here, "--driver-file", "driver") as process:
        start(here, process)
        ends = iter(range(4, -1, -1))
        follow_until(here, process, lambda entry: entry.kind == "CallEnded" and not next(ends))
        assert process.stop(signal.SIGKILL) == -signal.SIGKILL

    with ServingProcess(here, "--driver-file", "driver") as process:
        follow_until(here, process, lambda entry: entry.kind == "CampaignEnded")
        check_that_all_went_right(here, process)
        assert process.stop() == ExitStatus.COMPLETED


def test_stopped_service_lets_calls_end_and_goes_on_later(here, pbx):
    """Graceful stop: no new calls; calls in progress end."""
    with ServingProcess(here, "--driver-file", "driver") as process:
        start(here, process)
        answered = follow_until(here, process, lambda entry: entry.kind == "CallAnswered")
        assert process.stop() == ExitStatus.COMPLETED
        assert "are left" not in process.text
        assert len(record(here, "end")) == len(record(here, "call")) < COUNT

    with ServingProcess(here, "--driver-file", "driver") as process:
        follow_until(here, process, lambda entry: entry.kind == "CampaignEnded", after=answered)
        check_that_all_went_right(here, process)
        assert process.stop() == ExitStatus.COMPLETED

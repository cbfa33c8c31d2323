"""``campaign doctor``: what a telephony lacks, on the emulated FreeSWITCH and on none at all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from campaign_drivers import Finding, Severity
from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus

ROOT = Path(__file__).parents[3]


@pytest.fixture
def doctor(capsys):
    def doctor(*arguments):
        status = main(["doctor", *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    return doctor


@pytest.fixture
def port():
    """An emulated FreeSWITCH in a process of its own."""
    command = [sys.executable, "-m", "tests.emulators.freeswitch", "--speed", "20"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        said = server.stdout.readline()
        yield int(re.search(r"(\d+)\s*$", said)[1])
        server.terminate()


def test_doctor_names_what_it_looked_at(doctor, port):
    """Issue: connects, checks, and says in plain words what is missing."""
    status, told = doctor(f"freeswitch://:throwaway1@127.0.0.1:{port}/")

    assert status in (ExitStatus.COMPLETED, ExitStatus.INCOMPLETE)
    assert re.search(r"^fine  ", told, re.MULTILINE), told


def test_doctor_says_that_the_password_is_refused(doctor, port):
    """A refused log-in ends with a clear finding, and the secret is not shown."""
    status, told = doctor(f"freeswitch://:not-the-secret@127.0.0.1:{port}/")

    assert status == ExitStatus.INCOMPLETE
    assert "WRONG" in told
    assert "not-the-secret" not in told


def test_doctor_says_that_nobody_listens(doctor):
    """A telephony that is not there is a finding with advice, no traceback."""
    status, told = doctor("asterisk://campaign:secret@127.0.0.1:1/")

    assert status == ExitStatus.INCOMPLETE
    assert "WRONG connection" in told
    assert "manager.conf" in told


@pytest.mark.parametrize("url", ["simulated", "sip://host/"])
def test_doctor_names_the_telephonies_it_knows(doctor, url):
    """Wrong input gets an error that names the field, the value and what is allowed."""
    status, told = doctor(url)

    assert status == ExitStatus.BAD_INPUT
    assert "asterisk" in told
    assert "freeswitch" in told


def test_doctor_looks_for_all_that_a_campaign_plays(doctor, monkeypatch):
    """Its sound, its prompts, and the general ones, beside those that are named."""
    asked = []

    async def examine(_url, *, service_id, sounds, number):
        asked.append(sounds)
        return ()

    monkeypatch.setattr("campaign_service.cli.doctor.examine", examine)
    file = ROOT / "examples/school-closing/campaign.toml"
    doctor("asterisk://u:s@127.0.0.1/", "--campaign", str(file), "--sound", "chime")

    assert asked == [{"school/closed-tomorrow", "press-1", "press-9", "chime"}]


def test_doctor_advises_the_same_once(doctor, monkeypatch):
    """What two findings are cured by is written once."""

    async def examine(_url, *, service_id, sounds, number):
        return tuple(
            Finding(what=what, severity=Severity.WRONG, says="sick", advice="take it")
            for what in ("head", "foot")
        )

    monkeypatch.setattr("campaign_service.cli.doctor.examine", examine)
    _, told = doctor("asterisk://u:s@127.0.0.1/")

    assert told.count("take it") == 1
    assert "As above, for head." in told

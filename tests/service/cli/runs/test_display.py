"""How a run is shown while it goes on."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from campaign_core import (
    CallLimits,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    Settings,
    calls,
    handle,
    open_service,
)
from campaign_core.commands import AddModel, PauseCampaign, StartCampaign
from campaign_core.reports import EndReport
from campaign_service.cli.runs.display import LogDisplay, _view, duration_text, progress_of
from campaign_service.report import StatusPanel

NOON = Instant(1_768_219_200_000)
LIMITS = CallLimits(total=25, internal=20)


@pytest.fixture
def halfway():
    """Twenty of forty were busy for good within a minute; twenty are in a call."""
    panel = StatusPanel(1)
    model = CampaignModel(
        name="Fire drill",
        caller_number="100",
        sound="drill",
        attempts_max=1,
        call_limits=LIMITS,
        recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(40)],
    )
    opened = open_service("00000001", Settings(), NOON)
    panel.take(opened.events)
    state = opened.state
    for command in (AddModel(model=model), StartCampaign(model_id=1)):
        transition = handle(state, command, NOON)
        panel.take(transition.events)
        state = transition.state
    for call in calls(state):
        busy = EndReport(call_id=call.placement.call_id, unanswered_as=Outcome.BUSY)
        transition = handle(state, busy, Instant(NOON + 60_000))
        panel.take(transition.events)
        state = transition.state
    return state, panel


def test_progress_counts_and_guesses(halfway):
    state, panel = halfway
    progress = progress_of(state, panel, Instant(NOON + 60_000))

    assert (progress.found.failed, progress.found.internal_calls) == (20, 20)
    assert (progress.attempts, progress.settled) == (40, 20)
    # The first twenty were placed a minute ago: the window is half open.
    assert progress.placed_per_min == 20
    # Half of them took a minute.
    assert progress.left_s == 60


def test_nothing_is_guessed_while_nobody_is_called(halfway):
    state, panel = halfway
    paused = handle(state, PauseCampaign(campaign_id=1), Instant(NOON + 60_000))

    assert progress_of(paused.state, panel, Instant(NOON + 60_000)).left_s is None


def test_log_is_a_line(halfway, capsys):
    state, panel = halfway
    display = LogDisplay(ZoneInfo("Europe/Rome"))
    assert not display.is_due()
    display.show(progress_of(state, panel, Instant(NOON + 60_000)))

    assert capsys.readouterr().out == (
        "2026-01-12 13:01:00 active: 0 of 40 reached, 20 failed, in progress 20 internal and"
        " 0 external, 40 attempts, 20 a minute, about 0:01:00 left\n"
    )


def test_view_shows_calls_against_their_limits(halfway):
    state, panel = halfway
    progress = progress_of(state, panel, Instant(NOON + 60_000))
    console = Console(file=io.StringIO(), width=100)
    console.print(_view(progress, LIMITS, ZoneInfo("Europe/Rome")))
    lines = console.file.getvalue().splitlines()

    assert lines[0] == "Fire drill  ACTIVE  2026-01-12 13:01:00"
    assert [" ".join(line.split()) for line in lines[2:6]] == [
        "reached 0 of 40 failed 20",
        "internal calls 20 of 20 external calls 0",
        "attempts 40 calls a minute 20",
        "time left about 0:01:00",
    ]


def test_duration_is_in_hours_minutes_and_seconds():
    assert duration_text(3_725) == "1:02:05"


def test_terminal_shows_the_view_and_then_how_it_ended(tmp_path):
    (tmp_path / "recipients.csv").write_text("number\n201\n202\n")
    (tmp_path / "campaign.toml").write_text(
        '[campaign]\nname = "Drill"\ncaller_number = "1"\nsound = "s"\n'
        'recipients = "recipients.csv"\nattempts_max = 1\n'
        "[simulated]\nrates = { answered = 1.0 }\npeople = { follows_prompts = 1 }\n"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from campaign_service.cli import main; sys.exit(main())",
            "run",
            "campaign.toml",
            "--speed",
            "30",
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[4] / "src"),
            "TERM": "xterm",
            "COLUMNS": "100",
        },
        stdout=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4_096)
        except OSError:  # The other end is closed.
            break
        if not part:
            break
        shown += part
    os.close(ours)

    assert process.wait(timeout=30) == 0
    view, _, ended = shown.decode().partition("Drill: COMPLETED")
    assert "calls a minute" in view
    assert "2 of 2 recipients" in ended


def test_command_without_its_extra_says_what_to_install():
    code = "import sys; sys.modules['click'] = None; from campaign_service.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4] / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stderr == (
        "campaign: click is not installed; try: pip install 'call-campaign[service]'\n"
    )

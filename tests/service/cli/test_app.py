"""The command line as a whole: how it ends where nobody reads on."""

import os
import subprocess
import sys

import pytest
from tests.service.serving_process import COMMAND, environment

from campaign_core import Instant, Settings, open_service
from campaign_service.journal import JsonLinesJournal


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["verify", "run.jsonl"]])
def test_reader_who_has_had_enough_is_no_failure(tmp_path, arguments):
    """As in `campaign log 1 | head -1`, with a pipe of the system."""
    journal = JsonLinesJournal.create(tmp_path / "run.jsonl")
    opened = open_service("a1b2c3d4", Settings(), Instant(1_795_000_000_000))
    journal.append(opened.events, expected=0)
    journal.close()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")

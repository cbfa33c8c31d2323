"""``campaign run … --driver asterisk://…``: the report is exactly what the callees did."""

import csv
import os
import subprocess
import sys

import pytest

from .servers import SECRET

PROGRAM = "import sys; from campaign_service.cli import main; sys.exit(main())"

CAMPAIGN = """
[campaign]
name = "School closing"
caller_number = "100"
sound = "message"
recipients = "recipients.csv"
attempts_max = 2
ring_timeout_s = 5

[campaign.script]
confirm_answer = true
confirm_listening = true
digit_timeout_s = 4
answer_prompts_max = 2
message_plays_max = 2

[settings]
answer_prompt = "prompt"
"""

# Number, line, outcomes of its attempts. The prompt lasts 1 s, the message 1.5 s.
CALLEES = [
    ("8*5*1*35*9", "external", ["REACHED"]),
    ("90*1*5*1*35*9", "external", ["BUSY", "REACHED"]),
    ("603", "external", ["BUSY", "BUSY"]),
    ("601", "external", ["NO_ANSWER", "NO_ANSWER"]),
    ("8*5*1*6*99", "external", ["HUNG_UP", "HUNG_UP"]),
    ("8*5*5*9*1*35*9", "external", ["REACHED"]),
    ("8*5*2", "external", ["NOT_CONFIRMED", "NOT_CONFIRMED"]),
    ("8*5*1*35*9", "internal", ["REACHED"]),
]


def run(folder, url, *arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, "CAMPAIGN_DRIVER": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_report_is_what_the_callees_did(pbx, tmp_path):
    pytest.importorskip("click")
    rows = "".join(f"{number},{line}\n" for number, line, _ in CALLEES)
    (tmp_path / "recipients.csv").write_text(f"number,line\n{rows}")
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    url = (
        f"asterisk://campaign:{SECRET}@127.0.0.1:{pbx.ami}/?internal=Local/{{number}}@callees/n"
        f"&external=PJSIP/{{number}}@peer&sound_path={pbx.sound_path}"
    )

    done = run(tmp_path, url, "run", "campaign.toml", "--out", "report")

    assert SECRET not in done.stdout + done.stderr
    assert (tmp_path / "report").is_dir(), done.stderr
    with (tmp_path / "report" / "attempts.csv").open(newline="") as attempts:
        found = {}
        for row in csv.DictReader(attempts):
            key = row["number"], row["line"].lower()
            found.setdefault(key, []).append(row["outcome"])
    assert found == {(number, line): outcomes for number, line, outcomes in CALLEES}, done.stderr

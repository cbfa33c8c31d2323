"""The school's example against a freshly installed Asterisk, by docs/asterisk.md alone."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.serving_process import COMMAND

from . import servers

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/asterisk.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples/school-closing"
CALLED = 12
"""Of the 300: those at the top of the list, inside and outside."""


def block(heading, kind):
    """The first block of a kind under a heading of the page."""
    section = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    return re.search(rf"```{kind}\n(.*?)```", section, re.DOTALL)[1]


class FreshServer(servers.Server):
    """As Debian's package leaves it, with what the page says pasted into two files."""

    def write_configuration(self):
        etc = self.folder / "etc"
        shutil.copytree(self.root / "etc/asterisk", etc, dirs_exist_ok=True)
        ours = (servers.HERE / "etc/asterisk.conf").read_text()
        values = {"BASE": self.inside, "MODULES": self._modules, "EXTRA_OPTIONS": ""}
        (etc / "asterisk.conf").write_text(servers._AtTemplate(ours).substitute(values))
        manager = block("1. The manager's user", "ini")
        (etc / "manager.conf").write_text(manager.replace("port = 5038", f"port = {self.ami}"))
        with (etc / "extensions.conf").open("a") as dialplan:
            dialplan.write("\n" + block("2. Five lines of dialplan", "ini"))
            dialplan.write("\n" + block("7. A first campaign", "ini"))


@pytest.fixture
def fresh(version):
    server = FreshServer(servers.RELEASES[version])
    with servers.running(server):
        yield server


def test_schools_example_runs_as_the_page_says(fresh, tmp_path):
    """Issue: `campaign run` of the school's example works by docs/asterisk.md alone."""
    school = tmp_path / "examples/school-closing"
    shutil.copytree(EXAMPLE, school)
    shorten(school)
    played = fresh.folder / "played"
    commands = block("7. A first campaign", "sh").splitlines()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"}

    for line in commands:
        words = [
            word.replace("5038", str(fresh.ami))
            .replace("sound_path=/srv/campaign", f"sound_path={fresh.inside}/played")
            .replace("/srv/campaign", str(played))
            for word in shlex.split(line)
        ]
        if words[0] == "campaign":
            words = [sys.executable, "-c", COMMAND, *words[1:]]
        if "run" in words:
            words += ["--out", "out"]
        done = subprocess.run(
            words,
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    report = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    summary = report["summary"]
    assert (summary["status"], summary["reached"]) == ("COMPLETED", CALLED)
    assert summary["outcomes"] == {"REACHED": CALLED}
    with (tmp_path / "out/attempts.csv").open(encoding="utf-8", newline="") as file:
        attempts = list(csv.DictReader(file))
    assert {(row["digits"], row["messages_played"]) for row in attempts} == {("19", "1")}


def shorten(school):
    """Leave a dozen of the 300, whom it reaches at any hour of any day."""
    people = (school / "recipients.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (school / "recipients.csv").write_text("".join(people[: CALLED + 1]), encoding="utf-8")
    text = (school / "campaign.toml").read_text(encoding="utf-8")
    text = text.replace("threshold = 285\n", "")
    text = re.sub(r"\[\[campaign.calling_hours\]\]\n(?:\w.*\n)*", "", text)
    (school / "campaign.toml").write_text(text, encoding="utf-8")

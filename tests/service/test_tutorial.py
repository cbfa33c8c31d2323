"""What the tutorial shows is run, and comes out as shown; the reference lists all there is."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from campaign_core import CallScript, CampaignModel, Settings
from campaign_drivers.simulated import Faults, Network, Rates, Sounds
from campaign_service.config.simulated_table import KINDS

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs/campaign-file.md").read_text(encoding="utf-8")
COMMAND = "import sys; from campaign_service.cli import main; sys.exit(main())"


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)


def fits(shown, told):
    """Whether a text is as shown, where ``...`` stands for anything."""
    parts = [re.escape(part) for part in shown.split("...")]
    return re.fullmatch(".*".join(parts), told, re.DOTALL) is not None


def test_tutorial_comes_out_as_shown(tmp_path):
    (toml,), (csv,) = blocks("toml"), blocks("text")
    (tmp_path / "drill.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "people.csv").write_text(csv, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for block in blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, shown = step.partition("\n")
            words = shlex.split(typed)
            if words[0] == "campaign":
                words[:1] = [sys.executable, "-c", COMMAND]
            told = subprocess.run(
                words,
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            ).stdout

            assert fits(shown, told), f"$ {typed}\n{told}"


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        (CampaignModel, {"enabled"}),
        (CallScript, set()),
        (Settings, set()),
        (Network, {"population"}),
        (Rates, set()),
        (Sounds, {"_ms"}),
        (Faults, {"spoiled"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_reference_names_every_key(kind, left_out):
    names = {field.name for field in attrs.fields(kind)} - left_out

    assert {name for name in names if not re.search(rf"\b{name}\b", REFERENCE)} == set()


def test_reference_names_every_kind_of_callee():
    assert [kind for kind in KINDS if f"`{kind}`" not in REFERENCE] == []

"""Each program in `examples` runs, and prints what is stored beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))


def test_there_is_one_for_each_kind_of_user():
    assert [path.name for path in PROGRAMS] == [
        "01_embed_in_a_loop.py",
        "02_run_from_python.py",
        "03_property_based_simulation.py",
    ]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_prints_what_is_stored(program, tmp_path):
    ran = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == program.with_suffix(".out").read_text(encoding="utf-8")


def test_program_that_embeds_the_core_imports_nothing_else():
    text = PROGRAMS[0].read_text(encoding="utf-8")
    imported = {line.split()[1] for line in text.splitlines() if line.startswith("from ")}

    assert {name for name in imported if not name.startswith("campaign_core")} == {"heapq"}

"""README, changelog and licence say what is so."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


SHELL_BLOCK = re.compile(r"^```(?:sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_readme_has_exactly_two_commands():
    """One does the main job, the other passes the tests, each with all its own set-up."""
    blocks = re.findall(
        r"^```(?:sh|bash|console|shell)\n(.*?)^```", read("README.md"), re.MULTILINE | re.DOTALL
    )

    assert [block.strip() for block in blocks] == ["python3 dev.py example", "python3 dev.py test"]


def test_ci_runs_the_readme_s_test_command():
    assert "python3 dev.py test" in read(".ci/run")


def test_dev_script_lists_without_any_set_up_the_commands_that_the_docs_explain():
    listing = subprocess.run(
        [sys.executable, "-I", ROOT / "dev.py", "--help"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    listed = re.findall(r"^  (\w+) +\w", listing, re.MULTILINE)
    rows = re.findall(r"^\| (`.+?) \|", read("docs/testing.md"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert {"example", "test", "lint", "docs"} < set(listed)
    assert set(listed) - explained == set()


def test_links_of_the_readme_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", read("README.md"))

    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_changelog_has_a_place_for_what_is_new():
    assert read("CHANGELOG.md").count("## [Unreleased]\n") == 1


def test_licence_is_the_one_that_the_metadata_names():
    assert PROJECT["license"] == "MIT"
    assert read("LICENSE").startswith("MIT License\n")


def test_embedding_costs_two_dependencies():
    names = [re.split(r"[^A-Za-z0-9-]", line)[0] for line in PROJECT["dependencies"]]

    assert names == ["attrs", "typing-extensions"]

"""What docs/architecture.md tells of the parts is what is there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
CODE = re.compile(r"`([^`]+)`")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = PAGE.partition(f"{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None, heading
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def layers_of(package: str) -> list[set[str]]:
    """The layers of a package as its contract has them, the highest first."""
    (found,) = [
        one for one in CONTRACTS if one.get("containers") == [package] and one["exhaustive"]
    ]
    return [set(re.findall(r"\w+", layer)) for layer in found["layers"]]


def parts_of(package: str) -> set[str]:
    """The modules and folders of a package."""
    inside = (ROOT / "src" / package.replace(".", "/")).iterdir()
    names = {
        path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    return names - {"__init__"}


STAIRCASES = pytest.mark.parametrize(
    ("heading", "package"),
    [
        ("## The service's staircase", "campaign_service"),
        ("### Inside the API", "campaign_service.api"),
    ],
)


@STAIRCASES
def test_table_of_a_staircase_names_each_part_once(heading, package):
    named = [CODE.fullmatch(part)[1] for _, part, _ in rows(heading)]

    assert sorted(named) == sorted(parts_of(package))


@STAIRCASES
def test_steps_of_a_staircase_are_the_layers_of_its_contract(heading, package):
    steps: dict[str, set[str]] = {}
    for step, part, _ in rows(heading):
        steps.setdefault(step, set()).add(part.strip("`"))

    assert list(steps.values()) == layers_of(package)
    assert list(steps) == [str(number) for number in reversed(range(len(steps)))]


def test_rows_of_the_core_are_the_layers_of_its_contract():
    named = [set(CODE.findall(layer)) for layer, _ in rows("## The core's staircase")]

    assert named == layers_of("campaign_core")

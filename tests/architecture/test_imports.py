"""No import goes round: whoever reads a module finds what it stands on by going down alone."""

import ast
import html
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
DIAGRAMS = ROOT / "docs/diagrams"


def modules() -> dict[str, Path | str]:
    found = {}
    for path in SRC.rglob("*.py"):
        parts = path.relative_to(SRC).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree: ast.Module) -> set[str]:
    """Every name that a module imports, wherever in it: within a function too."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0, names=aliases):
                names |= {f"{module}.{alias.name}" for alias in aliases}
            case ast.ImportFrom():
                raise AssertionError("an import that does not say from where")
    return names


def loaded(module: str, names: set[str], known: dict[str, Path | str]) -> set[str]:
    """The modules that an import loads, with the packages on the way to them but for its own."""
    found = set()
    for name in names:
        parts = name.split(".")
        ways = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
        *packages, target = [way for way in ways if way in known] or [""]
        found |= {one for one in packages if not f"{module}.".startswith(f"{one}.")} | {target}
    return found & known.keys()


def parts_and_arrows(package: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The modules and folders right under a package, and which of them imports which."""
    known = modules()
    depth = package.count(".") + 1
    inside = {module for module in known if module.startswith(f"{package}.")}
    part = {module: module.split(".")[depth] for module in inside}
    arrows = {
        (part[module], part[target])
        for module in inside
        for target in loaded(module, imported(ast.parse(known[module].read_text())), known) & inside
    }
    return set(part.values()), {(one, other) for one, other in arrows if one != other}


@pytest.mark.parametrize(
    "package", ["campaign_core", "campaign_drivers", "campaign_service", "campaign_service.api"]
)
def test_diagram_shows_the_parts_and_their_imports(package):
    """`python3 dev.py diagram` draws them anew."""
    svg = (DIAGRAMS / f"{package}.svg").read_text(encoding="utf-8")
    titles = [html.unescape(title) for title in re.findall(r"<title>(.*?)</title>", svg)]
    boxes = {title[1:] for title in titles if title.startswith(".") and "->" not in title}
    arrows = {tuple(end[1:] for end in title.split("->")) for title in titles if "->" in title}

    assert (boxes, arrows) == parts_and_arrows(package)


def circle(sources: dict[str, Path | str]) -> list[str]:
    """Modules of which each imports the one before it, the first the last; none: no circle."""
    graph = {}
    for module, source in sources.items():
        text = source if isinstance(source, str) else source.read_text(encoding="utf-8")
        graph[module] = loaded(module, imported(ast.parse(text)), sources)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_import_goes_round():
    assert circle(modules()) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("import package.other", "import package.one"),
        ("from package import other", "def load():\n    from package.one import thing"),
        ("from package.other import thing", "from package import whatever_one_has"),
    ],
)
def test_circle_is_found_also_in_a_function_and_through_a_package(one, other):
    face = "from package.one import whatever_one_has"

    assert circle({"package": face, "package.one": one, "package.other": other}) != []


def test_package_of_its_own_is_no_circle():
    assert circle({"package": "from package.one import thing", "package.one": "import os"}) == []

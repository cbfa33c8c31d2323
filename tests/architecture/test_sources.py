"""What holds for every file of the sources, read as text."""

import ast
import re
import sys
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
LINES_MAX = 400
FUNCTION_MAX = 60
IMPURE_FUNCTIONS = {"breakpoint", "input", "open", "print"}
IMPURE_METHODS = {"now", "today", "utcnow"}
OPEN_WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

EMBEDDED = {"attr", "attrs", "typing_extensions", "campaign_core"}

# Beside the standard library. The two public test kits may use what tests use.
ALLOWED = {
    "campaign_core": EMBEDDED,
    "campaign_core/testing": EMBEDDED | {"hypothesis"},
    "campaign_drivers": EMBEDDED | {"campaign_drivers"},
    "campaign_drivers/conformance": EMBEDDED | {"campaign_drivers", "hypothesis", "pytest"},
}

SOURCES = {
    path.relative_to(SRC).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(SRC.rglob("*.py"))
}


def test_modules_stay_short():
    """A longer one holds two things, and each deserves a name."""
    lines = {path: text.count("\n") for path, text in SOURCES.items()}

    assert {path: count for path, count in lines.items() if count > LINES_MAX} == {}


def test_functions_fit_on_a_screen():
    """A longer one does several things; one that only lists what there is counts too."""
    lengths = {
        f"{path}: {node.name}": node.end_lineno - node.lineno + 1
        for path, text in SOURCES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_MAX} == {}


def test_nothing_is_left_open():
    """What is still to do is an issue, not a comment."""
    assert {path for path, text in SOURCES.items() if OPEN_WORDS.search(text)} == set()


def test_core_and_drivers_import_only_what_they_declare():
    """Whoever embeds them gets attrs and typing-extensions, and no more, wherever the import."""
    foreign = {
        path: imported(text) - sys.stdlib_module_names - allowed(path)
        for path, text in SOURCES.items()
        if not path.startswith("campaign_service/")
    }

    assert {path: names for path, names in foreign.items() if names} == {}


def test_core_asks_nobody_for_the_time_nor_for_a_file():
    """What import-linter cannot see: the calls that need no import of their own."""
    calls = {
        path: impure_calls(text)
        for path, text in SOURCES.items()
        if path.startswith("campaign_core/")
    }

    assert {path: names for path, names in calls.items() if names} == {}


def impure_calls(text: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_FUNCTIONS:
                names.add(name)
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                names.add(name)
    return names


def allowed(path: str) -> set[str]:
    home = max((home for home in ALLOWED if path.startswith(f"{home}/")), key=len)
    return ALLOWED[home]


def imported(text: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.split(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.split(".")[0])
    return names

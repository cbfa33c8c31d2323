"""Each package is typed, and what its face shows exists and is explained."""

import ast
import importlib
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"

each_package = pytest.mark.parametrize(
    "package", ["campaign_core", "campaign_drivers", "campaign_service"]
)


def face(package: str) -> list[str]:
    return list(getattr(importlib.import_module(package), "__all__", []))


@each_package
def test_package_is_marked_as_typed(package):
    assert (SRC / package / "py.typed").is_file()


@each_package
def test_face_names_nothing_twice(package):
    assert sorted(set(face(package))) == sorted(face(package))


@each_package
def test_names_of_the_face_exist(package):
    module = importlib.import_module(package)

    assert [name for name in face(package) if not hasattr(module, name)] == []


@each_package
def test_names_of_the_face_are_explained(package):
    explained = explained_names(package) | explained_names("campaign_core")

    assert [name for name in face(package) if name not in explained] == []


def explained_names(package: str) -> set[str]:
    """Modules and top-level names that carry a docstring or a string right under them.

    Read from the sources, since an alias or a constant in memory shows its type's docstring.
    """
    names = set()
    for path in (SRC / package).rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if ast.get_docstring(module):
            names.add(path.parent.name if path.stem == "__init__" else path.stem)
        for statement, following in zip(module.body, [*module.body[1:], None], strict=True):
            match statement:
                case ast.ClassDef(name=name) if ast.get_docstring(statement):
                    names.add(name)
                case ast.FunctionDef(name=name) if ast.get_docstring(statement):
                    names.add(name)
                case ast.AsyncFunctionDef(name=name) if ast.get_docstring(statement):
                    names.add(name)
                case ast.Assign(targets=[ast.Name(id=name)]) if is_string(following):
                    names.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)) if is_string(following):
                    names.add(name)
    return names


def is_string(statement: ast.stmt | None) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


@each_package
def test_package_tells_its_release(package):
    """A host says which release it embeds, and so does whoever reports a fault."""
    module = importlib.import_module(package)

    assert module.__version__ == metadata.version("call-campaign")


def test_test_kit_says_what_it_needs_where_hypothesis_is_missing():
    """The extra `testing` brings Hypothesis, and nothing else does."""
    without = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import campaign_core.testing\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, check=True
    )

    assert done.stdout == (
        "campaign_core.testing needs Hypothesis: pip install 'call-campaign[testing]'\n"
    )

#!/usr/bin/env python3
"""Whatever is run on this project, each command with all of its own set-up.

    python3 dev.py COMMAND [ARGUMENT ...]

Needs nothing but a Python of 3.11 or newer: the standard library makes a virtual environment
beside this file (`.venv`), and keeps it in step with `pyproject.toml`. Where the system's Python
comes without the means to make one, root has it installed, and anyone else is told what to install.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent
EXAMPLE = "examples/school-closing/campaign.toml"
LOCKED = ROOT / "packaging" / "requirements.txt"
TEST_REPORTS = ROOT / "build" / "tests"

OLDEST = (3, 11)
VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")

# What must hold on every version: the two packages that others embed. The service runs on one.
EMBEDDED_SUITES = (
    "tests/core",
    "tests/laws",
    "tests/wire",
    "tests/drivers",
    "src/campaign_core",
    "src/campaign_drivers",
)

# Extras of pyproject.toml: what the service runs with, and what its tests need beside.
SERVICE = ("service", "postgresql")
TESTS = ("test", "test-service")
DRAWN = ("campaign_core", "campaign_drivers", "campaign_service", "campaign_service.api")


class CannotGoOnError(Exception):
    """Something outside of this project is missing; the text says what to do about it."""


# ---------------------------------------------------------------------------------- commands


def example(arguments: Sequence[str]) -> int:
    """Run the example campaign on the simulated driver, to its report."""
    python = environment({"service"})
    return run(beside(python, "campaign"), "run", EXAMPLE, *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run all tests, then those of core and drivers on each other Python that is here.

    With arguments: hands them to pytest, on this Python alone.
    """
    python = environment({*SERVICE, *TESTS})
    if arguments:
        return run(python, "-m", "pytest", *arguments)

    shutil.rmtree(TEST_REPORTS, ignore_errors=True)
    failed = []
    mine = "{}.{}".format(*sys.version_info)
    if run_suites(python, mine, ()):
        failed.append(mine)

    tested, missing = [mine], []
    suites = [path for path in EMBEDDED_SUITES if (ROOT / path).is_dir()]
    for version in VERSIONS:
        if version == mine:
            continue
        other = interpreter(version)
        if other is None:
            missing.append(version)
            continue
        python = environment({"test"}, other, ROOT / f".venv-{version}")
        tested.append(version)
        if run_suites(python, version, suites):
            failed.append(version)

    say(f"tested on Python {', '.join(tested)}")
    for version in missing:
        say(f"not tested on Python {version}: no python{version} with its venv module found here")
    if failed:
        say(f"FAILED on Python {', '.join(failed)}")
    return 1 if failed else 0


def coverage(arguments: Sequence[str]) -> int:
    """Run all tests with branch coverage, and list what no test reaches."""
    python = environment({*SERVICE, *TESTS})
    return run(python, "-m", "pytest", *IN_PARALLEL, "--cov", *(arguments or ["tests"]))


def lint(arguments: Sequence[str]) -> int:
    """Run the linter, the formatter's check, the type checkers and the layers' contracts.

    With arguments, only those named: `ruff`, `format`, `mypy`, `layers`, `core-types` and
    `driver-types`: whether every public name of a package has a type that any checker knows.
    """
    checks = {
        "ruff": ("ruff", "check"),
        "format": ("ruff", "format", "--check"),
        "mypy": ("mypy", "--strict"),
        "layers": ("lint-imports", "--no-logo"),
        "core-types": ("pyright", "--ignoreexternal", "--verifytypes", "campaign_core"),
        "driver-types": ("pyright", "--ignoreexternal", "--verifytypes", "campaign_drivers"),
    }
    unknown = set(arguments) - set(checks)
    if unknown:
        message = f"no check called {', '.join(unknown)}; there are {', '.join(checks)}"
        raise CannotGoOnError(message)
    python = environment({*SERVICE, *TESTS, "dev"})
    # pyright verifies what the first Python on the path imports.
    os.environ["PATH"] = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    failed = 0
    for name in arguments or checks:
        command, *options = checks[name]
        say(" ".join([command, *options]))
        failed += bool(run(beside(python, command), *options))
    return min(failed, 1)


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation into build/docs; a reference that leads nowhere is an error."""
    python = environment({"docs"})
    options = ["-n", "-W", "--keep-going", "-q", "-b", "html", *arguments]
    status = run(python, "-m", "sphinx", *options, "docs", "build/docs")
    if status == 0:
        say("the documentation is at build/docs/index.html")
    return status


def diagram(_arguments: Sequence[str]) -> int:
    """Draw which part imports which, into docs/diagrams; needs Graphviz."""
    if shutil.which("dot") is None:
        message = "no program dot: install Graphviz (Debian's package is called graphviz)"
        raise CannotGoOnError(message)
    python = environment({*SERVICE, "dev"})
    folder = ROOT / "docs" / "diagrams"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for package in DRAWN:
        command = (beside(python, "import-linter"), "drawgraph", package)
        graph = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        drawn = subprocess.run(("dot", "-Tsvg"), input=graph, check=True, capture_output=True)
        (folder / f"{package}.svg").write_bytes(drawn.stdout)
    return 0


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks."""
    python = environment({*SERVICE, *TESTS})
    return run(python, "-m", "benchmarks", *arguments)


def mutation(arguments: Sequence[str]) -> int:
    """Change the code in small ways, and list the changes that no test notices."""
    python = environment({*SERVICE, *TESTS, "mutation"})
    run(beside(python, "mutmut"), "run", *arguments)
    return run(beside(python, "mutmut"), "results")


def build(_arguments: Sequence[str]) -> int:
    """Build the wheel and the source distribution into dist."""
    python = environment({"dev"})
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    return run(python, "-m", "build", "--outdir", "dist")


def smoke(_arguments: Sequence[str]) -> int:
    """Install the built wheel, without extras, where nothing else is, and import it."""
    wheels = list((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        message = "dist does not hold exactly one wheel; run: python3 dev.py build"
        raise CannotGoOnError(message)
    folder = ROOT / "build" / "smoke"
    shutil.rmtree(folder, ignore_errors=True)
    python = make_environment(sys.executable, folder)
    return (
        run(python, "-m", "pip", "install", "-qq", wheels[0])
        # Isolated, and away from the sources, lest they be imported in the wheel's place.
        or run(python, "-I", str(ROOT / ".ci" / "smoke.py"), cwd=folder)
    )


def lock(_arguments: Sequence[str]) -> int:
    """Note versions and hashes of what a service is installed with: packaging/requirements.txt."""
    folder = ROOT / "build" / "lock"
    shutil.rmtree(folder, ignore_errors=True)
    python = make_environment(sys.executable, folder)
    options = (
        "--quiet", "--upgrade", "--generate-hashes", "--strip-extras", "--allow-unsafe",
        "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host",
        "--extra", "service", "--extra", "postgresql",
    )  # fmt: skip
    return run(python, "-m", "pip", "install", "-qq", "pip-tools") or run(
        beside(python, "pip-compile"), *options, "--output-file", LOCKED, "pyproject.toml"
    )


COMMANDS: tuple[Callable[[Sequence[str]], int], ...] = (
    example,
    test,
    coverage,
    lint,
    docs,
    diagram,
    bench,
    mutation,
    build,
    smoke,
    lock,
)


def main(arguments: Sequence[str]) -> int:
    """Carry out one command; its exit status."""
    if sys.version_info < OLDEST:
        return start_again_on_newer(arguments)
    commands = {command.__name__: command for command in COMMANDS}
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        for name, command in commands.items():
            print(f"  {name:<10}{(command.__doc__ or '').splitlines()[0]}")
        return 0 if arguments and arguments[0] in {"-h", "--help", "help"} else 2
    try:
        return commands[arguments[0]](arguments[1:])
    except CannotGoOnError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130


# ------------------------------------------------------------------------------- running

# The examples of one document stay together: the later ones stand on the earlier.
IN_PARALLEL = ("-n", "auto", "--dist", "loadfile")


def run_suites(python: Path, version: str, suites: Sequence[str]) -> int:
    """Run these suites, or all, leaving a report of each test for who looks for skipped ones."""
    report = TEST_REPORTS / f"python-{version}.xml"
    say(f"tests on Python {version}")
    return run(python, "-m", "pytest", *IN_PARALLEL, f"--junit-xml={report}", *suites)


def run(*command: str | Path, cwd: Path = ROOT) -> int:
    """Run a command where its output is seen; its exit status."""
    return subprocess.run([str(word) for word in command], cwd=cwd, check=False).returncode


def say(text: str) -> None:
    """Print a line that stands out from the output of the tools."""
    print(f"── {text}", flush=True)


# -------------------------------------------------------------------- Pythons on this machine


class Interpreter(NamedTuple):
    """A Python that was seen to start."""

    executable: str
    version: str
    home: str
    has_venv: bool


# Asked of any Python, also one too old for this project.
_WHO_ARE_YOU = """
import importlib.util, json, sys
able = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(json.dumps([sys.executable, sys.version, sys.base_prefix, able]))
"""


def ask(executable: str | Path) -> Interpreter | None:
    """What this Python says of itself; `None` if it does not start."""
    try:
        answer = subprocess.run(
            [str(executable), "-I", "-c", _WHO_ARE_YOU],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        return Interpreter(*json.loads(answer.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def interpreter(version: str) -> Interpreter | None:
    """A Python of this version that can make virtual environments.

    A file of the right name proves nothing: version managers put stand-ins on the path that only
    complain. So each is started, and then the manager's own installations are looked through.
    """
    name = f"python{version}"
    candidates = [Path(folder) / name for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True)
    for candidate in candidates:
        found = ask(candidate) if candidate.is_file() else None
        if found and found.version.startswith(f"{version}.") and found.has_venv:
            return found
    return None


def start_again_on_newer(arguments: Sequence[str]) -> int:
    """Hand over to a newer Python; `python3` may be the system's old one."""
    for version in VERSIONS:
        newer = interpreter(version)
        if newer is not None:
            return run(newer.executable, __file__, *arguments)
    print(
        "dev.py: this needs Python 3.11 or newer; {} is {}.{}, and no newer one was found.".format(
            sys.executable, *sys.version_info
        ),
        file=sys.stderr,
    )
    return 3


def provide_venv() -> None:
    """See to it that this Python can make virtual environments; Debian packs that apart."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    package = "python{}.{}-venv".format(*sys.version_info)
    install = [["apt-get", "update"], ["apt-get", "install", "--yes", package]]
    if shutil.which("apt-get") is None:
        message = f"{sys.executable} lacks the modules venv and ensurepip. Install them first."
        raise CannotGoOnError(message)
    if os.geteuid() != 0:
        by_hand = " && ".join("sudo " + " ".join(command) for command in install)
        message = f"the package {package} is missing. Install it and try again:\n\n    {by_hand}\n"
        raise CannotGoOnError(message)
    say(f"installing {package}")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in install:
        if subprocess.run(
            [command[0], "-qq", *command[1:]], env=quietly, stdin=subprocess.DEVNULL, check=False
        ).returncode:
            message = f"failed: {' '.join(command)}"
            raise CannotGoOnError(message)


# ------------------------------------------------------------------------ virtual environments


def environment(
    extras: set[str], base: Interpreter | None = None, folder: Path = ROOT / ".venv"
) -> Path:
    """The Python of a virtual environment that has this project, editable, with these extras.

    Installs only when there is something new: another Python, a changed `pyproject.toml`, an extra
    not asked for before, or the checkout moved.
    """
    if base is None:
        provide_venv()
        base = Interpreter(sys.executable, sys.version, sys.base_prefix, has_venv=True)
    with one_at_a_time(folder):
        stamp = folder / "dev-stamp.json"
        made_from = [base.version, base.home, str(ROOT)]
        project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
        try:
            old = json.loads(stamp.read_text())
        except (OSError, ValueError):
            old = {}
        python = folder / "bin" / "python"
        if old.get("made_from") != made_from or ask(python) is None:
            python, old = make_environment(base.executable, folder), {}
        present = set(old.get("extras", ()))
        if old.get("project") != project or not extras <= present:
            stamp.unlink(missing_ok=True)
            present |= extras
            install(python, present)
            new = {"made_from": made_from, "project": project, "extras": sorted(present)}
            stamp.write_text(json.dumps(new))
        return python


def make_environment(executable: str, folder: Path) -> Path:
    """A new virtual environment, in the place of any old one; its Python."""
    say(f"making {folder.relative_to(ROOT)}")
    if run(executable, "-m", "venv", "--clear", folder):
        message = f"{executable} cannot make a virtual environment in {folder}"
        raise CannotGoOnError(message)
    return folder / "bin" / "python"


def install(python: Path, extras: set[str]) -> None:
    """Install this project as it lies here, with these extras."""
    what = f".[{','.join(sorted(extras))}]"
    say(f"installing {what} into {python.parents[1].name}")
    started = time.monotonic()
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "-qq")
    if run(*pip, "--editable", what):
        message = "pip could not install what the project needs; does it reach a package index?"
        raise CannotGoOnError(message)
    say(f"installed in {time.monotonic() - started:.0f} s")


def beside(python: Path, name: str) -> Path:
    """A program installed in the same environment as this Python."""
    return python.with_name(name)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep two commands started together from installing into the same environment."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

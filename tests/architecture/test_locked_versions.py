"""The versions with hashes that a service is installed from: in step with pyproject.toml."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKED = (ROOT / "packaging/requirements.txt").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\n]*?)? \\\n((?: +--hash=\S+(?: \\)?\n)+)", re.MULTILINE
)


def entries():
    return {
        canonicalize_name(name): (version, hashes)
        for name, version, hashes in ENTRY.findall(LOCKED)
    }


def test_every_requirement_of_a_service_is_there_in_a_version_that_it_takes():
    """`python3 dev.py lock` makes the file anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["service"], *extras["postgresql"]]
    found = entries()
    for requirement in map(Requirement, wanted):
        version, _ = found[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def test_every_version_has_hashes_and_nothing_else_is_in_the_file():
    found = entries()
    lines = [
        line
        for line in LOCKED.splitlines()
        if line and not line.lstrip().startswith(("#", "--hash"))
    ]
    assert len(lines) == len(found) > 10
    for _, hashes in found.values():
        assert re.fullmatch(r"(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", hashes)

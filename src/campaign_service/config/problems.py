"""What is wrong in the files that an operator wrote: file, line, field, value and rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path

import attrs
from typing_extensions import override

from campaign_core.errors import Problem, SettingsError

__all__ = [
    "InputError",
    "LocatedProblem",
    "collected",
    "raise_if_any",
    "refused_file",
    "unreadable",
]

_SHOWN_MAX = 80


@attrs.frozen(kw_only=True)
class LocatedProblem(Problem):
    """One thing in a file that cannot be taken, and why."""

    file: Path
    line: int | None
    """Counted from 1; ``None`` where something is missing or the file as a whole is meant."""

    @override
    def __str__(self) -> str:
        """Return the problem as one line for a person, in the form that editors can jump to."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        if not self.field:
            return f"{place}: {self.rule}"
        if self.value is None:
            return f"{place}: {self.field}: {self.rule}"
        return f"{place}: {self.field} = {_short(self.value)}: {self.rule}"


class InputError(SettingsError):
    """Files that an operator must mend; it names every bad value of them at once (R3.3)."""

    problems: tuple[LocatedProblem, ...]

    def __init__(self, problems: Iterable[LocatedProblem]) -> None:
        """Take the problems, of which there is at least one."""
        super().__init__(tuple(problems))


def refused_file(file: Path, rule: str, line: int | None = None) -> InputError:
    """Return the error for a file of which a line, or the whole of it, cannot be taken."""
    return InputError([LocatedProblem(file=file, line=line, field="", value=None, rule=rule)])


def unreadable(file: Path, error: OSError | ValueError) -> InputError:
    """Return the error for a file that cannot be read at all, or whose name is none of a file."""
    return refused_file(file, f"cannot be read: {getattr(error, 'strerror', None) or error}")


@contextmanager
def collected(problems: list[LocatedProblem]) -> Iterator[None]:
    """Put down what is wrong with a file, to be heard in the same breath as all else."""
    try:
        yield
    except InputError as error:
        problems.extend(error.problems)


def raise_if_any(problems: Sequence[LocatedProblem]) -> None:
    """Raise all problems as one error, if there are any."""
    if problems:
        raise InputError(problems)


def _short(value: object) -> str:
    text = _toml(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"


def _toml(value: object) -> str:
    """Return a value as it may stand in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        entries = ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items())
        return f"{{ {entries} }}" if entries else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)

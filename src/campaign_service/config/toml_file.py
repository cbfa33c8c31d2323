"""A TOML file: its data, and the line on which each of its values stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs

from campaign_service.config.problems import InputError, LocatedProblem, unreadable

__all__ = ["KeyPath", "TomlFile", "field_name", "read_toml"]

KeyPath = tuple[str | int, ...]
"""The keys that lead to a value, from the top; a whole number is a place in a list."""

_AT_LINE = re.compile(r"(?P<why>.*) \(at line (?P<line>\d+), column \d+\)", re.DOTALL)


@attrs.frozen(kw_only=True)
class TomlFile:
    """A TOML file that was read."""

    path: Path
    data: dict[str, object]
    _lines: tuple[str, ...] = attrs.field(repr=False)

    def line_of(self, keys: KeyPath) -> int | None:
        """Return the line on which the statement begins that first names these keys.

        ``tomllib`` keeps no lines, and a second parser beside it would one day disagree with it.
        So it is asked itself: of those beginnings of the file that are TOML, which is the first
        to hold the keys? Those that hold them all come after those that do not: a binary search.
        """
        if not _has_keys(self.data, keys):
            return None
        without, within = 0, len(self._lines)
        while (middle := self._valid_prefix(without, within)) is not None:
            length, data = middle
            if _has_keys(data, keys):
                within = length
            else:
                without = length
        return without + 1

    def _valid_prefix(self, least: int, most: int) -> tuple[int, dict[str, object]] | None:
        """Return a beginning that is TOML, near the middle of two lengths and between them."""
        middle = (least + most) // 2
        for length in (*range(middle, least, -1), *range(middle + 1, most)):
            try:
                return length, tomllib.loads("".join(self._lines[:length]))
            except tomllib.TOMLDecodeError:
                continue
        return None


def read_toml(path: Path) -> TomlFile:
    """Return a TOML file.

    Raises:
        InputError: it cannot be read, or is no TOML.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    text = ""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        return TomlFile(
            path=path, data=tomllib.loads(text), lines=tuple(text.splitlines(keepends=True))
        )
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _not_toml(path, line, "no UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.fullmatch(str(error))
        if found is None:
            raise _not_toml(path, raw.count(b"\n") + 1, str(error)) from None
        raise _not_toml(path, int(found["line"]), found["why"]) from None
    except (ValueError, RecursionError):
        # Python reads no number of thousands of digits, and nothing that is so deep.
        why = "a number of too many digits, or lists within lists without end"
        raise _not_toml(path, _longest_line(text), why) from None


def field_name(keys: KeyPath) -> str:
    """Return the keys as a person writes them: ``campaign.calling_hours[2].opens``."""
    name = ""
    for key in keys:
        name += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if name else key
    return name


def _longest_line(text: str) -> int:
    """Return the number of the longest line."""
    lines = text.split("\n")
    return lines.index(max(lines, key=len)) + 1


def _not_toml(path: Path, line: int, why: str) -> InputError:
    rule = f"not TOML: {why[:1].lower()}{why[1:]}"
    return InputError([LocatedProblem(file=path, line=line, field="", value=None, rule=rule)])


def _has_keys(data: object, keys: KeyPath) -> bool:
    for key in keys:
        match data, key:
            case list(), int() if key < len(data):
                data = data[key]
            case dict(), str() if key in data:
                data = data[key]
            case _:
                return False
    return True

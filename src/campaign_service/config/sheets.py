"""Tables as spreadsheets write them: bytes to rows of text, each with the line it begins on.

What a program may have chosen is found out: the encoding, what parts the cells, how lines end. A
file that is no text at all is refused with what to do about it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import attrs

from campaign_core.errors import PortableError
from campaign_service.config.problems import InputError, LocatedProblem, unreadable

__all__ = ["NO_TEXT", "NotCsvError", "Sheet", "read_sheet"]

NO_TEXT = re.compile("[\udc80-\udcff]")
"""A byte that is no text, as it is decoded."""

_SEP_LINE = re.compile(r'"?sep=([^"\r\n]?)"?[,;\t|]*(?:\r\n|[\r\n]|\Z)', re.IGNORECASE)
_HEADER = re.compile(r"(?:[ ,;\t|]*(?:\r\n|[\r\n]))*([^\r\n]*)")
"""The first row in which something stands."""
_DELIMITERS = (",", ";", "\t", "|")
_NO_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "workbook (.xlsx or .ods)"),
    (b"\xd0\xcf\x11\xe0", "workbook (.xls)"),
    (b"%PDF", "PDF"),
    (b"{\\rtf", "text document"),
    (b"\x1f\x8b", "compressed file"),
)


class NotCsvError(PortableError):
    """A row cannot be split into its fields."""

    def __init__(self, line: int, why: str) -> None:
        """Take the line on which the row begins."""
        super().__init__(why)
        self.line = line


@attrs.frozen(kw_only=True)
class Sheet:
    """A table of a file, as text."""

    text: str
    """Bytes that are no text stand in it as lone surrogates."""
    encoding: str
    """As a person calls it."""
    is_guessed: bool
    """Nothing in the file says its encoding, and UTF-8 it is not."""

    def rows(self, knows: Callable[[str], bool]) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows that are not blank, each with the line on which it begins.

        Args:
            knows: whether a cell is the name of a column; of the first row, what parts the cells
                is told by it.

        Raises:
            NotCsvError: a row cannot be split.
        """
        text, first, delimiter = self.text, 1, ""
        named = _SEP_LINE.match(text)
        if named:
            text, first, delimiter = text[named.end() :], 2, named[1]
        delimiter = delimiter or _delimiter_of(text, knows)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        line = first
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield line, row
                line = reader.line_num + first
        except csv.Error as error:
            raise NotCsvError(line, str(error)) from None


def read_sheet(path: Path) -> Sheet:
    """Return the table of a file.

    Raises:
        InputError: the file cannot be read, or is no text.
    """
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        # A name with a NUL in it is none of a file.
        raise unreadable(path, error) from None
    for beginning, kind in _NO_TABLES:
        if raw.startswith(beginning):
            rule = f"a {kind}, not CSV: save the list as CSV (UTF-8) and give that file"
            problem = LocatedProblem(file=path, line=None, field="", value=None, rule=rule)
            raise InputError([problem])
    return _decoded(raw)


def _decoded(raw: bytes) -> Sheet:
    # JSON and lists alike begin with plain letters: their bytes tell the encoding, marked or not.
    codec = json.detect_encoding(raw)
    # A byte that is no text is refused with its row, for the other rows to be looked at too.
    text = raw.decode(codec, errors="surrogateescape" if "8" in codec else "replace")
    if codec == "utf-8" and NO_TEXT.search(text) and NO_TEXT.sub("", text).isascii():
        with suppress(UnicodeDecodeError):
            text = raw.decode("cp1252")
            return Sheet(text=text, encoding="Windows-1252", is_guessed=True)
    family, bits, *rest = codec.upper().split("-")
    return Sheet(text=text, encoding=f"{family}-{bits}", is_guessed=rest in (["LE"], ["BE"]))


def _delimiter_of(text: str, knows: Callable[[str], bool]) -> str:
    """Return what parts the cells: with it most cells of the header are names of columns."""
    found = _HEADER.match(text)
    header = "" if found is None else found[1]

    def known(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        return sum(map(knows, cells)), len(cells)

    return max(_DELIMITERS, key=known)

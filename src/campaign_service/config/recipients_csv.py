"""Recipients from a CSV file: a header row, then a row for each, in the order of calling.

Columns may come in any order, and all but ``number`` may be left out. A spreadsheet's file is
taken as it is: with a byte order mark or without, with commas or with semicolons. Every bad row is
named, not the first alone (R3.3).
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import attrs

from campaign_core import Line, Number, Recipient, RecipientList
from campaign_core.errors import Problem, SettingsError
from campaign_service.config.problems import InputError, LocatedProblem, unreadable
from campaign_service.config.table import member_named
from campaign_service.csv_cells import unguarded

__all__ = ["read_recipients"]

_COLUMNS = {
    "name": "name",
    "number": "number",
    "line": "line",
    "email": "email",
    "timezone": "time_zone",
    "furthernumbers": "further_numbers",
}
"""What a column is called (case, blanks, ``-`` and ``_`` left aside) and which field it fills."""

_LINE_RULE = "internal or external"
_FURTHER_RULE = "line:number, several parted by blanks, such as internal:201 external:+390105550100"
_ENCODING_RULE = "not UTF-8 text; save the file as UTF-8"
_NO_TEXT = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8, as it is decoded."""
_PARTS = re.compile(r"[\s,;|]+")


class _NotCsvError(Exception):
    """A row cannot be split into its fields."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@attrs.define
class _Reading:
    """What has been read of a file so far."""

    path: Path
    recipients: list[Recipient] = attrs.field(factory=list)
    lines: array[int] = attrs.field(factory=lambda: array("L"))
    """The line on which each recipient begins."""
    problems: list[LocatedProblem] = attrs.field(factory=list)

    def note(self, line: int | None, field: str, value: object, rule: str) -> None:
        """Put down a problem."""
        self.problems.append(
            LocatedProblem(file=self.path, line=line, field=field, value=value, rule=rule)
        )


def read_recipients(path: Path) -> RecipientList:
    """Return the recipients of a file.

    Raises:
        InputError: the file cannot be read, or something in it cannot be taken.
    """
    text = _text_of(path)
    reading = _Reading(path)
    try:
        rows = _rows(text)
        line, header = next(rows, (1, []))
        columns = _columns(reading, line, header)
        if columns:
            for line, row in rows:
                _take(reading, columns, line, row)
    except _NotCsvError as error:
        reading.note(error.line, "", None, f"not CSV: {error}")
    if not reading.recipients and not reading.problems:
        reading.note(None, "", None, "no recipients: there is no row below the header")
    listed = _listed(reading)
    if reading.problems or listed is None:
        raise InputError(sorted(reading.problems, key=lambda problem: problem.line or 0))
    return listed


def _text_of(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    # A byte that is no text is refused with its row, for the other rows to be looked at too.
    return raw.decode("utf-8-sig", errors="surrogateescape")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line on which it begins."""
    header = text.partition("\n")[0]
    # Where the comma is the decimal sign, spreadsheets write semicolons.
    delimiter = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise _NotCsvError(line, str(error)) from None


def _columns(reading: _Reading, line: int, header: list[str]) -> list[str] | None:
    """Return the field that each column fills; ``None`` if the header is not one."""
    columns = []
    if any(map(_NO_TEXT.search, header)):
        reading.note(line, "", None, _ENCODING_RULE)
        return None
    for cell in header:
        field = _COLUMNS.get(re.sub(r"[\s_-]", "", cell).lower())
        if field is None:
            known = "name, number, line, email, time_zone, further_numbers"
            reading.note(line, "column", cell, f"unknown; known are {known}")
        elif field in columns:
            reading.note(line, "column", cell, "each column once")
        else:
            columns.append(field)
    if reading.problems:
        return None
    if "number" not in columns:
        reading.note(line, "column", None, "there must be a header row with a column called number")
        return None
    return columns


def _take(reading: _Reading, columns: list[str], line: int, row: list[str]) -> None:
    is_text = not any(map(_NO_TEXT.search, row))
    if not is_text:
        reading.note(line, "", None, _ENCODING_RULE)
    if len(row) != len(columns):
        rule = f"as many fields as the header has: {len(columns)}"
        reading.note(line, "fields", len(row), rule)
        return
    # A list may be what an export of ours wrote, whose formulas are guarded.
    cells = dict(zip(columns, (unguarded(cell.strip()) for cell in row), strict=True))
    if not is_text:
        rest = {field: cell for field, cell in cells.items() if not _NO_TEXT.search(cell)}
        _note_each(reading, line, rest)
        return
    try:
        recipient = _recipient(cells)
    except SettingsError:
        _note_each(reading, line, cells)
    else:
        reading.recipients.append(recipient)
        reading.lines.append(line)


def _note_each(reading: _Reading, line: int, cells: dict[str, str]) -> None:
    """Put down every bad field of a row: an error names the first alone."""
    for field, cell in cells.items():
        try:
            _recipient({"number": "0", field: cell})
        except SettingsError as error:
            reading.note(line, field, error.value, error.rule)


def _recipient(cells: dict[str, str]) -> Recipient:
    return Recipient(
        number=cells["number"],
        line=_line(cells.get("line", "")),
        name=cells.get("name", ""),
        email=cells.get("email", ""),
        time_zone=cells.get("time_zone") or None,
        further_numbers=_further(cells.get("further_numbers", "")),
    )


def _line(cell: str) -> Line:
    line = member_named(Line, cell) if cell else Line.EXTERNAL
    if line is None:
        raise _refuse("line", cell, _LINE_RULE)
    return line


def _further(cell: str) -> tuple[Number, ...]:
    if not cell:
        return ()
    numbers = []
    for part in _PARTS.split(cell):
        written, colon, number = part.partition(":")
        line = member_named(Line, written)
        if not colon or line is None:
            raise _refuse("further_numbers", part, _FURTHER_RULE)
        numbers.append(Number(number=number, line=line))
    return tuple(numbers)


def _refuse(field: str, value: object, rule: str) -> SettingsError:
    return SettingsError([Problem(field=field, value=value, rule=rule)])


def _listed(reading: _Reading) -> RecipientList | None:
    """Return the list, or put down each number that stands twice on a line (R3.2)."""
    try:
        return RecipientList(reading.recipients)
    except SettingsError:
        _note_duplicates(reading)
        return None


def _note_duplicates(reading: _Reading) -> None:
    # The core names positions; whoever mends the file needs its lines.
    seen: dict[tuple[str, Line], int] = {}
    for line, recipient in zip(reading.lines, reading.recipients, strict=True):
        first = Number(number=recipient.number, line=recipient.line)
        for number in chain([first], recipient.further_numbers):
            key = (number.number, number.line)
            if key in seen:
                where = "twice in this row" if seen[key] == line else f"also on line {seen[key]}"
                rule = f"each number once on a line; {number.line.name.lower()} it stands {where}"
                reading.note(line, "number", number.number, rule)
            seen.setdefault(key, line)

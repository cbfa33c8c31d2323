"""Recipients from a CSV file: a header row, then a row for each, in the order of calling.

Columns may come in any order, and all but ``number`` may be left out. A spreadsheet's file is
taken as it is, and so is ``recipients.csv`` of a report or of an export, of which the columns that
say how it went choose who is called again. Every bad row is named, not the first alone (R3.3).
"""

from __future__ import annotations

import re
from array import array
from enum import Enum
from itertools import chain
from pathlib import Path

import attrs

from campaign_core import Duplicates, Line, Number, NumberPlan, Recipient, RecipientList
from campaign_core.errors import Problem, SettingsError
from campaign_service.config.problems import InputError, LocatedProblem
from campaign_service.config.sheets import NO_TEXT, NotCsvError, Sheet, read_sheet
from campaign_service.config.table import member_named
from campaign_service.numbers import NumberReader
from campaign_service.numbers.merging import form_of, merged
from campaign_service.report.csv_cells import unguarded
from campaign_service.report.rows import RECIPIENT_COLUMNS

__all__ = ["ListOptions", "ReportSelection", "read_recipients"]

_COLUMNS = {
    "name": "name",
    "number": "number",
    "line": "line",
    "email": "email",
    "timezone": "time_zone",
    "furthernumbers": "further_numbers",
}
"""What a column is called (case, blanks, ``-`` and ``_`` left aside) and which field it fills."""

_HOW_IT_WENT = ("state", "reason")
_OF_REPORTS = {
    name.replace("_", ""): name if name in _HOW_IT_WENT else ""
    for name in RECIPIENT_COLUMNS
    if name.replace("_", "") not in _COLUMNS
}
"""Columns of a report, which say how it went; a file that has ``state`` is one."""

_LINE_RULE = "internal or external"
_FURTHER_RULE = "line:number, several parted by blanks, such as internal:201 external:+390105550100"
_ENCODING_RULE = "not UTF-8 text; save the file as UTF-8"
_PARTS = re.compile(r"[\s,;|]+")
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_NOT_IN_NAMES = re.compile("[\\s_\u00ad\u200b-\u200f\u2060\ufeff-]")
"""What is left aside in a column's name, marks that nobody sees among it."""
_SAMPLE_MAX = 40


class ReportSelection(Enum):
    """Who of a report's list is taken."""

    FAILED = "FAILED"
    """Those of whom nothing more is tried."""
    UNREACHED = "UNREACHED"
    """All who were not reached."""


_SELECTED_STATES = {
    ReportSelection.FAILED: {"FAILED"},
    ReportSelection.UNREACHED: {"FAILED", "IDLE", "ACTIVE"},
}
"""States of those taken."""
_OPTED_OUT = {"OPTED_OUT", "DO_NOT_CALL"}
"""Reasons for which somebody is not called again, whatever is chosen."""


@attrs.frozen(kw_only=True)
class ListOptions:
    """How a list is read."""

    plan: NumberPlan | None = None
    """By which numbers are read and compared (R3.7)."""
    duplicates: Duplicates = Duplicates.REFUSE
    """What the model says of a number that stands twice (R3.2)."""
    is_merged: bool = False
    """Rows of one number become one recipient, their names joined."""
    only: ReportSelection | None = None
    """Who of a report's list is taken; ``None``: all."""


@attrs.define
class _ListReader:
    """Reads the rows of a file, and puts down what is wrong with them."""

    path: Path
    options: ListOptions
    numbers: NumberReader
    recipients: list[Recipient] = attrs.field(factory=list)
    lines: array[int] = attrs.field(factory=lambda: array("L"))
    """The line on which each recipient begins."""
    problems: list[LocatedProblem] = attrs.field(factory=list)

    def note(self, line: int | None, field: str, value: object, rule: str) -> None:
        """Put down a problem."""
        self.problems.append(
            LocatedProblem(file=self.path, line=line, field=field, value=value, rule=rule)
        )

    def read(self, sheet: Sheet) -> int:
        """Read all rows below the header, and return how many there were."""
        rows: list[tuple[int, list[str]]] = []
        try:
            for row in sheet.rows(lambda cell: _field_of(cell) is not None):
                rows.append(row)  # noqa: PERF402 -- what was read before a bad row is looked at too
        except NotCsvError as error:
            self.note(error.line, "", None, f"not CSV: {error}")
        if not rows:
            if not self.problems:
                self._columns(1, [], [])
            return 0
        (line, header), *rest = rows
        columns = self._columns(line, header, [row for _, row in rest])
        if columns is None:
            return 0
        at = columns.index("number")
        self.numbers.learn_codes(row[at] for _, row in rest if at < len(row))
        for at_line, cells in rest:
            self._take(columns, at_line, cells)
        return len(rest)

    def tell(self, notes: list[str], sheet: Sheet, count: int) -> None:
        if sheet.is_guessed:
            strange = [who.name for who in self.recipients if not who.name.isascii()]
            sample = f", such as {strange[0][:_SAMPLE_MAX]}" if strange else ""
            notes.append(
                f"{self.path}: read as {sheet.encoding}, for it is no UTF-8: look at the"
                f" names{sample}."
            )
        if self.options.is_merged and count < len(self.recipients):
            gone = len(self.recipients) - count
            notes.append(f"{self.path}: {gone} rows were merged with others of the same number.")

    def _columns(self, line: int, header: list[str], rows: list[list[str]]) -> list[str] | None:
        """Return the field that each column fills; ``None`` if the header is not one."""
        columns: list[str] = []
        if any(map(NO_TEXT.search, header)):
            self.note(line, "", None, _ENCODING_RULE)
            return None
        is_report = any(_field_of(cell) == "state" for cell in header)
        for at, cell in enumerate(header):
            field = _field_of(cell)
            if not cell.strip() and not any(row[at].strip() for row in rows if at < len(row)):
                columns.append("")
            elif not cell.strip():
                rule = "a name for this column, or nothing below it"
                self.note(line, f"column {at + 1}", None, rule)
            elif field is None or (not is_report and field in ("", *_HOW_IT_WENT)):
                known = "name, number, line, email, time_zone, further_numbers"
                self.note(line, "column", cell, f"unknown; known are {known}")
            elif field and field in columns:
                self.note(line, "column", cell, "each column once")
            else:
                columns.append(field)
        if self.problems:
            return None
        if "number" not in columns:
            self.note(
                line, "column", None, "there must be a header row with a column called number"
            )
            return None
        if self.options.only is not None and not is_report:
            rule = "a report's recipients.csv, whose column state says who was reached"
            self.note(line, "column", None, rule)
            return None
        return columns

    def _take(self, columns: list[str], line: int, row: list[str]) -> None:
        is_text = not any(map(NO_TEXT.search, row))
        if not is_text:
            self.note(line, "", None, _ENCODING_RULE)
        beyond = [cell for cell in row[len(columns) :] if cell.strip()]
        if beyond:
            rule = f"at most as many fields as the header has: {len(columns)}"
            self.note(line, "fields", len(row), f"{rule}; a text with a comma stands in quotes")
            return
        # Spreadsheets leave out empty cells at the end of a row. A list may be what an export of
        # ours wrote, whose formulas are guarded.
        cells = dict.fromkeys((field for field in columns if field), "")
        cells |= {
            field: unguarded(cell.strip())
            for field, cell in zip(columns, row, strict=False)
            if field
        }
        only = self.options.only
        state, reason = cells.pop("state", ""), cells.pop("reason", "")
        if only is not None and (
            state.upper() not in _SELECTED_STATES[only] or reason.upper() in _OPTED_OUT
        ):
            return
        if not is_text:
            rest = {field: cell for field, cell in cells.items() if not NO_TEXT.search(cell)}
            self._note_each(line, rest)
            return
        try:
            recipient = _recipient(self.numbers, cells)
        except SettingsError:
            self._note_each(line, cells)
        else:
            self.recipients.append(recipient)
            self.lines.append(line)

    def _note_each(self, line: int, cells: dict[str, str]) -> None:
        """Put down every bad field of a row: an error names the first alone."""
        for field, cell in cells.items():
            alone = {"number": "0", field: cell}
            on_line = cells.get("line", "")
            if field == "number" and (not on_line or member_named(Line, on_line) is not None):
                alone["line"] = on_line
            try:
                _recipient(self.numbers, alone)
            except SettingsError as error:
                self.note(line, field, error.value, error.rule)

    def listed(self) -> RecipientList | None:
        """Return the list, or put down each number that stands twice on a line (R3.2)."""
        options = self.options
        recipients = self.recipients
        if options.is_merged:
            recipients = merged(recipients, options.plan)
        listed = RecipientList().appended(recipients, may_repeat=True)
        problems = listed.repeats(options.plan, options.duplicates)
        if problems:
            self._note_duplicates()
            return None
        return listed

    def _note_duplicates(self) -> None:
        # The core names positions; whoever mends the file needs its lines.
        plan, duplicates = self.options.plan, self.options.duplicates
        seen: dict[tuple[str, Line], tuple[int, str]] = {}
        for line, recipient in zip(self.lines, self.recipients, strict=True):
            if duplicates is Duplicates.EACH:
                seen = {}
            first = Number(number=recipient.number, line=recipient.line)
            for number in chain([first], recipient.further_numbers):
                key = form_of(number.number, number.line, plan)
                if key in seen:
                    other, written = seen[key]
                    where = "twice in this row" if other == line else f"also on line {other}"
                    where += "" if written == number.number else f", as {written}"
                    rule = (
                        f"each number once on a line; {number.line.name.lower()} it stands {where}"
                    )
                    self.note(line, "number", number.number, rule)
                seen.setdefault(key, (line, number.number))


def read_recipients(
    path: Path, options: ListOptions | None = None, *, notes: list[str] | None = None
) -> RecipientList:
    """Return the recipients of a file.

    Args:
        notes: where what was taken for granted is told, a sentence each.

    Raises:
        InputError: the file cannot be read, or something in it cannot be taken.
    """
    options = options or ListOptions()
    sheet = read_sheet(path)
    reader = _ListReader(path, options, NumberReader(options.plan))
    count = reader.read(sheet)
    if not reader.recipients and not reader.problems:
        why = "there is no row below the header"
        if count and options.only is not None:
            why = f"the list has none that is {options.only.name.lower()}"
        reader.note(None, "", None, f"no recipients: {why}")
    listed = reader.listed()
    if reader.problems or listed is None:
        raise InputError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    if notes is not None:
        reader.tell(notes, sheet, len(listed))
    return listed


def _field_of(cell: str) -> str | None:
    name = _NOT_IN_NAMES.sub("", cell).lower()
    return _COLUMNS.get(name, _OF_REPORTS.get(name))


def _recipient(numbers: NumberReader, cells: dict[str, str]) -> Recipient:
    line = _line(cells.get("line", ""))
    return Recipient(
        number=numbers.read(cells["number"], line),
        line=line,
        # A cell of two lines is one name to whoever reads it aloud.
        name=_BREAKS.sub(" ", cells.get("name", "")),
        email=cells.get("email", ""),
        time_zone=cells.get("time_zone") or None,
        further_numbers=_further(numbers, cells.get("further_numbers", "")),
    )


def _line(cell: str) -> Line:
    line = member_named(Line, cell) if cell else Line.EXTERNAL
    if line is None:
        raise _refuse("line", cell, _LINE_RULE)
    return line


def _further(numbers: NumberReader, cell: str) -> tuple[Number, ...]:
    if not cell:
        return ()
    further = []
    for part in _PARTS.split(cell):
        written, colon, number = part.partition(":")
        line = member_named(Line, written)
        if not colon or line is None:
            raise _refuse("further_numbers", part, _FURTHER_RULE)
        further.append(Number(number=numbers.read(number, line), line=line))
    return tuple(further)


def _refuse(field: str, value: object, rule: str) -> SettingsError:
    return SettingsError([Problem(field=field, value=value, rule=rule)])

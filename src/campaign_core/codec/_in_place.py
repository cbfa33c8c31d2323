"""What is large in a state as plain JSON data, where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.statuses import FailureReason
from campaign_core._state import record as rec
from campaign_core.codec._values import Data, coder

__all__ = ["InPlaceWriter", "InlineReader", "record_fields", "record_of"]

_FIELDS: dict[str, Callable[[int], Any]] = {
    "status": rec.status_of,
    "reason": lambda record: (
        rec.reason_of(record).name if rec.status_of(record) == rec.FAILED else None
    ),
    "stopped": rec.is_stopped,
    "used": rec.used_of,
    "never": rec.barred_numbers_of,
    "counted": rec.counted_of,
    "allowed": rec.allowed_of,
    "attempts": rec.attempts_of,
    "placed_at": rec.placed_at_of,
    "due_at": rec.due_at_of,
}
"""A recipient's record by field: what the packed bits mean, not how they lie."""


def record_fields(record: int) -> Data:
    """Return a recipient's record by field."""
    return {name: field_of(record) for name, field_of in _FIELDS.items()}


def record_of(fields: Data) -> int:
    """Return the record of these fields."""
    name = fields["reason"]
    return rec.pack(**{**fields, "reason": None if name is None else FailureReason[name]})


class InPlaceWriter:
    """Writes what is large as lists; a list that is one value over and over as that value."""

    def rows(self, rows: Iterable[Any]) -> list[Any]:
        """Write rows of plain data."""
        return list(rows)

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Write many texts."""
        return list(texts)

    def numbers(self, numbers: Iterable[int]) -> list[int]:
        """Write many whole numbers."""
        return list(numbers)

    def attempt_times(self, items: Iterable[tuple[str, tuple[int, ...]]]) -> list[Any]:
        """Write the instants of attempts by number."""
        return [[key, list(times)] for key, times in items]

    def recipients(self, listed: RecipientList) -> list[Data]:
        """Write a list of recipients."""
        written: list[Data] = coder(RecipientList)[0](listed)
        return written

    def records(self, records: Iterable[int]) -> Data:
        """Write recipients' records, one column for each field."""
        listed = list(records)
        columns: Data = {}
        for name, field_of in _FIELDS.items():
            column = [field_of(record) for record in listed]
            is_constant = bool(column) and column.count(column[0]) == len(column)
            columns[name] = column[0] if is_constant else column
        return columns


class InlineReader:
    """Reads what :class:`InPlaceWriter` wrote."""

    def rows(self, data: Any) -> Iterator[Any]:
        """Read rows of plain data."""
        return iter(data)

    def texts(self, data: Any) -> list[str]:
        """Read many texts."""
        return list(data)

    def numbers(self, data: Any) -> list[int]:
        """Read many whole numbers."""
        return list(data)

    def attempt_times(self, data: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Read the instants of attempts by number."""
        return ((key, tuple(times)) for key, times in data)

    def recipients(self, data: Any) -> RecipientList:
        """Read a list of recipients."""
        listed: RecipientList = coder(RecipientList)[1](data)
        return listed

    def records(self, data: Any, count: int) -> Iterator[int]:
        """Read the records of so many recipients."""
        full = [
            column if isinstance(column, list) else [column] * count for column in data.values()
        ]
        names = list(data)
        return (record_of(dict(zip(names, row, strict=True))) for row in zip(*full, strict=True))

"""What is large in a state in parts of its own, by columns; the state names them by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.recipients import Line, Number, Recipient, restored
from campaign_core._state import record as rec
from campaign_core.codec._in_place import record_fields, record_of
from campaign_core.codec._parts import PartReader, PartWriter, slices
from campaign_core.codec._values import Data

__all__ = ["ApartReader", "ApartWriter"]

_ROWS_A_PART = 256
"""A row of plain data is an object of a kilobyte or so."""


def _itself(value: Any) -> Any:
    return value


def _name_of(line: Line) -> str:
    return line.name


class ApartWriter:
    """Writes what is large into parts."""

    def __init__(self, parts: PartWriter) -> None:
        """Take where the parts go."""
        self._parts = parts
        self._lists: dict[int, int] = {}
        # Lists share what they are made of: a campaign's is its model's.

    def rows(self, rows: Iterable[Any]) -> list[int]:
        """Write rows of plain data."""
        return [self._parts.data(part) for part in slices(rows, _ROWS_A_PART)]

    def texts(self, texts: Iterable[str]) -> list[int]:
        """Write many texts."""
        return [self._parts.texts(part) for part in slices(texts)]

    def numbers(self, numbers: Iterable[int]) -> list[Any]:
        """Write many whole numbers."""
        return [[len(part), self._parts.numbers(part)] for part in slices(numbers)]

    def attempt_times(self, items: Iterable[tuple[str, tuple[int, ...]]]) -> list[Data]:
        """Write the instants of attempts by number."""
        return [
            {
                "number": self._parts.texts([key for key, _ in part]),
                "count": self._parts.numbers([len(times) for _, times in part]),
                "times": self.numbers(chain.from_iterable(times for _, times in part)),
            }
            for part in slices(items)
        ]

    def recipients(self, listed: RecipientList) -> int:
        """Write a list of recipients."""
        entries = id(listed._entries)
        if entries not in self._lists:
            stretches = [self._stretch(part) for part in slices(listed)]
            self._lists[entries] = self._parts.data(stretches)
        return self._lists[entries]

    def _stretch(self, recipients: list[Recipient]) -> int:
        parts = self._parts
        further = [number for recipient in recipients for number in recipient.further_numbers]
        return parts.data(
            {
                "count": len(recipients),
                "number": parts.texts([recipient.number for recipient in recipients]),
                "line": parts.choices([recipient.line for recipient in recipients], _name_of),
                "name": parts.texts([recipient.name for recipient in recipients]),
                "email": parts.texts([recipient.email for recipient in recipients]),
                "time_zone": parts.choices([who.time_zone for who in recipients], _itself),
                "further": parts.numbers([len(who.further_numbers) for who in recipients]),
                "further_number": parts.texts([number.number for number in further]),
                "further_line": parts.choices([number.line for number in further], _name_of),
            }
        )

    def records(self, records: Iterable[int]) -> list[Data]:
        """Write recipients' records: few differ but for their instants."""
        parts = self._parts
        return [
            {
                "count": len(part),
                "kind": parts.choices(list(map(rec.without_instants, part)), record_fields),
                "placed_at": parts.numbers(list(map(rec.placed_at_of, part))),
                "due_at": parts.numbers(list(map(rec.due_at_of, part))),
            }
            for part in slices(records)
        ]


class ApartReader:
    """Reads what :class:`ApartWriter` wrote; what was one part is one value again."""

    def __init__(self, parts: PartReader) -> None:
        """Take where the parts are."""
        self._parts = parts
        self._lists: dict[int, RecipientList] = {}
        self._stretches: dict[int, list[Recipient]] = {}

    def rows(self, data: Any) -> Iterator[Any]:
        """Read rows of plain data."""
        return chain.from_iterable(map(self._parts.data, data))

    def texts(self, data: Any) -> Iterator[str]:
        """Read many texts."""
        return chain.from_iterable(map(self._parts.texts, data))

    def numbers(self, data: Any) -> list[int]:
        """Read many whole numbers."""
        return [value for count, part in data for value in self._parts.numbers(part, count)]

    def attempt_times(self, data: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Read the instants of attempts by number."""
        for part in data:
            numbers = self._parts.texts(part["number"])
            counts = self._parts.numbers(part["count"], len(numbers))
            times = iter(self.numbers(part["times"]))
            for number, count in zip(numbers, counts, strict=True):
                yield number, tuple(islice(times, count))

    def recipients(self, number: int) -> RecipientList:
        """Read a list of recipients."""
        if number not in self._lists:
            stretches = map(self._stretch, self._parts.data(number))
            self._lists[number] = RecipientList.restored(chain.from_iterable(stretches))
        return self._lists[number]

    def _stretch(self, number: int) -> list[Recipient]:
        if number not in self._stretches:
            self._stretches[number] = list(self._read(self._parts.data(number)))
        return self._stretches[number]

    def _read(self, stretch: Data) -> Iterator[Recipient]:
        parts, count = self._parts, stretch["count"]
        return restored(
            zip(
                parts.texts(stretch["number"]),
                parts.choices(stretch["line"], Line.__getitem__, count),
                parts.texts(stretch["name"]),
                parts.texts(stretch["email"]),
                parts.choices(stretch["time_zone"], _itself, count),
                self._further(stretch),
                strict=True,
            )
        )

    def _further(self, stretch: Data) -> list[tuple[Number, ...]]:
        parts = self._parts
        counts = parts.numbers(stretch["further"], stretch["count"])
        total = sum(counts)
        if not total:
            return [()] * len(counts)
        lines = parts.choices(stretch["further_line"], Line.__getitem__, total)
        numbers = zip(parts.texts(stretch["further_number"]), lines, strict=True)
        further = (Number(number=number, line=line) for number, line in numbers)
        return [tuple(islice(further, count)) for count in counts]

    def records(self, data: Any, count: int) -> list[int]:
        """Read the records of so many recipients."""
        parts = self._parts
        records: list[int] = []
        for part in data:
            size = part["count"]
            kinds = parts.choices(part["kind"], record_of, size)
            placed_at = parts.numbers(part["placed_at"], size)
            due_at = parts.numbers(part["due_at"], size)
            # Who was never called has the very record of all others never called.
            records += [
                rec.with_instants(kind, placed, due) if placed or due else kind
                for kind, placed, due in zip(kinds, placed_at, due_at, strict=True)
            ]
        assert len(records) == count
        return records

"""Recipients and their list: numbers, order, and who is listed under a number (R3.1, R3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import Any, overload

import attrs
from typing_extensions import override

from campaign_core._model.calling_hours import known_zone
from campaign_core._model.number_index import NumberIndex, entry_of
from campaign_core._values.validators import (
    as_tuple,
    matches,
    one_of,
    optional,
    printable,
    refuse,
)
from campaign_core._values.vector import Vector
from campaign_core.errors import Problem, SettingsError

__all__ = [
    "FURTHER_NUMBERS_MAX",
    "LINES",
    "Line",
    "Number",
    "Recipient",
    "RecipientList",
    "restored",
]

FURTHER_NUMBERS_MAX = 9
"""How many numbers a recipient may have beside its first."""

NUMBER_PATTERN = r"\+?[0-9*#]{1,31}"
NUMBER_RULE = "an optional + and 1 to 31 of the digits 0-9, * and #"


class Line(Enum):
    """Whether a number is called inside the exchange or through a trunk."""

    INTERNAL = "INTERNAL"
    EXTERNAL = "EXTERNAL"

    __hash__ = object.__hash__


LINES = (Line.INTERNAL, Line.EXTERNAL)
"""The closed list of lines, in the order in which counts by line are kept."""


def _email(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if value == "":
        return
    rule = "up to 254 printable characters without blanks, with one @ inside"
    if not isinstance(value, str) or len(value) > 254 or not value.isprintable():  # noqa: PLR2004
        raise refuse(attribute.name, value, rule)
    name, at, host = value.partition("@")
    if not (name and at and host) or "@" in host or " " in value:
        raise refuse(attribute.name, value, rule)


@attrs.frozen(kw_only=True)
class Number:
    """A number and the line it is called on."""

    number: str = attrs.field(validator=matches(NUMBER_PATTERN, NUMBER_RULE))
    """An optional ``+`` and 1 to 31 of ``0-9 * #`` (R3.2)."""
    line: Line = attrs.field(default=Line.EXTERNAL, validator=one_of(Line))


def _further_numbers(given: Iterable[Number]) -> tuple[Number, ...]:
    return as_tuple(given)  # type: ignore[no-any-return]


def _further(_: object, attribute: attrs.Attribute[tuple[Number, ...]], value: object) -> None:
    rule = f"up to {FURTHER_NUMBERS_MAX} numbers, each with its line"
    if not isinstance(value, tuple) or len(value) > FURTHER_NUMBERS_MAX:
        raise refuse(attribute.name, value, rule)
    if value and not all(isinstance(number, Number) for number in value):
        raise refuse(attribute.name, value, rule)


@attrs.frozen(kw_only=True)
class Recipient:
    """One entry to be reached."""

    number: str = attrs.field(validator=matches(NUMBER_PATTERN, NUMBER_RULE))
    """An optional ``+`` and 1 to 31 of ``0-9 * #`` (R3.2)."""
    line: Line = attrs.field(default=Line.EXTERNAL, validator=one_of(Line))
    name: str = attrs.field(default="", validator=printable(128))
    """Up to 128 printable characters."""
    email: str = attrs.field(default="", validator=_email)
    """Up to 254 characters with one ``@`` inside, or empty."""
    time_zone: str | None = attrs.field(default=None, validator=optional(known_zone))
    """An IANA zone for the calling hours (R6.11); ``None``: the campaign's."""
    further_numbers: tuple[Number, ...] = attrs.field(
        default=(), converter=_further_numbers, validator=_further
    )
    """Taken in turn after the first, and round again, over the counted attempts (R5.6)."""

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number of the recipient, the first one first."""
        return (Number(number=self.number, line=self.line), *self.further_numbers)


def restored(
    rows: Iterable[tuple[str, Line, str, str, str | None, tuple[Number, ...]]],
) -> Iterator[Recipient]:
    """Yield recipients that were stored, each from its fields in their order.

    They were checked before they were stored. Where there are a million, checking them once more
    takes as long as all else, so their fields are set as they are, by the slots' own descriptors.
    """
    new: Any = Recipient.__new__
    for number, line, name, email, time_zone, further_numbers in rows:
        recipient = new(Recipient)
        _set_number(recipient, number)
        _set_line(recipient, line)
        _set_name(recipient, name)
        _set_email(recipient, email)
        _set_time_zone(recipient, time_zone)
        _set_further_numbers(recipient, further_numbers)
        yield recipient


_set_number, _set_line, _set_name, _set_email, _set_time_zone, _set_further_numbers = (
    getattr(Recipient, field.name).__set__ for field in attrs.fields(Recipient)
)


def _numbers(recipient: Recipient) -> Iterator[tuple[str, Line]]:
    yield recipient.number, recipient.line
    for further in recipient.further_numbers:
        yield further.number, further.line


class RecipientList(Sequence[Recipient]):
    """Recipients in order, with a compact index from number to positions.

    Immutable; equal when the recipients are. Positions count from 1, as a person counts;
    indexing as a sequence counts from 0. ``appended`` shares what is there.

    Raises:
        SettingsError: the same number stands twice on the same line, within one recipient or
            between two (R3.2); every such pair is named.
    """

    __slots__ = ("_entries", "_index")

    def __init__(self, recipients: Iterable[Recipient] = ()) -> None:
        """Take the recipients in list order."""
        grown = recipients if isinstance(recipients, RecipientList) else None
        self._entries: Vector[Recipient] = Vector() if grown is None else grown._entries
        self._index: NumberIndex = NumberIndex() if grown is None else grown._index
        if grown is None:
            self._grow(tuple(recipients))

    def appended(self, recipients: Iterable[Recipient]) -> RecipientList:
        """Return this list with others behind (R4.10).

        Raises:
            SettingsError: a number would stand twice on one line.
        """
        longer = RecipientList(self)
        longer._grow(tuple(recipients))
        return longer

    def positions_of(self, number: str, line: Line | None = None) -> list[int]:
        """Return the positions listed under a number, on one line or on any, ascending."""
        return sorted(
            {
                position
                for position in self._index.candidates(number)
                if any(
                    number == other and (line is None or line is other_line)
                    for other, other_line in _numbers(self._entries[position - 1])
                )
            }
        )

    def first(self, count: int) -> RecipientList:
        """Return the list of the first so many."""
        if count == len(self):
            return self
        shorter = RecipientList()
        shorter._entries = Vector(islice(self._entries, count))
        shorter._index = self._index.up_to(count)
        return shorter

    def at(self, position: int) -> Recipient:
        """Return the recipient at a position, counted from 1."""
        return self._entries.at(position - 1)

    def from_position(self, position: int) -> Iterator[Recipient]:
        """Return an iterator over the recipients from a position on, counted from 1."""
        return self._entries.items_from(position - 1)

    @classmethod
    def restored(cls, recipients: Iterable[Recipient]) -> RecipientList:
        """Return the list of recipients that were one before: no number stands twice."""
        entries = tuple(recipients)
        listed = cls()
        listed._entries = Vector(entries)
        listed._index = NumberIndex().with_entries(_index_entries(entries, 1))
        return listed

    def _grow(self, recipients: tuple[Recipient, ...]) -> None:
        first = len(self._entries) + 1
        for position, recipient in enumerate(recipients, first):
            if not isinstance(recipient, Recipient):
                raise refuse(f"recipients[{position}]", recipient, "a Recipient")
        index = self._index.with_entries(_index_entries(recipients, first))
        if self._entries:
            self._refuse_duplicates(enumerate(recipients, first))
        else:
            # Among themselves, only those whose hashes are equal need a second look.
            places = sorted(index.doubtful())
            self._refuse_duplicates((place, recipients[place - 1]) for place in places)
        self._entries = self._entries.extended(recipients)
        self._index = index

    def _refuse_duplicates(self, recipients: Iterable[tuple[int, Recipient]]) -> None:
        seen: dict[tuple[str, Line], int] = {}
        problems = []
        for position, recipient in recipients:
            for key in _numbers(recipient):
                other = seen.get(key)
                if other is None and self._entries:
                    other = next(iter(self.positions_of(*key)), None)
                if other is not None:
                    problems.append(_duplicate(position, other, key))
                seen[key] = position
        if problems:
            raise SettingsError(problems)

    @overload
    def __getitem__(self, index: int) -> Recipient: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Recipient, ...]: ...

    @override
    def __getitem__(self, index: int | slice) -> Recipient | tuple[Recipient, ...]:
        if isinstance(index, slice):
            return tuple(self._entries[i] for i in range(*index.indices(len(self))))
        return self._entries[index]

    @override
    def __len__(self) -> int:
        return len(self._entries)

    @override
    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._entries)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecipientList):
            return NotImplemented
        return self._entries == other._entries

    @override
    def __hash__(self) -> int:
        # The whole list would take seconds where it is long; length and ends tell enough.
        ends = (self[0], self[-1]) if self else ()
        return hash((len(self), ends))

    @override
    def __repr__(self) -> str:
        return f"RecipientList(<{len(self)} recipients>)"


def _index_entries(recipients: tuple[Recipient, ...], first: int) -> list[int]:
    entries = [
        entry_of(recipient.number, position) for position, recipient in enumerate(recipients, first)
    ]
    entries += [
        entry_of(further.number, position)
        for position, recipient in enumerate(recipients, first)
        if recipient.further_numbers
        for further in recipient.further_numbers
    ]
    return entries


def _duplicate(position: int, other: int, key: tuple[str, Line]) -> Problem:
    number, line = key
    where = "twice there" if position == other else f"also at position {other}"
    return Problem(
        field=f"recipients[{position}].number",
        value=number,
        rule=f"each number once on a line; {line.name} {number} stands {where}",
    )

"""Recipients: their numbers, and what else is known of them (R3.1, R3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import attrs

from campaign_core._model.calling_hours import known_zone
from campaign_core._model.lines import LINES, Line
from campaign_core._model.names import person_name, tidy_name
from campaign_core._values.validators import (
    as_tuple,
    matches,
    one_of,
    optional,
    refuse,
)

__all__ = [
    "FURTHER_NUMBERS_MAX",
    "LINES",
    "Duplicates",
    "Line",
    "Number",
    "Recipient",
    "restored",
]

FURTHER_NUMBERS_MAX = 9
"""How many numbers a recipient may have beside its first."""

NUMBER_PATTERN = r"\+?[0-9*#]{1,31}"
NUMBER_RULE = "an optional + and 1 to 31 of the digits 0-9, * and #"


class Duplicates(Enum):
    """What becomes of a number that stands twice on one line of a list (R3.2)."""

    REFUSE = "REFUSE"
    """The list is refused, naming both positions."""
    EACH = "EACH"
    """Each is called for itself, never at once (R6.14)."""


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


def _name(given: str) -> str:
    return tidy_name(given)  # type: ignore[return-value]


@attrs.frozen(kw_only=True)
class Recipient:
    """One entry to be reached."""

    number: str = attrs.field(validator=matches(NUMBER_PATTERN, NUMBER_RULE))
    """An optional ``+`` and 1 to 31 of ``0-9 * #`` (R3.2)."""
    line: Line = attrs.field(default=Line.EXTERNAL, validator=one_of(Line))
    name: str = attrs.field(default="", converter=_name, validator=person_name)
    """Up to 128 characters of any script (R3.2); blanks are plain, marks of direction dropped."""
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

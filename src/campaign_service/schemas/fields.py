"""The words of requests and answers: single values with their ranges, patterns and lengths (R3.2).

What stands here is checked while a body is read, and shown in the OpenAPI document. What a schema
cannot say (a time zone that nobody knows, a number listed twice) is the core's to check.
"""

from __future__ import annotations

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal, Self, TypeVar, Union, cast, get_args, get_origin

from msgspec import UNSET, Meta, Raw, UnsetType

from campaign_core import (
    Duplicates,
    FailureReason,
    Line,
    Order,
    Outcome,
    PauseReason,
    ReasonKind,
    RecipientStatus,
    Status,
)
from campaign_core.events import GiveBackReason
from campaign_service.vocabulary import AccessAction, ProcessRole, ServicePermission

__all__ = [
    "LISTS",
    "MERGE",
    "REF",
    "WHOLE_MAX",
    "AnyJson",
    "Ask",
    "AskDigit",
    "DuplicatesName",
    "Email",
    "EventData",
    "Id",
    "IdList",
    "Limit",
    "LineName",
    "ModelName",
    "Moment",
    "NumberList",
    "OrderName",
    "Permission",
    "PersonName",
    "PhoneNumber",
    "RetriedOutcome",
    "RoutingClass",
    "Seconds",
    "Seq",
    "Sound",
    "Time",
    "UtcTime",
    "WeekdayName",
    "WrittenNumber",
    "ZoneName",
    "about",
    "given",
    "members",
    "name_of",
    "verbatim",
]


def about(text: str) -> Meta:
    """Return what the OpenAPI document says about a member."""
    return Meta(description=text)


REF = "#/components/schemas/{name}"
"""Where the OpenAPI document has a schema."""
WHOLE_MAX = 2**53 - 1
"""Whole numbers up to here are read alike by every JSON library."""

ModelName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f!-,./:-@\[-^`{-\x9f]+$",
        description="1 to 64 letters of any script, digits, spaces, dashes and underscores; "
        "not blank (R3.2).",
        examples=["School closing"],
    ),
]
PhoneNumber = Annotated[
    str,
    Meta(
        pattern=r"^\+?[0-9*#]{1,31}$",
        max_length=32,
        description="An optional + and 1 to 31 of the digits 0-9, * and # (R3.2).",
        examples=["+390501234567"],
    ),
]
WrittenNumber = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="An optional + and 1 to 31 of the digits 0-9, * and # (R3.2). In a request as"
        " people keep numbers: blanks, dashes, dots, slashes, brackets, invisible marks, an"
        " apostrophe and `tel:` are taken off; what cannot be read for certain is refused (R3.7).",
        examples=["+390501234567"],
    ),
]
Sound = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[A-Za-z0-9/_.-]+$",
        description="A sound: 1 to 255 of ASCII letters, digits and / _ . - without .. (R3.2).",
        examples=["closing-tomorrow"],
    ),
]
RoutingClass = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="1 to 64 ASCII letters, digits, _ . and - (R3.2).",
    ),
]
MERGE = "In a request: rows of one number are one recipient, names joined (R3.2); in no answer."
PersonName = Annotated[
    str,
    Meta(
        max_length=128,
        description="Up to 128 characters of any script, no control characters (R3.2).",
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^([^@\s]+@[^@\s]+)?$",
        description="Up to 254 printable characters with one @ inside, or empty (R3.2).",
    ),
]
ZoneName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+/-]+$",
        description="A zone of the IANA data base.",
        examples=["Europe/Rome"],
    ),
]
AskDigit = Annotated[
    str,
    Meta(
        pattern=r"^[02-8*#]$",
        max_length=1,
        description="One of 0 2 3 4 5 6 7 8 * #; 1 and 9 confirm (R7.7).",
    ),
]
Limit = Annotated[
    int, Meta(ge=0, le=WHOLE_MAX, description="How many at one time; 0: none, null: unlimited.")
]
Seconds = Annotated[int, Meta(ge=0, le=604_800, description="0 to 604,800 seconds: a week.")]
Id = Annotated[int, Meta(ge=1, le=WHOLE_MAX, description="A number that counts from 1.")]
IdList = Annotated[list[Id], Meta(min_length=1, max_length=10_000_000)]
NumberList = Annotated[list[WrittenNumber], Meta(min_length=1, max_length=10_000_000)]
Seq = Annotated[
    int, Meta(ge=0, le=WHOLE_MAX, description="The number of an event; 0: before the first.")
]
Moment = Annotated[
    datetime,
    Meta(
        tz=True,
        description="A date and time with its offset from UTC (RFC 3339).",
        examples=["2026-11-23T09:00:00+01:00"],
    ),
]
"""A time in a request."""


class UtcTime(datetime):
    """A time in UTC, which is written to the millisecond."""

    @classmethod
    def of(cls, at: int) -> Self:
        """Return the time of an instant."""
        return cls.fromtimestamp(at // 1_000, UTC).replace(microsecond=at % 1_000 * 1_000)


Time = Annotated[
    UtcTime,
    Meta(
        description="A time in UTC, to the millisecond (RFC 3339).",
        extra_json_schema={"type": "string", "format": "date-time"},
        examples=["2026-11-23T08:00:00.000Z"],
    ),
]
"""A time in an answer."""
AnyJson = Annotated[object, Meta(extra_json_schema={"description": "Any JSON value."})]
EventData = Annotated[
    dict[str, AnyJson], about("The event as the journal has it: `type`, and what else it tells.")
]
Ask = Annotated[
    int, Meta(ge=1, le=1_000, description="How many entries an answer holds at most: 1 to 1,000.")
]

T = TypeVar("T")


def given(value: T | UnsetType) -> T | None:
    """Return a parameter of a query, ``None`` where it was left out."""
    return None if value is UNSET else value


WeekdayName = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
RetriedOutcome = Literal[
    "BUSY",
    "NO_ANSWER",
    "REJECTED",
    "CONGESTION",
    "FAILED",
    "INVALID_NUMBER",
    "HUNG_UP",
    "NOT_CONFIRMED",
    "REFUSED",
    "SOUND_MISSING",
    "CANCELLED",
    "LOST",
]
"""Outcomes after which a recipient is tried again by default (R6.10, R7.10)."""


# Names of closed lists -----------------------------------------------------------------------

LISTS: tuple[type[Enum], ...] = (
    AccessAction,
    Duplicates,
    FailureReason,
    GiveBackReason,
    Line,
    Order,
    Outcome,
    PauseReason,
    ProcessRole,
    ReasonKind,
    RecipientStatus,
    ServicePermission,
    Status,
)
"""Those of which answers have names."""


def name_of(kind: type[Enum]) -> Meta:
    """Return what makes a text the name of a member of a list, as the OpenAPI document says it.

    In answers it is a text like any other: a newer service may know more names than who reads it.
    """
    assert kind in LISTS
    return Meta(extra_json_schema={"$ref": REF.format(name=kind.__name__)})


Permission = Annotated[str, name_of(ServicePermission)]
LineName = Annotated[Literal["INTERNAL", "EXTERNAL"], name_of(Line)]
OrderName = Annotated[Literal["FRESH_FIRST", "RETRIES_FIRST"], name_of(Order)]
DuplicatesName = Annotated[Literal["REFUSE", "EACH"], name_of(Duplicates)]


def verbatim(text: str) -> dict[str, object]:
    """Return a JSON object that goes into an answer as it stands: it is written, never read."""
    return cast("dict[str, object]", Raw(text.encode()))


def members(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return what a hint may be, without what only adds to it."""
    if get_origin(hint) is Annotated:
        return members(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(
            member
            for arg in get_args(hint)
            if arg not in (type(None), UnsetType)
            for member in members(arg)
        )
    return (hint,)

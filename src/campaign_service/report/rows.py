"""Recipients and attempts as rows of text: the same names in CSV and in JSON."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from functools import cache
from json.encoder import encode_basestring
from operator import attrgetter
from types import NoneType
from typing import Any, cast

import attrs

from campaign_core import Instant, Recipient
from campaign_core.events import CallEvent
from campaign_service.report.attempts import Attempt
from campaign_service.report.csv_cells import guarded
from campaign_service.report.panel import RecipientRow

__all__ = [
    "ATTEMPT_COLUMNS",
    "RECIPIENT_COLUMNS",
    "Cell",
    "Row",
    "attempt_row",
    "csv_row",
    "event_rows",
    "event_texts",
    "recipient_row",
]

Cell = str | int | bool | None
"""``None`` is an empty field in CSV and ``null`` in JSON."""

ATTEMPT_COLUMNS = (
    "position",
    "name",
    "attempt",
    "number",
    "line",
    "is_retry",
    "placed_at",
    "answered_at",
    "answer_confirmed_at",
    "message_started_at",
    "listening_confirmed_at",
    "ended_at",
    "outcome",
    "given_back",
    "hangup_cause",
    "messages_played",
    "digits",
    "detail",
    "call_id",
    "is_simulated",
)
"""The columns of an attempt's row."""

RECIPIENT_COLUMNS = (
    "position",
    "name",
    "number",
    "line",
    "email",
    "time_zone",
    "further_numbers",
    "state",
    "reason",
    "attempts",
    "last_call_at",
    "last_outcome",
    "answer_confirmed_at",
    "listening_confirmed_at",
    "is_simulated",
)
"""The columns of a recipient's row."""

Row = dict[str, Cell]
"""One row by the names of its columns."""

TimeText = Callable[[int | None], str]
Simulated = Callable[[Instant], bool]
"""Whether calls that were placed at a time were simulated."""

_NEVER_A_FORMULA = {
    *("position", "attempt", "attempts", "number", "line", "hangup_cause"),
    *("messages_played", "state", "reason", "outcome", "last_outcome", "given_back"),
    *("placed_at", "answered_at", "answer_confirmed_at", "message_started_at"),
    *("listening_confirmed_at", "ended_at", "last_call_at"),
}
"""Columns of numbers, times and words of ours."""
_IN_USE = ("service_internal", "service_external", "campaign_internal", "campaign_external")
_JSON_TEXTS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda _: "null",
    tuple: ", ".join(f'"{name}": %d' for name in _IN_USE).__mod__,
}
"""What writes a detail of an event as JSON, by its type; members of enumerations by their names."""
_OF_EVERY_EVENT = {"seq", "at", "actor", "call_id", "campaign_id"}


def csv_row(row: Row) -> Row:
    """Return a row as CSV has it.

    True and false are JSON's words for it, not Python's. A text that a spreadsheet would take for
    a formula has an apostrophe before it; :mod:`.csv_cells` says where. Numbers
    stay, for what can be read in them, ``+39050...``, does no harm.
    """
    return {
        name: cell if cell is None or name in _NEVER_A_FORMULA else _csv_cell(cell)
        for name, cell in row.items()
    }


def recipient_row(row: RecipientRow, text: TimeText, simulated: Simulated) -> Row:
    """Return the row of a recipient; ``text`` writes its times."""
    recipient = row.recipient
    return {
        "position": row.position,
        "name": recipient.name,
        "number": recipient.number,
        "line": recipient.line.name,
        "email": recipient.email,
        "time_zone": recipient.time_zone,
        "further_numbers": _further(recipient),
        "state": row.status.name,
        "reason": _name(row.reason),
        "attempts": row.attempts,
        "last_call_at": text(row.last_call_at) or None,
        "last_outcome": _name(row.last_outcome),
        "answer_confirmed_at": text(row.answer_confirmed_at) or None,
        "listening_confirmed_at": text(row.listening_confirmed_at) or None,
        "is_simulated": row.last_call_at is not None and simulated(row.last_call_at),
    }


def attempt_row(attempt: Attempt, name: str, text: TimeText, simulated: Simulated) -> Row:
    """Return the row of an attempt to reach somebody of a name; ``text`` writes its times."""
    return {
        "position": attempt.position,
        "name": name,
        "attempt": attempt.attempt,
        "number": attempt.number,
        "line": attempt.line.name,
        "is_retry": attempt.is_retry,
        "placed_at": text(attempt.placed_at),
        "answered_at": text(attempt.answered_at) or None,
        "answer_confirmed_at": text(attempt.answer_confirmed_at) or None,
        "message_started_at": text(attempt.message_started_at) or None,
        "listening_confirmed_at": text(attempt.listening_confirmed_at) or None,
        "ended_at": text(attempt.ended_at) or None,
        "outcome": _name(attempt.outcome),
        "given_back": _name(attempt.given_back),
        "hangup_cause": attempt.hangup_cause,
        "messages_played": attempt.messages_played,
        "digits": attempt.digits,
        "detail": attempt.detail,
        "call_id": attempt.call_id,
        "is_simulated": simulated(attempt.placed_at),
    }


def event_rows(events: Iterable[CallEvent], text: TimeText) -> list[Row]:
    """Return what happened in a call: time, event, and what else the event tells."""
    return [
        {"at": text(event.at), "event": type(event).__name__, **_details(event)} for event in events
    ]


def event_texts(events: Iterable[CallEvent], text: TimeText) -> str:
    """Return what :func:`event_rows` does as JSON, for millions of events."""
    return f"[{', '.join([_event_text(event, text) for event in events])}]"


def _event_text(event: CallEvent, text: TimeText) -> str:
    kind: Any = type(event)
    template, details = _template(kind)
    if details is None:
        return template % text(event.at)
    told = [_JSON_TEXTS.get(type(value), _quoted_name)(value) for value in details(event)]
    return template % (text(event.at), *told)


@cache
def _template(kind: Hashable) -> tuple[str, Callable[[CallEvent], tuple[Any, ...]] | None]:
    """Return the text of events of a type, and what gets the details that stand in it."""
    names = _fields(kind)
    members = [f'"at": "%s", "event": "{cast("type[CallEvent]", kind).__name__}"']
    members += ["%s" if name == "in_use" else f'"{name}": %s' for name in names]
    # Of one name alone it gets the value, in no tuple.
    get = attrgetter(*names) if names[1:] else (lambda event: (getattr(event, names[0]),))
    return f"{{{', '.join(members)}}}", get if names else None


def _quoted_name(member: Enum) -> str:
    return f'"{member.name}"'


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return str(cell).lower()
    return guarded(cell) if isinstance(cell, str) else cell


def _details(event: CallEvent) -> Row:
    row: Row = {}
    kind: Any = type(event)
    for name in _fields(kind):
        value = getattr(event, name)
        if isinstance(value, tuple):
            # R8.4: calls in progress just before this one was placed.
            row.update(zip(_IN_USE, value, strict=True))
        else:
            row[name] = value.name if isinstance(value, Enum) else value
    return row


@cache
def _fields(kind: Hashable) -> tuple[str, ...]:
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", kind))
    return tuple(field.name for field in fields if field.name not in _OF_EVERY_EVENT)


def _name(value: Enum | None) -> str | None:
    return None if value is None else value.name


def _further(recipient: Recipient) -> str:
    return " ".join(
        f"{number.line.name.lower()}:{number.number}" for number in recipient.further_numbers
    )

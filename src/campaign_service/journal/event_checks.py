"""Whether what was read is an event that a service wrote: anybody may have altered it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import cast, get_args

import attrs

from campaign_core.events import CallEvent, Event
from campaign_service.journal.interface import JournalDamagedError

__all__ = ["checked_event"]

_EVENTS = get_args(Event)
_CALL_ID = re.compile(r"[0-9a-f]{32}")
_CALL_ID_RULE = "32 lower-case hex digits"
_AT_MAX = (1 << 43) - 1
"""The core's calendar ends there."""
_NUMBER_MAX = 1 << 53
"""No time, number or count of ours is larger, and every database and program takes this one."""


def checked_event(found: object, *, where: str, no_event: str) -> Event:
    """Return what the core's codec made of something read, which has looked at the types alone.

    Raises:
        JournalDamagedError: it is no event, or one with values that no service ever wrote.
    """
    if not isinstance(found, _EVENTS):
        raise JournalDamagedError(f"{where}: {no_event}")
    event = cast("Event", found)
    wrong = _wrong_value(event)
    if wrong is not None:
        raise JournalDamagedError(f"{where}: {wrong}")
    return event


def _wrong_value(event: Event) -> str | None:
    kind = type(event)
    if isinstance(event, CallEvent) and _CALL_ID.fullmatch(event.call_id) is None:
        return f"{kind.__name__}: call_id = {event.call_id!r}: {_CALL_ID_RULE}"
    if not 0 <= event.at <= _AT_MAX:
        return f"{kind.__name__}: at = {event.at}: milliseconds since 1970, up to {_AT_MAX}"
    for name in _names(cast("Hashable", kind)):
        value = getattr(event, name)
        if type(value) is int and abs(value) > _NUMBER_MAX:
            return f"{kind.__name__}: {name} = {value}: a number of up to {_NUMBER_MAX}"
    return None


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind)))

"""Every value to plain JSON data and back, state and events included.

Needs nothing but attrs: a vendor can keep a journal, or a snapshot, wherever there is JSON.

::

    from_data(to_data(value)) == value

A value is an object with its ``type`` and its fields; members of enumerations are their names. The
outermost object carries ``format``, the number of this layout. A later release reads what an
earlier one wrote: a field that is missing takes its default, and a change that this does not
cover raises ``FORMAT`` and adds a row to ``_UPGRADES``. What a newer release wrote is refused.

The recipients' records of a state are written as columns, one list for each field; a column of
equal values is that value alone.

A service that must open quickly keeps snapshots instead: ``state_of(snapshot_of(state)) == state``,
as bytes, with a format number of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from campaign_core._state.service import State
from campaign_core.codec._event_texts import writer_of
from campaign_core.codec._in_place import InlineReader, InPlaceWriter
from campaign_core.codec._parts import SNAPSHOT_FORMAT
from campaign_core.codec._snapshots import snapshot_of, state_of
from campaign_core.codec._states import state_from_data, state_to_data
from campaign_core.codec._values import Data, check_input, known, tagged, untagged
from campaign_core.commands import Command
from campaign_core.errors import JournalError, SettingsError
from campaign_core.events import Event

__all__ = [
    "FORMAT",
    "SNAPSHOT_FORMAT",
    "Data",
    "from_data",
    "snapshot_of",
    "state_of",
    "to_data",
    "to_json",
]

FORMAT = 1
"""The number of the layout that this release writes."""

_UPGRADES: dict[int, Callable[[Data], Data]] = {}
"""From an earlier layout to the next one."""

_GARBLED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, AssertionError)
"""What goes wrong with data that nobody wrote so, wherever in it the fault lies."""


def to_data(value: object) -> Data:
    """Return a value as plain JSON data.

    Args:
        value: a state, or any attrs value of the core: an event, a message, a decision, settings,
            a model.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, State):
        return {"format": FORMAT, "type": "State", **state_to_data(value, InPlaceWriter())}
    if type(value).__name__ not in known() or not attrs.has(type(value)):
        raise TypeError(f"not a value of the core: {value!r}")
    return {"format": FORMAT, **tagged(value)}


def to_json(event: Event, *, is_ascii: bool = False) -> str:
    """Return an event as the text of JSON, without blanks: several times as fast as by its data.

    ::

        json.loads(to_json(event)) == to_data(event)

    Args:
        event: the event.
        is_ascii: whether every other character is written as its escape.

    Raises:
        TypeError: it is no event.
    """
    kind: Any = type(event)
    return writer_of(kind, FORMAT, is_ascii=is_ascii)(event)


def from_data(data: object) -> Any:
    """Return the value of some data.

    A command is input, and is checked as such. Anything else was accepted before it was written:
    what another machine knows and this one does not, such as a time zone, is read as it stands.

    Raises:
        JournalError: the data is not what :func:`to_data` gives, or a newer release wrote it.
        SettingsError: it names a value that the rules do not allow.
    """
    written = data.get("format") if isinstance(data, Mapping) else None
    if type(written) is not int or written < 1 or not isinstance(data, Mapping):
        raise JournalError("not data of the core: there is no whole number under 'format'")
    plain = {name: value for name, value in data.items() if name != "format"}
    if written > FORMAT:
        raise JournalError(f"format {written} is of a newer release; this one reads up to {FORMAT}")
    for number in range(written, FORMAT):
        plain = _UPGRADES[number](plain)
    try:
        if plain.get("type") == "State":
            return state_from_data(plain, InlineReader())
        value = untagged(plain)
    except (JournalError, SettingsError):
        raise
    except _GARBLED as error:
        raise JournalError(f"not data of the core: {type(error).__name__}: {error}") from error
    if isinstance(value, Command):
        check_input(value)
    return value

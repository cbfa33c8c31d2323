"""Values and plain data, directed by the types of the fields."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from campaign_core import commands, decisions, events, reports
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.limits import CallLimits
from campaign_core._model.recipient_list import RecipientList, with_repeats
from campaign_core._model.recipients import Duplicates, Recipient
from campaign_core._model.settings import Settings
from campaign_core._state.call import Call
from campaign_core._state.link import Link
from campaign_core._values.validators import with_accepted
from campaign_core.errors import JournalError

__all__ = ["Data", "check_input", "coder", "known", "later_fields", "tagged", "untagged"]

Data = dict[str, Any]
"""A JSON object: dicts with text keys, lists, text, whole numbers, booleans, ``None``."""

_LATER: Mapping[type[Any], tuple[tuple[str, Any], ...]] = {
    Link: (("call_limits", CallLimits()), ("telephonies", ())),
    events.ServiceOpened: (("telephony", None),),
    reports.EndReport: (("took_commands", True),),
    reports.DriverDownReport: (("silent_ms", 0),),
    events.DriverWentDown: (("silent_ms", 0),),
    Settings: (("number_plan", None),),
    Call: (("is_uncounted", False),),
    events.CallEnded: (("sounds_missing", 0),),
    events.SettingsChanged: (("keeps_past", False),),
    CampaignModel: (("duplicates", Duplicates.REFUSE),),
    commands.StartCampaign: (("needs_all", False),),
}
"""Fields that came after the format began, each with its value where it is not written. It is left
out where it has that value, so that what has not changed is written as an older release did."""

_BY_THE_MACHINE: Mapping[type[Any], Mapping[str, Any]] = {
    CampaignModel: {"name": "-", "time_zone": "UTC"},
    Recipient: {"name": "", "email": "", "time_zone": None},
}
"""Fields whose check asks what this machine knows, of time zones and of Unicode; each with a value
that passes anywhere. Another machine may have accepted what this one does not know, so they are
read as they were written (R3.6)."""

Coder = tuple[Callable[[Any], Any], Callable[[Any], Any]]
V = TypeVar("V")


@cache
def known() -> Mapping[str, type[Any]]:
    """Return every class that can stand under ``type``, by its name."""
    found: dict[str, type[Any]] = {}
    waiting: list[Any] = [CampaignModel, Recipient, Call, Link]
    for module in (commands, reports, events, decisions):
        waiting += [getattr(module, name) for name in module.__all__]
    while waiting:
        hint = waiting.pop()
        if isinstance(hint, type) and attrs.has(hint) and hint.__name__ not in found:
            found[hint.__name__] = hint
            waiting += get_type_hints(hint).values()
        elif isinstance(hint, type) and issubclass(hint, Enum):
            found[hint.__name__] = hint
        else:
            waiting += get_args(hint)
    return types.MappingProxyType(found)


def later_fields(kind: type[Any]) -> Mapping[str, Any]:
    """Return the fields of a class that came later, each with the value that is not written."""
    return dict(_LATER.get(kind, ()))


def tagged(value: Any) -> Data:
    """Return an attrs value, or a member of an enumeration, under its type's name."""
    kind: Any = type(value)
    data: Data = {"type": kind.__name__}
    if isinstance(value, Enum):
        data["name"] = value.name
        return data
    for name, (encode, _) in _fields(kind).items():
        data[name] = encode(getattr(value, name))
    for name, told_without in _LATER.get(kind, ()):
        if getattr(value, name) == told_without:
            del data[name]
    return data


def untagged(data: Data) -> Any:
    """Return what :func:`tagged` wrote."""
    kind: Any = known().get(data["type"])
    if kind is None:
        raise JournalError(f"unknown type {data['type']!r}")
    if issubclass(kind, Enum):
        return kind[data["name"]]
    fields = _fields(kind)
    unknown = data.keys() - fields.keys() - {"type"}
    if unknown:
        raise JournalError(f"unknown fields of {kind.__name__}: {', '.join(sorted(unknown))}")
    given = {name: decode(data[name]) for name, (_, decode) in fields.items() if name in data}
    known_anywhere = _BY_THE_MACHINE.get(kind, {})
    accepted = {name: given[name] for name in known_anywhere if name in given}
    given |= {name: known_anywhere[name] for name in accepted}
    # Some words are given by position alone; attrs tells which.
    by_place = [f.name for f in attrs.fields(kind) if not f.kw_only and f.name in given]
    # A list: a generator would be emptied only after the rest was copied.
    placed = [given.pop(name) for name in by_place]
    made = kind(*placed, **given)
    return with_accepted(made, **accepted) if accepted else made


def check_input(command: commands.Command) -> None:
    """Check what a command brings, now that it comes in: reading alone does not (R3.6).

    Raises:
        SettingsError: a value is not known to this machine.
    """
    for field in attrs.fields(type(command)):
        value = getattr(command, field.name)
        if isinstance(value, CampaignModel):
            attrs.validate(value)
            value = value.recipients
        if isinstance(value, RecipientList):
            for recipient in value:
                attrs.validate(recipient)


@cache
def _fields(kind: Any) -> dict[str, Coder]:
    hints = get_type_hints(kind)
    return {field.name: coder(hints[field.name]) for field in attrs.fields(kind)}


@cache
def coder(hint: Any) -> Coder:
    """Return how to write and read a value of a type."""
    if isinstance(hint, NewType):
        return coder(hint.__supertype__)
    if hint in (int, str, bool):
        return _plain(hint), _only(hint)
    if hint is RecipientList:
        return _list_of(coder(Recipient), with_repeats)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:  # noqa: PLR2004
        return _list_of(coder(args[0]), tuple)
    if origin is tuple:
        return _row(tuple(coder(arg) for arg in args))
    if origin is frozenset:
        return _list_of(coder(args[0]), frozenset, is_sorted=True)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return (lambda member: member.name), (lambda name: hint[name])
    assert attrs.has(hint), hint
    return tagged, _one_of((hint,))


def _one_of(kinds: tuple[type[Any], ...]) -> Callable[[Any], Any]:
    """Return what takes values of these types alone: another of the core has no place here."""

    def read(data: Any) -> Any:
        value = untagged(data)
        if type(value) not in kinds:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise JournalError(f"not data of the core: {type(value).__name__} is no {names}")
        return value

    return read


def _plain(kind: type[Any]) -> Callable[[Any], Any]:
    """Return what writes a value of a subclass, such as an ``IntEnum``, as a plain one."""

    def write(value: Any) -> Any:
        return value if type(value) is kind else as_plain(value)

    as_plain = _PLAIN[kind]
    return write


_PLAIN: Mapping[type[Any], Callable[[Any], Any]] = {
    int: int.__int__,
    str: str.__str__,
    bool: bool,
}


def _only(kind: type[V]) -> Callable[[Any], V]:
    """Return what takes plain values of one type alone; ``True`` is no number here."""

    def read(data: Any) -> V:
        if type(data) is not kind:
            raise JournalError(f"not data of the core: {data!r} is no {kind.__name__}")
        return data

    return read


def _list_of(
    item: Coder, make: Callable[[Iterable[Any]], Any], *, is_sorted: bool = False
) -> Coder:
    encode, decode = item

    def write(values: Iterable[Any]) -> list[Any]:
        written = [encode(value) for value in values]
        return sorted(written) if is_sorted else written

    return write, (lambda data: make(decode(value) for value in data))


def _row(items: tuple[Coder, ...]) -> Coder:
    return (
        lambda values: [encode(v) for (encode, _), v in zip(items, values, strict=True)],
        lambda data: tuple(decode(v) for (_, decode), v in zip(items, data, strict=True)),
    )


def _union(args: tuple[Any, ...]) -> Coder:
    """Return the coder of a union: one plain enumeration by name, else objects by their tag."""
    others = [arg for arg in args if arg is not type(None)]
    if len(others) == 1:
        encode, decode = coder(others[0])
        return (
            lambda value: None if value is None else encode(value),
            lambda data: None if data is None else decode(data),
        )
    lists = [arg for arg in others if get_origin(arg) is tuple]
    tagged_one = _one_of(tuple(arg for arg in others if isinstance(arg, type)))

    def write(value: Any) -> Any:
        if isinstance(value, tuple):
            return coder(lists[0])[0](value)
        return value if isinstance(value, int | str | None) else tagged(value)

    def read(data: Any) -> Any:
        if isinstance(data, list):
            return coder(lists[0])[1](data)
        return tagged_one(data) if isinstance(data, dict) else data

    return write, read

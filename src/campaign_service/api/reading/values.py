"""Bodies and queries as schemas; of those that cannot be taken, every bad value at once (R3.3).

A good body is decoded, and no more. Only where that fails is it walked, value by value, to tell all
that is wrong: first by the schema, and of the parts that fit it, by the core's own rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

import attrs
import msgspec
from msgspec import NODEFAULT, Struct, ValidationError
from typing_extensions import Buffer

from campaign_core import Line
from campaign_core.errors import Problem, SettingsError
from campaign_service.api.problems.errors import MalformedBodyError
from campaign_service.api.reading.hints import dict_pair, hints_of, list_item, rule_of, schema_for
from campaign_service.api.reading.pieces import decoded
from campaign_service.journal.json_pieces import decode_in_pieces
from campaign_service.numbers import read_number
from campaign_service.schemas import conversion
from campaign_service.schemas.core_values import Recipient
from campaign_service.schemas.fields import members

__all__ = ["read_body", "read_query"]

S = TypeVar("S", bound=Struct)

_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LONG_LIST = 1_000
"""Entries from which on a list is never looked at as a whole: nothing else could run meanwhile."""
_SHOWN_MAX = 200
_HUGE_IN_MAX = 1 << 20
_PASSWORDS = frozenset({"password", "old", "new"})
"""Fields that hold one: of a body that has them no value is shown."""


def read_body(data: Buffer, kind: type[S]) -> S:
    """Return a body as a schema.

    Raises:
        MalformedBodyError: it is no JSON.
        BadValuesError: values that do not fit, all of them.
    """
    try:
        return cast("S", decoded(data, kind))
    except ValidationError:
        pass
    except _NO_JSON as error:
        raise MalformedBodyError(str(error)) from None
    try:
        # A value that does not fit is found before the rest is looked at.
        raw = decode_in_pieces(data)
    except _NO_JSON as error:
        raw = _with_huge_numbers(data, error)
    problems: list[Problem] = []
    _check(kind, raw, "", problems)
    if not problems:
        # Only the first of two members of one name was bad, and the last counts.
        return msgspec.convert(raw, kind)
    if _PASSWORDS.intersection(kind.__struct_fields__):
        # What is typed in the wrong place may be the password.
        problems = [attrs.evolve(problem, value=None) for problem in problems]
    raise conversion.BadValuesError(problems[: conversion.PROBLEMS_MAX])


def _with_huge_numbers(data: Buffer, error: Exception) -> object:
    """Return a body that is JSON but for numbers that no machine has: those as such.

    Raises:
        MalformedBodyError: something else is wrong; or the body is a long one, which is not read
            once more.
    """
    if "out of range" not in str(error) or memoryview(data).nbytes > _HUGE_IN_MAX:
        raise MalformedBodyError(str(error)) from None
    try:
        found: object = json.loads(
            bytes(data), parse_int=_number_or_huge, parse_float=_number_or_huge
        )
    except (ValueError, RecursionError):
        raise MalformedBodyError(str(error)) from None
    return found


class _HugeNumber(float):
    """A number of more digits than are read: no field takes it."""

    def __init__(self, text: str) -> None:
        self.text = text


def _number_or_huge(text: str) -> object:
    try:
        found: object = msgspec.json.decode(text)
    except ValidationError:
        return _HugeNumber(text)
    return found


def read_query(pairs: Iterable[tuple[str, str]], kind: type[S]) -> S:
    """Return the parameters of a query as a schema.

    Raises:
        BadValuesError: parameters that are unknown, given twice or do not fit, all of them.
    """
    given: dict[str, Any] = {}
    hints = hints_of(kind)
    problems: list[Problem] = []
    for name, value in pairs:
        if name in hints and list_item(hints[name]) is not None:
            given.setdefault(name, []).append(value)
        elif name in given:
            problems.append(Problem(field=name, value=value, rule="once"))
        else:
            given[name] = _parameter_value(hints[name], value) if name in hints else value
    if not problems:
        try:
            return msgspec.convert(given, kind)
        except ValidationError:
            pass
    _check(kind, given, "", problems)
    raise conversion.BadValuesError(problems)


def _parameter_value(hint: Any, text: str) -> object:
    """Return the value that a parameter's text stands for: all but numbers and flags are text."""
    kinds = members(hint)
    if int in kinds and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    return text


# The walk ------------------------------------------------------------------------------------


def _check(hint: Any, raw: object, path: str, problems: list[Problem]) -> None:
    """Put down what is wrong with a value; when there is enough to tell, look no further."""
    if len(problems) >= conversion.PROBLEMS_MAX:
        return
    before = len(problems)
    if _has_long_list(raw):
        # To convert it as a whole would hold all other threads up.
        _check_parts(hint, raw, path, problems)
        if len(problems) > before:
            return
    try:
        made = _converted(raw, hint)
    except ValidationError as error:
        _check_parts(hint, raw, path, problems)
        if len(problems) == before:
            is_huge = isinstance(raw, _HugeNumber) and int in members(hint)
            rule = "a number of few digits" if is_huge else rule_of(hint, str(error))
            problems.append(Problem(field=path, value=_abridged(raw), rule=rule))
    else:
        _check_by_core_rules(made, path, problems)


def _converted(raw: object, hint: Any) -> object:
    """Return a plain value as one of a type; a long list row by row.

    Raises:
        ValidationError: it does not fit.
    """
    item = list_item(hint)
    if isinstance(raw, list) and len(raw) > _LONG_LIST and item is not None:
        raw = [msgspec.convert(one, item) for one in raw]
    # What is made already is only looked at: how long may the list be?
    return msgspec.convert(raw, hint)


def _has_long_list(raw: object) -> bool:
    return isinstance(raw, dict) and any(
        _has_long_list(value) or (isinstance(value, list) and len(value) > _LONG_LIST)
        for value in raw.values()
    )


def _check_parts(hint: Any, raw: object, path: str, problems: list[Problem]) -> None:
    item = list_item(hint)
    if isinstance(raw, list) and item is not None:
        for index, one in enumerate(raw):
            if len(problems) >= conversion.PROBLEMS_MAX:
                return
            _check(item, one, f"{path}[{index}]", problems)
        if item is Recipient and len(problems) < conversion.PROBLEMS_MAX:
            # The rows were looked at one by one; now for the numbers that come twice.
            _check_duplicates(raw, path, problems)
        return
    pair = dict_pair(hint)
    if isinstance(raw, dict) and pair is not None:
        for key, value in raw.items():
            _check(pair[0], key, f"{path}[{key}]", problems)
            _check(pair[1], value, f"{path}[{key}]", problems)
        return
    schema = schema_for(hint, raw)
    if isinstance(raw, dict) and schema is not None:
        _check_fields(schema, raw, path, problems)


def _check_fields(
    schema: type[Struct], raw: Mapping[str, object], path: str, problems: list[Problem]
) -> None:
    hints = hints_of(schema)
    tag_field = schema.__struct_config__.tag_field
    known = [*hints] if tag_field is None else [tag_field, *hints]
    for name, value in raw.items():
        if name not in known and len(problems) < conversion.PROBLEMS_MAX:
            rule = f"unknown; known here: {', '.join(known)}" if known else "unknown; none is known"
            problems.append(Problem(field=_join(path, name), value=_abridged(value), rule=rule))
    for field in msgspec.structs.fields(schema):
        at = _join(path, field.name)
        if field.name in raw:
            _check(hints[field.name], raw[field.name], at, problems)
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            problems.append(Problem(field=at, value=None, rule="missing"))


def _check_by_core_rules(made: object, path: str, problems: list[Problem]) -> None:
    if isinstance(made, Struct) and type(made) in conversion.PAIRS:
        conversion.build(made, path, problems)
    elif isinstance(made, Struct):
        for name in made.__struct_fields__:
            _check_by_core_rules(getattr(made, name), _join(path, name), problems)
    elif isinstance(made, list) and made and isinstance(made[0], Recipient):
        conversion.recipient_list(made, path, problems)
    elif isinstance(made, list) and made and isinstance(made[0], Struct):
        for index, one in enumerate(made):
            _check_by_core_rules(one, f"{path}[{index}]", problems)


def _check_duplicates(raw: Sequence[object], path: str, problems: list[Problem]) -> None:
    rows = [_with_number(one) for one in raw]
    conversion.recipient_list(rows, path, problems)


def _with_number(raw: object) -> Recipient | None:
    """Return a row as far as its number goes; what else is in it was looked at before."""
    known = (
        {name: raw[name] for name in ("number", "line", "further_numbers") if name in raw}
        if isinstance(raw, dict)
        else {}
    )
    try:
        row = msgspec.convert(known, Recipient)
        read_number(row.number, Line[row.line])
        for one in row.further_numbers:
            read_number(one.number, Line[one.line])
    except (ValidationError, SettingsError):
        return None
    return row


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _abridged(value: object) -> object:
    """Return a bad value as an answer shows it: of a long one, the beginning."""
    if isinstance(value, _HugeNumber):
        return _abridged(value.text)
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]}…"
    if isinstance(value, list | dict):
        # Of a long one what is not shown is not written either.
        shown = value if len(value) <= _SHOWN_MAX else list(islice(value, _SHOWN_MAX))
        text = str(shown)
        return value if shown is value and len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
    return value

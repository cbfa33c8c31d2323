"""Bodies and queries as shapes; of those that cannot be taken, every bad value at once (R3.3).

A good body is decoded in one go. Only where that fails is it walked, value by value, to tell all
that is wrong: first by the schema, and of the parts that fit it, by the core's own rules.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec
from msgspec import NODEFAULT, Meta, Struct, UnsetType, ValidationError

from campaign_core.errors import Problem
from campaign_service.api.shapes import building
from campaign_service.api.shapes.wanted import Recipient

__all__ = ["MalformedBodyError", "read_body", "read_query"]

S = TypeVar("S", bound=Struct)

_WORDS = {
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a date and time",
    "float": "a number",
}
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_IN_PIECES = 4 << 20
"""Bytes from which on a body is read row by row."""
_SHOWN_MAX = 200
_PASSWORDS = frozenset({"password", "old", "new"})
"""Fields that hold one: of a body that has them no value is shown."""
_PROBLEMS_MAX = 1_000
"""So many are told of at once; a list of a million with a bad column is bad enough by then."""


class MalformedBodyError(ValueError):
    """A body that is no JSON at all."""


def read_body(data: bytes, kind: type[S]) -> S:
    """Return a body as a shape.

    Raises:
        MalformedBodyError: it is no JSON.
        BadValuesError: values that do not fit, all of them.
    """
    try:
        if len(data) > _IN_PIECES and "recipients" in kind.__struct_fields__:
            return _in_pieces(data, kind)
        return msgspec.json.decode(data, type=kind)
    except ValidationError:
        pass
    except _NO_JSON as error:
        raise MalformedBodyError(str(error)) from None
    try:
        # A value that does not fit is found before the rest is looked at.
        raw = msgspec.json.decode(data)
    except _NO_JSON as error:
        raise MalformedBodyError(str(error)) from None
    problems: list[Problem] = []
    _look(kind, raw, "", problems)
    if _PASSWORDS.intersection(kind.__struct_fields__):
        # What is typed in the wrong place may be the password.
        problems = [attrs.evolve(problem, value=None) for problem in problems]
    raise building.BadValuesError(problems[:_PROBLEMS_MAX])


def _in_pieces(data: bytes, kind: type[S]) -> S:
    """Return a body with very many recipients, read row by row.

    To read a million in one go takes seconds in which no other thread runs; so it takes no
    longer, and the calls in progress are seen to meanwhile.
    """
    raws = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    rows = msgspec.json.decode(raws.get("recipients", b"null"), type=list[msgspec.Raw] | None)
    if not rows:
        return msgspec.json.decode(data, type=kind)
    row = msgspec.json.Decoder(Recipient)
    given: dict[str, object] = {
        name: msgspec.json.decode(raw) for name, raw in raws.items() if name != "recipients"
    }
    # One row stands in for the others while the rest is looked at.
    given["recipients"] = [msgspec.json.decode(rows[0])]
    made = msgspec.convert(given, kind)
    return msgspec.structs.replace(made, recipients=[row.decode(raw) for raw in rows])


def read_query(pairs: Iterable[tuple[str, str]], kind: type[S]) -> S:
    """Return the parameters of a query as a shape.

    Raises:
        BadValuesError: parameters that are unknown, given twice or do not fit, all of them.
    """
    given: dict[str, Any] = {}
    hints = _hints(kind)
    problems: list[Problem] = []
    for name, value in pairs:
        if name in hints and _list_item(hints[name]) is not None:
            given.setdefault(name, []).append(value)
        elif name in given:
            problems.append(Problem(field=name, value=value, rule="once"))
        else:
            given[name] = _plain(hints[name], value) if name in hints else value
    if not problems:
        try:
            return msgspec.convert(given, kind)
        except ValidationError:
            pass
    _look(kind, given, "", problems)
    raise building.BadValuesError(problems)


def _plain(hint: Any, text: str) -> object:  # noqa: ANN401
    """Return the value that a parameter's text stands for: all but numbers and flags are text."""
    members = _members(hint)
    if int in members and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if bool in members and text in ("true", "false"):
        return text == "true"
    return text


# The walk ------------------------------------------------------------------------------------


def _look(
    hint: Any,  # noqa: ANN401 -- a type, of which there are many kinds
    raw: object,
    path: str,
    problems: list[Problem],
) -> None:
    """Put down what is wrong with a value."""
    try:
        made = msgspec.convert(raw, hint)
    except ValidationError as error:
        before = len(problems)
        _look_within(hint, raw, path, problems)
        if len(problems) == before:
            rule = _rule(hint, str(error))
            problems.append(Problem(field=path, value=_short(raw), rule=rule))
    else:
        _look_by_the_core(made, path, problems)


def _look_within(
    hint: Any,  # noqa: ANN401
    raw: object,
    path: str,
    problems: list[Problem],
) -> None:
    item = _list_item(hint)
    if isinstance(raw, list) and item is not None:
        for index, one in enumerate(raw):
            _look(item, one, f"{path}[{index}]", problems)
        if item is Recipient:
            # The rows were looked at one by one; now for the numbers that come twice.
            _look_for_duplicates(raw, path, problems)
        return
    pair = _dict_pair(hint)
    if isinstance(raw, dict) and pair is not None:
        for key, value in raw.items():
            _look(pair[0], key, f"{path}[{key}]", problems)
            _look(pair[1], value, f"{path}[{key}]", problems)
        return
    shape = _shape_for(hint, raw)
    if isinstance(raw, dict) and shape is not None:
        _look_at_fields(shape, raw, path, problems)


def _look_at_fields(
    shape: type[Struct],
    raw: Mapping[str, object],
    path: str,
    problems: list[Problem],
) -> None:
    hints = _hints(shape)
    tag_field = shape.__struct_config__.tag_field
    known = [*hints] if tag_field is None else [tag_field, *hints]
    for name, value in raw.items():
        if name not in known:
            rule = f"unknown; known here: {', '.join(known)}" if known else "unknown; none is known"
            problems.append(Problem(field=_join(path, name), value=_short(value), rule=rule))
    for field in msgspec.structs.fields(shape):
        at = _join(path, field.name)
        if field.name in raw:
            _look(hints[field.name], raw[field.name], at, problems)
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            problems.append(Problem(field=at, value=None, rule="missing"))


def _look_by_the_core(made: object, path: str, problems: list[Problem]) -> None:
    if isinstance(made, Struct) and type(made) in building.PAIRS:
        building.build(made, path, problems)
    elif isinstance(made, Struct):
        for name in made.__struct_fields__:
            _look_by_the_core(getattr(made, name), _join(path, name), problems)
    elif isinstance(made, list) and made and isinstance(made[0], Recipient):
        building.recipient_list(made, path, problems)
    elif isinstance(made, list) and made and isinstance(made[0], Struct):
        for index, one in enumerate(made):
            _look_by_the_core(one, f"{path}[{index}]", problems)


def _look_for_duplicates(raw: Sequence[object], path: str, problems: list[Problem]) -> None:
    rows = [_with_number(one) for one in raw]
    building.recipient_list(rows, path, problems)


def _with_number(raw: object) -> Recipient | None:
    """Return a row as far as its number goes; what else is in it was looked at before."""
    known = (
        {name: raw[name] for name in ("number", "line", "further_numbers") if name in raw}
        if isinstance(raw, dict)
        else {}
    )
    try:
        return msgspec.convert(known, Recipient)
    except ValidationError:
        return None


# Types ---------------------------------------------------------------------------------------


def _hints(shape: type[Struct]) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)


def _members(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return what a hint may be, without what only adds to it."""
    if get_origin(hint) is Annotated:
        return _members(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(
            member
            for arg in get_args(hint)
            if arg not in (type(None), UnsetType)
            for member in _members(arg)
        )
    return (hint,)


def _list_item(hint: Any) -> Any | None:  # noqa: ANN401
    return next((get_args(one)[0] for one in _members(hint) if get_origin(one) is list), None)


def _dict_pair(hint: Any) -> tuple[Any, ...] | None:  # noqa: ANN401
    return next((get_args(one) for one in _members(hint) if get_origin(one) is dict), None)


def _shape_for(hint: Any, raw: object) -> type[Struct] | None:  # noqa: ANN401
    shapes = [one for one in _members(hint) if isinstance(one, type) and issubclass(one, Struct)]
    if len(shapes) == 1:
        return shapes[0]
    for shape in shapes:
        config = shape.__struct_config__
        if isinstance(raw, dict) and raw.get(config.tag_field) == config.tag:
            return shape
    return None


def _described(hint: Any) -> str | None:  # noqa: ANN401
    """Return the description of the text that a hint asks for."""
    if get_origin(hint) is Annotated:
        found = _described(get_args(hint)[0])
        metas = [one for one in get_args(hint)[1:] if isinstance(one, Meta) and one.pattern]
        return found or next((one.description for one in metas), None)
    if get_origin(hint) in (Union, types.UnionType):
        return next(filter(None, map(_described, get_args(hint))), None)
    return None


def _rule(hint: Any, said: str) -> str:  # noqa: ANN401
    """Return what is allowed, from what msgspec says of a value that is not."""
    said = re.sub(r" - at `[^`]*`.*$", "", said)
    if "regex" in said:
        return _described(hint) or said
    if said.startswith("Invalid enum value"):
        names = [name for one in _members(hint) for name in _names(one)]
        return f"one of {', '.join(names)}" if names else said
    if said.startswith("Invalid value"):
        return _tags(hint) or said
    said = re.sub(r", got `[^`]+`$", "", said).replace("Expected ", "")
    # `int | null` >= 1: the types stand between backticks.
    said = re.sub(r"`([^`]+)`", _worded, said)
    return said[:1].lower() + said[1:]


def _worded(found: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(word, word) for word in found[1].split(" | "))


def _names(hint: Any) -> list[str]:  # noqa: ANN401
    if hasattr(hint, "__members__"):
        return [*hint.__members__]
    return [str(arg) for arg in get_args(hint)] if get_origin(hint) is Literal else []


def _tags(hint: Any) -> str | None:  # noqa: ANN401
    configs = [
        one.__struct_config__
        for one in _members(hint)
        if isinstance(one, type) and issubclass(one, Struct)
    ]
    if len(configs) < 2:  # noqa: PLR2004 -- no choice
        return None
    return f"one with {configs[0].tag_field} {', '.join(str(one.tag) for one in configs)}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _short(value: object) -> object:
    """Return a bad value as an answer shows it: of a long one, the beginning."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]}…"
    if isinstance(value, list | dict):
        text = str(value)
        return value if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
    return value

"""What the hint of a value allows: its list, its schemas, and how that is said to a person."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from campaign_service.schemas.fields import WHOLE_MAX, members

__all__ = ["dict_pair", "hints_of", "list_item", "rule_of", "schema_for"]

_WORDS = {
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a date and time",
    "float": "a number",
}


@cache
def hints_of(schema: type[Struct]) -> dict[str, Any]:
    """Return the hints of a schema's fields, by name."""
    return get_type_hints(schema, include_extras=True)


def list_item(hint: Any) -> Any | None:
    """Return the hint of a list's entries; ``None``: it may be no list."""
    return next((get_args(one)[0] for one in members(hint) if get_origin(one) is list), None)


def dict_pair(hint: Any) -> tuple[Any, ...] | None:
    """Return the hints of keys and values; ``None``: it may be no mapping."""
    return next((get_args(one) for one in members(hint) if get_origin(one) is dict), None)


def schema_for(hint: Any, raw: object) -> type[Struct] | None:
    """Return the schema that a value is to be of, by its tag where there is a choice."""
    schemas = [one for one in members(hint) if isinstance(one, type) and issubclass(one, Struct)]
    if len(schemas) == 1:
        return schemas[0]
    for schema in schemas:
        config = schema.__struct_config__
        if isinstance(raw, dict) and raw.get(config.tag_field) == config.tag:
            return schema
    return None


def _described(hint: Any) -> str | None:
    """Return the description of the text that a hint asks for."""
    if get_origin(hint) is Annotated:
        found = _described(get_args(hint)[0])
        metas = [one for one in get_args(hint)[1:] if isinstance(one, Meta) and one.pattern]
        return found or next((one.description for one in metas), None)
    if get_origin(hint) in (Union, types.UnionType):
        return next(filter(None, map(_described, get_args(hint))), None)
    return None


def rule_of(hint: Any, message: str) -> str:
    """Return what is allowed, from what msgspec says of a value that is not."""
    message = re.sub(r" - at `[^`]*`.*$", "", message)
    if "regex" in message:
        return _described(hint) or message
    if message.startswith("Invalid enum value"):
        names = [name for one in members(hint) for name in _names(one)]
        return f"one of {', '.join(names)}" if names else message
    if message.startswith(("Invalid value", "Object missing required field")):
        return _tags(hint) or message
    message = _with_range(hint, message)
    message = re.sub(r", got `[^`]+`$", "", message).replace("Expected ", "")
    # `int | null` >= 1: the types stand between backticks.
    message = re.sub(r"`([^`]+)`", _type_words, message)
    return message[:1].lower() + message[1:]


def _metas(hint: Any) -> Iterator[Meta]:
    """Yield what narrows the values of a hint."""
    if get_origin(hint) is Annotated:
        yield from _metas(get_args(hint)[0])
        yield from (one for one in get_args(hint)[1:] if isinstance(one, Meta))
    elif get_origin(hint) in (Union, types.UnionType):
        for one in get_args(hint):
            yield from _metas(one)


def _with_range(hint: Any, message: str) -> str:
    """Return what msgspec says with both bounds: it tells the one that was missed, or none.

    A bound that is only that of whole numbers in JSON would be noise.
    """
    kind = re.match(r"Expected `[^`]+`(?=(?P<length> of length)?)", message)
    if kind is None or not re.search(r"[<>]=|`int", message):
        return message
    for meta in _metas(hint):
        bounds = (meta.min_length, meta.max_length) if kind["length"] else (meta.ge, meta.le)
        if None not in bounds and bounds[1] != WHOLE_MAX:
            joint = " of length" if kind["length"] else ","
            return f"{kind[0]}{joint} {bounds[0]:,} to {bounds[1]:,}"
    return message


def _type_words(found: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(word, word) for word in found[1].split(" | "))


def _names(hint: Any) -> list[str]:
    if hasattr(hint, "__members__"):
        return [*hint.__members__]
    return [str(arg) for arg in get_args(hint)] if get_origin(hint) is Literal else []


def _tags(hint: Any) -> str | None:
    configs = [
        one.__struct_config__
        for one in members(hint)
        if isinstance(one, type) and issubclass(one, Struct)
    ]
    if len(configs) < 2:  # noqa: PLR2004 -- no choice
        return None
    return f"one with {configs[0].tag_field} {', '.join(str(one.tag) for one in configs)}"

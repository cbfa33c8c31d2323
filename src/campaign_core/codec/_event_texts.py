"""Events as the text of JSON at once, by a function for each type.

A journal writes some nine events a call. To make of each a dict, and of that a text, takes eight
times what the text alone does: of an event's type everything is known but its values.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from enum import Enum
from functools import cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import attrs

from campaign_core import events
from campaign_core.codec._values import coder, later_fields

__all__ = ["writer_of"]

_EVENTS = frozenset(get_args(events.Event))
_Part = tuple[str, str]
"""A place in a template, and the expression of what stands in it."""


@cache
def writer_of(kind: Any, form: int, *, is_ascii: bool) -> Callable[[Any], str]:
    """Return what writes events of a type as :func:`~campaign_core.codec.to_json` tells.

    Args:
        kind: the type.
        form: the number of the layout.
        is_ascii: whether every other character is written as its escape.

    Raises:
        TypeError: it is no type of events.
    """
    if kind not in _EVENTS:
        raise TypeError(f"not an event of the core: {kind.__name__}")
    encode = json.JSONEncoder(
        ensure_ascii=is_ascii, check_circular=False, separators=(",", ":")
    ).encode
    namespace: dict[str, Any] = {
        "text": encode_basestring_ascii if is_ascii else encode_basestring,
    }
    template, given = f'{{"format":{form},"type":"{kind.__name__}"', []
    hints, later = get_type_hints(kind), later_fields(kind)
    for field in attrs.fields(kind):
        name = field.name
        part = _plain_part(hints[name], f"event.{name}")
        if part is None:
            namespace[f"other_{name}"] = _encoded(coder(hints[name])[0], encode)
            part = "%s", f"other_{name}(event.{name})"
        member = f',"{name}":{part[0]}'
        if name in later:
            namespace[f"untold_{name}"] = later[name]
            told = f"{member!r} % ({part[1]},)"
            member, part = "%s", ("%s", f"'' if event.{name} == untold_{name} else {told}")
        template += member
        given.append(part[1])
    namespace["template"] = template + "}"
    # As attrs itself does it: what is known of a class is written out as a function, once.
    writer: Callable[[Any], str] = eval(  # noqa: S307
        f"lambda event: template % ({', '.join(given)},)", namespace
    )
    return writer


def _encoded(plain: Callable[[Any], Any], encode: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: encode(plain(value))


def _plain_part(hint: Any, value: str) -> _Part | None:
    """Return where a value stands that is written as it is; ``None``: it is of another type."""
    if isinstance(hint, NewType):
        return _plain_part(hint.__supertype__, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return '"%s"', f"{value}.name"
    args = get_args(hint)
    if get_origin(hint) is tuple and set(args) == {int}:
        return f"[{','.join(['%d'] * len(args))}]", f"*{value}"
    if get_origin(hint) in (Union, types.UnionType) and set(args) == {int, type(None)}:
        return "%s", f"'null' if {value} is None else '%d' % {value}"
    return {
        int: ("%d", value),
        str: ("%s", f"text({value})"),
        bool: ("%s", f"'true' if {value} else 'false'"),
    }.get(hint)

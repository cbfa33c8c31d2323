"""Frozen values for the price of what they hold, where one is made at every step of a call.

The constructor of a frozen class packs its arguments into a dict, for a class is called, and sets
each field past the refusal that the class itself puts up: for twelve fields eight times the price
of making a plain object. A *maker* is a function with the arguments of the constructor that does
without both. It makes the class's *twin*: a subclass that adds nothing but that its fields may be
set. When they are, the twin is told that it is one of the class, which Python allows where both
are laid out alike. From then on nothing tells it from a value made by the constructor: type,
equality, hash, pickle; and nobody can change it.

A maker is for values that we make ourselves of what was checked before: it is refused to a class
that converts or checks what it is given. To the type checkers it is the constructor, so its
arguments are looked at as those are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import attrs

__all__ = ["maker_of"]

P = ParamSpec("P")
V = TypeVar("V")


def maker_of(kind: Callable[P, V]) -> Callable[P, V]:
    """Return a function that makes values of a frozen attrs class with slots, as its constructor.

    ::

        call_answered = maker_of(CallAnswered)
        call_answered(seq=1, ...) == CallAnswered(seq=1, ...)

    Raises:
        TypeError: the class converts or checks a field, or makes a default anew each time.
    """
    made: Any = kind
    fields = attrs.fields(made)
    for field in fields:
        is_plain = field.converter is None and field.validator is None and field.init
        if not is_plain or isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
            raise TypeError(f"{made.__qualname__}.{field.name} is not only kept as it is given")
    namespace: dict[str, Any] = {
        "new": object.__new__,
        "twin": _twin_of(made),
        "kind": made,
        **{f"default_{field.name}": field.default for field in fields},
    }
    # As attrs itself does it: what is known of a class is written out as a function, once.
    exec("\n".join(_source(fields)), namespace)  # noqa: S102
    maker: Callable[P, V] = namespace["make"]
    return maker


def _twin_of(kind: type[Any]) -> type[Any]:
    settable = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(f"_{kind.__name__}InTheMaking", (kind,), {"__slots__": (), **settable})


def _source(fields: tuple[attrs.Attribute[Any], ...]) -> Iterator[str]:
    by_place = [_argument(field) for field in fields if not field.kw_only]
    by_name = [_argument(field) for field in fields if field.kw_only]
    arguments = ", ".join([*by_place, *(["*", *by_name] if by_name else [])])
    yield f"def make({arguments}):"
    yield "    made = new(twin)"
    for field in fields:
        yield f"    made.{field.name} = {field.name}"
    yield "    made.__class__ = kind"
    yield "    return made"


def _argument(field: attrs.Attribute[Any]) -> str:
    return field.name if field.default is attrs.NOTHING else f"{field.name}=default_{field.name}"

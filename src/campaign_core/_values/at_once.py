"""Every bad value of one value at once, not the first alone (R3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

import attrs

from campaign_core.errors import Problem, SettingsError

__all__ = ["all_at_once"]

V = TypeVar("V")

_BAFFLED = (TypeError, ValueError, AttributeError, LookupError)
"""What a check may raise that meets a value of a type for which it was not made."""


def all_at_once(kind: type[V]) -> type[V]:
    """Have the constructor of an attrs class name every bad field, where it would name the first.

    ::

        @all_at_once
        @attrs.frozen(kw_only=True)
        class Breaker: ...

    Where all is well it costs a call; the fields are looked at one by one only where one is bad.
    """
    make: Any = kind.__init__

    @wraps(make)
    def __init__(self: V, **given: Any) -> None:  # noqa: N807 -- it takes the place of one
        try:
            make(self, **given)
        except _BAFFLED:
            problems = list(_problems(kind, given))
            if not problems:
                raise
            raise SettingsError(problems) from None

    kind.__init__ = __init__  # type: ignore[assignment]
    return kind


def _problems(kind: Any, given: Mapping[str, Any]) -> Iterator[Problem]:
    fields = attrs.fields_dict(kind)
    if given.keys() - fields.keys():
        return
    # A check that compares two fields sees those that could be taken.
    made: Any = kind.__new__(kind)
    converted = {}
    for name, field in fields.items():
        if name not in given and field.default is attrs.NOTHING:
            # The caller is wrong, not the operator: Python says so.
            return
        converted[name], value = _converted(field, given)
        if not converted[name]:
            object.__setattr__(made, name, value)
    for name, field in fields.items():
        yield from converted[name]
        if name in given and not converted[name] and field.validator is not None:
            refused = _refused(field, made)
            yield from refused
            if refused:
                # Nothing is compared with what is bad itself.
                object.__delattr__(made, name)


def _converted(
    field: attrs.Attribute[Any], given: Mapping[str, Any]
) -> tuple[list[Problem], object]:
    if field.name not in given:
        default: Any = field.default
        return [], default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]
    value = given[field.name]
    convert: Any = field.converter
    if convert is None:
        return [], value
    try:
        return [], convert(value)
    except SettingsError as error:
        return list(error.problems), None
    except _BAFFLED:
        return [Problem(field=field.name, value=value, rule="a value of another type")], None


def _refused(field: attrs.Attribute[Any], made: object) -> tuple[Problem, ...]:
    validate: Any = field.validator
    try:
        validate(made, field, getattr(made, field.name))
    except SettingsError as error:
        return error.problems
    except _BAFFLED:
        # It compares this field with one that is bad itself.
        return ()
    return ()

"""Checks of single values: each raises one error that names field, value and rule (R3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, TypeVar

import attrs

from campaign_core.errors import Problem, SettingsError

__all__ = [
    "NUMBER_MAX",
    "as_set",
    "as_tuple",
    "flag",
    "matches",
    "one_of",
    "optional",
    "printable",
    "raise_problems",
    "refuse",
    "whole_number",
    "with_accepted",
    "with_changes",
]

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]
V = TypeVar("V")

NUMBER_MAX = 10**1_000
"""No whole number beyond: one of some thousands of digits cannot be written, nor read again."""


def refuse(field: str, value: object, rule: str) -> SettingsError:
    """Return the error for one bad value, to be raised."""
    return SettingsError([Problem(field=field, value=value, rule=rule)])


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise one error for all bad values, if there is any.

    Raises:
        SettingsError: there is.
    """
    found = list(problems)
    if found:
        raise SettingsError(found)


def as_tuple(given: object) -> Any:
    """Return a list as a tuple; what is none, text above all, is left for the check to refuse."""
    if type(given) is tuple:
        return given
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else given


def as_set(given: object) -> Any:
    """Return a list as a frozen set; what is none is left for the check to refuse."""
    listed = as_tuple(given)
    if not isinstance(listed, tuple):
        return given
    try:
        return frozenset(listed)
    except TypeError:
        return given


def whole_number(least: int, most: int | None = None) -> Validator:
    """Return a validator that takes whole numbers from ``least`` to ``most``."""
    rule = f"a whole number >= {least}" if most is None else f"a whole number {least} to {most}"
    bound = NUMBER_MAX if most is None else most

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        # True is an int to Python; to an operator it is a mistake.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not least <= value <= bound:  # type: ignore[operator]
            raise refuse(attribute.name, value, rule)

    return validate


def flag(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take ``True`` and ``False`` alone."""
    if not isinstance(value, bool):
        raise refuse(attribute.name, value, "true or false")


def matches(pattern: str, rule: str) -> Validator:
    """Return a validator that takes text which the whole pattern matches."""
    compiled = re.compile(pattern)

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise refuse(attribute.name, value, rule)

    return validate


def printable(most: int) -> Validator:
    """Return a validator that takes up to ``most`` printable characters."""
    rule = f"up to {most} printable characters"

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or len(value) > most or not value.isprintable():
            raise refuse(attribute.name, value, rule)

    return validate


def one_of(*kinds: type[Any]) -> Validator:
    """Return a validator that takes instances of some classes; of an enumeration, its members."""
    names = [
        member.name if isinstance(member, Enum) else member.__name__
        for kind in kinds
        for member in (kind if issubclass(kind, Enum) else [kind])
    ]
    rule = names[0] if len(names) == 1 else "one of " + ", ".join(names)

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        # A subclass is another class to whoever reads what was kept.
        if type(value) not in kinds:
            raise refuse(attribute.name, value, rule)

    return validate


def optional(validator: Validator) -> Validator:
    """Return a validator that takes ``None`` beside what another takes."""

    def validate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value is None:
            return
        try:
            validator(instance, attribute, value)
        except SettingsError as error:
            raise refuse(attribute.name, value, f"{error.rule}, or none") from None

    return validate


def with_changes(value: V, **changes: Any) -> V:
    """Return a value with some of its fields changed: those are checked, and no other.

    What was accepted once is not checked again (R3.6): this machine may know less than the one
    that accepted it.

    Raises:
        SettingsError: a value given here is bad.
    """
    kind: Any = type(value)
    fields = attrs.fields_dict(kind)
    given = {name: _converted(fields[name], change) for name, change in changes.items()}
    changed = with_accepted(value, **given)
    for name, change in given.items():
        validate = fields[name].validator
        if validate is not None:
            validate(changed, fields[name], change)
    return changed


def _converted(field: attrs.Attribute[Any], given: object) -> object:
    convert: Any = field.converter
    return given if convert is None else convert(given)


def with_accepted(value: V, **accepted: Any) -> V:
    """Return a value with other values, accepted before, in some of its fields; none is checked."""
    kind: Any = type(value)
    other: Any = kind.__new__(kind)
    for field in attrs.fields(kind):
        name = field.name
        # A frozen class refuses a plain assignment.
        object.__setattr__(other, name, accepted.get(name, getattr(value, name)))
    made: V = other
    return made

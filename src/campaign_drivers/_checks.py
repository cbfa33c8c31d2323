"""Checks of a driver's settings, with the core's error for a bad value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from campaign_core.errors import Problem, SettingsError

__all__ = [
    "HOST",
    "SERVICE_ID",
    "Check",
    "between",
    "each_like",
    "like",
    "refuse",
    "routing_classes",
]

Check = Callable[..., None]
"""A validator of one field."""

_CLASS = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def refuse(name: str, value: object, rule: str) -> SettingsError:
    """Return the error that names a bad value, to be raised."""
    return SettingsError([Problem(field=name, value=value, rule=rule)])


def like(pattern: re.Pattern[str], rule: str) -> Check:
    """Return a validator of texts; the value of a field without a ``repr`` is never shown."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            # That there is none is no secret.
            shown = value if attribute.repr or value == "" else "(not shown)"
            raise refuse(attribute.name, shown, rule)

    return check


HOST = like(re.compile(r"[A-Za-z0-9_.:%-]{1,253}"), "a host")
"""A validator of names and addresses of hosts."""

SERVICE_ID = like(re.compile(r"[0-9a-f]{8}"), "eight lower-case hex digits")
"""A validator of service ids."""


def each_like(pattern: re.Pattern[str], rule: str) -> Check:
    """Return a validator of lists of texts."""

    def check(_: object, attribute: attrs.Attribute[Any], value: Iterable[str]) -> None:
        for text in value:
            if not pattern.fullmatch(text):
                raise refuse(attribute.name, text, rule)

    return check


def between(low: float, high: float) -> Check:
    """Return a validator of numbers within bounds."""

    def check(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
        if not low <= value <= high:
            raise refuse(attribute.name, value, f"{low} to {high}")

    return check


def routing_classes(
    _: object, attribute: attrs.Attribute[Any], value: Mapping[str | None, object]
) -> None:
    """Take routes by routing class; under ``None`` is the one of calls without a class."""
    for name in value:
        if name is not None and not _CLASS.fullmatch(name):
            raise refuse(attribute.name, name, "routing classes: letters, digits and _ . -")

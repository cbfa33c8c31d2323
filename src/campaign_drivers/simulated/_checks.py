"""Checks of single values of a simulated network, with the core's error for bad ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from campaign_core.errors import Problem, SettingsError

__all__ = ["number_between", "refuse", "share"]


def refuse(field: str, value: object, rule: str) -> SettingsError:
    """Return the error for one bad value, to be raised."""
    return SettingsError([Problem(field=field, value=value, rule=rule)])


def number_between(
    least: float, most: float
) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """Return a validator that takes whole and decimal numbers within bounds."""
    rule = f"a number {least:g} to {most:g}"

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # Written so that NaN fails too.
        if not is_number or not least <= value <= most:  # type: ignore[operator]
            raise refuse(attribute.name, value, rule)

    return validate


share = number_between(0, 1)
"""A validator of shares and probabilities."""

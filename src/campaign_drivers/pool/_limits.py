"""Limits of several telephonies as those of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from campaign_core import CallLimits

__all__ = ["least_of", "strictest_limits", "sum_of", "sum_of_limits"]

N = TypeVar("N", int, float)


def strictest_limits(*given: CallLimits) -> CallLimits:
    """Return limits that allow what all of several limits allow."""
    total = least_of(limits.total for limits in given)
    internal = least_of((total, *(limits.internal for limits in given)))
    external = least_of((total, *(limits.external for limits in given)))
    if internal is not None and external is not None:
        total = least_of((total, internal + external))
    return CallLimits(total=total, internal=internal, external=external)


def sum_of_limits(given: Iterable[CallLimits]) -> CallLimits:
    """Return how many calls several telephonies take together."""
    known = tuple(given)
    return CallLimits(
        total=sum_of(limits.total for limits in known),
        internal=sum_of(limits.internal for limits in known),
        external=sum_of(limits.external for limits in known),
    )


def least_of(given: Iterable[N | None]) -> N | None:
    """Return the least of some numbers; ``None`` is more than any."""
    return min((number for number in given if number is not None), default=None)


def sum_of(given: Iterable[N | None]) -> N | None:
    """Return the sum of some numbers; ``None`` where one of them is."""
    numbers = list(given)
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None

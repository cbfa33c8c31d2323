"""What a row of a state machine's table is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs

__all__ = ["Arrow", "table"]

S = TypeVar("S")


@attrs.frozen
class Arrow(Generic[S]):
    """One arrow: from a state, by an event, to one of some states."""

    source: S
    event: type[Any]
    targets: frozenset[S]
    make: Callable[..., Any]
    """Makes the target; each table says from what."""


def table(
    *rows: tuple[S, type[Any], set[S], Callable[..., Any]],
) -> dict[tuple[S, type[Any]], Arrow[S]]:
    """Return the rows by source and event; two rows for the same pair are our mistake."""
    arrows = {
        (source, event): Arrow(source, event, frozenset(targets), make)
        for source, event, targets, make in rows
    }
    assert len(arrows) == len(rows), "two arrows for one pair"
    return arrows

"""Rows of one number made one recipient, where whoever reads a list asks for it (R3.2).

Siblings at one telephone become one recipient whose name is all of theirs. What else is known of
the first row stays; what it lacks is taken from the others.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from campaign_core import Line, Number, NumberPlan, Recipient, canonical_form

__all__ = ["form_of", "merged"]

_NAME_MAX = 128
_FURTHER_MAX = 9
_AND = ", "
_MORE = " and {} more"


def merged(recipients: Iterable[Recipient], plan: NumberPlan | None = None) -> list[Recipient]:
    """Return recipients of whom no two have the same first number on the same line.

    Args:
        recipients: in order; each stands where the first of its number stood.
        plan: numbers are compared by their forms in it (R3.7).
    """
    groups: dict[tuple[str, Line], list[Recipient]] = {}
    for one in recipients:
        groups.setdefault(form_of(one.number, one.line, plan), []).append(one)
    return [rows[0] if len(rows) == 1 else _one_of(rows, plan) for rows in groups.values()]


def form_of(number: str, line: Line, plan: NumberPlan | None) -> tuple[str, Line]:
    """Return by what a number on its line is compared with others (R3.7)."""
    return (number if line is Line.INTERNAL else canonical_form(number, plan)), line


def _one_of(rows: list[Recipient], plan: NumberPlan | None) -> Recipient:
    first = rows[0]
    seen = {form_of(first.number, first.line, plan)}
    further: list[Number] = []
    for number in (number for row in rows for number in row.further_numbers):
        form = form_of(number.number, number.line, plan)
        if form not in seen:
            seen.add(form)
            further.append(number)
    return attrs.evolve(
        first,
        name=_joined(dict.fromkeys(row.name for row in rows if row.name)),
        email=next((row.email for row in rows if row.email), ""),
        time_zone=next((row.time_zone for row in rows if row.time_zone), None),
        further_numbers=further[:_FURTHER_MAX],
    )


def _joined(names: Iterable[str]) -> str:
    """Return names as one, of at most as many characters as a name may have."""
    listed = list(names)
    text = _AND.join(listed)
    # Of more names than characters no more fit: a list may be one number alone.
    shown = min(len(listed), _NAME_MAX)
    while len(text) > _NAME_MAX and shown > 1:
        shown -= 1
        text = _AND.join(listed[:shown]) + _MORE.format(len(listed) - shown)
    if len(text) <= _NAME_MAX:
        return text
    more = _MORE.format(len(listed) - 1)
    return listed[0][: _NAME_MAX - len(more) - 1] + "\u2026" + more

"""R3.7: when two ways of writing are one number, read aloud."""

from __future__ import annotations

import re

from campaign_core import Line, NumberPlan

Called = tuple[str, Line]
"""A number with its line."""


def compared(called: Called, plan: NumberPlan | None) -> Called:
    """Return what is compared of a number on its line; internal ones are their own form."""
    number, line = called
    return (number, line) if line is Line.INTERNAL else (form(number, plan), line)


def form(number: str, plan: NumberPlan | None) -> str:
    """Return a number as the whole world writes it, or as it is where it is no such number."""
    if plan is None or re.fullmatch(r"\+?[0-9]+", number) is None:
        return number
    code, trunk = plan.country_code, "" if plan.trunk_prefix_stays else plan.trunk_prefix
    abroad = rf"\+|{plan.international_prefix}" if plan.international_prefix else r"\+"
    written = re.fullmatch(rf"(?:{abroad})(.+)", number)
    if written is not None:
        return _world(written[1], number, code, trunk, plan.national_digits)
    if plan.national_digits is not None:
        with_count = rf"[0-9]{{{plan.national_digits}}}"
        found = re.fullmatch(rf"(?:{trunk})({with_count})", number)
        found = found or re.fullmatch(rf"({with_count})", number)
        found = found or re.fullmatch(rf"{code}({with_count})", number)
        return number if found is None else f"+{code}{found[1]}"
    if not trunk:
        return f"+{code}{number}"
    found = re.fullmatch(rf"{trunk}([1-9][0-9]*)", number)
    if found is None and not number.startswith(trunk):
        found = re.fullmatch(r"([1-9][0-9]{6,})", number)
    return number if found is None else f"+{code}{found[1]}"


def _world(digits: str, number: str, code: str, trunk: str, count: int | None) -> str:
    if digits.startswith("0"):
        return number
    if trunk and count is not None:
        found = re.fullmatch(rf"{code}{trunk}([0-9]{{{count}}})", digits)
    elif trunk.startswith("0"):
        found = re.fullmatch(rf"{code}{trunk}([1-9][0-9]*)", digits)
    else:
        found = None
    return f"+{digits}" if found is None else f"+{code}{found[1]}"

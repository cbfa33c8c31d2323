"""The tables ``[settings]`` and ``[do_not_call]``: what holds beyond one campaign."""

from __future__ import annotations

import re
from pathlib import Path

from campaign_core import FrequencyCap, NumberPlan, Settings
from campaign_core.commands import AddToDoNotCall
from campaign_core.errors import SettingsError
from campaign_service.config.campaign_table import prompt, read_limits, read_rate
from campaign_service.config.problems import InputError, LocatedProblem, unreadable
from campaign_service.config.table import Reader, Table
from campaign_service.numbers import read_number

__all__ = ["read_do_not_call", "read_settings"]

_COMMENT = re.compile(r"#\s.*|#$")


def read_settings(table: Table) -> Settings | None:
    """Return the general settings, ``None`` if something was put down as wrong."""
    readers: dict[str, Reader] = {
        "call_limits": read_limits,
        "call_rate": read_rate,
        "answer_prompt": prompt,
        "listening_prompt": prompt,
        "frequency_cap": _frequency_cap,
        "number_plan": _number_plan,
    }
    return table.build(Settings, readers=readers)


def read_do_not_call(table: Table, plan: NumberPlan | None = None) -> tuple[str, ...]:
    """Return the numbers of the table itself and of the file that it names.

    Args:
        table: ``[do_not_call]``.
        plan: by which numbers are read (R3.7).
    """
    table.refuse_others(["numbers", "file"])
    numbers = []
    for text in table.texts("numbers"):
        try:
            numbers.append(_number(text, plan))
        except SettingsError as error:
            table.complain("numbers", text, error.rule)
    name = table.text("file")
    if name is not None:
        numbers += _numbers_of(table.source.path.parent / name, plan)
    return tuple(numbers)


def _frequency_cap(table: Table, key: str) -> FrequencyCap | None:
    within = table.table(key)
    if within is None:
        return None
    return within.build(FrequencyCap, stand_ins={"attempts": 1, "per_h": 1})


def _number_plan(table: Table, key: str) -> NumberPlan | None:
    within = table.table(key)
    if within is None:
        return None
    return within.build(NumberPlan, stand_ins={"country_code": "1"})


def _numbers_of(path: Path, plan: NumberPlan | None) -> list[str]:
    """Return the numbers of a file, one a line; ``#`` and a blank begin a comment."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = LocatedProblem(file=path, line=line, field="", value=None, rule="not UTF-8 text")
        raise InputError([problem]) from None
    numbers, problems = [], []
    for line, written in enumerate(text.splitlines(), 1):
        text = _COMMENT.sub("", written).strip()
        if not text:
            continue
        try:
            numbers.append(_number(text, plan))
        except SettingsError as error:
            problems.append(
                LocatedProblem(file=path, line=line, field="number", value=text, rule=error.rule)
            )
    if problems:
        raise InputError(problems)
    return numbers


def _number(text: str, plan: NumberPlan | None) -> str:
    number = read_number(text, plan=plan)
    AddToDoNotCall(numbers=(number,))
    return number

"""The tables ``[settings]`` and ``[do_not_call]``: what holds beyond one campaign."""

from __future__ import annotations

import re
from pathlib import Path

from campaign_core import FrequencyCap, Settings
from campaign_core.commands import AddToDoNotCall
from campaign_core.errors import SettingsError
from campaign_service.config.campaign_table import prompt, read_limits, read_rate
from campaign_service.config.problems import InputError, LocatedProblem, unreadable
from campaign_service.config.table import Reader, Table

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
    }
    return table.build(Settings, readers=readers)


def read_do_not_call(table: Table) -> tuple[str, ...]:
    """Return the numbers of the table itself and of the file that it names."""
    table.refuse_others(["numbers", "file"])
    numbers = table.texts("numbers")
    for number in numbers:
        rule = _refusal(number)
        if rule is not None:
            table.complain("numbers", number, rule)
    name = table.text("file")
    if name is None:
        return numbers
    return (*numbers, *_numbers_of(table.source.path.parent / name))


def _frequency_cap(table: Table, key: str) -> FrequencyCap | None:
    within = table.table(key)
    if within is None:
        return None
    return within.build(FrequencyCap, stand_ins={"attempts": 1, "per_h": 1})


def _numbers_of(path: Path) -> tuple[str, ...]:
    """Return the numbers of a file, one a line; ``#`` and a blank begin a comment."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = LocatedProblem(file=path, line=line, field="", value=None, rule="not UTF-8 text")
        raise InputError([problem]) from None
    numbers, problems = [], []
    for line, written in enumerate(text.splitlines(), 1):
        number = _COMMENT.sub("", written).strip()
        rule = _refusal(number) if number else None
        if rule is not None:
            problems.append(
                LocatedProblem(file=path, line=line, field="number", value=number, rule=rule)
            )
        elif number:
            numbers.append(number)
    if problems:
        raise InputError(problems)
    return tuple(numbers)


def _refusal(number: str) -> str | None:
    try:
        AddToDoNotCall(numbers=(number,))
    except SettingsError as error:
        return error.rule
    return None

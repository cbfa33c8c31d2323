"""The tables ``[settings]`` and ``[do_not_call]``: what holds beyond one campaign."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from campaign_core import FrequencyCap, NumberPlan, Settings
from campaign_core.commands import AddToDoNotCall
from campaign_core.errors import SettingsError
from campaign_service.config.campaign_table import prompt, read_limits, read_rate
from campaign_service.config.problems import LocatedProblem, raise_if_any, refused_file, unreadable
from campaign_service.config.table import Reader, Table, table_reader
from campaign_service.numbers import read_number

__all__ = ["read_do_not_call", "read_settings"]

_COMMENT = re.compile(r"#\s.*|#$")


_READERS: Mapping[str, Reader] = {
    "call_limits": read_limits,
    "call_rate": read_rate,
    "answer_prompt": prompt,
    "listening_prompt": prompt,
    "frequency_cap": table_reader(FrequencyCap, stand_ins={"attempts": 1, "per_h": 1}),
    "number_plan": table_reader(NumberPlan, stand_ins={"country_code": "1"}),
}


def read_settings(table: Table) -> Settings | None:
    """Return the general settings, ``None`` if something was put down as wrong."""
    return table.build(Settings, readers=_READERS)


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
        raise refused_file(path, "not UTF-8 text", line) from None
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
    raise_if_any(problems)
    return numbers


def _number(text: str, plan: NumberPlan | None) -> str:
    number = read_number(text, plan=plan)
    AddToDoNotCall(numbers=(number,))
    return number

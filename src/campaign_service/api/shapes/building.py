"""From shapes to the core's values and back, by a table, with every bad value named at once (R3.3).

A field in a problem is a path into the request's JSON, which counts from 0:
``recipients[2].number`` is the number of the third recipient, at position 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar, cast

import attrs
from msgspec import UNSET, Struct

import campaign_core as core
from campaign_core.errors import Problem, SettingsError
from campaign_service.api.shapes import wanted
from campaign_service.merging import merged
from campaign_service.numbers import NumberReader

__all__ = [
    "PAIRS",
    "PROBLEMS_MAX",
    "BadValuesError",
    "Lists",
    "build",
    "built",
    "in_json",
    "plain",
    "recipient_list",
    "shape_of",
    "shape_with",
    "with_places",
]

S = TypeVar("S", bound=Struct)

PAIRS: dict[type[Struct], type[Any]] = {
    wanted.Breaker: core.Breaker,
    wanted.CallLimits: core.CallLimits,
    wanted.CallRate: core.CallRate,
    wanted.CallScript: core.CallScript,
    wanted.CallingHours: core.CallingHours,
    wanted.FrequencyCap: core.FrequencyCap,
    wanted.Model: core.CampaignModel,
    wanted.Number: core.Number,
    wanted.NumberPlan: core.NumberPlan,
    wanted.Parameters: core.CampaignModel,
    wanted.Recipient: core.Recipient,
    wanted.RetryPolicy: core.RetryPolicy,
    wanted.Settings: core.Settings,
    wanted.TransferOption: core.TransferOption,
}
"""Which shape stands for which class of the core."""

_SHAPES: dict[type[Any], type[Struct]] = {made: shape for shape, made in PAIRS.items()} | {
    core.CampaignModel: wanted.Parameters
}
_ENUMS: dict[str, type[Enum]] = {"days": core.Weekday, "never_again": core.Outcome}
"""Fields whose entries are the names of members."""
PROBLEMS_MAX = 1_000
"""So many are told of at once; a list of a million with a bad column is bad enough by then."""
_INDEX = re.compile(r"\[(\d+)\]")
_POSITION = re.compile(r"\bposition \d+(?=$|, as )")
_STAND_IN = "9{:030d}"
"""A number that nobody has, for a row that is bad: the others are looked at all the same."""


class BadValuesError(SettingsError):
    """Values of a request that must be changed; their fields are paths into its JSON."""


def in_json(field: str) -> str:
    """Return a field's path in the core's words, which count from 1, as one into JSON."""
    return _INDEX.sub(lambda found: f"[{int(found[1]) - 1}]", field)


def with_places(rule: str, place: Callable[[int], str]) -> str:
    """Return a rule of the core that names another position with its place instead."""
    return _POSITION.sub(lambda found: place(int(found[0].split()[1])), rule)


# To the core ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Lists:
    """How the lists of a body are read."""

    plan: core.NumberPlan | None = None
    """The service's number plan (R3.7)."""
    duplicates: core.Duplicates = core.Duplicates.REFUSE
    """What the model says of a number that stands twice (R3.2)."""
    is_merged: bool = False
    """Rows of one number become one recipient."""
    numbers: NumberReader = attrs.field(
        init=False, default=attrs.Factory(lambda self: NumberReader(self.plan), takes_self=True)
    )


def built(shape: Struct, lists: Lists | None = None) -> Any:  # noqa: ANN401 -- of any class in PAIRS
    """Return the core's value of a shape.

    Args:
        shape: as it was read.
        lists: how lists and numbers in it are read.

    Raises:
        BadValuesError: values that the rules do not allow, all of them.
    """
    problems: list[Problem] = []
    value = build(shape, "", problems, lists)
    if problems:
        raise BadValuesError(problems)
    return value


def build(shape: Struct, path: str, problems: list[Problem], lists: Lists | None = None) -> Any:  # noqa: ANN401
    """Return the core's value of a shape, ``None`` if something was put down as wrong."""
    before = len(problems)
    kind = PAIRS[type(shape)]
    lists = lists or Lists()
    if isinstance(shape, wanted.Model):
        is_merged = shape.merge_duplicates is True
        lists = attrs.evolve(lists, duplicates=shape.duplicates, is_merged=is_merged)
    values: dict[str, Any] = {}
    for name in _settable(kind):
        value = getattr(shape, name, UNSET)
        if value is UNSET:
            continue
        found = len(problems)
        at = f"{path}.{name}" if path else name
        made: object
        if name == "number":
            made = _number(shape, at, problems, lists)
        else:
            made = _value(name, value, at, problems, lists)
        if len(problems) == found:
            values[name] = made
    made = _make(kind, values, path, problems)
    return made if len(problems) == before else None


def _number(shape: Any, path: str, problems: list[Problem], lists: Lists) -> str | None:  # noqa: ANN401
    try:
        return lists.numbers.read(shape.number, shape.line)
    except SettingsError as error:
        problems += [attrs.evolve(problem, field=path) for problem in error.problems]
        return None


def _value(name: str, value: object, path: str, problems: list[Problem], lists: Lists) -> object:
    if isinstance(value, Struct):
        return build(value, path, problems, lists)
    if name == "recipients":
        return recipient_list(cast("list[wanted.Recipient]", value), path, problems, lists)
    if name == "delays_s":
        return {core.Outcome[key]: delay for key, delay in cast("dict[str, int]", value).items()}
    if name in _ENUMS:
        return [_ENUMS[name][key] for key in cast("list[str]", value)]
    if isinstance(value, list):
        return [build(one, f"{path}[{index}]", problems, lists) for index, one in enumerate(value)]
    return value


def _make(
    kind: type[Any], values: dict[str, Any], path: str, problems: list[Problem]
) -> object | None:
    """Make a value; a bad field is left out and the value made again, until nothing is wrong."""
    for _ in range(len(values) + 1):
        try:
            return cast("object", kind(**values))
        except SettingsError as error:
            problems += [_at(path, problem) for problem in error.problems]
            names = {re.split(r"[.\[]", problem.field)[0] for problem in error.problems}
            if names.isdisjoint(values):
                return None
            for name in names & values.keys():
                del values[name]
        except TypeError:
            # A field without a default was left out, being bad itself.
            return None
    return None


def _at(path: str, problem: Problem) -> Problem:
    field = in_json(problem.field)
    return attrs.evolve(problem, field=f"{path}.{field}" if path else field)


def recipient_list(
    rows: Sequence[wanted.Recipient | None],
    path: str,
    problems: list[Problem],
    lists: Lists | None = None,
) -> core.RecipientList | None:
    """Return recipients as a list; every bad row is put down, and every number that comes twice.

    Args:
        rows: in order; ``None`` for one of which nothing can be said but that it is bad.
        path: of the list.
        problems: where what is wrong is put down, until that is enough.
        lists: how the list is read.
    """
    before = len(problems)
    lists = lists or Lists()
    lists.numbers.heed(row.number for row in rows if row is not None)
    made = []
    for index, row in enumerate(rows):
        if len(problems) >= PROBLEMS_MAX:
            return None
        try:
            made.append(_recipient(row, lists.numbers))
        except SettingsError as error:
            at = f"{path}[{index}]"
            if row is not None:
                build(row, at, problems, lists)
            made.append(_stand_in(row, index, error, lists.numbers))
    if lists.is_merged:
        made = merged(made, lists.plan)
    listed = core.RecipientList().appended(made, may_repeat=True)
    for problem in listed.repeats(lists.plan, lists.duplicates):
        field = in_json(problem.field.removeprefix("recipients"))
        rule = with_places(problem.rule, lambda position: f"{path}[{position - 1}]")
        problems.append(attrs.evolve(problem, field=f"{path}{field}", rule=rule))
    return listed if len(problems) == before else None


def _recipient(row: wanted.Recipient | None, numbers: NumberReader) -> core.Recipient:
    if row is None:
        raise SettingsError([Problem(field="", value=None, rule="a recipient")])
    return core.Recipient(
        number=numbers.read(row.number, row.line),
        line=row.line,
        name=row.name,
        email=row.email,
        time_zone=row.time_zone,
        further_numbers=tuple(
            core.Number(number=numbers.read(one.number, one.line), line=one.line)
            for one in row.further_numbers
        ),
    )


def _stand_in(
    row: wanted.Recipient | None, index: int, error: SettingsError, numbers: NumberReader
) -> core.Recipient:
    if row is not None and not error.field.startswith(("number", "further")):
        return core.Recipient(number=numbers.read(row.number, row.line), line=row.line)
    return core.Recipient(number=_STAND_IN.format(index))


def _settable(kind: type[Any]) -> Iterable[str]:
    return [field.name for field in attrs.fields(kind) if field.init]


# And back ------------------------------------------------------------------------------------


def shape_of(value: object, kind: type[S], **more: object) -> S:
    """Return the shape of a value of the core.

    Args:
        value: of the class that the shape stands for.
        kind: the shape's class.
        more: fields of the shape that the core's value does not have, or not so.
    """
    fields: dict[str, object] = dict(more)
    for name in _settable(type(value)):
        if name in kind.__struct_fields__ and name not in fields and name != "recipients":
            found = getattr(value, name)
            fields[name] = _delays(found) if name == "delays_s" else _shaped(found)
    return shape_with(kind, fields)


def shape_with(kind: type[S], facts: Mapping[str, object]) -> S:
    """Return a shape made of facts by the names of its fields."""
    return kind(**facts)


def _shaped(value: object) -> object:
    if value is core.FROM_SETTINGS:
        return UNSET
    shape = _SHAPES.get(type(value))
    if shape is not None:
        return shape_of(value, shape)
    if isinstance(value, frozenset):
        return [member.name for member in sorted(value, key=_place)]
    if isinstance(value, tuple):
        return [_shaped(entry) for entry in value]
    return value


def _delays(pairs: Iterable[tuple[core.Outcome, int]]) -> dict[str, int]:
    return {outcome.name: delay_s for outcome, delay_s in pairs}


def _place(member: Enum) -> int:
    return list(type(member)).index(member)


def plain(value: object) -> object:
    """Return a bad value as JSON can show it: of what is no plain value, its text."""
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    return str(value)

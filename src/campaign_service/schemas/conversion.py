"""Schemas to the core's values and back, by a table; every bad value is named at once (R3.3).

A field in a problem is a path into the request's JSON, which counts from 0:
``recipients[2].number`` is the number of the third recipient, at position 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import msgspec
from msgspec import UNSET, Raw, Struct

import campaign_core as core
from campaign_core.errors import Problem, SettingsError
from campaign_service.numbers import NumberReader
from campaign_service.numbers.merging import merged
from campaign_service.schemas import core_values
from campaign_service.schemas.fields import UtcTime, members

__all__ = [
    "PAIRS",
    "PROBLEMS_MAX",
    "BadValuesError",
    "ListOptions",
    "build",
    "built",
    "in_json",
    "plain",
    "recipient_list",
    "schema_of",
    "schema_with",
    "with_places",
]

S = TypeVar("S", bound=Struct)

PAIRS: dict[type[Struct], type[Any]] = {
    core_values.Breaker: core.Breaker,
    core_values.CallLimits: core.CallLimits,
    core_values.CallRate: core.CallRate,
    core_values.CallScript: core.CallScript,
    core_values.CallingHours: core.CallingHours,
    core_values.FrequencyCap: core.FrequencyCap,
    core_values.Model: core.CampaignModel,
    core_values.Number: core.Number,
    core_values.NumberPlan: core.NumberPlan,
    core_values.Parameters: core.CampaignModel,
    core_values.Recipient: core.Recipient,
    core_values.RetryPolicy: core.RetryPolicy,
    core_values.Settings: core.Settings,
    core_values.TransferOption: core.TransferOption,
}
"""Which schema stands for which class of the core."""

_ENUMS: dict[str, type[Enum]] = {
    "days": core.Weekday,
    "duplicates": core.Duplicates,
    "line": core.Line,
    "never_again": core.Outcome,
    "order": core.Order,
}
"""Fields that are the name of a member, or a list of such names."""
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
class ListOptions:
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


def built(schema: Struct, lists: ListOptions | None = None) -> Any:  # noqa: ANN401 -- of any class in PAIRS
    """Return the core's value of a schema.

    Args:
        schema: as it was read.
        lists: how lists and numbers in it are read.

    Raises:
        BadValuesError: values that the rules do not allow, all of them.
    """
    problems: list[Problem] = []
    value = build(schema, "", problems, lists)
    if problems:
        raise BadValuesError(problems)
    return value


def build(
    schema: Struct, path: str, problems: list[Problem], lists: ListOptions | None = None
) -> Any:  # noqa: ANN401
    """Return the core's value of a schema, ``None`` if something was put down as wrong."""
    before = len(problems)
    kind = PAIRS[type(schema)]
    lists = lists or ListOptions()
    if isinstance(schema, core_values.Model):
        is_merged = schema.merge_duplicates is True
        duplicates = core.Duplicates[schema.duplicates]
        lists = attrs.evolve(lists, duplicates=duplicates, is_merged=is_merged)
    values: dict[str, Any] = {}
    for name in _settable(kind):
        value = getattr(schema, name, UNSET)
        if value is UNSET:
            continue
        found = len(problems)
        at = f"{path}.{name}" if path else name
        made: object
        if name == "number":
            made = _number(schema, at, problems, lists)
        else:
            made = _value(name, value, at, problems, lists)
        if len(problems) == found:
            values[name] = made
    made = _make(kind, values, path, problems)
    return made if len(problems) == before else None


def _number(schema: Any, path: str, problems: list[Problem], lists: ListOptions) -> str | None:  # noqa: ANN401
    try:
        return lists.numbers.read(schema.number, core.Line[schema.line])
    except SettingsError as error:
        problems += [attrs.evolve(problem, field=path) for problem in error.problems]
        return None


def _value(
    name: str, value: object, path: str, problems: list[Problem], lists: ListOptions
) -> object:
    if isinstance(value, Struct):
        return build(value, path, problems, lists)
    if name == "recipients":
        return recipient_list(cast("list[core_values.Recipient]", value), path, problems, lists)
    if name == "delays_s":
        return {core.Outcome[key]: delay for key, delay in cast("dict[str, int]", value).items()}
    if name in _ENUMS:
        if isinstance(value, str):
            return _ENUMS[name][value]
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
    rows: Sequence[core_values.Recipient | None],
    path: str,
    problems: list[Problem],
    lists: ListOptions | None = None,
) -> core.RecipientList | None:
    """Return recipients as a list; every bad row is put down, and every number that comes twice.

    Args:
        rows: in order; ``None`` for one of which nothing can be said but that it is bad.
        path: of the list.
        problems: where what is wrong is put down, until that is enough.
        lists: how the list is read.
    """
    before = len(problems)
    lists = lists or ListOptions()
    lists.numbers.learn_codes(row.number for row in rows if row is not None)
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


def _recipient(row: core_values.Recipient | None, numbers: NumberReader) -> core.Recipient:
    if row is None:
        raise SettingsError([Problem(field="", value=None, rule="a recipient")])
    line = core.Line[row.line]
    return core.Recipient(
        number=numbers.read(row.number, line),
        line=line,
        name=row.name,
        email=row.email,
        time_zone=row.time_zone,
        further_numbers=tuple(_further(one, numbers) for one in row.further_numbers),
    )


def _further(row: core_values.Number, numbers: NumberReader) -> core.Number:
    line = core.Line[row.line]
    return core.Number(number=numbers.read(row.number, line), line=line)


def _stand_in(
    row: core_values.Recipient | None, index: int, error: SettingsError, numbers: NumberReader
) -> core.Recipient:
    if row is not None and not error.field.startswith(("number", "further")):
        line = core.Line[row.line]
        return core.Recipient(number=numbers.read(row.number, line), line=line)
    return core.Recipient(number=_STAND_IN.format(index))


def _settable(kind: type[Any]) -> Iterable[str]:
    return [field.name for field in attrs.fields(kind) if field.init]


# And back ------------------------------------------------------------------------------------


def schema_of(value: object, kind: type[S], /, *further: object, **more: object) -> S:
    """Return a schema made of what has its fields, each under its own name.

    Args:
        value: has them, or some; of the core, of the journal, of who keeps users.
        kind: the schema's class.
        further: have those that the value has not.
        more: the rest, and what is not to be as the values have it.
    """
    for source in (value, *further):
        for name in _converters(kind).keys() - more.keys():
            found = getattr(source, name, UNSET)
            if found is not UNSET:
                more[name] = found
    return schema_with(kind, **more)


def schema_with(kind: type[S], /, **values: object) -> S:
    """Return a schema made of values by the names of its fields."""
    converters = _converters(kind)
    return kind(**{name: converters[name](value) for name, value in values.items()})


@cache
def _converters(kind: type[Struct]) -> dict[str, Callable[[Any], object]]:
    return {field.name: _converter(field.type) for field in msgspec.structs.fields(kind)}


def _converter(hint: Any) -> Callable[[Any], object]:  # noqa: ANN401 -- a type of any kind
    """Return what makes a value one that a schema holds: instants times, members their names."""
    one = members(hint)[0]
    made: Callable[[Any], object]
    if one is UtcTime:
        made = UtcTime.of
    elif isinstance(one, type) and issubclass(one, Struct):
        made = partial(_nested, one)
    elif get_origin(one) is list:
        made = partial(_listed, _converter(get_args(one)[0]))
    elif get_origin(one) is dict:
        made = partial(_named, _converter(get_args(one)[1]))
    else:
        return _name
    return lambda value: value if value is None or value is UNSET else made(value)


def _nested(kind: type[Struct], value: object) -> Struct:
    return value if isinstance(value, Struct) else schema_of(value, kind)


def _listed(entry: Callable[[Any], object], values: Iterable[Any]) -> list[object]:
    if isinstance(values, AbstractSet):
        values = sorted(values, key=lambda one: _place(one) if isinstance(one, Enum) else one)
    return [entry(one) for one in values]


def _named(entry: Callable[[Any], object], given: Any) -> Any:  # noqa: ANN401
    if isinstance(given, Raw):
        # It is JSON already.
        return given
    pairs = given.items() if isinstance(given, Mapping) else given
    return {_name(key): entry(one) for key, one in pairs}


def _name(value: object) -> object:
    if isinstance(value, Enum):
        return UNSET if value is core.FROM_SETTINGS else value.name
    return value


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

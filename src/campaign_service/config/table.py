"""Tables of a TOML file, taken key by key; whatever nobody takes is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

import attrs

from campaign_core import Instant
from campaign_core.errors import Problem, SettingsError
from campaign_service.config.problems import LocatedProblem
from campaign_service.config.toml_file import KeyPath, TomlFile, field_name
from campaign_service.instants import TIMES, instant_of, is_within_times

__all__ = ["Reader", "Table", "enum_reader", "member_named", "table_reader"]

_Made = TypeVar("_Made")
_Member = TypeVar("_Member", bound=Enum)

Reader = Callable[["Table", str], object]
"""Takes one key of a table and returns its value; raises ``SettingsError`` for a bad one."""

_INDEX = re.compile(r"\[([^\]]*)\]")


@attrs.frozen(eq=False)
class Table:
    """One table of a file."""

    source: TomlFile
    keys: KeyPath
    """What leads to the table."""
    data: Mapping[str, object]
    """As it stands in the file, in its order."""
    problems: list[LocatedProblem]
    """Where all that is wrong is put down, of this table and of others."""

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def raw(self, key: str) -> object:
        """Return a value as it stands in the file, ``None`` where there is none."""
        return self.data.get(key)

    def refuse(self, key: str | None, value: object, rule: str) -> None:
        """Put down that a value cannot be taken; of the table itself, where no key is given."""
        keys = self.keys if key is None else (*self.keys, key)
        self._note(keys, value, rule)

    def text(self, key: str) -> str | None:
        """Return a text, ``None`` where there is none."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value
        self.refuse(key, value, "a text in quotes")
        return None

    def whole_number(self, key: str, least: int, most: int) -> int | None:
        """Return a whole number, ``None`` where there is none."""
        value = self.data.get(key)
        if value is None:
            return None
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if is_whole and least <= cast("int", value) <= most:
            return cast("int", value)
        self.refuse(key, value, f"a whole number {least} to {most}")
        return None

    def flag(self, key: str) -> bool:
        """Return true or false; false where there is none."""
        value = self.data.get(key, False)
        if isinstance(value, bool):
            return value
        self.refuse(key, value, "true or false")
        return False

    def instant(self, key: str, rule: str, zone: ZoneInfo | None = None) -> Instant | None:
        """Return a date and time, ``None`` where there is none; it has an offset or a zone."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, datetime) or (value.tzinfo is None and zone is None):
            self.refuse(key, value, rule)
            return None
        at = instant_of(value if value.tzinfo else value.replace(tzinfo=zone))
        if is_within_times(at):
            return at
        self.refuse(key, value, f"a time within {TIMES}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where there is none."""
        value = self.data.get(key, [])
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            return tuple(value)
        self.refuse(key, value, "a list of texts in quotes")
        return ()

    def table(self, key: str) -> Table | None:
        """Return a table within, ``None`` where there is none."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(self.source, (*self.keys, key), value, self.problems)
        self.refuse(key, value, "a table")
        return None

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return a list of tables within, empty where there is none."""
        value = self.data.get(key, [])
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            return tuple(
                Table(self.source, (*self.keys, key, index), entry, self.problems)
                for index, entry in enumerate(value)
            )
        self.refuse(key, value, f"a list of tables, each begun by [[{field_name(self.keys)}…]]")
        return ()

    def refuse_others(self, known: Iterable[str]) -> None:
        """Complain of each key that is not known."""
        known = tuple(known)
        for key in self.data:
            if key not in known:
                rule = f"unknown; known here: {', '.join(known)}"
                self._note((*self.keys, key), None, rule)

    def build(
        self,
        kind: type[_Made],
        *,
        readers: Mapping[str, Reader] | None = None,
        placeholders: Mapping[str, object] | None = None,
        given: Mapping[str, object] | None = None,
        known: Iterable[str] = (),
    ) -> _Made | None:
        """Return a value made of the table's keys, whose names are those of the value's fields.

        Every bad field is put down, not the first alone: a bad one is left out and the value
        made again, until nothing is wrong with the rest.

        Args:
            kind: the class, whose validators know the rules.
            readers: how to take the fields that are more than a number, a text or a flag.
            placeholders: fields without a default, and what to go on with where they are missing.
            given: fields that do not come from the table.
            known: keys that are somebody else's to take.

        Returns:
            The value, or ``None`` if something was wrong.
        """
        readers, placeholders, given = readers or {}, placeholders or {}, given or {}
        fields = _settable(kind)
        self.refuse_others([*(name for name in fields if name not in given), *known])
        before = len(self.problems)
        values = dict(given)
        for name in fields:
            if name in self.data and name not in given:
                self._take(name, readers, values)
            elif name in placeholders and name not in given:
                self.refuse(name, None, "missing")
                values[name] = placeholders[name]
        made = self._make(kind, values, placeholders)
        return made if len(self.problems) == before else None

    def _take(self, name: str, readers: Mapping[str, Reader], values: dict[str, object]) -> None:
        if name not in readers:
            values[name] = self.data[name]
            return
        before = len(self.problems)
        try:
            value = readers[name](self, name)
        except SettingsError as error:
            self._note_all(error.problems, (*self.keys, name))
            return
        if len(self.problems) == before:
            values[name] = value

    def _make(
        self, kind: type[_Made], values: dict[str, object], placeholders: Mapping[str, object]
    ) -> _Made | None:
        for _ in range(len(values) + 1):
            try:
                return kind(**values)
            except SettingsError as error:
                self._note_all(error.problems, self.keys, within=True)
                names = {re.split(r"[.\[]", problem.field)[0] for problem in error.problems}
                if names.isdisjoint(values):
                    return None
                for name in names & values.keys():
                    del values[name]
                    if name in placeholders:
                        values[name] = placeholders[name]
        return None

    def _note_all(
        self, problems: Iterable[Problem], keys: KeyPath, *, within: bool = False
    ) -> None:
        for problem in problems:
            path = (*keys, *_keys_of(problem.field)) if within else keys
            # A law over all fields of a table is named by the table.
            path = path[:-1] if path[-1:] == keys[-1:] and within else path
            self._note(path, problem.value, problem.rule)

    def _note(self, keys: KeyPath, value: object, rule: str) -> None:
        line, longest = None, keys
        while line is None and longest:
            line, longest = self.source.line_of(longest), longest[:-1]
        problem = LocatedProblem(
            file=self.source.path, line=line, field=field_name(keys), value=value, rule=rule
        )
        self.problems.append(problem)


def table_reader(
    kind: type[_Made],
    *,
    readers: Mapping[str, Reader] | None = None,
    placeholders: Mapping[str, object] | None = None,
    given: Mapping[str, object] | None = None,
) -> Callable[[Table, str], _Made | None]:
    """Return a reader that makes a value of a table within, as :meth:`Table.build` does."""

    def read(table: Table, key: str) -> _Made | None:
        within = table.table(key)
        if within is None:
            return None
        return within.build(kind, readers=readers, placeholders=placeholders, given=given)

    return read


def enum_reader(kind: type[_Member]) -> Callable[[Table, str], _Member | None]:
    """Return a reader that takes the name of a member, in any case, with ``-`` for ``_``."""

    def read(table: Table, key: str) -> _Member | None:
        value = table.raw(key)
        member = member_named(kind, value)
        if member is None:
            table.refuse(key, value, f"one of {', '.join(entry.name for entry in kind)}")
        return member

    return read


def member_named(kind: type[_Member], name: object) -> _Member | None:
    """Return the member of an enumeration that a person named."""
    if not isinstance(name, str):
        return None
    return kind.__members__.get(name.strip().upper().replace("-", "_"))


def _settable(kind: type[object]) -> list[str]:
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", kind))
    return [field.name for field in fields if field.init and not field.name.startswith("_")]


def _keys_of(field: str) -> KeyPath:
    """Return a field's path in the core's words as keys: in ``a.b[3]`` it counts from 1."""
    keys: list[str | int] = []
    for part in field.split("."):
        name, *indexes = _INDEX.split(part)
        keys.append(name)
        keys.extend(int(key) - 1 if key.isdecimal() else key for key in indexes if key)
    return tuple(keys)

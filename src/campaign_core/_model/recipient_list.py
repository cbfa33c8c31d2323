"""The list of recipients: order, who is listed under a number, and what stands twice (R3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

from typing_extensions import override

from campaign_core._model.lines import Line
from campaign_core._model.number_index import NumberIndex, entry_of
from campaign_core._model.number_plan import NumberPlan, form_on, spellings, spellings_on
from campaign_core._model.recipients import Duplicates, Recipient
from campaign_core._values.validators import as_tuple, refuse
from campaign_core._values.vector import Vector
from campaign_core.errors import Problem, SettingsError

__all__ = ["RecipientList", "with_repeats"]


def _numbers(recipient: Recipient) -> Iterator[tuple[str, Line]]:
    yield recipient.number, recipient.line
    for further in recipient.further_numbers:
        yield further.number, further.line


_SHOWN_MAX = 20
"""Recipients of a list that is shown whole, as in a story that a test tells."""


class RecipientList(Sequence[Recipient]):
    """Recipients in order, with a compact index from number to positions.

    Immutable; equal when the recipients are. Positions count from 1, as a person counts;
    indexing as a sequence counts from 0. ``appended`` shares what is there.

    Raises:
        SettingsError: the same number stands twice on the same line, within one recipient or
            between two (R3.2); every such pair is named.
    """

    __slots__ = ("_distinct_by", "_entries", "_index")

    def __init__(self, recipients: Iterable[Recipient] = ()) -> None:
        """Take the recipients in list order."""
        grown = recipients if isinstance(recipients, RecipientList) else None
        self._entries: Vector[Recipient] = Vector() if grown is None else grown._entries
        self._index: NumberIndex = NumberIndex() if grown is None else grown._index
        # The plans by which no number is known to stand twice: nobody looks once more.
        self._distinct_by: tuple[NumberPlan | None, ...] = (
            () if grown is None else grown._distinct_by
        )
        if grown is None:
            self._grow(_listed(recipients))
            self.refuse(self.repeats())

    def appended(
        self, recipients: Iterable[Recipient], *, may_repeat: bool = False
    ) -> RecipientList:
        """Return this list with others behind (R4.10).

        Raises:
            SettingsError: a number would stand twice on one line, and may not.
        """
        behind = _listed(recipients)
        longer = RecipientList(self)
        longer._grow(behind)
        if not may_repeat:
            self.refuse(self.repeats_with(behind))
        return longer

    @staticmethod
    def refuse(problems: list[Problem]) -> None:
        """Raise what was found.

        Raises:
            SettingsError: there is a problem.
        """
        if problems:
            raise SettingsError(problems)

    def repeats(
        self, plan: NumberPlan | None = None, duplicates: Duplicates = Duplicates.REFUSE
    ) -> list[Problem]:
        """Return a problem for each number that may not stand here a second time (R3.2, R3.7).

        Args:
            plan: numbers are compared by their forms in it.
            duplicates: with ``EACH`` only what stands twice within one recipient is a problem.
        """
        if plan in self._distinct_by:
            return []
        entries: Iterable[tuple[int, Recipient]] = enumerate(self._entries, 1)
        if duplicates is Duplicates.EACH:
            entries = ((at, who) for at, who in entries if who.further_numbers)
            return [p for at, who in entries for p in _repeats([(at, who)], plan)]
        # Only those whose hashes are equal need a second look.
        index = self._index if plan is None else self._index_by_form(plan)
        problems = _repeats(((at, self.at(at)) for at in sorted(index.doubtful())), plan)
        if not problems:
            self._distinct_by = (*self._distinct_by, plan)
        return problems

    def _index_by_form(self, plan: NumberPlan) -> NumberIndex:
        return NumberIndex().with_entries(
            [
                entry_of(form_on(line, number, plan), position)
                for position, recipient in enumerate(self._entries, 1)
                for number, line in _numbers(recipient)
            ]
        )

    def repeats_with(
        self,
        recipients: Iterable[Recipient],
        plan: NumberPlan | None = None,
        duplicates: Duplicates = Duplicates.REFUSE,
    ) -> list[Problem]:
        """Return a problem for each number that would stand a second time with others behind."""
        first = len(self) + 1
        if duplicates is Duplicates.EACH:
            return [
                problem
                for place in enumerate(recipients, first)
                for problem in _repeats([place], plan)
            ]

        def before(number: str, line: Line) -> tuple[int, str] | None:
            for position in self.positions_of(number, line, plan):
                form = form_on(line, number, plan)
                for other, other_line in _numbers(self.at(position)):
                    if line is other_line and form_on(line, other, plan) == form:
                        return position, other
            return None

        return _repeats(enumerate(recipients, first), plan, before)

    def positions_of(
        self, number: str, line: Line | None = None, plan: NumberPlan | None = None
    ) -> list[int]:
        """Return the positions listed under a number, on one line or on any, ascending.

        Args:
            number: in any of the ways of writing it that the plan knows.
            line: ``None``: on any; an internal number is found as it is written.
            plan: numbers are compared by their forms in it.
        """
        if plan is None:
            return self._positions_of((number,), line)
        if line is not None:
            return self._positions_of(spellings_on(line, number, plan), line)
        external = self._positions_of(spellings(number, plan), Line.EXTERNAL)
        return sorted({*external, *self._positions_of((number,), Line.INTERNAL)})

    def _positions_of(self, written: tuple[str, ...], line: Line | None) -> list[int]:
        return sorted(
            {
                position
                for number in written
                for position in self._index.candidates(number)
                if any(
                    number == other and (line is None or line is other_line)
                    for other, other_line in _numbers(self._entries[position - 1])
                )
            }
        )

    def first(self, count: int) -> RecipientList:
        """Return the list of the first so many."""
        if count == len(self):
            return self
        shorter = RecipientList()
        shorter._entries = Vector(islice(self._entries, count))
        shorter._index = self._index.up_to(count)
        shorter._distinct_by = self._distinct_by
        return shorter

    def at(self, position: int) -> Recipient:
        """Return the recipient at a position, counted from 1."""
        return self._entries.at(position - 1)

    def from_position(self, position: int) -> Iterator[Recipient]:
        """Return an iterator over the recipients from a position on, counted from 1."""
        return self._entries.items_from(position - 1)

    @classmethod
    def restored(cls, recipients: Iterable[Recipient]) -> RecipientList:
        """Return the list of recipients that were one before."""
        entries = tuple(recipients)
        listed = cls()
        listed._entries = Vector(entries)
        listed._index = NumberIndex().with_entries(_index_entries(entries, 1))
        return listed

    def _grow(self, recipients: tuple[Recipient, ...]) -> None:
        first = len(self._entries) + 1
        strangers = [
            Problem(field=f"recipients[{position}]", value=recipient, rule="a Recipient")
            for position, recipient in enumerate(recipients, first)
            if type(recipient) is not Recipient
        ]
        self.refuse(strangers)
        self._index = self._index.with_entries(_index_entries(recipients, first))
        self._entries = self._entries.extended(recipients)
        self._distinct_by = () if recipients else self._distinct_by

    @overload
    def __getitem__(self, index: int) -> Recipient: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Recipient, ...]: ...

    @override
    def __getitem__(self, index: int | slice) -> Recipient | tuple[Recipient, ...]:
        if isinstance(index, slice):
            return tuple(self._entries[i] for i in range(*index.indices(len(self))))
        return self._entries[index]

    @override
    def __len__(self) -> int:
        return len(self._entries)

    @override
    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._entries)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecipientList):
            return NotImplemented
        return self._entries == other._entries

    @override
    def __hash__(self) -> int:
        # The whole list would take seconds where it is long; length and ends tell enough.
        ends = (self[0], self[-1]) if self else ()
        return hash((len(self), ends))

    @override
    def __repr__(self) -> str:
        if len(self) > _SHOWN_MAX:
            return f"RecipientList(<{len(self)} recipients>)"
        return f"RecipientList({list(self)!r})"


def with_repeats(recipients: Iterable[Recipient]) -> RecipientList:
    """Return a list in which a number may stand more than once (R3.2): others look at that."""
    if isinstance(recipients, RecipientList):
        return recipients
    return RecipientList().appended(recipients, may_repeat=True)


def _listed(given: Iterable[Recipient]) -> tuple[Recipient, ...]:
    listed = as_tuple(given)
    if isinstance(listed, tuple):
        return listed
    raise refuse("recipients", given, "a list of recipients")


def _index_entries(recipients: tuple[Recipient, ...], first: int) -> list[int]:
    entries = [
        entry_of(recipient.number, position) for position, recipient in enumerate(recipients, first)
    ]
    entries += [
        entry_of(further.number, position)
        for position, recipient in enumerate(recipients, first)
        if recipient.further_numbers
        for further in recipient.further_numbers
    ]
    return entries


def _repeats(
    recipients: Iterable[tuple[int, Recipient]],
    plan: NumberPlan | None,
    before: Callable[[str, Line], tuple[int, str] | None] = lambda *_: None,
) -> list[Problem]:
    """Return a problem for each number that stands a second time, or where ``before`` tells."""
    seen: dict[tuple[str, Line], tuple[int, str]] = {}
    problems = []
    for position, recipient in recipients:
        for number, line in _numbers(recipient):
            key = form_on(line, number, plan), line
            known = seen.get(key) or before(number, line)
            if known is not None:
                problems.append(_duplicate(position, number, line, *known))
            seen[key] = position, number
    return problems


def _duplicate(position: int, number: str, line: Line, other: int, written: str) -> Problem:
    where = "twice there" if position == other else f"also at position {other}"
    if written != number:
        where += f", as {written}"
    return Problem(
        field=f"recipients[{position}].number",
        value=number,
        rule=f"each number once on a line; {line.name} {number} stands {where}",
    )

"""Numbers of one list: some tell what others lost, some differ by their form only (R3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from campaign_core import Line, NumberPlan, Recipient
from campaign_service.numbers.library import code_of, differing_by_form, digits_of, has_lost_plus
from campaign_service.numbers.reading import read_number, refuse

__all__ = ["NumberReader", "remark_on"]

_SHOWN_MAX = 3


@attrs.define
class NumberReader:
    """Reads the numbers of one list, of which some tell what others lost."""

    plan: NumberPlan | None = None
    codes: set[str] = attrs.field(factory=set)
    """Country codes of the numbers with a ``+``, by which one that lost it is known."""

    def learn_codes(self, texts: Iterable[str]) -> None:
        """Look at all the texts of a list before they are read one by one."""
        for text in texts:
            if "+" in text and (code := code_of(digits_of(text)[:3])) is not None:
                self.codes.add(code)

    def read(self, text: str, line: Line = Line.EXTERNAL) -> str:
        """Return the number that a text stands for.

        Raises:
            SettingsError: it cannot be read for certain; of the field ``number``.
        """
        number = read_number(text, line, self.plan)
        if line is Line.EXTERNAL and number[:1] in "123456789" and len(number) > _LOST_LEAST:
            code = code_of(number[:3])
            is_here = self.plan is not None and self.plan.country_code == code
            if code is not None and (is_here or code in self.codes) and has_lost_plus(number, code):
                raise refuse(text, f"its + was lost, as spreadsheets do: write +{number}")
        return number


_LOST_LEAST = 9
"""Digits that a number with its country code has more than."""


def remark_on(recipients: Iterable[Recipient], barred: Iterable[str] = ()) -> Iterator[str]:
    """Yield how many numbers of a list differ from others, or from barred ones, by form only."""
    listed = [(number.number, number.line) for one in recipients for number in one.numbers]
    pairs = differing_by_form([*listed, *((number, Line.EXTERNAL) for number in barred)])
    among = {number for number, line in listed if line is Line.EXTERNAL}
    pairs = [pair for pair in pairs if not among.isdisjoint(pair)]
    if pairs:
        shown = ", ".join(f"{one} and {other}" for one, other in pairs[:_SHOWN_MAX])
        more = ", ..." if len(pairs) > _SHOWN_MAX else ""
        count = "1 pair" if len(pairs) == 1 else f"{len(pairs)} pairs"
        yield (
            f"{count} of numbers differ by form only, and are taken for different ones:"
            f" {shown}{more}. With settings.number_plan they are compared as one."
        )

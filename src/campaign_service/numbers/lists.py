"""Numbers of one list, of which some tell what others lost."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from campaign_core import Line, NumberPlan
from campaign_service.numbers.library import code_of, digits_of, has_lost_plus
from campaign_service.numbers.reading import read_number, refuse

__all__ = ["NumberReader"]


@attrs.define
class NumberReader:
    """Reads the numbers of one list, of which some tell what others lost."""

    plan: NumberPlan | None = None
    codes: set[str] = attrs.field(factory=set)
    """Country codes of the numbers with a ``+``, by which one that lost it is known."""

    def heed(self, texts: Iterable[str]) -> None:
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

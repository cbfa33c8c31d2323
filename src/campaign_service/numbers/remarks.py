"""Numbers that are the same by their form only, told where no number plan compares them (R3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaign_core import Line, Recipient
from campaign_service.numbers.library import differing_by_form

__all__ = ["remark_on"]

_SHOWN_MAX = 3


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

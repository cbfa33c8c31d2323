"""Numbers of a campaign's file that are the same, or barred, though written otherwise (R3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from campaign_core import Line, RecipientList
from campaign_service.cli.words import counted
from campaign_service.config import CampaignFile
from campaign_service.merging import form_of
from campaign_service.numbers import differing_by_form

__all__ = ["barred_by", "form_remarks", "remark_on"]

_SHOWN_MAX = 3


def barred_by(file: CampaignFile) -> Callable[[str, Line], bool]:
    """Return what tells whether a number is on the file's do-not-call list (R6.12, R3.7)."""
    plan, written = file.settings.number_plan, set(file.do_not_call)
    forms = {form_of(number, Line.EXTERNAL, plan) for number in written}

    def is_barred(number: str, line: Line) -> bool:
        return number in written or form_of(number, line, plan) in forms

    return is_barred


def form_remarks(file: CampaignFile) -> Iterator[str]:
    """Yield how many numbers differ from others by their form only, where no plan compares them."""
    if file.settings.number_plan is None:
        yield from remark_on(file.model.recipients, file.do_not_call)


def remark_on(recipients: RecipientList, barred: Iterable[str] = ()) -> Iterator[str]:
    """Yield how many numbers of a list differ from others, or from barred ones, by form only."""
    listed = [(number.number, number.line) for one in recipients for number in one.numbers]
    pairs = differing_by_form([*listed, *((number, Line.EXTERNAL) for number in barred)])
    among = {number for number, line in listed if line is Line.EXTERNAL}
    pairs = [pair for pair in pairs if not among.isdisjoint(pair)]
    if pairs:
        shown = ", ".join(f"{one} and {other}" for one, other in pairs[:_SHOWN_MAX])
        more = ", ..." if len(pairs) > _SHOWN_MAX else ""
        yield (
            f"{counted(len(pairs), 'pair')} of numbers differ by form only, and are taken for"
            f" different ones: {shown}{more}. With settings.number_plan they are compared as one."
        )

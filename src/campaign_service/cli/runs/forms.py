"""Numbers of a campaign's file that are the same, or barred, though written otherwise (R3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from campaign_core import Line
from campaign_service.config import CampaignFile
from campaign_service.merging import form_of
from campaign_service.numbers import remark_on

__all__ = ["barred_by", "form_remarks"]


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

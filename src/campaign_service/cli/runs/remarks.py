"""What a campaign's files allow, and whoever wrote them perhaps did not mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from campaign_core import TECHNICAL, CampaignModel, Line
from campaign_drivers.caller_number import (
    caller_number_on_route,
    doubled_prefix,
)
from campaign_drivers.driver_urls import caller_number_templates
from campaign_service.config import CampaignFile
from campaign_service.numbers import remark_on
from campaign_service.numbers.merging import form_of
from campaign_service.report import limits_in_force

__all__ = ["form_remarks", "remarks_on"]

_SHORT_RING_S = 15
_SOON_S = 10
"""A retry that comes earlier finds a broken line as it was."""
_FEW_ATTEMPTS = 20


def remarks_on(file: CampaignFile, driver: str) -> Iterator[str]:
    """Yield what will hurt, each in a sentence or two.

    Args:
        driver: ``simulated``, or the URL of the telephony.
    """
    for remark in _REMARKS:
        yield from remark(file)
    yield from _caller_number(file.model, driver)


def _barred_by(file: CampaignFile) -> Callable[[str, Line], bool]:
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


def _barred(file: CampaignFile) -> Iterator[str]:
    recipients, is_barred = file.model.recipients, _barred_by(file)
    on_list = sum(is_barred(recipient.number, recipient.line) for recipient in recipients)
    if all(is_barred(number.number, number.line) for one in recipients for number in one.numbers):
        yield "Everyone is on the do-not-call list: nobody will be called."
    elif on_list:
        yield f"{on_list} recipients are on the do-not-call list and will not be called there."


def _limits(file: CampaignFile) -> Iterator[str]:
    limits = limits_in_force(file.model.call_limits, file.settings.call_limits)
    for line, limit in ((Line.INTERNAL, limits.internal), (Line.EXTERNAL, limits.external)):
        count = _count_on(file.model, line)
        if count and 0 in (limit, limits.total):
            yield f"A limit of 0 keeps {count} {line.name.lower()} recipients from being called."
        elif count and limit is None and limits.total is None:
            yield f"No limit of {line.name.lower()} calls: up to {count} are placed at once."
    if file.settings.active_campaigns_max == 0:
        yield "A limit of 0 campaigns at a time keeps this one from being called."


def _ringing(file: CampaignFile) -> Iterator[str]:
    if file.model.ring_timeout_s < _SHORT_RING_S:
        yield f"Ringing for less than {_SHORT_RING_S} s is against the rules of some countries."


def _script(file: CampaignFile) -> Iterator[str]:
    script = file.model.script
    if script.confirm_answer or script.confirm_listening:
        return
    yield "Without a confirmation, whatever answers counts as reached: a voicemail box too."
    # R7.7: they count at a prompt or in the silence behind one, and here is neither.
    for digit, what in (
        (script.opt_out_digit, "opt out"),
        (script.transfer and script.transfer.digit, "be connected"),
    ):
        if digit is not None:
            yield (
                f"Nobody can ever dial {digit} to {what}: a digit counts at a prompt or in the"
                " silence behind it alone, and without a confirmation there is none."
            )


def _retries(file: CampaignFile) -> Iterator[str]:
    model = file.model
    soon = [
        outcome.name
        for outcome in sorted(TECHNICAL, key=lambda outcome: outcome.name)
        if outcome not in model.retry.never_again and model.retry.delay_s(outcome) < _SOON_S
    ]
    if soon and 1 < model.attempts_max <= _FEW_ATTEMPTS and model.breaker is None:
        yield (
            f"After {_listed(soon)} a recipient is called again at once: a line that is down for a"
            f" minute uses up the {model.attempts_max} attempts of many. A delay (retry.delays_s,"
            " 60 and more) or a breaker keeps them."
        )


def _breaker(file: CampaignFile) -> Iterator[str]:
    if file.model.breaker is None and _count_on(file.model, Line.EXTERNAL):
        yield (
            "External calls without a breaker: a trunk that fails every call is called over until"
            " all attempts are used up. campaign.breaker pauses the campaign instead."
        )


_REMARKS: tuple[Callable[[CampaignFile], Iterator[str]], ...] = (
    lambda file: iter(file.notes),
    form_remarks,
    _barred,
    _limits,
    _ringing,
    _script,
    _retries,
    _breaker,
    lambda file: iter(file.clock_changes),
)
"""In the order in which they are told."""


def _caller_number(model: CampaignModel, driver: str) -> Iterator[str]:
    for route, template in caller_number_templates(driver).items():
        doubled = doubled_prefix(template, model.caller_number)
        if doubled is not None:
            sent = caller_number_on_route(template, model.caller_number)
            yield (
                f"The route {route} sends {sent} as the caller number:"
                f" {{caller_number-{doubled}}} in its {route}.caller takes {doubled} off before."
            )


def _count_on(model: CampaignModel, line: Line) -> int:
    return sum(
        any(number.line is line for number in recipient.numbers) for recipient in model.recipients
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

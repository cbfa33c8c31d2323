"""What a route makes of the caller number: the outbound line's manipulation rules (R7.8).

A template, with the caller number in it::

    {caller_number}          as it is
    +39{caller_number}       behind a prefix
    {caller_number-+39}      without +39, where it begins so
    0{caller_number-+39}     the same, behind a 0
    +390105550100            always this number
"""

from __future__ import annotations

import re

from campaign_drivers._checks import like
from campaign_drivers.driver_urls import caller_number_templates

__all__ = ["CALLER_NUMBER", "caller_number_on_route", "caller_number_templates", "doubled_prefix"]

_TEMPLATE = re.compile(
    r"(?P<before>[0-9*#+]*)(?P<given>\{caller_number(?:-(?P<without>[0-9*#+]+))?\}(?P<behind>[0-9*#]*))?"
)
_INTERNATIONAL = re.compile(r"^(\+|00)")
_CODE_MIN = 2

CALLER_NUMBER = like(
    _TEMPLATE,
    "digits, * # +, and {caller_number} or {caller_number-PREFIX} at most once",
)
"""A validator of templates."""


def caller_number_on_route(template: str, number: str) -> str:
    """Return the caller number that is sent on a route.

    Args:
        template: one that :data:`CALLER_NUMBER` takes.
        number: the campaign's.
    """
    found = _TEMPLATE.fullmatch(template)
    assert found is not None, "a template is checked when it comes in"
    if found["given"] is None:
        return found["before"]
    without = found["without"] or ""
    return f"{found['before']}{number.removeprefix(without)}{found['behind']}"


def doubled_prefix(template: str, number: str) -> str | None:
    """Return what must be taken off a caller number for a template's prefix to be right before it.

    A country code that is there already is, in whatever form, and a ``+`` that would come to stand
    within the number. ``None``: nothing is doubled.
    """
    found = _TEMPLATE.fullmatch(template)
    assert found is not None, "a template is checked when it comes in"
    before = found["before"]
    if found["given"] is None or not before:
        return None
    rest = number.removeprefix(found["without"] or "")
    code = _INTERNATIONAL.sub("", before, count=1)
    if len(code) >= _CODE_MIN:
        for form in (f"+{code}", f"00{code}", code):
            if rest.startswith(form):
                return form
    return "+" if rest.startswith("+") else None

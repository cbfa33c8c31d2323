"""The number plan: which ways of writing a number mean the same telephone (R3.7).

A number can be written for the whole world (``+39 010 555``), with the international prefix
(``0039``), or as in the country (``010 555``). The canonical form is the first of the three. Only
what stands before a number differs between its spellings, so the canonical form is found by looking
at the first digits alone, and all its spellings can be told from it: that is how lists and indexes
that keep numbers as they were written are searched.

What is taken for no national number is its own form: service codes with ``*`` or ``#``, and what
is too short to be more than a short code or a number inside one's own town.
"""

from __future__ import annotations

import attrs

from campaign_core._model.lines import Line
from campaign_core._values.at_once import all_at_once
from campaign_core._values.validators import flag, matches, optional, refuse, whole_number

__all__ = ["NumberPlan", "canonical_form", "form_on", "spellings", "spellings_on"]

_SHORT_MAX = 6
"""Digits of a short code, or of a number without area code: 116117, 555123."""


@all_at_once
@attrs.frozen(kw_only=True)
class NumberPlan:
    """How numbers are written in the country of the exchange (R3.7).

    >>> plan = NumberPlan(country_code="44", trunk_prefix="0")
    >>> {canonical_form(n, plan) for n in ("+442079460958", "00442079460958", "02079460958")}
    {'+442079460958'}
    """

    country_code: str = attrs.field(validator=matches(r"[1-9][0-9]{0,2}", "1 to 3 digits, not 0.."))
    """Such as ``39``, without ``+``."""
    international_prefix: str = attrs.field(
        default="00", validator=matches(r"[0-9]{0,5}", "up to 5 digits")
    )
    """Dialled before a country code: ``00``, ``011`` in North America; empty: there is none."""
    trunk_prefix: str = attrs.field(default="0", validator=matches(r"[0-9]{0,3}", "up to 3 digits"))
    """Dialled before an area code: ``0``, ``8`` in Russia, ``06`` in Hungary; empty: none."""
    trunk_prefix_stays: bool = attrs.field(default=False, validator=flag)
    """Whether it stays behind the country code, as in Italy: ``+39 010 ...``."""
    national_digits: int | None = attrs.field(default=None, validator=optional(whole_number(4, 14)))
    """Digits of a national number without its trunk prefix, where all have as many (North America
    and Russia: 10). Shorter ones are their own form then, and area codes may begin as the trunk
    prefix does. ``None``: they differ."""

    @international_prefix.validator
    def _differs(self, attribute: attrs.Attribute[str], value: str) -> None:
        if value and value == self.trunk_prefix:
            raise refuse(attribute.name, value, "other than the trunk prefix")

    @property
    def stripped(self) -> str:
        """What is taken off a national number behind the country code."""
        return "" if self.trunk_prefix_stays else self.trunk_prefix


def canonical_form(number: str, plan: NumberPlan | None) -> str:
    """Return the form by which an external number is compared with others (R3.7).

    It is a fixed point: the form of a form is itself. Without a plan, each number is its own.
    """
    if plan is None or not number:
        return number
    digits, prefix = number[1:], plan.international_prefix
    if number[0] == "+":
        form = _of_international(digits, plan)
    elif prefix and number.startswith(prefix) and len(number) > len(prefix):
        form = _of_international(number[len(prefix) :], plan)
    else:
        form = _of_national(number, plan)
    return number if form is None else form


def _of_international(digits: str, plan: NumberPlan) -> str | None:
    if not _is_plain(digits) or digits[0] == "0":
        return None
    code = plan.country_code
    if digits.startswith(code):
        national = digits[len(code) :]
        trunk = plan.stripped
        # +44 (0)20: no area code begins with 0 where 0 is not kept. Of other trunk prefixes the
        # count of digits must tell, for +7 8.. may be an area code.
        if trunk and national.startswith(trunk):
            rest = national[len(trunk) :]
            if len(rest) == plan.national_digits or (
                plan.national_digits is None and trunk[0] == "0" and _begins_area(rest)
            ):
                return f"+{code}{rest}"
    return "+" + digits


def _of_national(digits: str, plan: NumberPlan) -> str | None:
    if not _is_plain(digits):
        return None
    code, trunk, count = plan.country_code, plan.stripped, plan.national_digits
    if count is not None:
        has_trunk = trunk and digits.startswith(trunk) and len(digits) == len(trunk) + count
        if has_trunk:
            return f"+{code}{digits[len(trunk) :]}"
        if len(digits) == count:
            return f"+{code}{digits}"
        # A + that was lost: nothing else has as many digits.
        is_full = digits.startswith(code) and len(digits) == len(code) + count
        return "+" + digits if is_full else None
    if not trunk:
        return f"+{code}{digits}"
    if digits.startswith(trunk):
        rest = digits[len(trunk) :]
        return f"+{code}{rest}" if _begins_area(rest) else None
    if len(digits) <= _SHORT_MAX or digits[0] == "0":
        return None
    return f"+{code}{digits}"


def _is_plain(digits: str) -> bool:
    return digits.isascii() and digits.isdecimal()


def _begins_area(rest: str) -> bool:
    return bool(rest) and rest[0] != "0"


def spellings(number: str, plan: NumberPlan | None) -> tuple[str, ...]:
    """Return every way of writing an external number that has its canonical form, itself first."""
    if plan is None:
        return (number,)
    form = canonical_form(number, plan)
    if form[0] != "+":
        return (number,)
    digits, code = form[1:], plan.country_code
    wider = [form, plan.international_prefix + digits]
    if digits.startswith(code):
        national = digits[len(code) :]
        inner = (national, plan.trunk_prefix + national)
        wider += [*inner, digits, *(f"+{code}{rest}" for rest in inner)]
        wider += [f"{plan.international_prefix}{code}{rest}" for rest in inner]
    others = [each for each in wider if each and canonical_form(each, plan) == form]
    return tuple(dict.fromkeys([number, *others]))


def form_on(line: Line, number: str, plan: NumberPlan | None) -> str:
    """Return the form by which a number on its line is compared; internal ones are their own."""
    if plan is None or line is Line.INTERNAL:
        return number
    return canonical_form(number, plan)


def spellings_on(line: Line, number: str, plan: NumberPlan | None) -> tuple[str, ...]:
    """Return every way of writing a number that is compared as equal on its line."""
    if plan is None or line is Line.INTERNAL:
        return (number,)
    return spellings(number, plan)

"""What the library ``phonenumbers`` knows of numbers: countries, their prefixes, what is a number.

Its tables take a tenth of a second to load, which a list of plain numbers does not wait for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from campaign_core import Line, NumberPlan, canonical_form

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

__all__ = [
    "TRUNK_DIGIT",
    "code_of",
    "differing_by_form",
    "digits_of",
    "e164",
    "has_lost_plus",
    "national_number",
    "parsed",
    "plan_of",
]

TRUNK_DIGIT = re.compile(r"[(\[]\s*0\s*[)\]]")
"""The ``(0)`` of ``+44 (0) 20``."""


def digits_of(text: str) -> str:
    """Return the digits of a text, without all else."""
    return "".join(letter for letter in text if letter in "0123456789")


def parsed(written: str, plan: NumberPlan | None) -> tuple[PhoneNumber | None, bool]:
    """Return what the library reads, and whether it was written for the whole world."""
    import phonenumbers  # noqa: PLC0415

    region, is_full = None, "+" in written
    if plan is not None:
        region = phonenumbers.region_code_for_country_code(int(plan.country_code))
        prefix = plan.international_prefix
        digits = digits_of(TRUNK_DIGIT.sub("", written))
        if prefix and digits.startswith(prefix) and not is_full:
            written, is_full = "+" + digits[len(prefix) :], True
    try:
        found = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None, is_full
    return (found if phonenumbers.is_valid_number(found) else None), is_full


def e164(found: PhoneNumber) -> str:
    """Return a number as the whole world writes it."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def national_number(found: PhoneNumber) -> str:
    """Return a number without its country code, and without a trunk prefix."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.national_significant_number(found)


def has_lost_plus(number: str, code: str) -> bool:
    """Return whether a number that begins with a country code is one of the world and no other."""
    trunk = plan_of(code).trunk_prefix
    if trunk and number.startswith(trunk):
        return False
    if parsed("+" + number, None)[0] is None:
        return False
    import phonenumbers  # noqa: PLC0415

    region = phonenumbers.region_code_for_country_code(int(code))
    # Is it a number of the country as it stands, the library leaves its first digits on it.
    return national_number(phonenumbers.parse(number, region)) != number


@cache
def code_of(digits: str) -> str | None:
    """Return the country code with which a number begins."""
    import phonenumbers  # noqa: PLC0415

    # Compared as texts: a number may have a star in it.
    known = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
    codes = (digits[:size] for size in range(1, len(digits) + 1))
    return next((code for code in codes if code in known), None)


@cache
def plan_of(code: str) -> NumberPlan:
    """Return the plan of a country as the library has it."""
    import phonenumbers  # noqa: PLC0415

    region = phonenumbers.region_code_for_country_code(int(code))
    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    trunk = (known and known.national_prefix) or ""
    abroad = (known and (known.preferred_international_prefix or known.international_prefix)) or ""
    described = None if known is None else known.general_desc
    lengths = () if described is None else described.possible_length
    abroad = abroad if re.fullmatch(r"[0-9]{1,5}", abroad) else "00"
    return NumberPlan(
        country_code=code,
        international_prefix=abroad,
        trunk_prefix=trunk if re.fullmatch(r"[0-9]{1,3}", trunk) and trunk != abroad else "",
        national_digits=lengths[0] if len(lengths) == 1 else None,
    )


def differing_by_form(numbers: Iterable[tuple[str, Line]]) -> list[tuple[str, str]]:
    """Return pairs of external numbers that are one, as far as a library can tell (R3.7).

    Args:
        numbers: with their lines, each as it is written; the countries that are looked at are
            those whose codes the numbers name, the ones named most first.

    Returns:
        The number that came first, and one that differs from it by its form only.
    """
    external = list(dict.fromkeys(number for number, line in numbers if line is Line.EXTERNAL))
    if all(number[0] == "+" for number in external):
        return []
    pairs: dict[tuple[str, str], None] = {}
    for code in _codes_named(external):
        plan = plan_of(code)
        first: dict[str, str] = {}
        for number in external:
            before = first.setdefault(canonical_form(number, plan), number)
            if before != number:
                pairs[before, number] = None
    return list(pairs)


_COUNTRIES_MOST = 3


def _codes_named(numbers: Iterable[str]) -> list[str]:
    counts: Counter[str] = Counter()
    for number in numbers:
        digits = number[1:] if number[0] == "+" else number[2:] if number[:2] == "00" else ""
        if digits and digits.isdecimal() and (code := code_of(digits[:3])) is not None:
            counts[code] += 1
    return [code for code, _ in counts.most_common(_COUNTRIES_MOST)]

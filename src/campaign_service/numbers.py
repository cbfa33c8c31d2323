"""Numbers as people keep them, read as numbers: the one place for files, bodies and commands.

What only parts a number for the eye is taken off: blanks, dashes, dots, slashes, brackets, marks
that nobody sees, the apostrophe and ``="..."`` of spreadsheets, ``tel:``; digits of any script are
digits. What cannot be read for certain is refused, and the text says how to mend it::

    read_number("tel:+39-010 555.0101") == "+390105550101"

Under a number plan (R3.7) what is written for the eye alone, such as ``+44 (0) 20``, is read by the
library ``phonenumbers``; without one it is refused, with what to write instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

import attrs

from campaign_core import Line, NumberPlan, canonical_form
from campaign_core.errors import Problem, SettingsError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

__all__ = ["NumberReader", "differing_by_form", "read_number"]

_MARKS = {"Cf", "Mn", "Me"}
_DASHES = "\\-\u2010-\u2015\u2212\u02d7\u00ad\u2043\u30fc\ufe58\ufe63\uff0d"
_PARTING = re.compile(rf"[\s.·•/()\[\]{{}}<>~_{_DASHES}]+")
_QUOTES = "'\"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2032\u02bc"
_FORMULA = re.compile(r'=\s*"(.*)"')
_LINK = re.compile(r"(?:tel|callto):(?://)?", re.IGNORECASE)
_SHORTENED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_QUANTITY = re.compile(r"[0-9]{5,}[.,]0+")
_TRUNK = re.compile(r"[(\[]\s*0\s*[)\]]")
_EXTENSION = re.compile(
    r"[0-9)\s,;/.-](?:;?\s*(?:ext(?:ension|n)?|int(?:erno|erne|ern)?|poste|dw|durchwahl|[xpw]"
    r"|\s#|\u0434\u043e\u0431)\s*[.:=]?\s*)([0-9]{1,7})$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,;|&\r\n\t]+|\s+(?:\+|or|and|o|e|oder|und|ou|et|y)\s+", re.IGNORECASE)
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_DIGITS_LEAST = 5
"""So many digits a part of a cell has at least that is a number of its own."""
_DIGITS_MOST = 15
"""Of a number of the world (E.164), without a prefix."""
_PREFIX_MOST = 5
_PLAIN = re.compile(r"\+?[0-9*#]+")

_AS_TEXT = "format the column as text and enter the numbers anew"


def read_number(text: str, line: Line = Line.EXTERNAL, plan: NumberPlan | None = None) -> str:
    """Return the number that a text stands for, as it is to be dialled.

    Args:
        text: as somebody wrote it.
        line: an internal number is not looked at as one of the world.
        plan: the service's; external numbers are read by it.

    Raises:
        SettingsError: it cannot be read for certain; of the field ``number``.
    """
    if _PLAIN.fullmatch(text):
        # As nearly all of a long list are.
        return _world_form(text, text, plan) if line is Line.EXTERNAL else text
    written = _unwrapped(text)
    _refuse_spreadsheet(text, written)
    written, context = _without_link(text, written)
    _refuse_more_than_a_number(text, written)
    if line is Line.EXTERNAL and (context or _TRUNK.search(written)):
        return _read_by_library(text, context + written, plan)
    number = _PARTING.sub("", written)
    if re.search(r"[^\W\d_]", number):
        raise _refuse(text, f"letters are no digits{_keys_of(number)}")
    return _world_form(text, number, plan) if line is Line.EXTERNAL else number


def _refuse(text: str, rule: str) -> SettingsError:
    return SettingsError([Problem(field="number", value=text, rule=rule)])


def _unwrapped(text: str) -> str:
    """Return a text with plain digits and signs, without what programs wrap around one."""
    plain = []
    for letter in text:
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            plain.append(str(digit))
        elif unicodedata.category(letter) not in _MARKS:
            plain.append("+" if letter in "\uff0b\ufe62\u207a" else letter)
    written = unicodedata.normalize("NFKC", "".join(plain)).strip()
    found = _FORMULA.fullmatch(written)
    return (found[1] if found else written).strip(_QUOTES + " \t\r\n\u00a0")


def _refuse_spreadsheet(text: str, written: str) -> None:
    if _SHORTENED.fullmatch(written):
        raise _refuse(text, f"a spreadsheet shortened this, its last digits are lost: {_AS_TEXT}")
    if _QUANTITY.fullmatch(written):
        raise _refuse(
            text,
            "a spreadsheet took this for a quantity, its + or first 0 may be lost: " + _AS_TEXT,
        )


def _without_link(text: str, written: str) -> tuple[str, str]:
    """Return a number out of a link, and what its ``phone-context`` puts before it (RFC 3966)."""
    found = _LINK.match(written)
    if found is None:
        return written, ""
    number, *parameters = written[found.end() :].split(";")
    context = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() in ("ext", "isub", "postd"):
            raise _refuse(text, _EXTENSION_RULE.format(value))
        if name.strip().lower() == "phone-context" and not number.startswith("+"):
            context = value
    if context and not context.startswith("+"):
        raise _refuse(text, f"a number within {context}: write it as it is dialled from here")
    return number, context


_EXTENSION_RULE = (
    "an extension ({}) is dialled after somebody answered, which no campaign does: "
    "write the number without it, or its own number"
)
_TWO_RULE = "more than one number: one stands here, others in further_numbers"


def _refuse_more_than_a_number(text: str, written: str) -> None:
    found = _EXTENSION.search(written)
    if found is not None and len(_digits(written[: found.start(1)])) >= _DIGITS_LEAST:
        raise _refuse(text, _EXTENSION_RULE.format(found[1]))
    parts = [part for part in _SEPARATOR.split(written) if _digits(part)]
    if len(parts) > 1:
        short = min(len(_digits(part)) for part in parts)
        if short >= _DIGITS_LEAST:
            raise _refuse(text, _TWO_RULE)
        raise _refuse(text, "a number, or two? " + _TWO_RULE)
    first, slash, rest = written.partition("/")
    is_whole = len(_digits(first)) >= (10 if first.lstrip("( ").startswith(("+", "00")) else 7)
    if (slash and is_whole and _digits(rest)) or written.count("+") > 1:
        raise _refuse(text, _TWO_RULE)
    is_parted = _PARTING.search(written) is not None
    if is_parted and len(_digits(written)) > _DIGITS_MOST + _PREFIX_MOST:
        raise _refuse(text, f"at most {_DIGITS_MOST} digits; {_TWO_RULE}")


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")


def _keys_of(number: str) -> str:
    """Return, for a number in letters, the digits on whose keys they stand."""
    keys = number.upper().translate(_KEYS)
    is_vanity = _PLAIN.fullmatch(keys) and 1 <= len(_digits(number)) < _VANITY_MOST
    return f": write {keys}" if is_vanity else ": write the number alone"


_VANITY_MOST = 7
"""With as many digits a number is whole, and letters beside it are a remark."""


# What only a library knows ------------------------------------------------------------------


def _read_by_library(text: str, written: str, plan: NumberPlan | None) -> str:
    found, is_full = _parsed(written, plan)
    if plan is None:
        meant = "it as it is dialled" if found is None else _world(found)
        raise _refuse(
            text, f"whether a first 0 is dialled differs from country to country: write {meant}"
        )
    if found is None:
        raise _refuse(text, "no number that anybody could have: write it as it is dialled")
    if is_full or str(found.country_code) != plan.country_code:
        return _world(found)
    import phonenumbers  # noqa: PLC0415

    return plan.stripped + phonenumbers.national_significant_number(found)


def _parsed(written: str, plan: NumberPlan | None) -> tuple[PhoneNumber | None, bool]:
    """Return what the library reads, and whether it was written for the whole world."""
    # Its tables take a tenth of a second, which a list of plain numbers does not wait for.
    import phonenumbers  # noqa: PLC0415

    region, is_full = None, "+" in written
    if plan is not None:
        region = phonenumbers.region_code_for_country_code(int(plan.country_code))
        prefix = plan.international_prefix
        digits = _digits(_TRUNK.sub("", written))
        if prefix and digits.startswith(prefix) and not is_full:
            written, is_full = "+" + digits[len(prefix) :], True
    try:
        found = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None, is_full
    return (found if phonenumbers.is_valid_number(found) else None), is_full


def _world_form(text: str, number: str, plan: NumberPlan | None) -> str:
    """Return a number, of the plan's country without the 0 of ``+44 020``, or refuse that 0."""
    if number[:1] != "+" or "0" not in number[2:5]:
        return number
    if plan is not None and number.startswith("+" + plan.country_code):
        return canonical_form(number, plan)
    code = _code_of(number[1:4])
    if code is None or number[len(code) + 1 :][:1] != "0" or _plan_of(code).trunk_prefix != "0":
        return number
    found, _ = _parsed(number, None)
    meant = f"+{code}{number[len(code) + 2 :]}"
    if found is not None and _world(found) == meant:
        raise _refuse(text, f"behind +{code} stands no 0: write {meant}")
    return number


def _world(found: PhoneNumber) -> str:
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


# Of a whole list ----------------------------------------------------------------------------


@attrs.define
class NumberReader:
    """Reads the numbers of one list, of which some tell what others lost."""

    plan: NumberPlan | None = None
    codes: set[str] = attrs.field(factory=set)
    """Country codes of the numbers with a ``+``, by which one that lost it is known."""

    def heed(self, texts: Iterable[str]) -> None:
        """Look at all the texts of a list before they are read one by one."""
        for text in texts:
            if "+" in text and (code := _code_of(_digits(text)[:3])) is not None:
                self.codes.add(code)

    def read(self, text: str, line: Line = Line.EXTERNAL) -> str:
        """Return the number that a text stands for.

        Raises:
            SettingsError: it cannot be read for certain; of the field ``number``.
        """
        number = read_number(text, line, self.plan)
        if line is Line.EXTERNAL and number[:1] in "123456789" and len(number) > _LOST_LEAST:
            self._refuse_lost_plus(text, number)
        return number

    def _refuse_lost_plus(self, text: str, number: str) -> None:
        code = _code_of(number[:3])
        is_here = self.plan is not None and self.plan.country_code == code
        if code is None or not (is_here or code in self.codes):
            return
        trunk = _plan_of(code).trunk_prefix
        if trunk and number.startswith(trunk):
            return
        found, _ = _parsed("+" + number, None)
        if found is None:
            return
        import phonenumbers  # noqa: PLC0415

        region = phonenumbers.region_code_for_country_code(int(code))
        # Is it a number of the country as it stands, the library leaves its first digits on it.
        here = phonenumbers.parse(number, region)
        if phonenumbers.national_significant_number(here) != number:
            raise _refuse(text, f"its + was lost, as spreadsheets do: write +{number}")


_LOST_LEAST = 9
"""Digits that a number with its country code has more than."""


@cache
def _code_of(digits: str) -> str | None:
    """Return the country code with which a number begins."""
    import phonenumbers  # noqa: PLC0415

    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    codes = (digits[:size] for size in range(1, len(digits) + 1))
    return next((code for code in codes if int(code) in known), None)


@cache
def _plan_of(code: str) -> NumberPlan:
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
    pairs: dict[tuple[str, str], None] = {}
    for code in _codes_named(external):
        plan = _plan_of(code)
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
        if digits and digits.isdecimal() and (code := _code_of(digits[:3])) is not None:
            counts[code] += 1
    return [code for code, _ in counts.most_common(_COUNTRIES_MOST)]

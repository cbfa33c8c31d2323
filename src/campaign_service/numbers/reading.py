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

from campaign_core import Line, NumberPlan, canonical_form
from campaign_core.errors import Problem, SettingsError
from campaign_service.numbers.library import (
    TRUNK_DIGIT,
    code_of,
    digits_of,
    e164,
    national_number,
    parsed,
    plan_of,
)

__all__ = ["read_number", "refuse"]

_MARKS = {"Cf", "Mn", "Me", "So"}
_DASHES = "\\-\u2010-\u2015\u2212\u02d7\u00ad\u2043\u30fc\ufe58\ufe63\uff0d"
_PARTING = re.compile(rf"[\s.·•/()\[\]{{}}<>~_{_DASHES}]+")
_QUOTES = "'\"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2032\u02bc"
_FORMULA = re.compile(r'=\s*"(.*)"|=\s*(\+?[0-9]+)')
_LINK = re.compile(r"(?:tel|callto):(?://)?", re.IGNORECASE)
_SHORTENED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_QUANTITY = re.compile(r"[0-9]{5,}[.,]0+")
_EXTENSION = re.compile(
    r"[0-9)\s,;/.-](?:;?\s*(?:ext(?:ension|n)?|int(?:erno|erne|ern)?|poste|dw|durchwahl|[xpw]"
    r"|\s#|\u0434\u043e\u0431)\s*[.:=]?\s*)([0-9]{1,7})$",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[0-9][\s.-]*\(\s*([0-9]{1,5})\s*\)$")
"""What stands in brackets behind a number."""
_BLANKS = re.compile(r"\s+")
_SEPARATOR = re.compile(r"[,;|&]+|\s+(?:\+|or|and|o|e|oder|und|ou|et|y)\s+", re.IGNORECASE)
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_DIGITS_LEAST = 5
"""So many digits a part of a cell has at least that is a number of its own."""
_WHOLE_LEAST = 7
"""With as many digits a number is whole: what follows is something else."""
_DIGITS_MOST = 15
"""Of a number of the world (E.164), without a prefix."""
_PREFIX_MOST = 5
_PLAIN = re.compile(r"\+?[0-9*#]+")

_AS_TEXT = "format the column as text and enter the numbers anew"


def read_number(text: str, line: Line = Line.EXTERNAL, plan: NumberPlan | None = None) -> str:
    """Return the number that a text stands for, as it is to be dialled.

    Args:
        line: an internal number is not looked at as one of the world.
        plan: the service's; external numbers are read by it.

    Raises:
        SettingsError: it cannot be read for certain; of the field ``number``.
    """
    if _PLAIN.fullmatch(text):
        # As nearly all of a long list are.
        return _international_form(text, text, plan) if line is Line.EXTERNAL else text
    written = _unwrapped(text)
    _refuse_spreadsheet(text, written)
    written, context = _without_link(text, written)
    _refuse_more_than_a_number(text, written)
    if line is Line.EXTERNAL and (context or TRUNK_DIGIT.search(written)):
        return _read_by_library(text, context + written, plan)
    number = _PARTING.sub("", written)
    if re.search(r"[^\W\d_]", number):
        raise refuse(text, f"letters are no digits{_keys_of(number)}")
    return _international_form(text, number, plan) if line is Line.EXTERNAL else number


def refuse(text: str, rule: str) -> SettingsError:
    """Return the error for a text that is no number, to be raised."""
    return SettingsError([Problem(field="number", value=text, rule=rule)])


def _unwrapped(text: str) -> str:
    """Return a text with plain digits and signs, without what programs wrap around one."""
    plain = []
    for letter in text:
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            plain.append(str(digit))
        elif unicodedata.category(letter) == "No":
            raise refuse(text, f"{letter} is no digit")
        elif unicodedata.category(letter) not in _MARKS:
            plain.append("+" if letter in "\uff0b\ufe62\u207a" else letter)
    written = unicodedata.normalize("NFKC", "".join(plain)).strip()
    found = _FORMULA.fullmatch(written)
    return (found[1] or found[2] or "" if found else written).strip(_QUOTES + " \t\r\n\u00a0")


def _refuse_spreadsheet(text: str, written: str) -> None:
    if _SHORTENED.fullmatch(written):
        raise refuse(text, f"a spreadsheet shortened this, its last digits are lost: {_AS_TEXT}")
    if _QUANTITY.fullmatch(written):
        raise refuse(
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
            raise refuse(text, _EXTENSION_RULE.format(value))
        if name.strip().lower() == "phone-context" and not number.startswith("+"):
            context = value
    if context and not context.startswith("+"):
        raise refuse(text, f"a number within {context}: write it as it is dialled from here")
    return number, context


_EXTENSION_RULE = (
    "an extension ({}) is dialled after somebody answered, which no campaign does: "
    "write the number without it, or its own number"
)
_TWO_RULE = "more than one number: one stands here, others in further_numbers"


def _refuse_more_than_a_number(text: str, written: str) -> None:
    found = _EXTENSION.search(written)
    if found is not None and len(digits_of(written[: found.start(1)])) >= _DIGITS_LEAST:
        raise refuse(text, _EXTENSION_RULE.format(found[1]))
    found = _BRACKETED.search(written)
    if found is not None and len(digits_of(written[: found.start(1)])) >= _WHOLE_LEAST:
        raise refuse(text, _EXTENSION_RULE.format(found[1]))
    parts = [part for part in _SEPARATOR.split(written) if digits_of(part)]
    if len(parts) > 1:
        short = min(len(digits_of(part)) for part in parts)
        if short >= _DIGITS_LEAST:
            raise refuse(text, _TWO_RULE)
        raise refuse(text, "a number, or two? " + _TWO_RULE)
    whole = [part for part in _BLANKS.split(written) if len(digits_of(part)) > _WHOLE_LEAST]
    if len(whole) > 1:
        raise refuse(text, _TWO_RULE)
    first, slash, rest = written.partition("/")
    is_whole = len(digits_of(first)) >= (
        10 if first.lstrip("( ").startswith(("+", "00")) else _WHOLE_LEAST
    )
    if (slash and is_whole and digits_of(rest)) or written.count("+") > 1:
        raise refuse(text, _TWO_RULE)
    is_parted = _PARTING.search(written) is not None
    most = _DIGITS_MOST + (_PREFIX_MOST if digits_of(written)[:1] in ("0", "8") else 0)
    if is_parted and len(digits_of(written)) > most:
        raise refuse(text, f"at most {_DIGITS_MOST} digits; {_TWO_RULE}")


def _keys_of(number: str) -> str:
    """Return, for a number in letters, the digits on whose keys they stand."""
    keys = number.upper().translate(_KEYS)
    is_vanity = _PLAIN.fullmatch(keys) and 1 <= len(digits_of(number)) < _WHOLE_LEAST
    return f": write {keys}" if is_vanity else ": write the number alone"


def _read_by_library(text: str, written: str, plan: NumberPlan | None) -> str:
    found, is_full = parsed(written, plan)
    if plan is None:
        meant = "it as it is dialled" if found is None else e164(found)
        raise refuse(
            text, f"whether a first 0 is dialled differs from country to country: write {meant}"
        )
    if found is None:
        raise refuse(text, "no number that anybody could have: write it as it is dialled")
    if is_full or str(found.country_code) != plan.country_code:
        return e164(found)
    return plan.stripped + national_number(found)


def _international_form(text: str, number: str, plan: NumberPlan | None) -> str:
    """Return a number, of the plan's country without the 0 of ``+44 020``, or refuse that 0."""
    abroad = "00" if plan is None else plan.international_prefix
    prefix = "+" if number[:1] == "+" else abroad
    if not prefix or not number.startswith(prefix):
        return number
    digits = number[len(prefix) :]
    if "0" not in digits[1:4]:
        return number
    if plan is not None and digits.startswith(plan.country_code):
        form = canonical_form(number, plan)
        return prefix + form[1:] if form[0] == "+" else number
    code = code_of(digits[:3])
    if code is None or digits[len(code) :][:1] != "0" or plan_of(code).trunk_prefix != "0":
        return number
    rest = digits[len(code) + 1 :]
    found, _ = parsed("+" + digits, None)
    if found is not None and e164(found) == f"+{code}{rest}":
        raise refuse(text, f"behind {prefix}{code} stands no 0: write {prefix}{code}{rest}")
    return number

"""Names of people, of any script: what is taken, what is dropped, what is refused (R3.2).

A blank of any kind becomes a blank; marks that nobody sees and that turn text about are dropped;
joiners stay, for Persian, Sinhala and pictures of many parts are wrong without them. What a name
can never hold is refused by its code point and name.
"""

from __future__ import annotations

from typing import Any
from unicodedata import category, name

import attrs

from campaign_core._values.validators import refuse

__all__ = ["NAME_MAX", "person_name", "tidy_name"]

NAME_MAX = 128
"""Characters of a person's name."""

_RULE = f"up to {NAME_MAX} characters, none of them a control character or a line separator"
_DROPPED = {
    # Soft hyphen, byte-order mark, and the marks, overrides and isolates of direction.
    0x00AD,
    0xFEFF,
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
}
_BLANKS = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_TIDY: dict[int, int | None] = {
    **dict.fromkeys(_DROPPED),
    **dict.fromkeys(_BLANKS, ord(" ")),
}
_REFUSED = {"Cc": "a control character", "Cs": "half of a surrogate pair"}
_SEPARATORS = {"Zl", "Zp"}
_CONTROLS = (
    "NULL",
    "START OF HEADING",
    "START OF TEXT",
    "END OF TEXT",
    "END OF TRANSMISSION",
    "ENQUIRY",
    "ACKNOWLEDGE",
    "BELL",
    "BACKSPACE",
    "CHARACTER TABULATION",
    "LINE FEED",
    "LINE TABULATION",
    "FORM FEED",
    "CARRIAGE RETURN",
    "SHIFT OUT",
    "SHIFT IN",
    "DATA LINK ESCAPE",
    "DEVICE CONTROL ONE",
    "DEVICE CONTROL TWO",
    "DEVICE CONTROL THREE",
    "DEVICE CONTROL FOUR",
    "NEGATIVE ACKNOWLEDGE",
    "SYNCHRONOUS IDLE",
    "END OF TRANSMISSION BLOCK",
    "CANCEL",
    "END OF MEDIUM",
    "SUBSTITUTE",
    "ESCAPE",
    "INFORMATION SEPARATOR FOUR",
    "INFORMATION SEPARATOR THREE",
    "INFORMATION SEPARATOR TWO",
    "INFORMATION SEPARATOR ONE",
)
"""Unicode gives control characters no names; these are their aliases."""


def tidy_name(given: object) -> object:
    """Return a name with plain blanks and without invisible marks; what is none, as it is."""
    if not isinstance(given, str) or given.isascii():
        return given
    return given.translate(_TIDY)


def person_name(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take a person's name (R3.2)."""
    if not isinstance(value, str) or len(value) > NAME_MAX:
        raise refuse(attribute.name, value, _RULE)
    if value.isprintable():
        return
    for letter in value:
        kind = category(letter)
        if kind in _REFUSED or kind in _SEPARATORS:
            rule = f"{_RULE}; it holds {_character(letter)}"
            raise refuse(attribute.name, value, rule)


def _character(letter: str) -> str:
    """Return a character's code point and name, as Unicode has them."""
    code = ord(letter)
    if code < len(_CONTROLS):
        known = _CONTROLS[code]
    else:
        plain = _REFUSED.get(category(letter), "")
        known = "DELETE" if code == 0x7F else name(letter, plain)  # noqa: PLR2004
    return f"U+{code:04X} ({known})"

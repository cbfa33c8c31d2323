"""R3.7: numbers as people keep them, read rightly or refused with the cure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import Line, NumberPlan, Recipient
from campaign_core.errors import SettingsError
from campaign_service.numbers import NumberReader, differing_by_form, read_number

ITALY = NumberPlan(country_code="39", trunk_prefix="0", trunk_prefix_stays=True)
BRITAIN = NumberPlan(country_code="44")
AMERICA = NumberPlan(
    country_code="1", international_prefix="011", trunk_prefix="1", national_digits=10
)


def refusal(text: str, plan: NumberPlan | None = None, line: Line = Line.EXTERNAL) -> str:
    with pytest.raises(SettingsError) as refused:
        read_number(text, line, plan)
    assert (refused.value.field, refused.value.value) == ("number", text)
    return refused.value.rule


@pytest.mark.parametrize("plan", [None, ITALY, BRITAIN, AMERICA])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+39 010 555 0101", "+390105550101"),
        ("+39-010-5550102", "+390105550102"),
        ("(010) 5550103", "0105550103"),
        ("010/5550104", "0105550104"),
        ("010.555.0105", "0105550105"),
        ("\u202d+390105550107\u202c", "+390105550107"),
        ("+39\u00a0010\u20095550108", "+390105550108"),
        ("+39 010 555\u20110112", "+390105550112"),
        ("+39\u2013010\u20145550113", "+390105550113"),
        ("\ufeff010\u200b5550114", "0105550114"),
        ('="0105550109"', "0105550109"),
        ("'+390105550110", "+390105550110"),
        ("tel:+390105550111", "+390105550111"),
        ("TEL:+39-010-555-0111", "+390105550111"),
        ("tel:+39-010-5550101;phone-context=+39", "+390105550101"),
        ("\uff0b\uff13\uff19\u3000010\u30005550115", "+390105550115"),
        ("\u0660\u0661\u0660\u0665\u0665\u0665\u0660\u0661\u0661\u0666", "0105550116"),
        ("(+39) 010 5550117", "+390105550117"),
        ("00 39 010 5550118", "00390105550118"),
        ("+49 35383/12345", "+493538312345"),
        ("+1 (201) 555-0123", "+12015550123"),
        ("8 (812) 123-45-67", "88121234567"),
        ("112", "112"),
        ("0039010 5550118", "00390105550118"),
        ("+39\t010\n5550119", "+390105550119"),
        ("=+390105550120", "+390105550120"),
        ("\u260e 010 5550121", "0105550121"),
        ("*31#0105550101", "*31#0105550101"),
        ("8*5*1*35*9", "8*5*1*35*9"),
        ("1*5*1*35*9", "1*5*1*35*9"),
        ("39#0105550101", "39#0105550101"),
    ],
)
def test_what_only_parts_a_number_for_the_eye_is_taken_off(text, number, plan):
    assert read_number(text, Line.EXTERNAL, plan) == number


@pytest.mark.parametrize("text", ["+44 (0) 20 7946 0958", "+44(0)2079460958", "+4402079460958"])
def test_zero_in_brackets_is_read_by_a_plan_and_else_refused_with_what_to_write(text):
    """Never +4402079460958."""
    assert read_number(text, Line.EXTERNAL, BRITAIN) == "+442079460958"
    assert refusal(text).endswith("write +442079460958")


def test_zero_behind_a_country_code_is_none_of_the_number_s():
    assert refusal("0044 020 7946 0958") == "behind 0044 stands no 0: write 00442079460958"
    assert read_number("0044 020 7946 0958", plan=BRITAIN) == "00442079460958"
    assert read_number("0039 010 5550101") == "00390105550101"


def test_zero_in_brackets_is_dialled_where_it_stays():
    """Italy."""
    assert read_number("+39 (0)10 5550101", Line.EXTERNAL, ITALY) == "+390105550101"
    assert read_number("+39 010 5550101") == "+390105550101"


@pytest.mark.parametrize(
    ("text", "plan", "number"),
    [
        ("(0)20 7946 0958", BRITAIN, "02079460958"),
        ("0044 (0)20 7946 0958", BRITAIN, "+442079460958"),
        ("+49 (0)30 / 901820", BRITAIN, "+4930901820"),
        ("tel:020-79460958;phone-context=+44", BRITAIN, "+442079460958"),
    ],
)
def test_other_forms_are_read_by_a_plan_and_else_refused(text, plan, number):
    assert read_number(text, Line.EXTERNAL, plan) == number
    assert "differs from country to country" in refusal(text)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("3.93E+11", "format the column as text"),
        ("3,93e+11", "format the column as text"),
        ("390105550101.0", "its + or first 0 may be lost"),
        ("+39 010 555 0101 ext. 12", "an extension (12) is dialled after somebody answered"),
        ("0105550101x12", "an extension (12)"),
        ("010 5550101 int. 3", "an extension (3)"),
        ("tel:+39-010-5550101;ext=12", "an extension (12)"),
        ("010 555 0101 / 010 555 0102", "more than one number"),
        ("0105550101/0105550102", "more than one number"),
        ("0105550101/2", "more than one number"),
        ("0105550101, 0105550102", "more than one number"),
        ("0105550101;0105550102", "more than one number"),
        ("010 5550101 o 010 5550102", "more than one number"),
        ("+390105550101\n+390105550102", "more than one number"),
        ("+39 010 555 0101 +39 010 555 0102", "more than one number"),
        ("0105550101 0105550102 0105550103", "more than one number"),
        ("0105550101 0105550102", "more than one number"),
        ("+390105550101\t+390105550102", "more than one number"),
        ("2125550101 5550102", "more than one number"),
        ("010 5550101 (12)", "an extension (12)"),
        ("010 5550101\u00b2", "\u00b2 is no digit"),
        ("1-800-FLOWERS", "letters are no digits: write 18003569377"),
        ("Ada", "letters are no digits: write the number alone"),
        ("010 5550101 (casa)", "letters are no digits: write the number alone"),
        ("tel:7042;phone-context=example.com", "a number within example.com"),
    ],
)
@pytest.mark.parametrize("plan", [None, ITALY])
def test_what_cannot_be_read_for_certain_is_refused_with_the_cure(text, cure, plan):
    assert cure in refusal(text, plan)


def test_internal_number_is_no_number_of_the_world():
    """R3.7: internal numbers are their own form."""
    assert read_number("20 1", Line.INTERNAL, ITALY) == "201"
    assert read_number("+4402079460958", Line.INTERNAL) == "+4402079460958"


@given(st.from_regex(r"\A[0-9*#]{1,14}\Z"))
def test_number_that_is_plain_is_read_as_it_is(number):
    assert read_number(number) == number


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_and_what_is_read_is_read_again_alike(text):
    for plan in (None, BRITAIN):
        try:
            number = read_number(text, Line.EXTERNAL, plan)
            Recipient(number=number)
        except SettingsError:
            continue
        assert read_number(number, Line.EXTERNAL, plan) == number


# A list -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "text", "number"),
    [
        (["+39 010 5550102"], "390105550101", "+390105550101"),
        (["+442079460959"], "442079460958", "+442079460958"),
        (["+79161234567"], "79161234568", "+79161234568"),
    ],
)
def test_plus_that_was_lost_beside_others_is_named(others, text, number):
    reader = NumberReader()
    reader.learn_codes([*others, text])

    with pytest.raises(SettingsError, match="its \\+ was lost, as spreadsheets do") as refused:
        reader.read(text)

    assert refused.value.rule.endswith(f"write {number}")


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ([], "390105550101"),  # nothing tells that the list is of Italy
        (["+390105550102"], "3901234567"),  # a mobile number as it is dialled in Italy
        (["+12015550123"], "12015550124"),  # as it is dialled in America
        (["+390105550102"], "442079460958"),
    ],
)
def test_number_that_may_be_what_it_is_has_lost_nothing(others, text):
    reader = NumberReader()
    reader.learn_codes(others)

    assert reader.read(text) == text


def test_plan_tells_of_a_lost_plus_too():
    with pytest.raises(SettingsError, match="its \\+ was lost"):
        NumberReader(ITALY).read("390105550101")


def test_numbers_that_differ_by_their_form_only_are_found_without_a_plan():
    """R3.7: without a plan numbers are compared as written, and a check says which differ."""
    external = ["+390105550101", "0105550101", "00390105550101", "+442079460958", "02079460958"]
    numbers = [(number, Line.EXTERNAL) for number in external]
    numbers += [("0105550101", Line.INTERNAL), ("0105550102", Line.EXTERNAL)]

    assert differing_by_form(numbers) == [
        ("+390105550101", "0105550101"),
        ("+390105550101", "00390105550101"),
        ("+442079460958", "02079460958"),
    ]

"""R3.7: which ways of writing a number mean the same telephone, held against a library."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaign_core import Line, NumberPlan, canonical_form
from campaign_core._model.number_plan import form_on, spellings
from campaign_core.errors import SettingsError

ITALY = NumberPlan(country_code="39", trunk_prefix="0", trunk_prefix_stays=True)
NANP = NumberPlan(
    country_code="1", international_prefix="011", trunk_prefix="1", national_digits=10
)
RUSSIA = NumberPlan(
    country_code="7", international_prefix="810", trunk_prefix="8", national_digits=10
)
GERMANY = NumberPlan(country_code="49")
PLANS = {
    "IT": ITALY,
    "US": NANP,
    "RU": RUSSIA,
    "DE": GERMANY,
    "GB": NumberPlan(country_code="44"),
    "FR": NumberPlan(country_code="33", national_digits=9),
    "ES": NumberPlan(country_code="34", trunk_prefix=""),
    "HU": NumberPlan(country_code="36", trunk_prefix="06"),
    "CH": NumberPlan(country_code="41"),
    "AT": NumberPlan(country_code="43"),
    "NL": NumberPlan(country_code="31"),
    "AU": NumberPlan(country_code="61", international_prefix="0011"),
    "BR": NumberPlan(country_code="55"),
    "IN": NumberPlan(country_code="91"),
    "JP": NumberPlan(country_code="81", international_prefix="010"),
    "PL": NumberPlan(country_code="48", trunk_prefix="", national_digits=9),
    "CI": NumberPlan(country_code="225", trunk_prefix=""),
    "AD": NumberPlan(country_code="376", trunk_prefix=""),
}
NUMBER_TYPES = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
)
WRITTEN = st.from_regex(r"\A\+?[0-9*#]{1,14}\Z")
SMALL_PLANS = st.builds(
    NumberPlan,
    country_code=st.sampled_from(["1", "39", "376", "8"]),
    international_prefix=st.sampled_from(["", "00", "011", "810"]),
    trunk_prefix=st.sampled_from(["", "0", "1", "8", "06"]),
    trunk_prefix_stays=st.booleans(),
    national_digits=st.sampled_from([None, None, 4, 6, 10]),
)
NEAR = st.from_regex(r"\A(\+|00|011|810)?(1|39|376|8)?(0|1|8|06)?[0-9]{1,7}\Z")
"""Numbers whose beginnings mean something to some of the plans."""


def digits_of(text: str) -> str:
    return "".join(letter for letter in text if letter in "+0123456789")


@st.composite
def numbers_of(draw: st.DrawFn, region: str) -> phonenumbers.PhoneNumber:
    """Draw a number that the library calls valid, and that is none of the short ones."""
    example = phonenumbers.example_number_for_type(region, draw(st.sampled_from(NUMBER_TYPES)))
    assume(example is not None)
    national = phonenumbers.national_significant_number(example)
    tail = draw(st.text("0123456789", min_size=5, max_size=5))
    number = phonenumbers.parse(f"+{example.country_code}{national[:-5]}{tail}")
    assume(phonenumbers.is_valid_number(number))
    return number


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def written(number: phonenumbers.PhoneNumber, plan: NumberPlan) -> list[str]:
    """Return the ways of writing a number that people of its country use."""
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    significant = phonenumbers.national_significant_number(number)
    ways = [e164(number), plan.international_prefix + e164(number)[1:], digits_of(national)]
    if plan.trunk_prefix and not plan.trunk_prefix_stays:
        ways.append(f"+{plan.country_code}{plan.trunk_prefix}{significant}")
        ways.append(plan.trunk_prefix + significant)
    return ways


@pytest.mark.parametrize("region", PLANS)
@given(data=st.data())
def test_every_way_of_writing_a_number_has_one_form(region, data):
    """R3.7: with it all comparisons of numbers are by the canonical form."""
    plan = PLANS[region]
    number = data.draw(numbers_of(region))

    assert {canonical_form(way, plan) for way in written(number, plan)} == {e164(number)}


@pytest.mark.parametrize("region", PLANS)
@given(data=st.data())
def test_two_numbers_are_one_where_the_library_says_so_and_nowhere_else(region, data):
    """R3.7: two numbers are not merged."""
    plan = PLANS[region]
    one, other = data.draw(numbers_of(region)), data.draw(numbers_of(region))

    forms = [
        canonical_form(data.draw(st.sampled_from(written(number, plan))), plan)
        for number in (one, other)
    ]

    assert (forms[0] == forms[1]) is (e164(one) == e164(other))


@pytest.mark.parametrize("region", PLANS)
@pytest.mark.parametrize("abroad", PLANS)
def test_number_of_another_country_is_itself(region, abroad):
    plan = PLANS[region]
    number = e164(phonenumbers.example_number(abroad))

    assert canonical_form(number, plan) == number
    assert canonical_form(plan.international_prefix + number[1:], plan) == number


@given(number=NEAR | WRITTEN, plan=SMALL_PLANS)
def test_form_of_a_form_is_itself(number, plan):
    form = canonical_form(number, plan)

    assert canonical_form(form, plan) == form


@given(number=NEAR, other=NEAR, plan=SMALL_PLANS)
def test_spellings_are_all_that_has_the_same_form_and_nothing_else(number, other, plan):
    """What is kept as it was written is found by each of its spellings."""
    same = spellings(number, plan)

    assert same[0] == number
    assert {canonical_form(each, plan) for each in same} == {canonical_form(number, plan)}
    assert (other in same) is (canonical_form(other, plan) == canonical_form(number, plan))


@given(number=WRITTEN, plan=SMALL_PLANS)
def test_number_without_a_plan_and_an_internal_one_are_their_own_form(number, plan):
    """R3.7: internal numbers are their own form; without a plan they are compared as written."""
    assert canonical_form(number, None) == number
    assert form_on(Line.INTERNAL, number, plan) == number


@pytest.mark.parametrize("plan", [ITALY, NANP, RUSSIA, GERMANY])
@pytest.mark.parametrize("number", ["*123#", "+*1", "*67", "#31#0105550101", "+0105550101", ""])
def test_what_is_no_number_of_the_world_is_its_own_form(plan, number):
    assert canonical_form(number, plan) == number


@pytest.mark.parametrize("number", ["112", "110", "115", "116117", "555123"])
def test_short_code_is_not_taken_for_a_number_behind_a_trunk_prefix(number):
    """An emergency number is no number of an area."""
    assert canonical_form(number, GERMANY) == number
    assert canonical_form("0" + number, GERMANY) != number


@pytest.mark.parametrize("number", ["911", "411", "5550101"])
def test_where_all_numbers_are_as_long_a_shorter_one_is_its_own_form(number):
    assert canonical_form(number, NANP) == number


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("88121234567", "+78121234567"),
        ("8121234567", "+78121234567"),
        ("+78121234567", "+78121234567"),
        ("78121234567", "+78121234567"),
        ("+788121234567", "+78121234567"),
        ("81039010555010", "+39010555010"),
    ],
)
def test_area_code_may_begin_as_the_trunk_prefix_does(number, form):
    """Russia: 8 812 ... is dialled, +7 812 ... is written."""
    assert canonical_form(number, RUSSIA) == form


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"country_code": ""}, "country_code"),
        ({"country_code": "+39"}, "country_code"),
        ({"country_code": "039"}, "country_code"),
        ({"country_code": "3939"}, "country_code"),
        ({"country_code": 39}, "country_code"),
        ({"international_prefix": "000000"}, "international_prefix"),
        ({"international_prefix": "0"}, "international_prefix"),
        ({"trunk_prefix": "0x"}, "trunk_prefix"),
        ({"trunk_prefix_stays": 1}, "trunk_prefix_stays"),
        ({"national_digits": 3}, "national_digits"),
        ({"national_digits": 15}, "national_digits"),
    ],
)
def test_bad_plan_is_refused_naming_the_field(fields, field):
    """R3.3."""
    with pytest.raises(SettingsError) as refused:
        NumberPlan(**{"country_code": "39", **fields})

    assert refused.value.field == field

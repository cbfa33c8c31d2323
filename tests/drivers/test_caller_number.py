"""What a route makes of the caller number (R7.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core.errors import SettingsError
from campaign_drivers.asterisk import Route
from campaign_drivers.caller_number import (
    caller_number_on_route,
    caller_number_templates,
    doubled_prefix,
)

DIGITS = st.text("0123456789", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("template", "number", "sent"),
    [
        ("{caller_number}", "+390105550100", "+390105550100"),
        ("+39{caller_number}", "0105550100", "+390105550100"),
        ("{caller_number-+39}", "+390105550100", "0105550100"),
        ("{caller_number-+39}", "+441632960100", "+441632960100"),
        ("0{caller_number-+49}", "+49301234", "0301234"),
        ("{caller_number}99", "100", "10099"),
        ("+390105550100", "100", "+390105550100"),
    ],
)
def test_template_is_followed(template, number, sent):
    """R7.8: the outbound line's manipulation rules."""
    assert caller_number_on_route(template, number) == sent


@given(prefix=DIGITS, rest=DIGITS)
def test_what_is_put_before_can_be_taken_off(prefix, rest):
    longer = caller_number_on_route(f"{prefix}{{caller_number}}", rest)

    assert caller_number_on_route(f"{{caller_number-{prefix}}}", longer) == rest


@pytest.mark.parametrize(
    "template",
    ["{number}", "{caller_number", "{caller_number-}", "{caller_number}{caller_number}", "+39 1"],
)
def test_other_templates_are_refused(template):
    with pytest.raises(SettingsError) as caught:
        Route(channel="PJSIP/{number}", caller_number=template)

    assert caught.value.rule.startswith("digits, * # +, and {caller_number}")


@pytest.mark.parametrize(
    ("template", "number", "doubled"),
    [
        ("+39{caller_number}", "+390105550100", "+39"),
        ("+39{caller_number}", "390105550100", "39"),
        ("+39{caller_number}", "00390105550100", "0039"),
        ("0039{caller_number}", "+390105550100", "+39"),
        ("0{caller_number}", "+390105550100", "+"),
        ("+39{caller_number}", "+441632960100", "+"),
        ("+39{caller_number}", "0105550100", None),
        ("+39{caller_number-+39}", "+390105550100", None),
        ("{caller_number}", "+390105550100", None),
        ("+390105550100", "+39", None),
        ("9{caller_number}", "911", None),
    ],
)
def test_doubled_prefix_is_found_in_whatever_form(template, number, doubled):
    assert doubled_prefix(template, number) == doubled


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_templates_are_read_off_the_url_by_route(plus):
    url = f"asterisk://u:s@h/?external.caller={plus}39{{caller_number}}&external.gold.caller=1&x=2"

    assert caller_number_templates(url) == {
        "external": "+39{caller_number}",
        "external.gold": "1",
    }
    assert caller_number_templates("simulated") == {}

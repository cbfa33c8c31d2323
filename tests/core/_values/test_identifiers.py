"""Identifiers: deterministic, readable, and of no other service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core._values.identifiers import call_id_of, call_key_of, read_call_id

SERVICE = "a1b2c3d4"
WORDS = st.integers(0, 0xFFFFFFFF)


@given(WORDS, WORDS, WORDS)
def test_call_id_is_32_hex_digits_that_can_be_read_back(campaign_id, position, attempt):
    call_id = call_id_of(SERVICE, campaign_id, position, attempt)

    assert len(call_id) == 32
    assert set(call_id) <= set("0123456789abcdef")
    key = call_key_of(campaign_id, position)
    assert read_call_id(SERVICE, call_id) == (key, attempt)


def test_call_id_is_service_campaign_position_and_attempt():
    """Whoever reads a trace can tell which attempt he sees."""
    assert call_id_of(SERVICE, 1, 2, 0xABC) == "a1b2c3d4" + "00000001" + "00000002" + "00000abc"


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), unique=True, max_size=5))
def test_different_attempts_have_different_ids(attempts):
    assert len({call_id_of(SERVICE, *attempt) for attempt in attempts}) == len(attempts)


@pytest.mark.parametrize(
    "call_id",
    [
        "",
        "x",
        SERVICE,
        "a1b2c3d5" + "0" * 24,
        SERVICE + "0" * 23,
        SERVICE + "0" * 25,
        SERVICE + "0" * 23 + "g",
        SERVICE + "0" * 23 + "A",
        SERVICE + "0" * 23 + "_",
        SERVICE + "0" * 23 + " ",
        SERVICE + "+" + "0" * 23,
        SERVICE + "0x" + "0" * 22,
        SERVICE + "٣" * 24,
        "A1B2C3D4" + "0" * 24,
    ],
)
def test_foreign_id_is_none_of_ours(call_id):
    assert read_call_id(SERVICE, call_id) is None


@given(st.text())
def test_no_text_is_too_odd_to_be_looked_at(call_id):
    assert read_call_id(SERVICE, call_id) is None

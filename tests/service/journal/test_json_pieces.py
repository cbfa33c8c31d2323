"""Large JSON piece by piece: the same text, the same values, and nothing large in one go."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.journal import json_pieces
from campaign_service.journal.json_pieces import JsonWriter, decode_in_pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@pytest.fixture(autouse=True, scope="module")
def in_small():
    """Pieces are small, so that small values are large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_pieces, "_ROWS", 3)
        patch.setattr(json_pieces, "PIECE_BYTES", 20)
        yield


@given(value=VALUES, separators=st.sampled_from([(", ", ": "), (",", ":")]), flag=st.booleans())
def test_text_is_that_of_the_standard_library(value, separators, flag):
    """Issue: idempotency keys: a digest that an older release wrote still holds."""
    writer = JsonWriter(separators=separators, sort_keys=flag)

    assert writer.text(value) == json.dumps(value, separators=separators, sort_keys=flag)


@given(value=VALUES)
def test_values_are_those_that_were_written(value):
    assert decode_in_pieces(f" {json.dumps(value)}".encode()) == value


def test_long_list_is_written_a_few_entries_at_a_time():
    value = {"model": {"name": "a", "recipients": [{"number": str(n)} for n in range(100)]}}

    assert max(map(len, JsonWriter().pieces(value))) < 80


@pytest.mark.parametrize(
    "text", ["[1,2,3,4,5,6,7,8,9,10,]", '{"a": [1,2,3,4,5,6,7,8,9', '["\\x00"]']
)
def test_what_is_no_json_is_said_to_be_none(text):
    with pytest.raises(msgspec.DecodeError):
        decode_in_pieces(text.encode().ljust(30))

"""Framing: any split of the bytes, any junk, and nothing from outside that becomes a header."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_drivers.asterisk._wire import LINE_BYTES_MAX, Action, Reader, encode
from campaign_drivers.errors import MalformedMessageError

from .recordings import FOLDER, blocks

BANNER = b"Asterisk Call Manager/5.0.4\r\n"

names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() not in {"action", "actionid"}
)
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).filter(
    lambda text: text == text.strip()
)
headers = st.lists(st.tuples(names, values), max_size=10, unique_by=lambda pair: pair[0].lower())


@st.composite
def split(draw, data):
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    ends = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(ends)]


@given(st.lists(headers, min_size=1, max_size=5), st.data())
def test_what_is_encoded_is_read_back_however_it_is_split(actions, data):
    stream = BANNER + b"".join(
        encode(Action("Test", pairs), str(number)) for number, pairs in enumerate(actions)
    )
    reader = Reader()

    read = [message for part in data.draw(split(stream)) for message in reader.feed(part)]

    assert [dict(message.fields) for message in read] == [
        {
            "action": "Test",
            "actionid": str(number),
            **{name.lower(): value for name, value in pairs},
        }
        for number, pairs in enumerate(actions)
    ]


@given(st.binary(max_size=400))
def test_junk_is_refused_or_ignored_and_never_raises_anything_else(junk):
    for start in (b"", BANNER):
        reader = Reader()
        try:
            reader.feed(start + junk)
            reader.feed(b"\r\n\r\nEvent: Hangup\r\n\r\n")
        except MalformedMessageError:
            pass


@given(st.binary(max_size=200).filter(lambda junk: b"\r\n\r\n" not in junk + b"\r\n"))
def test_a_message_after_junk_is_still_read(junk):
    reader = Reader()
    reader.feed(BANNER + junk)

    messages = reader.feed(b"\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n")

    assert messages[-1]["event"] == "Hangup"
    assert messages[-1]["cause"] == "16"


def test_another_protocol_is_refused_at_its_first_bytes():
    for start in (b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 400", b"\x15\x03\x01", b"220 mail\r\n"):
        with pytest.raises(MalformedMessageError):
            Reader().feed(start)


def test_a_message_without_end_is_refused():
    reader = Reader()
    reader.feed(BANNER)

    with pytest.raises(MalformedMessageError):
        reader.feed(b"x" * 300_000)


def test_header_names_differ_in_case_between_versions_and_are_the_same():
    (message,) = _read(b"Event: AsyncAGIExec\r\nCommandID: 1\r\nCOMMANDid: 2\r\n\r\n")

    assert message["commandid"] == "1\n2"


def test_an_event_that_carries_a_response_is_no_response():
    """``OriginateResponse`` has a ``Response`` header."""
    (message,) = _read(b"Event: OriginateResponse\r\nResponse: Failure\r\n\r\n")

    assert not message.is_response


@pytest.mark.parametrize("control", [*map(chr, range(0x20)), "\x7f"])
@pytest.mark.parametrize("template", ["{}", "X{}Variable: INJ=yes", "X{0}{0}Action: Ping"])
def test_no_control_character_is_ever_sent(control, template):
    """A line end would make a header of the rest, or a second action; NUL would cut it off."""
    value = template.format(control)

    for action in (
        Action("Originate", [("CallerID", value)]),
        Action("Originate", [(f"Name{control}", "x")]),
        Action(f"Originate{control}"),
    ):
        with pytest.raises(MalformedMessageError):
            encode(action, "1")
    with pytest.raises(MalformedMessageError):
        encode(Action("Ping"), f"1{control}")


def test_a_line_that_asterisk_would_refuse_is_refused_here():
    with pytest.raises(MalformedMessageError):
        encode(Action("Originate", [("Variable", "é" * (LINE_BYTES_MAX // 2))]), "1")


def test_more_headers_than_asterisk_takes_are_refused_here():
    with pytest.raises(MalformedMessageError):
        encode(Action("Originate", [("Variable", "A=1")] * 200), "1")


def test_half_a_character_is_refused():
    with pytest.raises(MalformedMessageError):
        encode(Action("Originate", [("CallerID", "\ud800")]), "1")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*-1-*.txt")), ids=lambda path: path.stem)
def test_recordings_are_read_as_they_were_sent(path):
    expected = [fields for _, who, fields in blocks(path) if who == "S"]
    stream = b"".join(
        line[3:] + b"\n" for line in path.read_bytes().split(b"\n") if line.startswith(b"S: ")
    )

    reader = Reader()
    read = [
        message for at in range(0, len(stream), 7) for message in reader.feed(stream[at : at + 7])
    ]

    assert len(read) == len(expected)
    assert [message["uniqueid"] for message in read] == [
        fields.get("Uniqueid", "").rstrip() for fields in expected
    ]


def _read(data):
    return Reader().feed(BANNER + data)

"""Framing: whatever way the bytes are cut, and whatever is to be sent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drivers.freeswitch.recordings import NAMES, events, frames, parts, said

from campaign_drivers.errors import MalformedMessageError
from campaign_drivers.freeswitch._wire import (
    BODY_BYTES_MAX,
    HEAD_BYTES_MAX,
    Command,
    Event,
    Frame,
    Reader,
    encode,
)

NAME = st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=20).filter(
    lambda name: name not in {"content-type", "content-length"}
)
VALUE = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc", "Zl"]),
    max_size=40,
).map(str.strip)
FRAME = st.builds(
    lambda kind, headers, body: Frame(
        {"content-type": kind, **({"content-length": str(len(body))} if body else {}), **headers},
        body,
    ),
    st.sampled_from(["command/reply", "api/response", "text/event-plain", "auth/request"]),
    st.dictionaries(NAME, VALUE, max_size=4),
    st.binary(max_size=200),
)


def written(frame: Frame) -> bytes:
    lines = "".join(f"{name}: {value}\n" for name, value in frame.headers.items())
    return lines.encode() + b"\n" + frame.body


@given(st.lists(FRAME, max_size=8), st.lists(st.integers(0, 2_000), max_size=12))
def test_frames_are_the_same_wherever_the_bytes_are_cut(
    given: list[Frame], cuts: list[int]
) -> None:
    data = b"".join(written(frame) for frame in given)
    reader = Reader()
    read: list[Frame] = []
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        read += reader.feed(data[start:end])

    assert given == read


@given(st.binary(max_size=400), st.integers(0, 400))
def test_junk_is_refused_or_waited_for_and_never_anything_else(data: bytes, cut: int) -> None:
    reader = Reader()
    try:
        reader.feed(data[:cut])
        reader.feed(data[cut:])
    except MalformedMessageError:
        pass


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_read_the_same_byte_by_byte(name: str) -> None:
    data = b"".join(part.data for part in parts(name) if not part.is_ours)[:60_000]
    reader = Reader()

    read = [frame for at in range(len(data)) for frame in reader.feed(data[at : at + 1])]

    assert frames(data) == read


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n\n\n",
        b"SSH-2.0-OpenSSH\n\n",
        b"Content-Type: x\nContent-Length: -1\n\n",
        b"Content-Type: x\nContent-Length: many\n\n",
        b"Content-Type: x\nContent-Length: %d\n\n" % (BODY_BYTES_MAX + 1),
        b"x" * (HEAD_BYTES_MAX + 1),
    ],
)
def test_what_is_no_event_socket_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        Reader().feed(data)


def test_a_notice_without_a_line_end_is_read_by_its_length() -> None:
    assert [frame.kind for frame in said("51_wrong_password")] == [
        "auth/request",
        "command/reply",
        "text/disconnect-notice",
    ]


def test_values_of_events_are_decoded_and_the_body_is_kept() -> None:
    (job,) = [event for event in events("03_sip_busy") if event.name == "BACKGROUND_JOB"]

    assert job.body == "-ERR USER_BUSY\n"
    assert job["job-command-arg"].startswith("{origination_uuid=")
    assert job["no-such-header"] == ""
    assert "no-such-header" not in job


@given(
    st.text(max_size=60), st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=3)
)
def test_a_command_is_one_frame_or_is_not_sent(line: str, headers: dict[str, str]) -> None:
    """A blank line would end it, and what follows would be a command of its own."""
    command = Command(f"api {line}", headers.items())
    try:
        data = encode(command)
    except MalformedMessageError:
        return
    except UnicodeEncodeError:
        return

    assert data.endswith(b"\n\n")
    assert data.count(b"\n\n") == 1
    assert 1 + len(headers) == data[:-2].count(b"\n") + 1
    assert not {*data} & {0, 13}


@pytest.mark.parametrize("bad", ["\n", "\r", "\0", "\x1b", "\x7f", "a\n\napi version"])
def test_a_control_character_is_never_sent(bad: str) -> None:
    for command in (Command(f"api x{bad}"), Command("api x", [("Job-UUID", f"y{bad}")])):
        with pytest.raises(MalformedMessageError):
            encode(command)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Command("auth secret"))


def test_an_event_without_headers_is_one_without_a_name() -> None:
    assert Event.parse(b"").name == ""

"""ESL framing without I/O: bytes in, frames out; and a command to bytes.

What was seen on real servers and holds here: a frame is header lines up to an empty one, and then
exactly ``Content-Length`` bytes, which may end without a line end. An event in the plain format is
such a body: header lines again, their values percent-encoded, and a body of its own for the result
of a background job.

On the way out one blank line ends a command and what follows it is the next one; a single line
end begins a header, and NUL cuts the line off (a transcript shows each). Hence a value with any
control character is refused before a byte is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import attrs

from campaign_drivers.errors import MalformedMessageError

__all__ = ["BODY_BYTES_MAX", "HEAD_BYTES_MAX", "Command", "Event", "Frame", "Reader", "encode"]

HEAD_BYTES_MAX = 1 << 16
"""Of the header lines of one frame; a server that sends more than this is none we know."""

BODY_BYTES_MAX = 1 << 25
"""Of one body: a list of some 30,000 channels; an event has 8 KB."""

_DENIED = "-ERR permission denied"
"""To a user of the directory who may not do that."""

_LENGTH = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _pairs(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(headers)


@attrs.frozen
class Command:
    """A command for the server: its line, and the header lines under it."""

    line: str = attrs.field(repr=lambda line: repr(line.split(" ", 1)[0] + " …"))
    """Not shown whole: it may hold a password."""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)


@attrs.frozen
class Frame:
    """What the server sent at once: names in lower case, and the bytes of the body."""

    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    @property
    def kind(self) -> str:
        """The content type, such as ``api/response``."""
        return self.headers.get("content-type", "")

    @property
    def text(self) -> str:
        """What a reply says: its body, or the text of a reply that has none."""
        if self.kind == "command/reply":
            return self.headers.get("reply-text", "")
        return self.body.decode("utf-8", "replace")

    @property
    def is_denied(self) -> bool:
        """Whether the user of the directory may not do that."""
        return self.text == _DENIED

    @property
    def is_success(self) -> bool:
        """Whether the reply is no error."""
        return not self.text.startswith(("-ERR", "-USAGE"))


@attrs.frozen
class Event:
    """An event in the plain format; names in lower case, values decoded when asked for."""

    fields: Mapping[str, str]
    """As they came, still percent-encoded: of some 150 a driver reads five."""
    body: str = ""

    @property
    def name(self) -> str:
        """``CHANNEL_ANSWER`` and the like."""
        return self["event-name"]

    def __getitem__(self, name: str) -> str:
        """Return a header's value by its name in lower case, or the empty string."""
        return unquote(self.fields.get(name, ""))

    def number(self, name: str) -> int | None:
        """Return a header's value as a whole number, or ``None`` where it is none."""
        text = self[name]
        return int(text) if text.isascii() and text.isdecimal() else None

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    @classmethod
    def parse(cls, body: bytes) -> Event:
        """Return the event that is the body of a ``text/event-plain`` frame."""
        head, _, rest = body.partition(b"\n\n")
        return cls(_headers(head), rest.decode("utf-8", "replace"))


class Reader:
    """Cuts a stream of bytes into frames, wherever it was split."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._rest = bytearray()
        self._at = 0
        """Before this all is read; cut off once for each chunk, however many frames it held."""
        self._searched = 0
        self._headers: dict[str, str] | None = None
        self._length = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames they complete.

        Raises:
            MalformedMessageError: these are not the bytes of an event socket.
        """
        self._rest += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        del self._rest[: self._at]
        self._searched = max(0, self._searched - self._at)
        self._at = 0
        return frames

    def _next(self) -> Frame | None:
        if self._headers is None and not self._read_head():
            return None
        end = self._at + self._length
        if self._headers is None or len(self._rest) < end:
            return None
        frame = Frame(self._headers, bytes(self._rest[self._at : end]))
        self._at, self._headers = end, None
        return frame

    def _read_head(self) -> bool:
        # Blank lines between frames mean nothing.
        while self._rest[self._at : self._at + 1] == b"\n":
            self._at += 1
        end = self._rest.find(b"\n\n", max(self._at, self._searched))
        if (len(self._rest) if end < 0 else end) - self._at > HEAD_BYTES_MAX:
            raise MalformedMessageError(f"more than {HEAD_BYTES_MAX} bytes of headers")
        if end < 0:
            self._searched = max(self._at, len(self._rest) - 1)
            return False
        headers = _headers(bytes(self._rest[self._at : end]))
        if "content-type" not in headers:
            shown = bytes(self._rest[self._at : self._at + 40]).decode("utf-8", "replace")
            raise MalformedMessageError(f"not an event socket: it sent {shown!r}")
        self._length = _length(headers.get("content-length", "0"))
        self._at, self._searched, self._headers = end + 2, 0, headers
        return True


def _length(text: str) -> int:
    if not _LENGTH.fullmatch(text) or int(text) > BODY_BYTES_MAX:
        raise MalformedMessageError(f"a body of {text[:20]!r} bytes")
    return int(text)


def _headers(block: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    return fields


def encode(command: Command) -> bytes:
    """Return the bytes of a command.

    Raises:
        MalformedMessageError: it holds a control character; nothing of it may be sent.
    """
    lines = [command.line, *(f"{name}: {value}" for name, value in command.headers)]
    for line in lines:
        if _CONTROL.search(line):
            raise MalformedMessageError("a control character in a command")
    if not command.line.strip():
        raise MalformedMessageError("an empty command")
    return ("\n".join(lines) + "\n\n").encode()

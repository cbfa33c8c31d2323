"""AMI framing without I/O: bytes in, messages out; and an action to bytes.

What was seen on real servers and holds here: a message is lines up to an empty one; header names
differ in case between versions (``CommandID``, ``CommandId``); both CR LF and a lone LF end a
line, on their side too, so that a value with a line end in it would become further headers, or a
second action. NUL cuts a value off. Hence a value with any control character is refused before a
byte is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import attrs

from campaign_drivers.errors import MalformedMessageError

__all__ = ["LINE_BYTES_MAX", "SHUTTING_DOWN", "Action", "AgiResult", "Message", "Reader", "encode"]

SHUTTING_DOWN = "Asterisk is shutting down"

LINE_BYTES_MAX = 1_000
"""Of one header we send; Asterisk takes 1010 bytes and refuses 1020."""

HEADERS_MAX = 120
"""Of one action; Asterisk takes 126 beside the action's name."""

_MESSAGE_BYTES_MAX = 1 << 18
"""Of one message we read; a server that sends more than this is none we know."""

_AGI_RESULT = re.compile(r"200 result=(-?\d+)(?: \((.*)\))?(?:.*endpos=(\d+))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_BANNER = "Asterisk Call Manager/"


def _pairs(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(headers)


@attrs.frozen
class Action:
    """An action for the server, not yet with its ``ActionID``."""

    name: str
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)


@attrs.frozen
class Message:
    """A response or an event; names in lower case, a repeated header's values joined by LF."""

    fields: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def event(self) -> str:
        """The event's name in lower case; empty for a response."""
        return self.fields.get("event", "").lower()

    @property
    def is_response(self) -> bool:
        """Whether this answers an action (an event may carry a ``Response`` too)."""
        return "response" in self.fields and "event" not in self.fields

    @property
    def is_success(self) -> bool:
        """Whether the response is anything but an error."""
        return self["response"].lower() != "error"

    @property
    def is_of_shutdown(self) -> bool:
        """Whether something was refused because the server shuts down, whatever was asked."""
        return not self.is_success and self["message"] == SHUTTING_DOWN

    def __getitem__(self, name: str) -> str:
        """Return a header's value by its name in lower case, or the empty string."""
        return self.fields.get(name, "")

    def number(self, name: str) -> int | None:
        """Return a header's value as a whole number, or ``None`` where it is none."""
        text = self[name]
        return int(text) if text.isdecimal() and text.isascii() else None


class Reader:
    """Cuts a stream of bytes into messages, wherever it was split."""

    def __init__(self) -> None:
        """Start before the banner."""
        self.banner: str | None = None
        """What the server said first, once it has; ``Asterisk Call Manager/5.0.4`` or such."""
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes; return the messages they complete.

        Raises:
            MalformedMessageError: these are not the bytes of an Asterisk manager.
        """
        self._rest += data
        if self.banner is None and not self._read_banner():
            return []
        *blocks, self._rest = self._rest.split(b"\r\n\r\n")
        messages = [message for block in blocks if (message := _message(block)).fields]
        if len(self._rest) > _MESSAGE_BYTES_MAX:
            raise MalformedMessageError(f"a message of more than {_MESSAGE_BYTES_MAX} bytes")
        return messages

    def _read_banner(self) -> bool:
        line, end, rest = self._rest.partition(b"\n")
        text = line.decode("utf-8", "replace").strip()
        if not _BANNER.startswith(text[: len(_BANNER)]):
            raise MalformedMessageError(f"not an Asterisk manager: it began with {text[:40]!r}")
        if not end:
            return False
        if not text.startswith(_BANNER):
            raise MalformedMessageError(f"not an Asterisk manager: it began with {text[:40]!r}")
        self.banner, self._rest = text, rest
        return True


@attrs.frozen
class AgiResult:
    """What an AGI command gave."""

    code: int
    """Of a sound: 0 its end, -1 a hang-up or a failure, else the ASCII code of the digit."""
    value: str
    end: int | None
    """Where a sound ended, in samples."""

    @classmethod
    def of(cls, message: Message) -> AgiResult | None:
        """Return what the event of a command's end tells, or ``None`` if it tells nothing."""
        found = _AGI_RESULT.match(unquote(message["result"]))
        if found is None:
            return None
        return cls(int(found[1]), found[2] or "", None if found[3] is None else int(found[3]))


def _message(block: bytes) -> Message:
    fields: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            name, colon, value = line.partition(":")
            if not colon:
                continue
        key = name.lower()
        fields[key] = f"{fields[key]}\n{value}" if key in fields else value
    return Message(fields)


def encode(action: Action, action_id: str) -> bytes:
    """Return an action as bytes.

    Raises:
        MalformedMessageError: a name or value has a control character in it, or is too long:
            it could become something else on the other side.
    """
    headers = (("Action", action.name), ("ActionID", action_id), *action.headers)
    if len(headers) > HEADERS_MAX:
        raise MalformedMessageError(f"{action.name} with more than {HEADERS_MAX} headers")
    lines = [_line(name, value) for name, value in headers]
    return b"".join(lines) + b"\r\n"


def _line(name: str, value: str) -> bytes:
    if _CONTROL(name) or _CONTROL(value):
        raise MalformedMessageError(f"{name!r} holds a control character")
    if not name or ":" in name:
        raise MalformedMessageError(f"{name!r} is no name of a header")
    try:
        line = f"{name}: {value}\r\n".encode()
    except UnicodeEncodeError:
        raise MalformedMessageError(f"{name!r} holds a character that is none") from None
    if len(line) > LINE_BYTES_MAX + 2:
        raise MalformedMessageError(f"{name} is longer than {LINE_BYTES_MAX} bytes")
    return line

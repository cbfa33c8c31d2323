"""Kinds of values that ``campaign serve`` may be told: in TOML, in a text, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import attrs
from typing_extensions import override

__all__ = [
    "FILE",
    "FOLDER",
    "LISTEN",
    "PROXIES",
    "PUBLIC_URL",
    "SWITCH",
    "UNIX_SOCKET",
    "ListenAddress",
    "OptionType",
    "RefusedError",
    "one_of",
    "some_text",
    "whole_number",
]

UNIX_SOCKET = "unix"
"""Stands for the address of whoever comes by a Unix socket."""

_PORT_MAX = 65_535
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?\]")


class RefusedError(ValueError):
    """A value that cannot be taken; its text is the rule."""


@attrs.frozen(kw_only=True)
class OptionType:
    """A kind of value: how it stands in a TOML file, and how in a text."""

    native: type
    """What TOML makes of it."""
    metavar: str
    """What stands for it in ``--help``."""
    rule: str
    """What is allowed, as a sentence fragment."""
    of_text: Callable[[str], object]
    """Reads it from a variable or a flag; raises ``ValueError``."""
    check: Callable[[object], object]
    """Returns the value that is gone on with; raises ``ValueError`` for a bad one."""

    def from_file(self, value: object) -> object:
        """Return what a value of the file stands for.

        Raises:
            RefusedError: it cannot be taken.
        """
        # True is a whole number to Python, and to nobody else.
        if not isinstance(value, self.native) or (
            isinstance(value, bool) and self.native is not bool
        ):
            raise RefusedError(self.rule)
        return self._checked(lambda: self.check(value))

    def from_text(self, text: str) -> object:
        """Return what a text stands for.

        Raises:
            RefusedError: it cannot be taken.
        """
        return self._checked(lambda: self.check(self.of_text(text)))

    def _checked(self, read: Callable[[], object]) -> object:
        try:
            return read()
        except RefusedError:
            raise
        except ValueError:
            raise RefusedError(self.rule) from None


def _text(metavar: str, rule: str, check: Callable[[str], object]) -> OptionType:
    return OptionType(
        native=str, metavar=metavar, rule=rule, of_text=str, check=lambda value: check(str(value))
    )


def some_text(metavar: str, rule: str) -> OptionType:
    """Return the kind of a text that is not empty, by what it is to be."""
    return _text(metavar, rule, _some)


def whole_number(metavar: str, least: int, most: int) -> OptionType:
    """Return the kind of whole numbers between two, both included."""

    def of_text(text: str) -> int:
        if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
            raise ValueError
        return int(text)

    def check(value: object) -> object:
        if not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    rule = f"a whole number {least:,} to {most:,}"
    return OptionType(native=int, metavar=metavar, rule=rule, of_text=of_text, check=check)


def one_of(metavar: str, *words: str) -> OptionType:
    """Return the kind of texts that are one of some words."""
    return _text(metavar, f"one of {', '.join(words)}", lambda text: words[words.index(text)])


def _some(text: str) -> str:
    if not text.strip() or any(not char.isprintable() for char in text):
        raise ValueError
    return text.strip()


FILE = _text("F", "the name of a file", lambda text: Path(_some(text)))
FOLDER = _text("DIR", "the name of a folder", lambda text: Path(_some(text)))


def _truth(text: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


SWITCH = OptionType(
    native=bool,
    metavar="true|false",
    rule="true or false",
    of_text=_truth,
    check=lambda value: value,
)


@attrs.frozen(kw_only=True)
class ListenAddress:
    """Where HTTP is answered: a host and a port, or a socket in the file system."""

    host: str = ""
    port: int = 0
    """0: any that is free."""
    path: Path | None = None
    """Of a Unix socket; host and port mean nothing then."""

    @override
    def __str__(self) -> str:
        """Return it as it is written in the configuration."""
        if self.path is not None:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _listen(text: str) -> ListenAddress:
    if text.startswith("unix:"):
        path = Path(text.removeprefix("unix:"))
        if not path.is_absolute():
            raise ValueError
        return ListenAddress(path=path)
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host) or not _PORT.fullmatch(port):
        raise ValueError
    if int(port) > _PORT_MAX:
        raise ValueError
    return ListenAddress(host=host.strip("[]"), port=int(port))


LISTEN = _text(
    "HOST:PORT", "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:/PATH", _listen
)


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError
    _ = parts.port  # raises ValueError for what is none
    return text.rstrip("/")


PUBLIC_URL = _text("URL", "an http:// or https:// URL without name, password or query", _public_url)

_PROXIES_RULE = f"addresses or networks such as 10.0.0.0/8, or {UNIX_SOCKET}"


def _proxies(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    if not all(isinstance(text, str) for text in listed):
        raise RefusedError(_PROXIES_RULE)
    return tuple(map(_proxy, listed))


def _proxy(text: str) -> str:
    if text == UNIX_SOCKET:
        return text
    # Written as the web server compares it: 10.0.0.7/8 would be no network to it.
    return str(ip_network(text, strict=False) if "/" in text else ip_address(text))


PROXIES = OptionType(
    native=list,
    metavar="ADDRESSES",
    rule=f"a list of {_PROXIES_RULE}",
    of_text=lambda text: [part.strip() for part in text.split(",") if part.strip()],
    check=_proxies,
)

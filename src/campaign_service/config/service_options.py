"""The options of ``campaign serve``: one table for its file, its variables and its flags.

Each option is a key of the file, ``drain_s``; a variable, ``CAMPAIGN_DRAIN_S``; and a flag,
``--drain-s``. A secret one may also be given by a file that holds it, ``driver_file``: so do
systemd's credentials and the secrets of containers come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from campaign_service.config.service_settings import UNIX_SOCKET, Listen
from campaign_service.sounds import LANGUAGES

__all__ = ["DRIVER_RULE", "FILE_SUFFIX", "OPTIONS", "Option", "OptionType", "RefusedError"]

FILE_SUFFIX = "_file"
"""Behind the name of a secret option: the file that holds the secret."""
DRIVER_RULE = "simulated, or the URL of a telephony such as asterisk://user:secret@host/"

_PORT_MAX = 65_535
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?\]")
_LISTEN_RULE = "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:/PATH"


class RefusedError(ValueError):
    """A value that cannot be taken; its text is the rule."""


@attrs.frozen(kw_only=True)
class OptionType:
    """A kind of value: how it stands in a TOML file, and how in a text."""

    native: type
    """What TOML makes of it."""
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
        return self._checked(value)

    def from_text(self, text: str) -> object:
        """Return what a text stands for.

        Raises:
            RefusedError: it cannot be taken.
        """
        try:
            value = self.of_text(text)
        except ValueError:
            raise RefusedError(self.rule) from None
        return self._checked(value)

    def _checked(self, value: object) -> object:
        try:
            return self.check(value)
        except RefusedError:
            raise
        except ValueError:
            raise RefusedError(self.rule) from None


@attrs.frozen(kw_only=True)
class Option:
    """One thing that ``campaign serve`` may be told."""

    kind: OptionType
    default: object
    help: str
    """In a few words, for ``--help``."""
    metavar: str
    may_be_file: bool = False
    """Whether a text without :// is the name of a file."""
    is_secret: bool = False
    """Whether it may hold a password: it is never shown, and may come from a file of its own."""


# Kinds ---------------------------------------------------------------------------------------


def _text(rule: str, check: Callable[[str], object]) -> OptionType:
    return OptionType(native=str, rule=rule, of_text=str, check=lambda value: check(str(value)))


def _whole_number(least: int, most: int) -> OptionType:
    def of_text(text: str) -> int:
        if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
            raise ValueError
        return int(text)

    def check(value: object) -> object:
        if not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    rule = f"a whole number {least:,} to {most:,}"
    return OptionType(native=int, rule=rule, of_text=of_text, check=check)


def _flag() -> OptionType:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

    def of_text(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError
        return words[text.lower()]

    return OptionType(native=bool, rule="true or false", of_text=of_text, check=lambda value: value)


def _one_of(*words: str) -> OptionType:
    def check(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return _text(f"one of {', '.join(words)}", check)


def _some(text: str) -> str:
    if not text.strip() or any(not char.isprintable() for char in text):
        raise ValueError
    return text.strip()


def _listen(text: str) -> Listen:
    if text.startswith("unix:"):
        path = Path(text.removeprefix("unix:"))
        if not path.is_absolute():
            raise ValueError
        return Listen(path=path)
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host) or not _PORT.fullmatch(port):
        raise ValueError
    if int(port) > _PORT_MAX:
        raise ValueError
    return Listen(host=host.strip("[]"), port=int(port))


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError
    _ = parts.port  # raises ValueError for what is none
    return text.rstrip("/")


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


_PROXIES_RULE = f"addresses or networks such as 10.0.0.0/8, or {UNIX_SOCKET}"
_PROXIES = OptionType(
    native=list,
    rule=f"a list of {_PROXIES_RULE}",
    of_text=lambda text: [part.strip() for part in text.split(",") if part.strip()],
    check=_proxies,
)
_FILE = _text("the name of a file", lambda text: Path(_some(text)))
_FOLDER = _text("the name of a folder", lambda text: Path(_some(text)))

OPTIONS: Mapping[str, Option] = {
    "db": Option(
        kind=_text("the name of a file, or postgresql://user:password@host/name", _some),
        default="campaigns.db",
        help="The database: a file, or postgresql://user:password@host/name.",
        metavar="URL",
        may_be_file=True,
        is_secret=True,
    ),
    "driver": Option(
        kind=_text(DRIVER_RULE, _some),
        default="simulated",
        help="Who places the calls: simulated, or a URL such as asterisk://user:secret@host/.",
        metavar="simulated|URL",
        is_secret=True,
    ),
    "other_telephony": Option(
        kind=_flag(),
        default=False,
        help="Go on with real calls where they were simulated before, or the other way.",
        metavar="true|false",
    ),
    "hold": Option(
        kind=_flag(),
        default=False,
        help="Start with every campaign paused, until campaign resume lets it go on.",
        metavar="true|false",
    ),
    "restored": Option(
        kind=_flag(),
        default=False,
        help="Go on, with --hold, from a journal that ends earlier than it did: a backup.",
        metavar="true|false",
    ),
    "marks_dir": Option(
        kind=_FOLDER,
        default=None,
        help="Where it is noted how far the journal on a PostgreSQL server has come.",
        metavar="DIR",
    ),
    "sounds_dir": Option(
        kind=_FOLDER,
        default=None,
        help="The folder that the telephony plays from: our prompts are put there at the start.",
        metavar="DIR",
    ),
    "language": Option(
        kind=_one_of(*LANGUAGES),
        default=LANGUAGES[0],
        help="Of the prompts that are put there: en or it.",
        metavar="en|it",
    ),
    "listen": Option(
        kind=_text(_LISTEN_RULE, _listen),
        default=Listen(host="127.0.0.1", port=8080),
        help="Where HTTP is answered: HOST:PORT, or unix:/PATH.",
        metavar="HOST:PORT",
    ),
    "public_url": Option(
        kind=_text("an http:// or https:// URL without name, password or query", _public_url),
        default=None,
        help="How others reach this process, for them to be sent here.",
        metavar="URL",
    ),
    "tls_certificate": Option(
        kind=_FILE, default=None, help="Speak HTTPS with this certificate, PEM.", metavar="F"
    ),
    "tls_key": Option(kind=_FILE, default=None, help="The certificate's key, PEM.", metavar="F"),
    "trusted_proxies": Option(
        kind=_PROXIES,
        default=(),
        help="Reverse proxies whose word on a client's address is taken, with commas between.",
        metavar="ADDRESSES",
    ),
    "drain_s": Option(
        kind=_whole_number(0, 86_400),
        default=30,
        help="When stopped, calls in progress may take so long to end.",
        metavar="SECONDS",
    ),
    "log_level": Option(
        kind=_one_of("debug", "info", "warning", "error"),
        default="info",
        help="debug, info, warning or error.",
        metavar="LEVEL",
    ),
    "log_format": Option(
        kind=_one_of("text", "json"),
        default="text",
        help="text, or json: one object a line.",
        metavar="FORMAT",
    ),
    "access_log": Option(
        kind=_flag(), default=False, help="Log each request too.", metavar="true|false"
    ),
    "open_metrics": Option(
        kind=_flag(),
        default=False,
        help="Let /metrics be read without a token.",
        metavar="true|false",
    ),
    "body_max_mib": Option(
        kind=_whole_number(1, 4_096),
        default=256,
        help="The largest body with a list of recipients; a million need some 120.",
        metavar="MIB",
    ),
    "snapshot_events": Option(
        kind=_whole_number(100, 100_000_000),
        default=20_000,
        help="Keep a snapshot once so many events, or more, came since the last.",
        metavar="N",
    ),
}
"""Every option by its name, in the order in which they are listed."""

"""The settings of a driver as one line: ``scheme://user:password@host:port/?key=value&…``.

``internal`` and ``external`` are routes, ``external.CLASS`` is that of a routing class, and behind
any of them stand its details: ``external.gold.caller``, ``internal.set.NAME``. The other keys are
fields of the driver's settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from campaign_drivers._checks import refuse

__all__ = ["ParsedUrl", "UrlKeys", "pairs_in", "read_url"]

Reading = Callable[[str], object]
"""Makes a value of its text. Those of numbers alone raise ``ValueError``."""

RouteT = TypeVar("RouteT")

_ESCAPED = "in user and password %23 for #, %25 for %, %2F for /, %3A for :, %3F for ?, %40 for @"

_ROUTES = ("internal", "external")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_ASCII = 0x80
_NO_TEXT = re.compile("[\ud800-\udfff]")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


_FIELDS: Mapping[str, Reading] = {
    "calls_max": int,
    "calls_per_s": float,
    "answer_within_s": float,
    "login_within_s": float,
    "sound_path": str,
    "tls_name": str,
    "tls_ca": Path,
}
"""The fields of any driver's settings, and how to read each."""

_DETAILS: Mapping[str, tuple[str, Reading]] = {
    "caller": ("caller_number", str),
    "account": ("account", str),
    "codecs": ("codecs", _listed),
}
"""What any driver's route has: key, field, and how to read it."""


@attrs.frozen(kw_only=True)
class UrlKeys(Generic[RouteT]):
    """What may stand in the URL of one driver."""

    scheme: str
    """With an ``s`` behind it: over TLS."""
    example: str
    """Such a URL, for whoever gave another."""
    port: int
    """Where the URL says none."""
    tls_port: int
    """The same, over TLS."""
    fields: Mapping[str, Reading]
    """The fields that only this driver's settings have, and how to read each."""
    switches: frozenset[str] = frozenset()
    """Those that are ``yes`` or ``no``."""
    route: Callable[..., RouteT]
    """Makes a route of its fields."""
    dial_string: str
    """The field of a route that stands behind its bare name."""
    details: Mapping[str, Reading]
    """The fields of a route that only this driver's have."""
    plus_is_blank: bool = False
    """Read a ``+`` in a value as forms on the Web do; in dial strings and numbers it is a plus."""


@attrs.frozen(kw_only=True)
class ParsedUrl:
    """What a URL says."""

    user: str
    """Empty: there is none."""
    password: str = attrs.field(repr=False)
    """Never shown. Empty: there is none."""
    fields: Mapping[str, Any]
    """All else, as the driver's settings take it."""


def read_url(url: str, keys: UrlKeys[RouteT]) -> ParsedUrl:
    """Return what a URL says.

    Raises:
        SettingsError: it cannot be taken, or a value in it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        # Its text would show the password.
        raise refuse("driver", "(no URL)", keys.example) from None
    if parts.scheme not in {keys.scheme, f"{keys.scheme}s"} or not parts.hostname:
        raise refuse("driver", f"{parts.scheme}://…", keys.example)
    tls = parts.scheme != keys.scheme
    try:
        port = parts.port or (keys.tls_port if tls else keys.port)
    except ValueError:
        if "@" not in parts.netloc and "@" in f"{parts.path}{parts.query}{parts.fragment}":
            # What was meant as the port's may be a piece of the password.
            raise refuse("driver", "(not shown)", _ESCAPED) from None
        raise refuse("port", "(not a number)", "1 to 65535") from None
    _check_escapes(parts.query)
    fields: dict[str, object] = {}
    routes: dict[str, dict[str, Any]] = {}
    for key, value in pairs_in(parts.query, plus_is_blank=keys.plus_is_blank):
        if key.split(".", 1)[0] in _ROUTES:
            _file_detail(routes, key, value, keys)
        else:
            fields[key] = _field(key, value, keys)
    # Without a dial string the route itself says what is wrong with it.
    made = {name: keys.route(**{keys.dial_string: "", **told}) for name, told in routes.items()}
    if "internal" in made:
        fields["internal"] = made.pop("internal")
    fields["external"] = {name.partition(".")[2] or None: route for name, route in made.items()}
    return ParsedUrl(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        fields={"host": parts.hostname, "port": port, "tls": tls, **fields},
    )


def pairs_in(query: str, *, plus_is_blank: bool = False) -> list[tuple[str, str]]:
    """Return the keys and values of a URL's query; in dial strings and numbers a plus is one."""
    text = query if plus_is_blank else query.replace("+", "%2B")
    return parse_qsl(text, keep_blank_values=True)


def _check_escapes(query: str) -> None:
    """Refuse a percent sign that was meant as one and would be read as an escape.

    Nobody writes a letter or a digit as an escape, and what is none of UTF-8 is no text.
    """
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        codes = [int(code, 16) for code in _ESCAPE.findall(value)]
        is_needless = any(code < _ASCII and chr(code).isalnum() for code in codes)
        if is_needless or _NO_TEXT.search(unquote(value, errors="surrogateescape")):
            raise refuse(key, value, "a percent sign itself is written %25 in a URL")


def _field(key: str, value: str, keys: UrlKeys[RouteT]) -> object:
    readings = {**_FIELDS, **keys.fields}
    if key in readings:
        return _read(readings[key], key, value)
    if key in keys.switches and value in {"yes", "no"}:
        return value == "yes"
    known = ", ".join(sorted({*readings, *keys.switches, *_ROUTES}))
    raise refuse(
        key, value, f"one of {known}{' (yes or no for a switch)' if keys.switches else ''}"
    )


def _file_detail(
    routes: dict[str, dict[str, Any]], key: str, value: str, keys: UrlKeys[RouteT]
) -> None:
    """File one key of the URL under its route: ``external.gold.caller`` under ``external.gold``."""
    name, _, variable = key.partition(".set.")
    if variable:
        routes.setdefault(name, {}).setdefault("variables", {})[variable] = value
        return
    stem, _, last = key.rpartition(".")
    details = {**_DETAILS, **{name: (name, reading) for name, reading in keys.details.items()}}
    if stem and last in details:
        field, reading = details[last]
        routes.setdefault(stem, {})[field] = _read(reading, key, value)
    else:
        routes.setdefault(key, {})[keys.dial_string] = value


def _read(reading: Reading, key: str, value: str) -> object:
    try:
        return reading(value)
    except ValueError:
        raise refuse(key, value, "a number") from None

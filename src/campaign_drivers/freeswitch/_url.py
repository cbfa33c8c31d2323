"""The settings as one line: ``freeswitch://:password@host:8021/?…``."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from campaign_core import ServiceId
from campaign_drivers.freeswitch._settings import (
    SETTINGS_NUMBERS,
    FreeSwitchSettings,
    Route,
    refuse,
)

__all__ = ["settings_from_url"]

_ROUTE_KEYS = {"caller": "caller_number", "account": "account"}
_ROUTE_NUMBERS = {"calls_max": int, "calls_per_s": float}
_TEXTS = {"sound_path", "tls_name"}
_PORT = 8021


def settings_from_url(url: str, *, service_id: ServiceId) -> FreeSwitchSettings:
    """Return the settings that a URL holds.

    ::

        freeswitch://:password@host:8021/?internal=user/{number}@pbx&external=sofia/gateway/gw/{number}
        freeswitch://user%40domain:password@host/?sound_path=/srv/sounds/{sound}

    ``freeswitchs`` speaks TLS, to a tunnel. ``external.CLASS`` is the route of a routing class;
    ``internal.codecs``, ``.caller``, ``.account``, ``.calls_max``, ``.calls_per_s`` and
    ``.set.NAME`` (a variable), behind any route, are its details. The other keys are the fields
    of :class:`FreeSwitchSettings`.

    Raises:
        SettingsError: the URL, or a value in it, cannot be taken.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"freeswitch", "freeswitchs"} or not parts.hostname:
        raise refuse("driver", f"{parts.scheme}://…", "freeswitch://:password@host:port/?…")
    try:
        port = parts.port or _PORT
    except ValueError:
        raise refuse("port", "(not a number)", "1 to 65535") from None
    given: dict[str, Any] = {}
    routes: dict[str, dict[str, Any]] = {}
    # A + in a query would be read as a blank; in a dial string or a number it is a plus.
    for key, value in parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True):
        if key.split(".", 1)[0] in {"internal", "external"}:
            _route_part(routes, key, value)
        else:
            given[key] = _field(key, value)
    made = {name: Route(**{"dial_string": "", **details}) for name, details in routes.items()}
    given["internal"] = made.pop("internal", None)
    given["external"] = {name.partition(".")[2] or None: route for name, route in made.items()}
    return FreeSwitchSettings(
        service_id=service_id,
        host=parts.hostname,
        port=port,
        tls=parts.scheme == "freeswitchs",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        **given,
    )


def _number(kind: type[int | float] | Any, key: str, value: str) -> float:  # noqa: ANN401
    try:
        number: float = kind(value)
    except ValueError:
        raise refuse(key, value, "a number") from None
    return number


def _field(key: str, value: str) -> object:
    if key in SETTINGS_NUMBERS:
        return _number(SETTINGS_NUMBERS[key], key, value)
    if key in _TEXTS:
        return value
    if key == "tls_ca":
        return Path(value)
    known = ", ".join(sorted({*SETTINGS_NUMBERS, *_TEXTS, "tls_ca", "internal", "external"}))
    raise refuse(key, value, f"one of {known}")


def _route_part(routes: dict[str, dict[str, Any]], key: str, value: str) -> None:
    """File one key of the URL under its route: ``external.gold.caller`` under ``external.gold``."""
    name, _, variable = key.partition(".set.")
    if variable:
        routes.setdefault(name, {}).setdefault("variables", {})[variable] = value
        return
    stem, _, last = key.rpartition(".")
    if stem and last in _ROUTE_KEYS:
        routes.setdefault(stem, {})[_ROUTE_KEYS[last]] = value
    elif stem and last in _ROUTE_NUMBERS:
        routes.setdefault(stem, {})[last] = _number(_ROUTE_NUMBERS[last], key, value)
    elif stem and last == "codecs":
        routes.setdefault(stem, {})["codecs"] = tuple(value.split(","))
    else:
        routes.setdefault(key, {})["dial_string"] = value

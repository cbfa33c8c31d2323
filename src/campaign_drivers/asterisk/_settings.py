"""What a driver must know of its Asterisk: where it is, who we are there, how calls leave it.

Written by whoever runs the exchange and trusted as such; checked all the same, so that a slip is
named when the driver is made and not in the middle of a campaign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from campaign_core import ServiceId
from campaign_core.errors import Problem, SettingsError

__all__ = ["AsteriskSettings", "Route", "settings_from_url"]

_CHANNEL = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.:=@/+*-]*\{number\}[A-Za-z0-9_.:=@/+*-]*")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,200}")
_SOUND = re.compile(r"[A-Za-z0-9/_.-]*\{sound\}[A-Za-z0-9/_.-]*")
_CALLER = re.compile(r"[0-9*#+]*(\{caller_number\}[0-9*#]*)?")
_SERVICE = re.compile(r"[0-9a-f]{8}")


def _refuse(name: str, value: object, rule: str) -> SettingsError:
    return SettingsError([Problem(field=name, value=value, rule=rule)])


def _like(pattern: re.Pattern[str], rule: str) -> Any:  # noqa: ANN401 -- attrs' own type
    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            shown = value if attribute.repr else "(not shown)"
            raise _refuse(attribute.name, shown, rule)

    return check


def _variables(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    for name, text in value.items():
        # A function such as CALLERID(num) would be written through as well: names alone.
        if not _VARIABLE.fullmatch(name) or not _TEXT.fullmatch(text):
            rule = "names of letters, digits and _; values without control characters"
            raise _refuse(f"{attribute.name}.{name}", text, rule)


def _codecs(_: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for codec in value:
        if not _NAME.fullmatch(codec):
            raise _refuse(attribute.name, codec, "names of codecs, such as alaw")


def _between(low: float, high: float) -> Any:  # noqa: ANN401 -- attrs' own type
    def check(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
        if not low <= value <= high:
            raise _refuse(attribute.name, value, f"{low} to {high}")

    return check


@attrs.frozen(kw_only=True)
class Route:
    """How calls of one kind leave the exchange."""

    channel: str = attrs.field(
        validator=_like(_CHANNEL, "technology/… with {number} once, such as PJSIP/{number}@trunk")
    )
    """The dial string with ``{number}`` in it: ``PJSIP/{number}``, ``PJSIP/{number}@trunk``,
    ``Local/{number}@context/n``."""
    caller_number: str = attrs.field(
        default="{caller_number}",
        validator=_like(_CALLER, "digits, * # +, and {caller_number} at most once"),
    )
    """The outbound line's manipulation of the caller number, such as ``+39{caller_number}``."""
    context: str | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(_like(_NAME, "the name of a context")),
    )
    """Where answered calls go; ``None``: the driver's own context."""
    variables: Mapping[str, str] = attrs.field(factory=dict, validator=_variables)
    """Channel variables for each call."""
    codecs: tuple[str, ...] = attrs.field(default=(), converter=tuple, validator=_codecs)
    """In order of preference; empty: as the endpoint has them."""
    account: str = attrs.field(default="", validator=_like(_TEXT, "no control characters"))
    """The account code of the calls' records; empty: none."""


def _routes(_: object, attribute: attrs.Attribute[Any], value: Mapping[str | None, Route]) -> None:
    for name in value:
        if name is not None and not _NAME.fullmatch(name):
            raise _refuse(attribute.name, name, "routing classes: letters, digits and _ . -")


@attrs.frozen(kw_only=True)
class AsteriskSettings:
    """Where Asterisk is, who we are there, and how calls leave it."""

    service_id: ServiceId = attrs.field(validator=_like(_SERVICE, "eight lower-case hex digits"))
    """Calls whose id begins so are ours; the driver touches no others."""
    host: str = attrs.field(validator=_like(re.compile(r"[A-Za-z0-9_.:%-]{1,253}"), "a host"))
    port: int = attrs.field(default=5038, validator=_between(1, 65_535))
    """5038 is Asterisk's default, 5039 the one for TLS."""
    user: str = attrs.field(validator=_like(_NAME, "the name of a section of manager.conf"))
    secret: str = attrs.field(
        repr=False, validator=_like(re.compile(r"[^\x00-\x1f\x7f]{1,200}"), "no control characters")
    )
    """Of that section; never shown."""
    login_by_secret: bool = False
    """Send the secret itself; the default answers a challenge and sends only its MD5."""
    tls: bool = False
    """Speak TLS; off the loopback interface do not go without."""
    tls_ca: Path | None = None
    """Certificates to trust, PEM; ``None``: the system's."""
    tls_name: str | None = None
    """The name in the server's certificate; ``None``: the host."""

    internal: Route = attrs.field(factory=lambda: Route(channel="PJSIP/{number}"))
    """How numbers inside the exchange are called."""
    external: Mapping[str | None, Route] = attrs.field(factory=dict, validator=_routes)
    """Routing class to route; under ``None`` the route of calls without a class."""
    context: str = attrs.field(
        default="call-campaign", validator=_like(_NAME, "the name of a context")
    )
    """Of the two lines of dialplan that hand answered calls over."""
    extension: str = attrs.field(default="agi", validator=_like(_NAME, "an extension"))
    """In that context."""
    without_dialplan: bool = False
    """Originate into ``Application: AGI``: no dialplan, but it needs ``write = system``."""
    sound_path: str = attrs.field(
        default="{sound}", validator=_like(_SOUND, "a path with {sound} in it")
    )
    """Where the campaigns' sounds are on Asterisk's host; relative ones are looked for in its
    sounds folder."""

    calls_max: int | None = None
    """Calls at one time that the exchange takes, where that is known."""
    calls_per_s: float | None = None
    """Calls placed a second that the exchange takes, where that is known."""
    answer_within_s: float = attrs.field(default=10.0, validator=_between(0.1, 600))
    """For each response of the server; after it the connection counts as lost."""
    ping_every_s: float = attrs.field(default=15.0, validator=_between(0.1, 3_600))
    """Of silence, before the server is asked for a sign of life."""
    login_within_s: float = attrs.field(default=10.0, validator=_between(0.1, 600))
    """From connecting until Asterisk has booted and says so."""


_ROUTE_KEYS = {"caller": "caller_number", "context": "context", "account": "account"}
_NUMBERS = {
    "calls_max": int,
    "calls_per_s": float,
    "answer_within_s": float,
    "ping_every_s": float,
    "login_within_s": float,
}
_TEXTS = {"context", "extension", "sound_path", "tls_name"}
_FLAGS = {"login_by_secret", "without_dialplan"}


def settings_from_url(url: str, *, service_id: ServiceId) -> AsteriskSettings:
    """Return the settings that a URL holds.

    ::

        asterisk://user:secret@host:5038/?internal=PJSIP/{number}&external=PJSIP/{number}@trunk
        asterisks://user:secret@host:5039/?tls_ca=/etc/ca.pem&sound_path=/srv/sounds/{sound}

    ``external.CLASS`` is the route of a routing class; ``internal.codecs``, ``.caller``,
    ``.context``, ``.account`` and ``.set.NAME`` (a variable), behind any route, are its details.
    The other keys are the fields of :class:`AsteriskSettings`.

    Raises:
        SettingsError: the URL, or a value in it, cannot be taken.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"asterisk", "asterisks"} or not parts.hostname:
        raise _refuse("driver", f"{parts.scheme}://…", "asterisk://user:secret@host:port/?…")
    try:
        port = parts.port
    except ValueError:
        raise _refuse("port", "(not a number)", "1 to 65535") from None
    tls = parts.scheme == "asterisks"
    given: dict[str, Any] = {"port": port or (5039 if tls else 5038), "tls": tls}
    routes: dict[str, dict[str, Any]] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        head = key.split(".", 1)[0]
        if head in {"internal", "external"}:
            _route_part(routes, key, value)
        else:
            given[key] = _field(key, value)
    made = {name: Route(**{"channel": "", **details}) for name, details in routes.items()}
    if "internal" in made:
        given["internal"] = made.pop("internal")
    given["external"] = {name.partition(".")[2] or None: route for name, route in made.items()}
    return AsteriskSettings(
        service_id=service_id,
        host=parts.hostname,
        user=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        **given,
    )


def _field(key: str, value: str) -> object:
    if key in _NUMBERS:
        try:
            return _NUMBERS[key](value)
        except ValueError:
            raise _refuse(key, value, "a number") from None
    if key in _TEXTS:
        return value
    if key == "tls_ca":
        return Path(value)
    if key in _FLAGS and value in {"yes", "no"}:
        return value == "yes"
    known = ", ".join(sorted({*_NUMBERS, *_TEXTS, *_FLAGS, "tls_ca", "internal", "external"}))
    raise _refuse(key, value, f"one of {known} (yes or no for a switch)")


def _route_part(routes: dict[str, dict[str, Any]], key: str, value: str) -> None:
    """File one key of the URL under its route: ``external.gold.caller`` under ``external.gold``."""
    name, _, variable = key.partition(".set.")
    if variable:
        routes.setdefault(name, {}).setdefault("variables", {})[variable] = value
        return
    stem, _, last = key.rpartition(".")
    if stem and last in _ROUTE_KEYS:
        routes.setdefault(stem, {})[_ROUTE_KEYS[last]] = value
    elif stem and last == "codecs":
        routes.setdefault(stem, {})["codecs"] = tuple(value.split(","))
    else:
        routes.setdefault(key, {})["channel"] = value

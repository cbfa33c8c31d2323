"""What a driver must know of its FreeSWITCH, as values and as one line: ``freeswitch://…``.

What may stand in an originate line is narrow: it is split three times, and a comma or a brace too
many is another call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from campaign_core import ServiceId
from campaign_drivers._checks import Check, between, each_like, like, refuse, routing_classes
from campaign_drivers._telephony.settings import ServerSettings
from campaign_drivers._url import UrlKeys, read_url
from campaign_drivers.caller_number import CALLER_NUMBER

__all__ = ["FreeSwitchSettings", "Route", "settings_from_url"]

_DIAL = re.compile(r"[a-z]+/[A-Za-z0-9_.:@%/;=+*-]*\{number\}[A-Za-z0-9_.:@%/;=+*-]*")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_VALUE = re.compile(r"[A-Za-z0-9_.:@/+-]{0,200}")
_CODEC = re.compile(r"[A-Za-z0-9_.@-]{1,60}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_.-]{0,80}")
_USER = re.compile(r"[A-Za-z0-9_.+-]{1,80}@[A-Za-z0-9_.-]{1,200}")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_SOUND = re.compile(r"[A-Za-z0-9/_. :,'!@+-]*\{sound\}[A-Za-z0-9/_. -]*")

_OURS = re.compile(
    # What the driver sets itself, and what would run something on the switch.
    r"(?i)origination_.*|originate_.*|ignore_early_media|playback_terminators|accountcode"
    r"|park_timeout|absolute_codec_string|api_.*|session_.*|.*exec.*|.*_api_.*"
)


def _dial_string(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    rule = "endpoint/… with {number} once, such as sofia/gateway/trunk/{number}; no blanks or , |"
    # `:_:` would part two calls, wherever it stands.
    if not isinstance(value, str) or not _DIAL.fullmatch(value) or ":_:" in value:
        raise refuse(attribute.name, value, rule)


def _variables(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    rule = "names of letters, digits, _ and -, none that the driver sets or that runs something"
    for name, text in value.items():
        if not _VARIABLE.fullmatch(name) or _OURS.fullmatch(name):
            raise refuse(f"{attribute.name}.{name}", text, rule)
        if not _VALUE.fullmatch(text) or ":_:" in text:
            raise refuse(f"{attribute.name}.{name}", text, "letters, digits and _ . : @ / + -")


def _limit(low: float, high: float) -> Check:
    return attrs.validators.optional(between(low, high))


@attrs.frozen(kw_only=True)
class Route:
    """How calls of one kind leave the switch."""

    dial_string: str = attrs.field(validator=_dial_string)
    """With ``{number}`` in it: ``sofia/gateway/trunk/{number}``, ``user/{number}@pbx.example``,
    ``sofia/internal/{number}%pbx.example``, ``loopback/{number}/default/XML``."""
    caller_number: str = attrs.field(default="{caller_number}", validator=CALLER_NUMBER)
    """The outbound line's manipulation of the caller number, such as ``+39{caller_number}``; see
    :mod:`campaign_drivers.caller_number`."""
    variables: Mapping[str, str] = attrs.field(factory=dict, validator=_variables)
    """Channel variables for each call."""
    codecs: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, validator=each_like(_CODEC, "names of codecs, such as PCMA")
    )
    """In order of preference; empty: as the profile has them."""
    account: str = attrs.field(
        default="call-campaign", validator=like(_ACCOUNT, "letters, digits and _ . -")
    )
    """The account code of the calls' records."""
    calls_max: int | None = attrs.field(default=None, validator=_limit(1, 100_000))
    """Calls at one time that the gateway takes; ``None``: as many as the switch."""
    calls_per_s: float | None = attrs.field(default=None, validator=_limit(0.1, 10_000))
    """Calls a second that the gateway takes; ``None``: as many as the switch."""

    @property
    def legs(self) -> int:
        """Sessions that one call is to the switch: a loopback has two ends."""
        return 2 if self.dial_string.startswith("loopback/") else 1


@attrs.frozen(kw_only=True)
class FreeSwitchSettings(ServerSettings):
    """Where FreeSWITCH is, the password of its event socket, and how calls leave it.

    TLS is to a tunnel in front of the socket, which has none of its own; ``calls_max`` is by
    default ``max-sessions``, which the server tells.
    """

    port: int = attrs.field(default=8021, validator=between(1, 65_535))
    user: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(like(_USER, "user@domain"))
    )
    """A user of the directory with ``esl-password``; ``None``: the socket's own password."""
    password: str = attrs.field(
        repr=False,
        validator=like(
            _PASSWORD, "the password, freeswitch://:password@host, without control characters"
        ),
    )
    """Never shown."""
    internal: Route | None = None
    """How numbers inside the switch are called; ``None``: they are not."""
    external: Mapping[str | None, Route] = attrs.field(factory=dict, validator=routing_classes)
    """Routing class to route; under ``None`` the route of calls without a class."""
    sound_path: str = attrs.field(
        default="{sound}", validator=like(_SOUND, "a path with {sound} in it, no $ { }")
    )
    """Where the campaigns' sounds are on the switch's host; relative ones are looked for under
    its ``sound_prefix``. A name without a kind of file is taken as ``.wav``."""

    calls_per_s: float | None = attrs.field(default=None, validator=_limit(0.1, 10_000))
    """Calls a second; ``None``: 9/10 of ``sessions-per-second``, which the server tells."""
    silence_max_s: float = attrs.field(default=45.0, validator=between(0.2, 3_600))
    """Without a frame, after which the connection counts as lost; there is a heartbeat each 20 s,
    and we ask for a sign of life after two thirds of this."""


_KEYS = UrlKeys(
    scheme="freeswitch",
    example="freeswitch://:password@host:port/?…",
    port=8021,
    tls_port=8021,
    fields={"silence_max_s": float},
    route=Route,
    dial_string="dial_string",
    details={"calls_max": int, "calls_per_s": float},
)


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
    parsed = read_url(url, _KEYS)
    user = parsed.user or None
    return FreeSwitchSettings(
        service_id=service_id, user=user, password=parsed.password, **parsed.fields
    )

"""What a driver must know of its Asterisk, as values and as one line: ``asterisk://…``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from campaign_core import ServiceId
from campaign_drivers._checks import between, each_like, like, refuse, routing_classes
from campaign_drivers._telephony.settings import ServerSettings
from campaign_drivers._url import UrlKeys, read_url
from campaign_drivers.caller_number import CALLER_NUMBER

__all__ = ["AsteriskSettings", "Route", "settings_from_url"]

_CHANNEL = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.:=@/+*-]*\{number\}[A-Za-z0-9_.:=@/+*-]*")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,200}")
_SOUND = re.compile(r"[A-Za-z0-9/_.-]*\{sound\}[A-Za-z0-9/_.-]*")


def _variables(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    for name, text in value.items():
        # A function such as CALLERID(num) would be written through as well: names alone.
        if not _VARIABLE.fullmatch(name) or not _TEXT.fullmatch(text):
            rule = "names of letters, digits and _; values without control characters"
            raise refuse(f"{attribute.name}.{name}", text, rule)


@attrs.frozen(kw_only=True)
class Route:
    """How calls of one kind leave the exchange."""

    channel: str = attrs.field(
        validator=like(_CHANNEL, "technology/… with {number} once, such as PJSIP/{number}@trunk")
    )
    """The dial string with ``{number}`` in it: ``Local/{number}@context/n``, ``PJSIP/{number}``,
    ``PJSIP/{number}@trunk``. By the first a call is followed wherever its telephone sends it; by
    the others one device rings, and what forwards is not followed."""
    caller_number: str = attrs.field(default="{caller_number}", validator=CALLER_NUMBER)
    """The outbound line's manipulation of the caller number, such as ``+39{caller_number}``; see
    :mod:`campaign_drivers.caller_number`."""
    context: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(like(_NAME, "the name of a context"))
    )
    """Where answered calls go; ``None``: the driver's own context."""
    variables: Mapping[str, str] = attrs.field(factory=dict, validator=_variables)
    """Channel variables for each call."""
    codecs: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, validator=each_like(_NAME, "names of codecs, such as alaw")
    )
    """In order of preference; empty: as the endpoint has them."""
    account: str = attrs.field(default="", validator=like(_TEXT, "no control characters"))
    """The account code of the calls' records; empty: none."""

    @property
    def is_local(self) -> bool:
        """Whether calls go through the exchange's own dialplan, and are followed by it."""
        return self.channel.startswith("Local/")


@attrs.frozen(kw_only=True)
class AsteriskSettings(ServerSettings):
    """Where Asterisk is, who we are there, and how calls leave it."""

    port: int = attrs.field(default=5038, validator=between(1, 65_535))
    """5038 is Asterisk's default, 5039 the one for TLS."""
    user: str = attrs.field(validator=like(_NAME, "the name of a section of manager.conf"))
    secret: str = attrs.field(
        repr=False,
        validator=like(
            re.compile(r"[^\x00-\x1f\x7f]{1,200}"),
            "the secret of that section, asterisk://user:secret@host: 1 to 200 characters, no "
            "control characters",
        ),
    )
    """Of that section; never shown."""
    login_by_secret: bool = False
    """Send the secret itself; the default answers a challenge and sends only its MD5."""

    context: str = attrs.field(
        default="call-campaign", validator=like(_NAME, "the name of a context")
    )
    """Of the lines of dialplan that hand answered calls over and ring an extension's devices."""
    extension: str = attrs.field(default="agi", validator=like(_NAME, "an extension"))
    """In that context, of answered calls."""
    without_dialplan: bool = False
    """Originate into ``Application: AGI``: no dialplan, but it needs ``write = system``."""
    internal: Route = attrs.field()
    """How numbers inside the exchange are called: by default through the lines of our context that
    ring every device; without a dialplan ``PJSIP/{number}``, which rings one."""
    external: Mapping[str | None, Route] = attrs.field(factory=dict, validator=routing_classes)
    """Routing class to route; under ``None`` the route of calls without a class."""
    sound_path: str = attrs.field(
        default="{sound}", validator=like(_SOUND, "a path with {sound} in it")
    )
    """Where the campaigns' sounds are on Asterisk's host; relative ones are looked for in its
    sounds folder."""

    calls_per_s: float | None = None
    """Calls placed a second that the exchange takes, where that is known."""
    ping_every_s: float = attrs.field(default=15.0, validator=between(0.1, 3_600))
    """Of silence, before the server is asked for a sign of life."""

    @internal.default
    def _internal(self) -> Route:
        if self.without_dialplan:
            return Route(channel="PJSIP/{number}")
        return Route(channel=f"Local/{{number}}@{self.context}/n")

    @property
    def handed_over_at(self) -> frozenset[tuple[str, str]]:
        """Context and extension of everywhere that answered calls go to."""
        routes = (self.internal, *self.external.values())
        return frozenset((route.context or self.context, self.extension) for route in routes)


_KEYS = UrlKeys(
    scheme="asterisk",
    example="asterisk://user:secret@host:port/?…",
    port=5038,
    tls_port=5039,
    fields={"ping_every_s": float, "context": str, "extension": str},
    switches=frozenset({"login_by_secret", "without_dialplan"}),
    route=Route,
    dial_string="channel",
    details={"context": str},
    plus_is_blank=True,
)


def settings_from_url(url: str, *, service_id: ServiceId) -> AsteriskSettings:
    """Return the settings that a URL holds.

    ::

        asterisk://user:secret@host:5038/?external=PJSIP/{number}@trunk
        asterisks://user:secret@host:5039/?tls_ca=/etc/ca.pem&sound_path=/srv/sounds/{sound}

    ``external.CLASS`` is the route of a routing class; ``internal.codecs``, ``.caller``,
    ``.context``, ``.account`` and ``.set.NAME`` (a variable), behind any route, are its details.
    The other keys are the fields of :class:`AsteriskSettings`.

    Raises:
        SettingsError: the URL, or a value in it, cannot be taken.
    """
    parsed = read_url(url, _KEYS)
    return AsteriskSettings(
        service_id=service_id, user=parsed.user, secret=parsed.password, **parsed.fields
    )

"""The settings as one line: ``asterisk://user:secret@host:5038/?…``."""

from __future__ import annotations

from pathlib import Path

from campaign_core import ServiceId
from campaign_drivers._url import Keys, read_url
from campaign_drivers.asterisk._settings import AsteriskSettings, Route

__all__ = ["settings_from_url"]

_KEYS = Keys(
    scheme="asterisk",
    example="asterisk://user:secret@host:port/?…",
    port=5038,
    tls_port=5039,
    fields={
        "calls_max": int,
        "calls_per_s": float,
        "answer_within_s": float,
        "ping_every_s": float,
        "login_within_s": float,
        "context": str,
        "extension": str,
        "sound_path": str,
        "tls_name": str,
        "tls_ca": Path,
    },
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
    told = read_url(url, _KEYS)
    given = dict(told.fields)
    if told.internal is not None:
        given["internal"] = told.internal
    return AsteriskSettings(
        service_id=service_id,
        host=told.host,
        port=told.port,
        tls=told.tls,
        user=told.user,
        secret=told.password,
        external=told.external,
        **given,
    )

"""The settings as one line: ``freeswitch://:password@host:8021/?…``."""

from __future__ import annotations

from pathlib import Path

from campaign_core import ServiceId
from campaign_drivers._url import Keys, read_url
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route

__all__ = ["settings_from_url"]

_KEYS = Keys(
    scheme="freeswitch",
    example="freeswitch://:password@host:port/?…",
    port=8021,
    tls_port=8021,
    fields={
        "calls_max": int,
        "calls_per_s": float,
        "answer_within_s": float,
        "silence_max_s": float,
        "login_within_s": float,
        "sound_path": str,
        "tls_name": str,
        "tls_ca": Path,
    },
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
    told = read_url(url, _KEYS)
    return FreeSwitchSettings(
        service_id=service_id,
        host=told.host,
        port=told.port,
        tls=told.tls,
        user=told.user or None,
        password=told.password,
        internal=told.internal,
        external=told.external,
        **told.fields,
    )

"""Which modules of Asterisk a campaign needs, and which are not loaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from campaign_drivers._findings import Finding, fine, note, wrong
from campaign_drivers.asterisk._doctor import advice
from campaign_drivers.asterisk._probe import Probe
from campaign_drivers.asterisk._settings import AsteriskSettings

__all__ = [
    "ALWAYS",
    "OWN_ROUTE",
    "PJSIP",
    "absent_of",
    "has_timing",
    "is_own_route",
    "loading",
    "local_context",
    "modules",
    "routes_of",
    "technology_of",
]

ALWAYS = ("res_agi", "func_timeout", "app_dial", "bridge_simple")
"""For playing, the dead man's switch, and transfers."""

OWN_ROUTE = "app_exec"
"""For the lines of our context that ring telephones."""

_TIMING = ("res_timing_timerfd", "res_timing_pthread", "res_timing_kqueue", "res_timing_dahdi")
"""Any of them: without one no sound plays."""

# In the order in which they can be loaded.
PJSIP = (
    "res_sorcery_config",
    "res_pjproject",
    "res_rtp_asterisk",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_caller_id",
    "res_pjsip_pubsub",
    "chan_pjsip",
)
"""For any call over SIP."""

_FORMATS = ("format_wav", "format_sln", "format_gsm", "format_pcm")
"""Any of them: what sounds are kept in."""

_CODECS = ("codec_alaw", "codec_ulaw")
"""Either of them: what the telephone network speaks."""


def routes_of(settings: AsteriskSettings) -> Iterable[tuple[str, str]]:
    """Return the routes' names and dial strings."""
    yield "internal", settings.internal.channel
    for name, route in settings.external.items():
        yield str(name or "external without a class"), route.channel


def technology_of(channel: str) -> str:
    """Return the technology of a dial string, in lower case as Asterisk compares it."""
    return channel.partition("/")[0].lower()


def local_context(channel: str) -> str:
    """Return the context of a Local route."""
    return channel.partition("@")[2].partition("/")[0] or "default"


def is_own_route(settings: AsteriskSettings, channel: str) -> bool:
    """Return whether a dial string leads through the lines of our own context."""
    return technology_of(channel) == "local" and local_context(channel) == settings.context


async def absent_of(asker: Probe, names: Iterable[str]) -> list[str]:
    """Return which of these modules are known not to be loaded."""
    return [name for name in names if await asker.is_loaded(name) is False]


def loading(absent: list[str]) -> str:
    """Return how modules are loaded, and what else was not loaded for want of them."""
    text = advice.modules(absent)
    if "res_pjsip" not in absent:
        return text
    return (
        f"{text}\n\nOther modules of SIP wait for these, the one that telephones register at among "
        "them: asterisk -rx 'core restart when convenient'"
    )


async def has_timing(asker: Probe) -> bool:
    """Return whether Asterisk has a clock to play by; without one it may stand still in a call."""
    return len(await absent_of(asker, _TIMING)) < len(_TIMING)


async def modules(asker: Probe) -> AsyncIterator[Finding]:
    """Yield whether the modules are loaded that calls need."""
    if await asker.is_loaded("func_module") is None:
        yield note(
            "modules",
            "whether the modules that calls need are loaded cannot be asked",
            advice.modules(["func_module"]),
        )
        return
    absent = await absent_of(asker, ALWAYS)
    if not await has_timing(asker):
        absent.append(_TIMING[0])
    if len(await absent_of(asker, _FORMATS)) == len(_FORMATS):
        absent.append(_FORMATS[0])
    channels = [channel for _, channel in routes_of(asker.settings)]
    is_own = any(is_own_route(asker.settings, channel) for channel in channels)
    if is_own:
        absent += await absent_of(asker, [OWN_ROUTE])
    if is_own or any(technology_of(channel) == "pjsip" for channel in channels):
        absent += await absent_of(asker, PJSIP)
        if len(await absent_of(asker, _CODECS)) == len(_CODECS):
            absent += _CODECS
    if absent:
        says = f"modules that calls need are not loaded: {', '.join(absent)}"
        yield wrong("modules", says, loading(absent))
    else:
        yield fine("modules", "those that calls need are loaded")

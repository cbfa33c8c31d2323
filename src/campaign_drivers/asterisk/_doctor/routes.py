"""Whether a route can lead anywhere: its technology, its endpoint, its context."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from campaign_drivers._findings import Finding, Severity, fine, note, wrong
from campaign_drivers.asterisk._doctor import advice
from campaign_drivers.asterisk._doctor.modules import (
    PJSIP,
    absent_of,
    is_own_route,
    loading,
    local_context,
    technology_of,
)
from campaign_drivers.asterisk._probe import DENIED, Probe

__all__ = ["endpoint_of", "is_known", "lacking", "route"]

_NUMBER = "{number}"

_DRIVERS: Mapping[str, str] = MappingProxyType(
    {
        "sip": "chan_sip",
        "iax2": "chan_iax2",
        "dahdi": "chan_dahdi",
        "motif": "chan_motif",
        "mgcp": "chan_mgcp",
        "ooh323": "chan_ooh323",
        "unistim": "chan_unistim",
        "console": "chan_console",
    }
)
"""Technologies of Asterisk's own, and the module of each."""

_DIGITS_MAX = 5
"""Of the numbers that are tried on our own context."""

_EVERY = (
    "Say Local/{{number}}@{context}/n instead (for internal numbers: leave `internal` and "
    "`without_dialplan` out of the URL), and have the lines that it leads through.\n\n"
)

_LISTED = "`asterisk -rx 'core show channeltypes'` lists what there is"


async def route(asker: Probe, name: str, channel: str) -> Finding:
    """Return what is to be said of a route, by its name and its dial string."""
    what = f"route {name}"
    finding = await lacking(asker, what, channel)
    if finding.severity is Severity.FINE:
        return await _unreached(asker, what, channel) or finding
    return finding


async def lacking(asker: Probe, what: str, channel: str) -> Finding:
    """Return whether what a route names is there at all, be it in order now or not."""
    look = _LOOKS.get(technology_of(channel), _other)
    return await look(asker, what, channel)


async def _local(asker: Probe, what: str, channel: str) -> Finding:
    context = local_context(channel)
    is_there = await asker.is_so(f"DIALPLAN_EXISTS({context})")
    if is_there is None:
        says = f"{channel}: whether there is a context [{context}] cannot be asked"
        return note(what, says, advice.modules(["func_dialplan"]))
    if is_own_route(asker.settings, channel):
        return await _own(asker, what, channel, is_there=is_there)
    if is_there:
        return fine(what, f"{channel}: the context is there")
    lines = [f"[{context}]", *advice.TELEPHONES]
    return wrong(
        what,
        f"{channel}: there is no context [{context}]; every call would be refused",
        "Correct the route to a context that `asterisk -rx 'dialplan show'` lists. Or, where "
        "numbers are telephones of this exchange:\n\n"
        + advice.block("extensions.conf", lines, advice.DIALPLAN_RELOAD),
    )


async def _own(asker: Probe, what: str, channel: str, *, is_there: bool) -> Finding:
    """Return whether our own context rings any number at all."""
    context = asker.settings.context
    if not is_there:
        says = f"{channel}: there is no context [{context}]; every call would be refused"
        is_loaded = await asker.is_loaded("pbx_config") is not False
        written = advice.context(asker.settings, context, is_pbx_config_loaded=is_loaded)
        return wrong(what, says, written)
    # Of any length and first digit: an exchange may have written its own pattern there.
    for length in range(1, _DIGITS_MAX + 1):
        for digit in "1234567890":
            if await asker.is_so(f"DIALPLAN_EXISTS({context},{digit * length},1)"):
                return fine(what, f"{channel}: rings every telephone of an extension")
    says = f"{channel}: [{context}] has no lines that ring telephones; every call would fail"
    return wrong(what, says, advice.telephones(asker.settings))


async def _pjsip(asker: Probe, what: str, channel: str) -> Finding:
    absent = await absent_of(asker, PJSIP)
    if absent:
        says = f"{channel}: Asterisk cannot call over PJSIP: {', '.join(absent)} not loaded"
        return wrong(what, says, loading(absent))
    endpoint = endpoint_of(channel)
    if _NUMBER in endpoint:
        return note(
            what,
            f"{channel}: of several telephones of an extension it rings one alone, and none that "
            "another forwards to",
            _EVERY.format(context=asker.settings.context)
            + advice.context(asker.settings, asker.settings.context, is_pbx_config_loaded=True),
        )
    is_there = await is_known(asker, endpoint)
    if is_there is None:
        says = f"{channel}: whether there is an endpoint [{endpoint}] cannot be asked"
        return note(what, says, advice.modules(["func_pjsip_endpoint", "func_devstate"]))
    if not is_there:
        says = f"{channel}: Asterisk knows no endpoint {endpoint}; every call would be refused"
        return wrong(what, says, _endpoint(endpoint))
    incomplete = await _incomplete(asker, what, channel, endpoint)
    return incomplete or fine(what, f"{channel}: the endpoint is there")


def endpoint_of(channel: str) -> str:
    """Return the endpoint of a PJSIP route; ``{number}`` in it where each has its own."""
    first = channel.split("/")[1]
    return first.rpartition("@")[2]


async def is_known(asker: Probe, endpoint: str) -> bool | None:
    """Return whether Asterisk has a PJSIP endpoint; ``None``: that cannot be asked."""
    if await asker.value(f"PJSIP_ENDPOINT({endpoint},context)"):
        return True
    state = await asker.value(f"DEVICE_STATE(PJSIP/{endpoint})")
    if state:
        return state != "INVALID"
    if await asker.is_loaded("func_pjsip_endpoint"):
        return False
    reply = await asker.ask("PJSIPShowEndpoint", ("Endpoint", endpoint))
    if reply.message["message"] == DENIED or "unknown command" in reply.message["message"]:
        return None
    return reply.message.is_success


def _endpoint(name: str) -> str:
    lines = [
        f"[{name}]",
        "type = endpoint",
        "context = from-trunk",
        "disallow = all",
        "allow = alaw,ulaw",
        f"aors = {name}",
        "",
        *_aor(name),
    ]
    return (
        "Correct the route to an endpoint that `asterisk -rx 'pjsip show endpoints'` lists. Or, "
        "with the address of who is to be called through it instead of HOST:\n\n"
        + advice.block("pjsip.conf", lines, "module reload res_pjsip.so")
    )


def _aor(name: str) -> list[str]:
    return [f"[{name}]", "type = aor", "contact = sip:HOST:5060"]


async def _other(asker: Probe, what: str, channel: str) -> Finding:
    technology = technology_of(channel)
    driver = _DRIVERS.get(technology, f"chan_{technology}")
    is_loaded = await asker.is_loaded(driver)
    if is_loaded:
        return fine(what, f"{channel} (whether a number exists shows when it is called)")
    state = await asker.value(f"DEVICE_STATE({channel.replace(_NUMBER, '0')})")
    if technology in _DRIVERS and is_loaded is False:
        written = advice.modules([driver])
        if technology == "sip":
            written = f"From Asterisk 21 on SIP is PJSIP/… alone; before: {written}"
        return wrong(what, f"{channel}: {driver} is not loaded", written)
    if technology not in _DRIVERS and state == "INVALID":
        says = f"{channel}: Asterisk knows no technology {channel.partition('/')[0]}"
        corrected = f"Correct the route, to PJSIP/… or another technology: {_LISTED}."
        return wrong(what, f"{says}; every call would be refused", corrected)
    if state:
        return fine(what, f"{channel} (whether a number exists shows when it is called)")
    says = f"{channel}: whether Asterisk knows this technology cannot be asked"
    return note(what, says, advice.modules(["func_module", "func_devstate"]))


_LOOKS: Mapping[str, Callable[[Probe, str, str], Awaitable[Finding]]] = MappingProxyType(
    {"local": _local, "pjsip": _pjsip}
)

_ALLOWED = re.compile(r"alaw|ulaw")
_NO_CODEC = "(nothing)"
_ADDRESS = re.compile(r"/sips?:")
"""A route that says itself where to call needs nobody to be registered."""


async def _unreached(asker: Probe, what: str, channel: str) -> Finding | None:
    """Return why calls over a route would fail now, though all that it names is there."""
    if technology_of(channel) != "pjsip" or _NUMBER in endpoint_of(channel):
        return None
    endpoint = endpoint_of(channel)
    state = await asker.value(f"DEVICE_STATE(PJSIP/{endpoint})")
    if _ADDRESS.search(channel) or state != "UNAVAILABLE":
        return None
    return wrong(
        what,
        f"{channel}: nobody is registered as {endpoint} now, or it does not answer",
        f"See asterisk -rx 'pjsip show aor {endpoint}'. In pjsip.conf a section [{endpoint}] with "
        "type = aor needs a line contact = sip:… for a provider; a telephone registers by itself.",
    )


async def _incomplete(asker: Probe, what: str, channel: str, endpoint: str) -> Finding | None:
    """Return what an endpoint lacks, whoever is behind it."""
    allowed = await asker.value(f"PJSIP_ENDPOINT({endpoint},allow)")
    if not allowed:
        return None
    codecs = [f"codec_{name}" for name in dict.fromkeys(_ALLOWED.findall(allowed))]
    absent = await absent_of(asker, codecs)
    if absent:
        says = f"{channel}: nothing can be played: {', '.join(absent)} not loaded"
        return wrong(what, says, advice.modules(absent))
    lines = [f"[{endpoint}](+)"]
    lacking = []
    if allowed == _NO_CODEC:
        lacking.append("`allow`, so no codec")
        lines.append("allow = alaw,ulaw")
    if not _ADDRESS.search(channel) and not await asker.value(f"PJSIP_ENDPOINT({endpoint},aors)"):
        lacking.append("`aors`, so nobody to call")
        lines += [f"aors = {endpoint}", "", *_aor(endpoint)]
    if not lacking:
        return None
    return wrong(
        what,
        f"{channel}: the endpoint {endpoint} has no {'; no '.join(lacking)}; every call would fail",
        "With the address of who is called through it instead of HOST, where it stands here:\n\n"
        + advice.block("pjsip.conf", lines, "module reload res_pjsip.so"),
    )

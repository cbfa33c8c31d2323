"""Whether the contexts of answered calls hand them over, tried on calls to nobody."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from campaign_drivers._findings import Finding, clocks, fine, wrong
from campaign_drivers.asterisk._doctor import advice, manager
from campaign_drivers.asterisk._probe import DENIED, Failure, Probe, ProbeCall, Trouble
from campaign_drivers.asterisk._settings import AsteriskSettings

__all__ = ["contexts", "lost", "on_calls"]

_WHAT_IT_SAYS = "What Asterisk says meanwhile: asterisk -rvvv"


def contexts(settings: AsteriskSettings) -> tuple[str, ...]:
    """Return where answered calls go, each once."""
    routes = (settings.internal, *settings.external.values())
    return tuple(dict.fromkeys(route.context or settings.context for route in routes))


async def on_calls(asker: Probe) -> AsyncIterator[Finding]:
    """Yield what calls to nobody show: contexts, events, clock, and the dead man's switch."""
    is_first = True
    for name in contexts(asker.settings):
        call = ProbeCall(asker, name)
        failure = await call.place()
        if failure is not None:
            yield await lost(asker, name, failure)
            continue
        yield fine("context", f"[{name}] hands calls over")
        if is_first:
            is_first = False
            if asker.may_ask:
                yield await _clock(asker)
                yield await _dead_man(asker, call)
            async for finding in manager.events(asker, call):
                yield finding
        await call.hang_up()


async def lost(asker: Probe, context: str, failure: Failure) -> Finding:
    """Return what is wrong where a call to nobody cannot be used."""
    what, says = "context", f"a call to nobody through [{context}] failed: {failure.says}"
    if failure.says == DENIED:
        return wrong("permissions", says, advice.user(asker.settings))
    if failure.trouble is Trouble.UNHEARD:
        return wrong("events", failure.says, advice.user(asker.settings))
    if "unknown command" in failure.says or await asker.is_loaded("res_agi") is False:
        says = f"[{context}] cannot hand calls over: res_agi is not loaded"
        return wrong(what, says, advice.modules(["res_agi"]))
    if failure.trouble is Trouble.REFUSED and "xtension" not in failure.says:
        return wrong(what, says, _WHAT_IT_SAYS)
    if failure.trouble is Trouble.NOT_HANDED_OVER:
        says = f"[{context}] takes calls, and does not hand them over by AGI(agi:async)"
    if failure.trouble is Trouble.OVER:
        says = f"[{context}] takes calls, and ends them instead of AGI(agi:async)"
    is_there = await asker.is_loaded("pbx_config") is not False
    written = advice.context(asker.settings, context, is_pbx_config_loaded=is_there)
    return wrong(what, f"{says}; see asterisk -rvvv", written)


async def _clock(asker: Probe) -> Finding:
    told = await asker.value("EPOCH")
    return clocks("Asterisk", int(told) - time.time() if told.isdecimal() else None)


async def _dead_man(asker: Probe, call: ProbeCall) -> Finding:
    if await asker.value("TIMEOUT(absolute)", call.channel_id) in {"", "0"}:
        return wrong(
            "dead man's switch",
            "TIMEOUT(absolute) has no effect: should this service die, its calls stay up for ever",
            advice.modules(["func_timeout"]),
        )
    return fine("dead man's switch", "calls end by themselves should this service die")

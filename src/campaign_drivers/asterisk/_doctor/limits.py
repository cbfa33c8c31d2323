"""How many calls Asterisk itself takes at one time."""

from __future__ import annotations

from campaign_drivers._findings import Finding, fine, wrong
from campaign_drivers.asterisk._doctor.modules import routes_of, technology_of
from campaign_drivers.asterisk._probe import Probe

__all__ = ["limits"]


async def limits(asker: Probe) -> Finding | None:
    """Return whether campaigns may place more calls than Asterisk takes (``maxcalls``).

    Beyond that number people are called, answer, and are cut off.
    """
    told = await _calls_max(asker)
    if not told:
        return None
    # Each end of a Local channel runs in the dialplan, and counts.
    is_local = any(technology_of(channel) == "local" for _, channel in routes_of(asker.settings))
    takes = told // 2 if is_local else told
    placed = asker.settings.calls_max
    what = "limits"
    if placed is not None and placed <= takes:
        return fine(what, f"Asterisk takes {takes} calls at one time, campaigns place {placed}")
    which = "any number" if placed is None else str(placed)
    unlimited = (
        "take maxcalls out of [options] in asterisk.conf, and: asterisk -rx 'core restart when "
        "convenient'"
    )
    fewer = f"Add calls_max={takes} to the URL, less where others telephone on it too; or "
    return wrong(
        what,
        f"Asterisk takes {takes} calls at one time (maxcalls = {told}), campaigns may place "
        f"{which}: people would answer and be cut off",
        fewer + unlimited if takes else unlimited.capitalize(),
    )


async def _calls_max(asker: Probe) -> int:
    """Return the number, or 0 where there is none, or it is not told."""
    reply = await asker.ask("CoreSettings")
    told = reply.message["coremaxcalls"] if reply.message.is_success else ""
    if not told:
        told = await asker.value("AST_CONFIG(asterisk.conf,options,maxcalls)")
    return int(told) if told.isdecimal() else 0

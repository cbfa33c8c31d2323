"""Which sounds and routes of a campaign a FreeSWITCH does not have."""

from __future__ import annotations

from campaign_drivers._driver import Missing, Need
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._probe import Probe, ProbeCall
from campaign_drivers.freeswitch._settings import FreeSwitchSettings

__all__ = ["advice_on", "can_play", "missing"]


async def missing(
    settings: FreeSwitchSettings,
    *,
    sounds: frozenset[str],
    routing_classes: frozenset[str | None],
) -> tuple[Missing, ...]:
    """Return which of these FreeSWITCH does not have.

    Raises:
        DriverError: it cannot be asked.
    """
    found = [
        Missing(
            need=Need.ROUTE,
            name=name,
            advice="Configure an external route for "
            + (f"the class {name}." if name else "calls without a class."),
        )
        for name in sorted(routing_classes, key=lambda name: name or "")
        if name not in settings.external
    ]
    if settings.internal is None:
        advice = "Configure an internal route, such as user/{number}."
        found.append(Missing(need=Need.INTERNAL_ROUTE, name=None, advice=advice))
    if sounds:
        async with Probe(settings) as asker:
            call = ProbeCall(asker)
            # Without a call to nobody none can be found absent; each shows when it is played.
            if await call.place() is None:
                folder = await folder_of_sounds(asker)
                found += [
                    Missing(need=Need.SOUND, name=sound, advice=advice_on(settings, sound, folder))
                    for sound in sorted(sounds)
                    if not await can_play(asker, call, sound)
                ]
                await call.hang_up()
    return tuple(found)


async def can_play(asker: Probe, call: ProbeCall, sound: str) -> bool:
    """Return whether a campaign's sound starts to play in a call."""
    try:
        path = translate.sound_path(asker.settings, sound)
    except UnfitError:
        return False
    return await call.can_play(path)


async def folder_of_sounds(asker: Probe) -> str:
    """Return the folder in which FreeSWITCH looks for a relative path; empty: it does not tell."""
    for name in ("sound_prefix", "sounds_dir"):
        reply = await asker.api(f"global_getvar {name}")
        folder = reply.text.strip()
        if reply.is_success and folder.startswith("/"):
            return folder
    return ""


def advice_on(settings: FreeSwitchSettings, sound: str, folder: str) -> str:
    """Return what to do about a sound that is not there.

    Args:
        settings: where sounds are.
        sound: the one.
        folder: where FreeSWITCH looks for a relative path; empty: it is not known.
    """
    try:
        path = translate.sound_path(settings, sound)
    except UnfitError as error:
        return str(error)
    if not path.startswith("/"):
        path = f"{folder}/{path}" if folder else f"{path} under FreeSWITCH's sound_prefix"
    return (
        f"Put a file that FreeSWITCH can play at {path} on its host (8 kHz mono 16 bit .wav will "
        "do), readable by the user it runs as; or correct sound_path."
    )

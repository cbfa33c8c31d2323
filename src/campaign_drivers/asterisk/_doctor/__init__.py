"""What is wrong with an Asterisk for our purpose, and what to write where.

:func:`examine` looks at everything that docs/asterisk.md asks for and says so in plain words;
:func:`missing` looks for the sounds and routes of one campaign.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from campaign_drivers._driver import Missing, Need
from campaign_drivers._findings import Finding, Severity, examined, fine, note
from campaign_drivers.asterisk._doctor import connection, manager, modules, routes
from campaign_drivers.asterisk._doctor.dialplan import contexts, lost, on_calls
from campaign_drivers.asterisk._doctor.limits import limits
from campaign_drivers.asterisk._doctor.sounds import SoundFinder, sounds
from campaign_drivers.asterisk._doctor.trial import trial
from campaign_drivers.asterisk._probe import Probe
from campaign_drivers.asterisk._settings import AsteriskSettings

__all__ = ["examine", "missing"]


async def examine(
    settings: AsteriskSettings, *, sounds: frozenset[str] = frozenset(), number: str | None = None
) -> tuple[Finding, ...]:
    """Look at everything a campaign needs of this Asterisk.

    Args:
        settings: as the driver is given them.
        sounds: of campaigns, to look for.
        number: inside the exchange, to ring for one test call; ``None``: no telephone rings.
    """
    probe = Probe(settings)
    return await examined(
        probe,
        lambda asker: _findings(asker, sounds, number),
        refused=lambda error: connection.refused(settings, error, probe.here),
        unreachable=lambda error: connection.unreachable(probe, error),
    )


async def _findings(
    asker: Probe, names: frozenset[str], number: str | None
) -> AsyncIterator[Finding]:
    settings = asker.settings
    yield fine("connection", f"logged in to {settings.host}:{settings.port} as {settings.user}")
    network = connection.network(asker)
    if network is not None:
        yield network
    async for finding in manager.permissions(asker):
        yield finding
    twice = await connection.second_login(asker)
    if twice is not None:
        yield twice
    if asker.may_ask:
        async for finding in _asked(asker):
            yield finding
    if not settings.external:
        yield note("route", "no external route is configured: external calls will be refused")
    if settings.without_dialplan:
        heard = await manager.events_of_nothing(asker)
        if heard is not None:
            yield heard
        yield note("sounds", "without a context of our own, sounds cannot be looked for")
    elif await modules.has_timing(asker):
        async for finding in on_calls(asker):
            yield finding
        async for finding in sounds(asker, names):
            yield finding
    if number is not None:
        yield await trial(asker, number)


async def _asked(asker: Probe) -> AsyncIterator[Finding]:
    """Yield what Asterisk knows of itself."""
    async for finding in modules.modules(asker):
        yield finding
    limit = await limits(asker)
    if limit is not None:
        yield limit
    for name, channel in modules.routes_of(asker.settings):
        yield await routes.route(asker, name, channel)


async def missing(
    settings: AsteriskSettings, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
) -> tuple[Missing, ...]:
    """Return which of these Asterisk does not have.

    Raises:
        DriverError: it cannot be asked.
    """
    found: list[Missing] = []
    async with Probe(settings) as asker:
        looked = SoundFinder(asker)
        absent = [] if settings.without_dialplan else await _absent(looked, sounds)
        wanted = [
            (Need.INTERNAL_ROUTE, None),
            *((Need.ROUTE, name) for name in sorted(routing_classes, key=str)),
        ]
        for need, name in wanted:
            advice = await _lacks(asker, need, name)
            if not advice and looked.failure is not None:
                # Where no call to nobody is handed over, no campaign's call is.
                advice = _told(await lost(asker, contexts(settings)[0], looked.failure))
            if advice:
                found.append(Missing(need=need, name=name, advice=advice))
    return (*found, *absent)


async def _lacks(asker: Probe, need: Need, name: str | None) -> str:
    """Return what to do about a route that leads nowhere, or the empty string."""
    settings = asker.settings
    route = settings.internal if need is Need.INTERNAL_ROUTE else settings.external.get(name)
    if route is None:
        which = f"the class {name}" if name else "calls without a class"
        return f"Configure an external route for {which}."
    return _told(await routes.lacking(asker, f"route {name}", route.channel))


def _told(finding: Finding) -> str:
    return f"{finding.says}. {finding.advice}" if finding.severity is Severity.WRONG else ""


async def _absent(looked: SoundFinder, names: frozenset[str]) -> list[Missing]:
    found = []
    for name in sorted(names):
        finding = await looked.lacking(name)
        if looked.failure is not None:
            break
        if finding is not None:
            says = finding.says.removeprefix(f"{name}: ")
            found.append(Missing(need=Need.SOUND, name=name, advice=f"{says}. {finding.advice}"))
    await looked.close()
    return found

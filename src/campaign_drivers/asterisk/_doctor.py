"""What is wrong with an Asterisk for our purpose, and what to write where.

:func:`examine` looks at everything and says so in plain words; :func:`missing` looks for the
sounds and routes of one campaign.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from campaign_drivers._driver import Missing, Need
from campaign_drivers._findings import Finding, Severity, clocks, examined, fine, note, wrong
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._probe import Probe, ProbeCall
from campaign_drivers.asterisk._settings import AsteriskSettings, Route
from campaign_drivers.asterisk._translate import UnfitError
from campaign_drivers.errors import LoginRefusedError

__all__ = ["examine", "missing"]

_FAR = 2_000_000_000
"""Samples: beyond the end of any sound, so that none is played to find out whether it is there."""


async def examine(
    settings: AsteriskSettings,
    *,
    sounds: frozenset[str] = frozenset(),
    number: str | None = None,
) -> tuple[Finding, ...]:
    """Look at everything a campaign needs of this Asterisk.

    Args:
        settings: as the driver is given them.
        sounds: campaign sounds to look for.
        number: an internal number to ring for one test call; ``None``: no telephone rings.
    """
    return await examined(
        Probe(settings),
        lambda asker: _findings(asker, sounds, number),
        refused=lambda error: _refused(settings, error),
        unreachable=(
            f"Is Asterisk running, and does manager.conf say enabled = yes, port = "
            f"{settings.port} and a bindaddr that {settings.host} reaches?"
        ),
    )


def _refused(settings: AsteriskSettings, error: LoginRefusedError) -> Finding:
    advice = (
        f"In manager.conf: [{settings.user}], secret = (the one given here), and permit = this "
        "machine's address; then: asterisk -rx 'manager reload'"
    )
    return wrong("log-in", f"Asterisk refuses the log-in: {error}", advice)


async def _findings(
    asker: Probe, sounds: frozenset[str], number: str | None
) -> AsyncIterator[Finding]:
    settings = asker.settings
    yield fine("connection", f"logged in to {settings.host}:{settings.port} as {settings.user}")
    if not settings.tls and settings.host not in {"localhost", "127.0.0.1", "::1"}:
        yield note(
            "connection",
            "the manager is reached over the network without TLS; whoever listens can take over "
            "the log-in, and with it run commands on Asterisk's host",
            "In manager.conf: tlsenable = yes, tlscertfile = …; and use asterisks://",
        )
    async for finding in _permissions(asker):
        yield finding
    for name, route in (("internal", settings.internal), *settings.external.items()):
        yield await _route(asker, str(name or "external without a class"), route)
    if not settings.external:
        yield note("route", "no external route is configured: external calls will be refused")
    if settings.without_dialplan:
        yield note("sounds", "without a context of our own, sounds cannot be looked for")
    else:
        async for finding in _on_a_call(asker, sounds):
            yield finding
    if number is not None:
        yield await _test_call(asker, number)


_WRITE_CLASSES = (
    # Action, class of manager.conf that allows it; sent without what it needs, so that nothing
    # happens: who may not is told so first.
    ("Originate", "originate"),
    ("AGI", "agi"),
    ("Hangup", "call"),
    ("PlayDTMF", "call"),
)


async def _permissions(asker: Probe) -> AsyncIterator[Finding]:
    denied = []
    for action, permission in _WRITE_CLASSES:
        reply = await asker.ask(action)
        if reply.message["message"] == "Permission denied" and permission not in denied:
            denied.append(permission)
    section = f"manager.conf, section [{asker.settings.user}]"
    if denied:
        yield wrong(
            "permissions",
            f"the user may not {', '.join(denied)}",
            f"In {section}: write = originate,call,agi",
        )
    else:
        yield fine("permissions", "the user may originate, hang up and use AGI")
    if asker.uptime_s is None:
        yield wrong(
            "permissions",
            "the user is not told when Asterisk has booted",
            f"In {section}: read = system,call,agi,dtmf",
        )
    if asker.is_filtered:
        yield fine("filters", "Asterisk sends the events of our own calls alone")
    else:
        yield note(
            "filters",
            "the user may not filter events by itself (that needs write = system): all are sent",
            f"In {section}: the eventfilter lines of docs/asterisk.md",
        )


async def _route(asker: Probe, name: str, route: Route) -> Finding:
    what = f"route {name}"
    technology, _, rest = route.channel.partition("/")
    endpoint = rest.rpartition("@")[2] if "@" in rest else ""
    if technology != "PJSIP" or not endpoint:
        return fine(what, f"{route.channel} (whether a number exists shows when it is called)")
    reply = await asker.ask("PJSIPShowEndpoint", ("Endpoint", endpoint))
    if reply.message.is_success:
        return fine(what, f"{route.channel}: the endpoint is there")
    if reply.message["message"] == "Permission denied":
        return note(what, f"{route.channel}: whether the endpoint is there needs write = system")
    return wrong(
        what,
        f"{route.channel}: {reply.message['message']}",
        f"In pjsip.conf: an endpoint [{endpoint}]; or correct the route",
    )


def _dialplan(settings: AsteriskSettings) -> str:
    return (
        f"In extensions.conf:\n\n    [{settings.context}]\n"
        f"    exten => {settings.extension},1,AGI(agi:async)\n     same => n,Hangup()\n"
    )


async def _on_a_call(asker: Probe, sounds: frozenset[str]) -> AsyncIterator[Finding]:
    call = ProbeCall(asker)
    failure = await call.place()
    if failure is not None:
        what = "context" if "xtension" in failure else "events"
        advice = _dialplan(asker.settings)
        if what == "events":
            advice += "and in manager.conf: read = system,call,agi,dtmf"
        yield wrong(what, f"a call to nobody failed: {failure}", advice)
        return
    yield fine("context", f"[{asker.settings.context}] hands calls over")
    yield await _digits(asker, call)
    yield await _clock(call)
    yield await _dead_man(call)
    await call.hang_up()
    if sounds:
        absent = await _absent(asker, sounds)
        for sound in sorted(sounds):
            yield _sound(asker.settings, sound, is_absent=sound in absent)


def _sound(settings: AsteriskSettings, sound: str, *, is_absent: bool) -> Finding:
    if is_absent:
        return wrong("sounds", f"{sound}: Asterisk cannot play it", _sound_advice(settings, sound))
    return fine("sounds", f"{sound}: there")


async def _digits(asker: Probe, call: ProbeCall) -> Finding:
    await asker.ask("PlayDTMF", *translate.stop_playback(call.channel_id).headers)
    if await call.until("dtmfend", within_s=2.0) is None:
        return wrong(
            "digits",
            "no event came for a digit: confirmations would never be heard",
            f"In manager.conf, section [{asker.settings.user}]: read = system,call,agi,dtmf",
        )
    return fine("digits", "a digit is reported")


async def _clock(call: ProbeCall) -> Finding:
    answer = await call.run("GET FULL VARIABLE ${EPOCH}")
    if answer is None or not answer[1].isdecimal():
        return clocks("Asterisk", None)
    return clocks("Asterisk", int(answer[1]) - time.time())


async def _dead_man(call: ProbeCall) -> Finding:
    answer = await call.run("GET FULL VARIABLE ${TIMEOUT(absolute)}")
    if answer is None or not answer[1] or answer[1] == "0":
        return wrong(
            "dead man's switch",
            "TIMEOUT(absolute) has no effect: should this service die, its calls stay up for ever",
            "In modules.conf: load = func_timeout.so",
        )
    return fine("dead man's switch", "calls end by themselves should this service die")


async def _test_call(asker: Probe, number: str) -> Finding:
    settings = asker.settings
    call = ProbeCall(asker)
    reply = await asker.ask(
        "Originate",
        ("Channel", settings.internal.channel.replace("{number}", number)),
        ("Application", "Wait") if settings.without_dialplan else ("Context", settings.context),
        ("Data", "1") if settings.without_dialplan else ("Exten", settings.extension),
        ("Priority", "1"),
        ("Async", "true"),
        ("ChannelId", call.channel_id),
        ("Timeout", "30000"),
        ("CallerID", '"call campaign check" <0>'),
        ("Variable", "TIMEOUT(absolute)=60"),
        action_id=call.channel_id,
    )
    if not reply.message.is_success:
        return wrong("test call", reply.message["message"], "See the other findings.")
    message = await call.until("originateresponse", within_s=35)
    if message is None or message["response"].lower() != "success":
        reason = "no answer" if message is None else f"reason {message['reason']}"
        return wrong("test call", f"{number} was not reached: {reason}", "Was it answered?")
    await call.hang_up()
    return fine("test call", f"{number} was called and answered")


async def missing(
    settings: AsteriskSettings,
    *,
    sounds: frozenset[str],
    routing_classes: frozenset[str | None],
) -> tuple[Missing, ...]:
    """Return which of these Asterisk does not have.

    Raises:
        DriverError: it cannot be asked.
    """
    found = []
    async with Probe(settings) as asker:
        routes = [
            (Need.INTERNAL_ROUTE, None),
            *((Need.ROUTE, name) for name in sorted(routing_classes, key=str)),
        ]
        for need, name in routes:
            advice = await _lacks(asker, need, name)
            if advice:
                found.append(Missing(need=need, name=name, advice=advice))
        if not settings.without_dialplan:
            found += [
                Missing(need=Need.SOUND, name=sound, advice=_sound_advice(settings, sound))
                for sound in sorted(await _absent(asker, sounds))
            ]
    return tuple(found)


async def _lacks(asker: Probe, need: Need, name: str | None) -> str:
    """Return what to do about a route that leads nowhere, or the empty string."""
    settings = asker.settings
    route = settings.internal if need is Need.INTERNAL_ROUTE else settings.external.get(name)
    if route is None:
        which = f"the class {name}" if name else "calls without a class"
        return f"Configure an external route for {which}."
    finding = await _route(asker, str(name), route)
    return f"{finding.says}. {finding.advice}" if finding.severity is Severity.WRONG else ""


def _sound_advice(settings: AsteriskSettings, sound: str) -> str:
    path = settings.sound_path.replace("{sound}", sound)
    return (
        f"Put a file that Asterisk can play at {path} on its host (8 kHz mono 16 bit .wav will "
        "do), readable by the user asterisk runs as; or correct sound_path."
    )


async def _absent(asker: Probe, sounds: frozenset[str]) -> frozenset[str]:
    """Return the sounds that Asterisk cannot play; a sound that fails ends its call."""
    absent = set()
    call: ProbeCall | None = None
    for sound in sorted(sounds):
        try:
            command = translate.stream_file(translate.sound_name(asker.settings, sound), "", _FAR)
        except UnfitError:
            absent.add(sound)
            continue
        if call is None:
            call = ProbeCall(asker)
            if await call.place() is not None:
                break
        answer = await call.run(command)
        if answer is None or answer[0] < 0:
            absent.add(sound)
            call = None
    if call is not None:
        await call.hang_up()
    return frozenset(absent)

"""What is wrong with a FreeSWITCH for our purpose, and what to write where.

:func:`examine` looks at everything and says so in plain words; :func:`missing` looks for the sounds
and routes of one campaign.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

from campaign_drivers._driver import Missing, Need
from campaign_drivers._findings import (
    Finding,
    Severity,
    clocks,
    examined,
    fine,
    is_this_machine,
    note,
    wrong,
)
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.errors import LoginRefusedError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._probe import Probe, ProbeCall
from campaign_drivers.freeswitch._session import ADDRESS_REFUSED, EVENTS, EVENTS_REFUSED
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route

__all__ = ["examine", "missing"]

_RING_S = 30.0
_EVERYBODYS_PASSWORD = "ClueCon"  # noqa: S105 -- the one in the sample configuration
_LOW_RATE = 30
_SOCKET = "autoload_configs/event_socket.conf.xml"


async def examine(
    settings: FreeSwitchSettings, *, sounds: frozenset[str] = frozenset(), number: str | None = None
) -> tuple[Finding, ...]:
    """Look at everything a campaign needs of this FreeSWITCH.

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
            f"Is FreeSWITCH running with mod_event_socket, and does {_SOCKET} say listen-port "
            f"{settings.port} and a listen-ip that {settings.host} reaches?"
        ),
    )


def _refused(settings: FreeSwitchSettings, error: LoginRefusedError) -> Finding:
    if EVENTS_REFUSED in str(error):
        # The password was right: it is the directory that says who may hear what.
        return wrong("events", str(error), f"In the directory, user {settings.user}: {_EVENTS}")
    if ADDRESS_REFUSED in str(error):
        advice = f'In {_SOCKET}: <param name="apply-inbound-acl" …/> with this machine'
        return wrong("log-in", str(error), f"{advice}; then: reload mod_event_socket")
    if settings.user is None:
        advice = f'In {_SOCKET}: <param name="password" value="(the one given here)"/>'
    else:
        advice = f'In the directory, user {settings.user}: <param name="esl-password" …/>'
    advice += "; then: reload mod_event_socket"
    return wrong("log-in", str(error), advice)


async def _findings(
    asker: Probe, sounds: frozenset[str], number: str | None
) -> AsyncIterator[Finding]:
    settings = asker.settings
    yield fine("connection", f"logged in to {settings.host}:{settings.port}")
    for finding in _security(settings):
        yield finding
    yield await _permissions(asker)
    for finding in _readiness(asker):
        yield finding
    yield _limits(asker)
    status = await asker.api("sofia status")
    routes = [("internal", settings.internal), *settings.external.items()]
    for name, route in routes:
        if route is not None:
            text = status.text if status.is_success else None
            found = _route(str(name or "external without a class"), route, text)
            is_telephones = name == "internal" and found.severity is Severity.FINE
            yield await _telephones(asker, route, found) if is_telephones else found
    if settings.internal is None:
        yield note("route", "no internal route is configured: internal calls will be refused")
    if not settings.external:
        yield note("route", "no external route is configured: external calls will be refused")
    async for finding in _on_a_call(asker, sounds):
        yield finding
    if number is not None:
        yield await _test_call(asker, number)


def _security(settings: FreeSwitchSettings) -> list[Finding]:
    found = []
    if settings.password == _EVERYBODYS_PASSWORD:
        found.append(
            wrong(
                "password",
                "the event socket has the password that everybody knows, and whoever is let in "
                "can run any command on FreeSWITCH's host",
                f'In {_SOCKET}: <param name="password" value="(a long random one)"/>',
            )
        )
    if not settings.tls and not is_this_machine(settings.host):
        found.append(
            note(
                "connection",
                "the event socket is reached over the network without a tunnel; whoever listens "
                "has the password, and with it can run any command on FreeSWITCH's host",
                f"In {_SOCKET}: listen-ip 127.0.0.1; and go through ssh, WireGuard or stunnel",
            )
        )
    return found


_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "originate": "originate",
        "uuid_kill": "uuid_kill call-campaign-check",
        "uuid_break": "uuid_break call-campaign-check all",
        "uuid_exists": "uuid_exists call-campaign-check",
        "sched_hangup": "sched_hangup",
        "sched_del": "sched_del call-campaign-check",
        "show": "show channels like call-campaign-check as json",
        "fsctl": "fsctl ready_check",
        "global_getvar": "global_getvar core_uuid",
        "sofia_contact": "sofia_contact */call-campaign-check",
        "sofia": "sofia status",
        "uuid_recv_dtmf": "uuid_recv_dtmf call-campaign-check 5",
    }
)
"""What a user of the directory must be allowed, and how to ask for it so that nothing happens."""

_EVENTS = f'<param name="esl-allowed-events" value="{" ".join(EVENTS)}"/>'
_FOR_CALLS = frozenset(_COMMANDS) - {"sofia", "sofia_contact", "uuid_recv_dtmf"}
"""The others serve this examination, and numbers with several telephones."""


async def _permissions(asker: Probe) -> Finding:
    denied = [name for name, line in _COMMANDS.items() if (await asker.api(line)).is_denied]
    if not denied:
        return fine("permissions", "the commands that calls need are allowed")
    says = f"the user may not {', '.join(denied)}"
    advice = (
        f'In the directory: <param name="esl-allowed-api" value="{" ".join(_COMMANDS)}"/> '
        f"and {_EVENTS}"
    )
    if _FOR_CALLS.isdisjoint(denied):
        return note("permissions", says, advice)
    return wrong("permissions", says, advice)


def _readiness(asker: Probe) -> list[Finding]:
    if asker.ready is None or not asker.ready.is_paused:
        return []
    return [
        wrong(
            "paused",
            "FreeSWITCH is paused: its calls go on, and it takes no new ones",
            "In fs_cli: fsctl resume",
        )
    ]


def _limits(asker: Probe) -> Finding:
    ready = asker.ready
    assert ready is not None
    if ready.sessions_per_s is None or ready.sessions_max is None:
        return note(
            "limits",
            "FreeSWITCH does not tell how many calls it takes; what is too many will be deferred",
            "In the directory: fsctl among esl-allowed-api",
        )
    says = f"{ready.sessions_max} sessions at one time, {ready.sessions_per_s} new ones a second"
    if ready.sessions_per_s <= _LOW_RATE:
        advice = 'In autoload_configs/switch.conf.xml: <param name="sessions-per-second" …/>'
        return note("limits", f"{says}, the sample's; we use at most 9/10 of it", advice)
    return fine("limits", says)


def _route(name: str, route: Route, status: str | None) -> Finding:
    what = f"route {name}"
    parts = route.dial_string.split("/")
    if parts[0] != "sofia":
        return fine(what, f"{route.dial_string} (whether a number exists shows when it is called)")
    if status is None:
        return note(what, f"{route.dial_string}: who may not ask for sofia cannot tell if it is up")
    kind, wanted = ("gateway", parts[2]) if parts[1] == "gateway" else ("profile", parts[1])
    for line in status.splitlines():
        fields = [field.strip() for field in line.split("\t")]
        # Gateways are listed as profile::name, aliases as profiles of their own.
        if len(fields) > 3 and wanted in {fields[0], fields[0].rpartition("::")[2]}:  # noqa: PLR2004
            return _state(what, f"{kind} {wanted}", fields[-1])
    return wrong(
        what,
        f"{route.dial_string}: FreeSWITCH has no {kind} {wanted}",
        f"Correct the route, or add the {kind} under sip_profiles; then: sofia profile … rescan",
    )


async def _telephones(asker: Probe, route: Route, found: Finding) -> Finding:
    """Return what was found of the internal route, or that it does not ring all telephones."""
    if route.dial_string.startswith("sofia/") and "/gateway/" not in route.dial_string:
        return note(
            found.what,
            f"{route.dial_string} rings one telephone of a number that has several",
            "Internal route: user/{number}@(the domain), which rings all that are registered.",
        )
    if not route.dial_string.startswith("user/"):
        return found
    if (await asker.api(_COMMANDS["sofia_contact"])).is_denied:
        return wrong(
            found.what,
            "the user may not sofia_contact: of several telephones of a number only one rings",
            "In the directory: sofia_contact among esl-allowed-api",
        )
    return fine(found.what, f"{route.dial_string} rings every telephone that is registered")


def _state(what: str, thing: str, state: str) -> Finding:
    if state.startswith(("RUNNING", "REGED", "NOREG", "ALIASED")):
        return fine(what, f"{thing} is there ({state})")
    return wrong(what, f"{thing} is {state}", "See: sofia status gateway …, and its registration")


async def _on_a_call(asker: Probe, sounds: frozenset[str]) -> AsyncIterator[Finding]:
    call = ProbeCall(asker)
    failure = await call.place()
    if failure is not None:
        yield note(
            "sounds",
            f"a call to nobody failed ({failure}), so digits and sounds cannot be tried",
            'In autoload_configs/modules.conf.xml: <load module="mod_loopback"/>',
        )
        return
    yield await _digits(asker, call)
    yield await _dead_man(asker, call)
    for sound in sorted(sounds):
        yield await _sound(asker, call, sound)
    await call.hang_up()
    yield await _clock(call)


async def _sound(asker: Probe, call: ProbeCall, sound: str) -> Finding:
    if await _can_play(asker, call, sound):
        return fine("sounds", f"{sound}: there")
    advice = _advice_on(asker.settings, sound, await _folder_of_sounds(asker))
    return wrong("sounds", f"{sound}: FreeSWITCH cannot play it", advice)


async def _digits(asker: Probe, call: ProbeCall) -> Finding:
    reply = await asker.api(f"uuid_recv_dtmf {call.call_id} 5")
    if not reply.is_success:
        return note("digits", f"whether digits are reported cannot be tried: {reply.text.strip()}")
    if await call.until("DTMF", within_s=2.0) is None:
        return wrong(
            "digits",
            "no event came for a digit: confirmations would never be heard",
            "In the directory: DTMF among esl-allowed-events",
        )
    return fine("digits", "a digit is reported")


async def _dead_man(asker: Probe, call: ProbeCall) -> Finding:
    reply = await asker.ask(translate.guard(call.call_id, 60))
    if not reply.is_success:
        return wrong(
            "dead man's switch",
            f"sched_hangup: {reply.text.strip()}; should this service die, calls may stay up",
            "In the directory: sched_hangup and sched_del among esl-allowed-api",
        )
    return fine("dead man's switch", "calls end by themselves should this service die")


async def _clock(call: ProbeCall) -> Finding:
    event = await call.until("CHANNEL_HANGUP_COMPLETE")
    told = None if event is None else event.number("event-date-timestamp")
    return clocks("FreeSWITCH", None if told is None else told / 1_000_000 - time.time())


async def _test_call(asker: Probe, number: str) -> Finding:
    route = asker.settings.internal
    if route is None or not number.lstrip("+").isdecimal():
        return wrong("test call", f"{number} cannot be called", "Configure an internal route.")
    call = ProbeCall(asker)
    failure = await call.place(route.dial_string.replace("{number}", number), _RING_S)
    if failure is not None:
        return wrong("test call", f"{number} was not reached: {failure}", "Was it answered?")
    await call.hang_up()
    return fine("test call", f"{number} was called and answered")


# What one campaign lacks ---------------------------------------------------------------------


async def missing(
    settings: FreeSwitchSettings, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
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
                folder = await _folder_of_sounds(asker)
                found += [
                    Missing(need=Need.SOUND, name=sound, advice=_advice_on(settings, sound, folder))
                    for sound in sorted(sounds)
                    if not await _can_play(asker, call, sound)
                ]
                await call.hang_up()
    return tuple(found)


async def _can_play(asker: Probe, call: ProbeCall, sound: str) -> bool:
    """Return whether a campaign's sound starts to play in a call."""
    try:
        path = translate.sound_path(asker.settings, sound)
    except UnfitError:
        return False
    return await call.can_play(path)


async def _folder_of_sounds(asker: Probe) -> str:
    """Return the folder in which FreeSWITCH looks for a relative path; empty: it does not tell."""
    for name in ("sound_prefix", "sounds_dir"):
        reply = await asker.api(f"global_getvar {name}")
        folder = reply.text.strip()
        if reply.is_success and folder.startswith("/"):
            return folder
    return ""


def _advice_on(settings: FreeSwitchSettings, sound: str, folder: str) -> str:
    """Return what to do about a sound that is not there.

    It is looked for in a folder where its path is relative; empty: that is not known.
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

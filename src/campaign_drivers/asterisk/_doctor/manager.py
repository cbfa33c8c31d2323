"""What the manager's user may do, and which events it is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from secrets import token_hex
from types import MappingProxyType

from campaign_drivers._findings import Finding, fine, note, wrong
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._doctor import advice
from campaign_drivers.asterisk._probe import DENIED, Probe, ProbeCall
from campaign_drivers.asterisk._wire import Message

__all__ = ["events", "events_of_nothing", "permissions"]

_WRITE_CLASSES = (
    # Action, class of manager.conf that allows it; sent without what it needs, so that nothing
    # happens: who may not is told so first.
    ("Originate", "originate"),
    ("AGI", "agi"),
    ("Hangup", "call"),
    ("PlayDTMF", "call"),
    ("Getvar", "call"),
)

_EVENT_S = 2.0
"""An event comes within milliseconds, if it does."""

_NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "Newchannel": "whether Asterisk made a channel",
        "OriginateResponse": "whether a call was answered",
        "AsyncAGIStart": "that a call can be played to",
        "AsyncAGIExec": "that a sound has ended",
        "AsyncAGIEnd": "that a call can be played to no more",
        "DTMFEnd": "which digits were dialled",
        "HangupRequest": "that the recipient hung up",
        "Hangup": "that a call has ended, and how",
    }
)
"""Events of each call, and what nobody would know without them."""


async def permissions(asker: Probe) -> AsyncIterator[Finding]:
    """Yield whether the user may do what calls need, and is told of the server's state."""
    settings = asker.settings
    denied = []
    for action, permission in _WRITE_CLASSES:
        reply = await asker.ask(action)
        if reply.message["message"] == DENIED and permission not in denied:
            denied.append(permission)
    if settings.without_dialplan and not asker.is_filtered:
        denied.append("system")
    if denied:
        says = f"the user's `write` lacks {', '.join(denied)}"
        yield wrong("permissions", says, advice.user(settings))
    else:
        yield fine("permissions", "the user may originate, hang up and use AGI")
    await asker.value("EPOCH")
    if not asker.may_ask:
        yield note("permissions", "without that, modules, limits and routes cannot be asked for")
    if asker.uptime_s is None:
        yield wrong(
            "permissions",
            "the user's `read` lacks system: it is not told when Asterisk has booted",
            advice.user(settings),
        )


async def events(asker: Probe, call: ProbeCall) -> AsyncIterator[Finding]:
    """Yield which events come of a call that is up; it is ended."""
    stop = translate.stop_playback(call.channel_id)
    reply = await asker.ask(stop.name, *stop.headers)
    may_dial = reply.message["message"] != DENIED
    digit = await call.event("dtmfend", within_s=_EVENT_S) if may_dial else None
    await call.end()
    came = call.events()
    absent = [name for name in _NEEDED if name.lower() not in came]
    if digit is not None:
        yield fine("digits", "a digit is reported")
    elif may_dial:
        yield wrong(
            "digits",
            "no event came for a digit: confirmations would never be heard",
            await _sent(asker, ["DTMFEnd"]),
        )
    unheard = [name for name in absent if name != "DTMFEnd"]
    if unheard:
        says = f"events that campaigns need do not come: {_told(unheard)}"
        yield wrong("events", says, await _sent(asker, unheard))
    else:
        yield fine("events", "all events of a call come")
    async for finding in _filters(asker, call):
        yield finding


async def events_of_nothing(asker: Probe) -> Finding | None:
    """Return which events come of a call that fails: all that can be tried without a dialplan."""
    channel_id = f"{asker.settings.service_id}-probe-{token_hex(6)}"
    reply = await asker.ask(
        "Originate",
        ("Channel", "Local/0@call-campaign-leads-nowhere/n"),
        ("Application", "AGI"),
        ("Data", "agi:async"),
        ("Async", "true"),
        ("ChannelId", channel_id),
        action_id=channel_id,
    )
    if not reply.message.is_success:
        return None
    needed = ("Newchannel", "OriginateResponse", "Hangup")
    absent = [
        name
        for name in needed
        if await asker.until(_is_of(channel_id, name.lower()), within_s=_EVENT_S) is None
    ]
    if absent:
        says = f"events that campaigns need do not come: {_told(absent)}"
        return wrong("events", says, await _sent(asker, absent))
    return fine("events", "the events of a call that fails come")


def _is_of(channel_id: str, name: str) -> Callable[[Message], bool]:
    return lambda message: message["uniqueid"] == channel_id and message.event == name


def _told(names: list[str]) -> str:
    return "; ".join(f"{name} ({_NEEDED[name]})" for name in names)


async def _sent(asker: Probe, names: list[str]) -> str:
    """Return what to write so that these events are sent."""
    disabled = await asker.value("AST_CONFIG(manager.conf,general,disabledevents)")
    listed = {name.strip().lower() for name in disabled.split(",")}
    if any(name.lower() in listed for name in names):
        lines = ["[general](+)", "disabledevents ="]
        emptied = advice.block(
            "manager.conf",
            lines,
            advice.MANAGER_RELOAD,
            first=f", in place of `disabledevents = {disabled}`",
        )
        if all(name.lower() in listed for name in names):
            return emptied
        return f"{emptied}\n\n{advice.user(asker.settings)}"
    return (
        f"{advice.user(asker.settings)}\n\n"
        "If that stands there already: a line `disabledevents` under [general] of manager.conf, or "
        "[declined_message_types] in stasis.conf, keeps events from everybody. Take it out, and: "
        "asterisk -rx 'core restart when convenient'"
    )


async def _filters(asker: Probe, call: ProbeCall) -> AsyncIterator[Finding]:
    if asker.is_filtered:
        yield fine("filters", "Asterisk sends the events of our own calls alone")
        return
    needed = {name.lower() for name in _NEEDED}
    if call.events() - needed:
        yield note(
            "filters",
            "all events are sent, and not only those that campaigns need: that costs both sides",
            advice.user(asker.settings),
        )
        return
    yield fine("filters", "Asterisk sends what campaigns need, and nothing else")
    lines = await _filter_lines(asker)
    silent = [name for name in ("FullyBooted", "Shutdown") if _keeps_back(lines, name)]
    if silent:
        user = asker.settings.user
        added = [f"[{user}](+)", *(f"eventfilter = Event: {name}" for name in silent)]
        yield note(
            "filters",
            f"no filter of [{user}] lets {' or '.join(silent)} through: that Asterisk boots or "
            "shuts down is noticed late",
            advice.block("manager.conf", added, advice.MANAGER_RELOAD),
        )


async def _filter_lines(asker: Probe) -> list[str]:
    """Return the filters in manager.conf, as far as they can be read."""
    lines: list[str] = []
    while len(lines) < 100:  # noqa: PLR2004 -- a bound for a server that never ends its list
        place = f"manager.conf,{asker.settings.user},eventfilter,{len(lines)}"
        line = await asker.value(f"AST_CONFIG({place})")
        if not line:
            break
        lines.append(line)
    return lines


def _keeps_back(lines: list[str], name: str) -> bool:
    """Return whether none of these filters lets an event through; unknown ones let it."""
    text = f"Event: {name}\r\nPrivilege: system,all\r\n"
    try:
        return bool(lines) and not any(
            line.startswith("!") or re.search(line, text) for line in lines
        )
    except re.error:
        return False

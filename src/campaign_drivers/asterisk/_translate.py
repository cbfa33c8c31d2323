"""Two tables between the core's words and Asterisk's: orders to actions, causes to outcomes.

Nothing from outside reaches a header, a dial string or an AGI command but through a pattern here.
``PJSIP/peer/sip:x@host`` would dial any address, a quote would break out of an AGI command, and
``write = agi`` runs a shell; so a value that does not fit fails its call, with a sentence that
says which, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from campaign_core import Outcome
from campaign_core.decisions import PlaceCall
from campaign_drivers._telephony.causes import Q850
from campaign_drivers._telephony.settings import (
    UnfitError,
    caller_number_of,
    checked_number,
    fit,
    route_of,
)
from campaign_drivers.asterisk._settings import AsteriskSettings, Route
from campaign_drivers.asterisk._wire import Action, Message

__all__ = [
    "CALL_VARIABLE",
    "CAUSES",
    "FORWARDED",
    "REASONS",
    "STOP_DIGIT",
    "call_named_by",
    "cause_of",
    "dial",
    "hang_up",
    "let_forward",
    "originate",
    "outcome_of",
    "set_dead_man",
    "sound_name",
    "status",
    "stop_playback",
    "stream_file",
]

REASONS: Mapping[int, Outcome] = MappingProxyType(
    {3: Outcome.NO_ANSWER, 5: Outcome.BUSY, 8: Outcome.CONGESTION}
)
"""``OriginateResponse.Reason``, a number of Asterisk's own frames, where it says anything: 0 is
anything else and 4 an answer. SIP never gives 5 or 8."""

FORWARDED = 23
"""Q.850: redirection to a new destination."""

CAUSES: Mapping[int, Outcome] = MappingProxyType(
    # The telephone forwards, and its route does not follow; 302.
    {**Q850, FORWARDED: Outcome.REJECTED}
)
"""``Hangup.Cause``; what is not here, 0 and 27 among them, is ``FAILED``."""

STOP_DIGIT = "D"
"""The digit by which we stop a playback ourselves: on hardly any telephone, and dialled by a
recipient all the same it stops nothing for long (see ``_calls``)."""

CALL_VARIABLE = "CAMPAIGN_CALL"
"""A channel variable with the call's id: where another channel takes the place of a call's own, by
pick-up or an attended transfer, it has the variable from then on, under an id of Asterisk's."""

_INTERWORKING = 127

_NO_FORWARDING = "call-campaign-forwards-nowhere"
"""A context that is not there. A channel that Asterisk makes to where a telephone forwards has
nothing that says whose it is, no limit and no switch; so it is not made."""

_DISPLAY = re.compile(r"[^\x00-\x1f\x7f\"\\<>]{0,64}")
_SOUND = re.compile(r"[A-Za-z0-9/_.-]{1,400}")
_DIGITS = re.compile(r"[0-9*#A-C]{0,16}")
_KINDS = (".wav16", ".wav", ".gsm", ".ulaw", ".alaw", ".sln16", ".sln", ".g722", ".g729", ".mp3")


_fit = partial(fit, server="Asterisk")
_number = partial(checked_number, server="Asterisk")


def cause_of(requested: int | None, told: int | None) -> int | None:
    """Return the cause of a channel's end, by ``HangupRequest`` before it and by ``Hangup``.

    A telephone that forwards is told as 23 by Asterisk 22, and by 16 as 127 in the request alone.
    0 is Asterisk's word for no cause at all.
    """
    if requested == _INTERWORKING and not told:
        return FORWARDED
    return told or None


def outcome_of(reason: int | None, cause: int | None) -> Outcome:
    """Return what the end of a call means if nobody had answered (R7.1)."""
    told = REASONS.get(reason or 0)
    return told or CAUSES.get(cause or 0, Outcome.FAILED)


def originate(settings: AsteriskSettings, order: PlaceCall) -> Action:
    """Return the action that places a call; its ``ActionID`` is to be the call's id too.

    Never ``EarlyMedia``, which reports early media as an answer; never without ``Async``, which
    blocks the connection while it rings.

    Raises:
        UnfitError: route, number or name is not one that may be sent.
    """
    route = route_of(order, settings.internal, settings.external)
    number = _number(order.number, "the number")
    caller = caller_number_of(order, route.caller_number, server="Asterisk")
    name = _fit(_DISPLAY, order.display_name, "the display name")
    headers = [
        ("Channel", _channel(route, number)),
        *_destination(settings, route),
        ("Async", "true"),
        ("ChannelId", order.call_id),
        ("Timeout", str(order.ring_timeout_s * 1_000)),
        ("CallerID", f'"{name}" <{caller}>'),
        ("Variable", f"{CALL_VARIABLE}={order.call_id}"),
        *_forwarding(route),
        # Counted from now, the ringing included: what ends the call should we die.
        ("Variable", f"TIMEOUT(absolute)={order.dead_man_s}"),
        *(("Variable", f"{key}={_quoted(text)}") for key, text in route.variables.items()),
    ]
    if route.codecs:
        headers.append(("Codecs", ",".join(route.codecs)))
    if route.account:
        headers.append(("Account", route.account))
    return Action("Originate", headers)


def _channel(route: Route, number: str) -> str:
    channel = route.channel.replace("{number}", number)
    if not route.is_local:
        return channel
    # One that may optimise itself away takes the call's id with it when the call is transferred.
    technology, _, rest = channel.partition("/")
    where, _, options = rest.partition("/")
    return f"{technology}/{where}/{options if 'n' in options else f'{options}n'}"


def _forwarding(route: Route) -> tuple[tuple[str, str], ...]:
    # Behind a Local channel the dialplan forwards, and the call goes on under its own id.
    if route.is_local or any(name.lstrip("_") == "FORWARD_CONTEXT" for name in route.variables):
        return ()
    return (("Variable", f"FORWARD_CONTEXT={_NO_FORWARDING}"),)


def _destination(settings: AsteriskSettings, route: Route) -> tuple[tuple[str, str], ...]:
    if settings.without_dialplan:
        return ("Application", "AGI"), ("Data", "agi:async")
    context = route.context or settings.context
    return ("Context", context), ("Exten", settings.extension), ("Priority", "1")


def _quoted(text: str) -> str:
    # Bare commas would begin another variable; quotes keep them and are taken off.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sound_name(settings: AsteriskSettings, sound: str) -> str:
    """Return what Asterisk calls a campaign's sound: its path, without the kind of file.

    Raises:
        UnfitError: the name has a character in it that an AGI command must not hold.
    """
    name = _fit(_SOUND, settings.sound_path.replace("{sound}", sound), "the sound")
    if ".." in name:
        raise UnfitError(f"the sound {name!r} is not one that may be sent to Asterisk")
    for kind in _KINDS:
        if name.endswith(kind):
            return name.removesuffix(kind)
    return name


def stream_file(name: str, stop_digits: str, offset: int = 0) -> str:
    """Return the AGI command that plays a sound until its end or one of these digits.

    It goes on from an offset, in samples; the name is as :func:`sound_name` returned it.
    """
    digits = _fit(_DIGITS, stop_digits, "the stop digits") + STOP_DIGIT
    command = f'STREAM FILE "{_fit(_SOUND, name, "the sound")}" "{digits}"'
    return f"{command} {offset}" if offset else command


def stop_playback(channel_id: str) -> Action:
    """Return the action that ends whatever plays in a call, as a dialled digit would."""
    headers = [("Channel", channel_id), ("Digit", STOP_DIGIT), ("Receive", "true")]
    return Action("PlayDTMF", headers)


def hang_up(channel_id: str) -> Action:
    """Return the action that ends a call; the cause is what its record will show."""
    return Action("Hangup", [("Channel", channel_id), ("Cause", "16")])


def status(channel_id: str | None = None) -> Action:
    """Return the question which channels are up, or whether one is, and whose calls they are."""
    asked = [] if channel_id is None else [("Channel", channel_id)]
    return Action("Status", [*asked, ("Variables", CALL_VARIABLE)])


def call_named_by(channel: Message) -> str:
    """Return the id of the call whose variable a listed channel has; empty: it has none."""
    name, _, value = channel["variable"].partition("=")
    return value if name == CALL_VARIABLE and value != "(null)" else ""


def set_dead_man(dead_man_s: int) -> str:
    """Return the AGI command that sets the dead man's switch anew, counted from now."""
    return f"SET VARIABLE TIMEOUT(absolute) {int(dead_man_s)}"


def let_forward(settings: AsteriskSettings) -> str | None:
    """Return the AGI command by which whom a call is transferred to may forward it, if one is due.

    The call keeps its own id whatever becomes of whom it is connected to.
    """
    if settings.internal.is_local:
        return None
    context = settings.internal.variables.get("FORWARD_CONTEXT", "")
    return f"SET VARIABLE FORWARD_CONTEXT {_quoted(context)}"


def dial(settings: AsteriskSettings, extension: str) -> str:
    """Return the AGI command that connects a call to an internal extension.

    Raises:
        UnfitError: it is no extension.
    """
    number = _number(extension, "the extension")
    return f'EXEC Dial "{_channel(settings.internal, number)},60"'

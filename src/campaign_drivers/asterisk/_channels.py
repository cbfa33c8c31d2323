"""Which channels are calls of ours, by Asterisk's own list and by what events tell (R5.5, R7.11).

A channel whose id is 32 hex digits and begins with our service's is one of our calls, whether this
process placed it or an earlier one. What was seen on real servers, where a telephone is dialled
directly (``PJSIP/…``): when another one picks the call up, is given it by an attended transfer, or
replaces it (``Replaces``), the other's channel takes the place of the call's own. Commands go on
there, under an id of Asterisk's, and the call's own id ends without ``AsyncAGIEnd``, or was never
answered. The variable :data:`~campaign_drivers.asterisk._translate.CALL_VARIABLE` comes with the
place, so a list of channels tells which it is; ``OriginateResponse`` and ``AsyncAGIExec`` tell it
too. The switch (``TIMEOUT(absolute)``) stays with the place as well.

What a telephone forwards goes on in a new channel that has nothing of the call's. Whatever waits
for commands where answered calls go to, and is no call, hears silence for ever: it is hung up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from campaign_core import CallId
from campaign_drivers._telephony import fate
from campaign_drivers._telephony.call import CallTimer, Channel, Placing
from campaign_drivers._telephony.protocol import is_call_of
from campaign_drivers.asterisk import _playback as playback
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._server import AGAIN_MS, Call, Server
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Message

__all__ = ["call_of", "found", "identified", "note_all", "try_again"]

Calls = Mapping[CallId, Call]

_GIVEN_BY_ASTERISK = re.compile(r"(?:.*-)?\d+\.\d+")
"""The id of a channel that nobody gave one: its time, a number; before them the system's name."""

_IN_A_CALL = frozenset({"AGI", "Dial"})
"""What a channel that is a call of ours does: it takes commands, or was transferred. One that took
the place of a channel that rang does not: Asterisk never sees it answer."""

_UP = "6"
"""``ChannelState``: answered; a channel with early media is not."""


def _is_nobodys(message: Message, settings: AsteriskSettings) -> bool:
    """Return whether a channel waits where our answered calls go to, under an id of Asterisk's."""
    where = (message["context"], message["exten"])
    return where in settings.handed_over_at and bool(
        _GIVEN_BY_ASTERISK.fullmatch(message["uniqueid"])
    )


def _is_place_of(channel: Message, settings: AsteriskSettings) -> CallId | None:
    """Return whose place a listed channel has taken, by its variable; ``None``: no call's of ours.

    The far half of a Local channel has the variable too, and an id that says so.
    """
    named = translate.call_named_by(channel)
    is_other = not channel["uniqueid"].startswith(named)
    return CallId(named) if is_other and is_call_of(settings.service_id, named) else None


def note_all(
    calls: Calls, channels: Sequence[Message], adopt: Callable[[CallId], Call], server: Server
) -> None:
    """Note which calls are up, by a list of channels (``Status``); take over what is not known."""
    ids = {channel["uniqueid"] for channel in channels}
    for channel in channels:
        channel_id = channel["uniqueid"]
        place = _is_place_of(channel, server.settings)
        if is_call_of(server.settings.service_id, channel_id):
            _note(calls.get(CallId(channel_id)) or adopt(CallId(channel_id)), channel)
        elif place is None:
            if _is_nobodys(channel, server.settings):
                identified(calls, channel_id, [channel], server)
        elif place not in ids and channel["application"] in _IN_A_CALL:
            call = calls.get(place) or adopt(place)
            _take_place(call, channel_id, server)
            _note(call, channel)
        elif place not in ids:
            _hang_up_nobodys(channel_id, server)


def _note(call: Call, channel: Message) -> None:
    call.here = True
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
    if channel["channelstate"] == _UP and call.placing is Placing.PENDING:
        call.placing, call.is_answered = Placing.DONE, True
    if channel["application"] == "Dial":
        call.transferred = True
    if channel["application"] == "AGI":
        call.listens = True


def call_of(message: Message, calls: Calls, server: Server) -> Call | None:
    """Return the known call that an event tells of; ask what a channel is that may be nobody's."""
    channel_id = message["uniqueid"]
    if message.event == "originateresponse":
        # A failed originate may carry the id of another, living call: it names itself.
        call = calls.get(CallId(message["actionid"]))
        if call is not None and message["response"].lower() == "success":
            _take_place(call, channel_id, server)
            if call.channel_id != call.call_id:
                # It may have begun to wait for commands before it was known whose it is.
                _ask_who(channel_id, server)
        return call
    call = calls.get(server.places.get(channel_id) or CallId(channel_id))
    if call is not None:
        # What the channel that it was before still tells is not of this call.
        return call if call.channel_id == channel_id else None
    if message.event == "asyncagiexec":
        # A command is known by its own id, which begins with the call's.
        call = calls.get(CallId(message["commandid"][:32]))
        if call is not None:
            _take_place(call, channel_id, server)
        return call
    if message.event == "asyncagistart" and _is_nobodys(message, server.settings):
        _ask_who(channel_id, server)
    return None


def _ask_who(channel_id: str, server: Server) -> None:
    server.ask(translate.status(channel_id), "stranger", channel_id)


def _take_place(call: Call, channel_id: str, server: Server) -> None:
    """Note that another channel has taken the call's place; none ever gives it back."""
    if channel_id in {"", "<null>", call.call_id, call.channel_id}:
        return
    call.channel_id, call.channel = channel_id, Channel.UP
    call.callee_hung_up = False
    call.timers.pop(CallTimer.GRACE, None)
    server.move(call)
    if call.hang_up_ordered:
        fate.order_hang_up(call, server)


def found(calls: Calls, call_id: CallId, channels: Iterable[Message], server: Server) -> None:
    """Take the list of channels in which a call was looked for whose own channel is gone."""
    call = calls.get(call_id)
    if call is not None and call.channel is not Channel.GONE:
        return
    for channel in channels:
        if _is_place_of(channel, server.settings) != call_id:
            continue
        if call is not None and channel["application"] in _IN_A_CALL:
            _take_place(call, channel["uniqueid"], server)
            return
        _hang_up_nobodys(channel["uniqueid"], server)
    if call is not None:
        fate.end(call, server)


def try_again(call: Call, server: Server) -> None:
    """Do again what found no channel, because another was just taking its place."""
    if call.listens:
        playback.go_on(call, server)
    else:
        _ask_who(call.channel_id, server)


def identified(calls: Calls, channel_id: str, channels: Sequence[Message], server: Server) -> None:
    """Take what is known of a channel that takes commands and is no call by its id."""
    followed = next((call for call in calls.values() if call.channel_id == channel_id), None)
    if not channels and followed is not None and not followed.listens:
        server.set_timer(followed, CallTimer.AGAIN, AGAIN_MS)
    for channel in channels:
        named = translate.call_named_by(channel)
        call = calls.get(CallId(named)) or followed
        if call is not None:
            _take_place(call, channel_id, server)
            if channel["application"] == "AGI":
                playback.listening(call, channel, server)
        elif not named or is_call_of(server.settings.service_id, named):
            server.note(
                f"channel {channel['channel']} waits in [{channel['context']}] and is no call: "
                "hung up (a telephone forwarded to it?)"
            )
            _hang_up_nobodys(channel_id, server)


def _hang_up_nobodys(channel_id: str, server: Server) -> None:
    """End a channel that is no call, and in which nobody hears anything."""
    server.ask(translate.hang_up(channel_id), "nobodys", channel_id)

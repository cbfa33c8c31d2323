"""Calls that live on in another channel, and channels that are nobody's (R7.11).

What was seen on real servers, where a telephone is dialled directly (``PJSIP/…``): when another one
picks the call up, is given it by an attended transfer, or replaces it (``Replaces``), the other's
channel takes the place of the call's own. Commands go on there, under an id of Asterisk's, and the
call's own id ends without ``AsyncAGIEnd``, or was never answered. The variable
:data:`~campaign_drivers.asterisk._translate.CALL_VARIABLE` comes with the place, so a list of
channels tells which it is; ``OriginateResponse`` and ``AsyncAGIExec`` tell it too. The switch
(``TIMEOUT(absolute)``) stays with the place as well.

What a telephone forwards goes on in a new channel that has nothing of the call's. Whatever waits
for commands where answered calls go to, and is no call, hears silence for ever: it is hung up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from campaign_core import CallId
from campaign_drivers._board import is_call_of
from campaign_drivers.asterisk import _playback as playback
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._call import AGAIN_MS, Call, Channel, Timer, Work
from campaign_drivers.asterisk._calls import end, repeat_hang_up
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Message

__all__ = [
    "call_of",
    "found",
    "hang_up_nobodys",
    "identified",
    "is_in_a_call",
    "is_nobodys",
    "is_place_of",
    "taken_by",
    "try_again",
]

_GIVEN_BY_ASTERISK = re.compile(r"(?:.*-)?\d+\.\d+")
"""The id of a channel that nobody gave one: its time, a number; before them the system's name."""

_IN_A_CALL = frozenset({"AGI", "Dial"})
"""What a channel that is a call of ours does: it takes commands, or was transferred."""


def is_nobodys(message: Message, settings: AsteriskSettings) -> bool:
    """Return whether a channel waits where our answered calls go to, under an id of Asterisk's."""
    where = (message["context"], message["exten"])
    return where in settings.handed_over_at and bool(
        _GIVEN_BY_ASTERISK.fullmatch(message["uniqueid"])
    )


def is_in_a_call(channel: Message) -> bool:
    """Return whether a listed channel does what our calls do.

    One that took the place of a channel that rang does not: Asterisk never sees it answer.
    """
    return channel["application"] in _IN_A_CALL


def is_place_of(channel: Message, settings: AsteriskSettings) -> CallId | None:
    """Return whose place a listed channel has taken, by its variable; ``None``: no call's of ours.

    The far half of a Local channel has the variable too, and an id that says so.
    """
    named = translate.call_named_by(channel)
    is_other = not channel["uniqueid"].startswith(named)
    return CallId(named) if is_other and is_call_of(settings.service_id, named) else None


def call_of(
    message: Message, calls: Mapping[CallId, Call], places: Mapping[str, CallId], work: Work
) -> Call | None:
    """Return the known call that an event tells of; ask what a channel is that may be nobody's.

    Args:
        message: the event.
        calls: the known ones.
        places: by the ids of channels that took a call's place, whose that is.
        work: the surroundings.
    """
    channel_id = message["uniqueid"]
    if message.event == "originateresponse":
        # A failed originate may carry the id of another, living call: it names itself.
        call = calls.get(CallId(message["actionid"]))
        if call is not None and message["response"].lower() == "success":
            taken_by(call, channel_id, work)
            if call.channel_id != call.call_id:
                # It may have begun to wait for commands before it was known whose it is.
                _ask_who(channel_id, work)
        return call
    call = calls.get(places.get(channel_id) or CallId(channel_id))
    if call is not None:
        # What the channel that it was before still tells is not of this call.
        return call if call.channel_id == channel_id else None
    if message.event == "asyncagiexec":
        # A command is known by its own id, which begins with the call's.
        call = calls.get(CallId(message["commandid"][:32]))
        if call is not None:
            taken_by(call, channel_id, work)
        return call
    if message.event == "asyncagistart" and is_nobodys(message, work.settings):
        _ask_who(channel_id, work)
    return None


def _ask_who(channel_id: str, work: Work) -> None:
    work.ask(translate.status(channel_id), "stranger", channel_id)


def taken_by(call: Call, channel_id: str, work: Work) -> None:
    """Note that another channel has taken the call's place; none ever gives it back."""
    if channel_id in {"", "<null>", call.call_id, call.channel_id}:
        return
    call.channel_id, call.channel = channel_id, Channel.UP
    call.callee_hung_up = False
    call.timers.pop(Timer.GRACE, None)
    work.moved(call)
    if call.hang_up_ordered:
        call.hang_up_missed = True
        repeat_hang_up(call, work)


def found(
    calls: Mapping[CallId, Call], call_id: CallId, channels: Iterable[Message], work: Work
) -> None:
    """Take the list of channels in which a call was looked for whose own channel is gone."""
    call = calls.get(call_id)
    if call is not None and call.channel is not Channel.GONE:
        return
    for channel in channels:
        if is_place_of(channel, work.settings) != call_id:
            continue
        if call is not None and is_in_a_call(channel):
            taken_by(call, channel["uniqueid"], work)
            return
        hang_up_nobodys(channel["uniqueid"], work)
    if call is not None:
        end(call, work)


def try_again(call: Call, work: Work) -> None:
    """Do again what found no channel, because another was just taking its place."""
    if call.listens:
        playback.go_on(call, work)
    else:
        _ask_who(call.channel_id, work)


def identified(
    calls: Mapping[CallId, Call], channel_id: str, channels: Sequence[Message], work: Work
) -> None:
    """Take what is known of a channel that takes commands and is no call by its id."""
    followed = next((call for call in calls.values() if call.channel_id == channel_id), None)
    if not channels and followed is not None and not followed.listens:
        work.timer(followed, Timer.AGAIN, AGAIN_MS)
    for channel in channels:
        named = translate.call_named_by(channel)
        call = calls.get(CallId(named)) or followed
        if call is not None:
            taken_by(call, channel_id, work)
            if channel["application"] == "AGI":
                playback.listening(call, channel, work)
        elif not named or is_call_of(work.settings.service_id, named):
            work.noted(
                f"channel {channel['channel']} waits in [{channel['context']}] and is no call: "
                "hung up (a telephone forwarded to it?)"
            )
            hang_up_nobodys(channel_id, work)


def hang_up_nobodys(channel_id: str, work: Work) -> None:
    """End a channel that is no call, and in which nobody hears anything."""
    work.ask(translate.hang_up(channel_id), "nobodys", channel_id)

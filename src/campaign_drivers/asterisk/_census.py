"""Which of our calls are up, by the server's own list of channels: taking calls over.

A channel whose id is 32 hex digits and begins with our service's is one of our calls, whether
this process placed it or an earlier one; so is one that has taken such a channel's place
(``_moved``). What plays in a call taken over is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

from campaign_core import CallId
from campaign_core.reports import AnswerReport
from campaign_drivers._board import is_call_of
from campaign_drivers.asterisk._call import Call, Channel, Originate, Work
from campaign_drivers.asterisk._moved import (
    hang_up_nobodys,
    identified,
    is_in_a_call,
    is_nobodys,
    is_place_of,
    taken_by,
)
from campaign_drivers.asterisk._wire import Message

__all__ = ["adopt", "count", "new_answers"]

Calls = dict[CallId, Call]

_UP = "6"
"""``ChannelState``: answered; a channel with early media is not."""


def adopt(calls: Calls, call_id: CallId) -> Call:
    """Take over a call of ours that this process did not place."""
    calls[call_id] = call = Call(
        call_id=call_id, unknown_playback=True, has_taken=True, was_out_of_reach=True
    )
    return call


def count(calls: Calls, channels: Sequence[Message], work: Work) -> None:
    """Note which calls are up, by a list of channels (``Status``)."""
    settings = work.settings
    ids = {channel["uniqueid"] for channel in channels}
    for channel in channels:
        call_id = CallId(channel["uniqueid"])
        if is_call_of(settings.service_id, call_id):
            _note(calls.get(call_id) or adopt(calls, call_id), channel)
            continue
        place = is_place_of(channel, settings)
        if place is None:
            if is_nobodys(channel, settings):
                identified(calls, channel["uniqueid"], [channel], work)
        elif place not in ids:
            _take_place(calls, place, channel, work)


def _take_place(calls: Calls, place: CallId, channel: Message, work: Work) -> None:
    if is_in_a_call(channel):
        call = calls.get(place) or adopt(calls, place)
        taken_by(call, channel["uniqueid"], work)
        _note(call, channel)
    else:
        hang_up_nobodys(channel["uniqueid"], work)


def _note(call: Call, channel: Message) -> None:
    call.here = True
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
    if channel["channelstate"] == _UP and call.originate is Originate.UNKNOWN:
        call.originate = Originate.ANSWERED
    if channel["application"] == "Dial":
        call.transferred = True
    if channel["application"] == "AGI":
        call.listens = True


def new_answers(calls: Calls) -> list[AnswerReport]:
    """Return the answers that were not told yet, as told now."""
    untold = [
        call
        for call in calls.values()
        if call.here and call.originate is Originate.ANSWERED and not call.answer_told
    ]
    for call in untold:
        call.answer_told = True
    return [AnswerReport(call.call_id) for call in untold]

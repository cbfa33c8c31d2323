"""Which of our calls are up, by the server's own list of channels: taking calls over.

A channel whose id is 32 hex digits and begins with our service's is one of our calls, whether
this process placed it or an earlier one. What plays in a call taken over is not known.
"""

from __future__ import annotations

from collections.abc import Iterable

from campaign_core import CallId
from campaign_core.reports import AnswerReport
from campaign_drivers._board import is_call_of
from campaign_drivers.asterisk._calls import Call, Channel, Originate
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Message

__all__ = ["adopt", "count", "new_answers"]

Calls = dict[CallId, Call]

_UP = "6"
"""``ChannelState``: answered; a channel with early media is not."""


def adopt(calls: Calls, call_id: CallId) -> Call:
    """Take over a call of ours that this process did not place."""
    calls[call_id] = call = Call(call_id=call_id, unknown_playback=True)
    return call


def count(calls: Calls, channels: Iterable[Message], settings: AsteriskSettings) -> None:
    """Note which calls are up, by a list of channels (``Status``)."""
    for channel in channels:
        call_id = CallId(channel["uniqueid"])
        if is_call_of(settings.service_id, call_id):
            _note(calls.get(call_id) or adopt(calls, call_id), channel)


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

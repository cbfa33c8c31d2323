"""What each event, and each reply, adds to what is known of one call.

The three events that tell of a call's fate come in any order, and some do not come at all.
"""

from __future__ import annotations

from campaign_core.decisions import PlaceCall
from campaign_drivers._telephony import fate
from campaign_drivers._telephony.call import CallTimer, Channel, Conclusion, Placing
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._server import CONCLUSIONS, Call, Server
from campaign_drivers.asterisk._wire import Message

__all__ = [
    "DEAD_MAN_GRACE_MS",
    "alive_replied",
    "answer",
    "grace_passed",
    "hang_up_replied",
    "hang_up_requested",
    "hung_up",
    "new_channel",
    "originated",
    "place",
    "place_replied",
]

DEAD_MAN_GRACE_MS = 10_000
"""After the dead man's switch was due, until we ask what became of a call that never ended."""


def place(order: PlaceCall, server: Server) -> Call:
    """Send the order to place a call, and return it.

    Raises:
        UnfitError: it has a value that may not be sent.
    """
    action = translate.originate(server.settings, order)
    server.ask(action, "place", order.call_id, action_id=order.call_id)
    call = Call(call_id=order.call_id, dial_string=action.headers[0][1])
    server.set_timer(call, CallTimer.DEAD_MAN, order.dead_man_s * 1_000 + DEAD_MAN_GRACE_MS)
    return call


def answer(call: Call, server: Server) -> None:
    """Note that the call was answered."""
    call.placing = Placing.DONE
    fate.answer(call, server)
    fate.repeat_hang_up(call, server)


# Replies -----------------------------------------------------------------------------------


def place_replied(call: Call, reply: Reply[Message], server: Server) -> None:
    """Take the reply to ``Originate``: queued, which says nothing yet, or refused."""
    if not reply.message.is_success:
        fate.refuse(call, f"Asterisk refused the call: {reply.message['message']}", server)


def alive_replied(call: Call, reply: Reply[Message], server: Server) -> None:
    """Take the reply to the question whether a call that should have ended is still up."""
    if reply.message.is_success:
        server.set_timer(call, CallTimer.DEAD_MAN, DEAD_MAN_GRACE_MS)
    else:
        fate.end(call, server)


def hang_up_replied(call: Call, reply: Reply[Message], server: Server) -> None:
    """Take the reply to an order to hang up."""
    if reply.message.is_success or call.is_over:
        return
    if call.channel is Channel.UNSEEN and call.placing is Placing.PENDING:
        call.hang_up_missed = True
    elif reply.message["message"] == "No such channel":
        # Its Hangup is on the way, unless it got lost.
        server.set_timer(call, CallTimer.GRACE, server.grace_ms)
    else:
        server.note(f"call {call.call_id}: cannot hang up: {reply.message['message']}")


# Events ------------------------------------------------------------------------------------

_HAS_ANSWERED = frozenset({"6", ""})
"""``ChannelState`` of a channel that is up, or not said."""


def new_channel(call: Call, _message: Message, server: Server) -> None:
    """Take ``Newchannel``: from now on a ``Hangup`` will come."""
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
    fate.repeat_hang_up(call, server)


def originated(call: Call, message: Message, server: Server) -> None:
    """Take ``OriginateResponse``."""
    if message["response"].lower() == "success":
        answer(call, server)
    elif call.placing is Placing.PENDING:
        call.placing = Placing.FAILED
        call.reason = message.number("reason")
    fate.conclude(call, server)


def hang_up_requested(call: Call, message: Message, _server: Server) -> None:
    """Take ``HangupRequest``: the other side hung up, or does not take the call."""
    call.requested_cause = message.number("cause")
    call.callee_hung_up = message["channelstate"] in _HAS_ANSWERED


def hung_up(call: Call, message: Message, server: Server) -> None:
    """Take ``Hangup``: the channel is gone, or another took its place.

    ``AsyncAGIEnd`` comes before the end of a channel that takes commands; without it the commands
    are taken by another channel.
    """
    call.channel = Channel.GONE
    call.cause = translate.cause_of(call.requested_cause, message.number("cause"))
    if not call.listens:
        fate.conclude(call, server)
        return
    _look_for(call, server)
    if call.hang_up_ordered or call.callee_hung_up:
        fate.end(call, server)
    else:
        server.set_timer(call, CallTimer.GRACE, server.grace_ms)


def _look_for(call: Call, server: Server) -> None:
    """Ask whether the call lives on in another channel; one that is over by then is ended there."""
    server.ask(translate.status(), "moved", call.call_id)


def grace_passed(call: Call, server: Server) -> None:
    """End a call whose missing event did not come."""
    if CONCLUSIONS[call.placing, call.channel] is Conclusion.TURNED_AWAY:
        fate.refuse(
            call,
            f"Asterisk has no channel for {call.dial_string}: no such endpoint or technology, "
            "or nobody is registered there",
            server,
        )
        return
    is_gone = (call.placing, call.channel) == (Placing.PENDING, Channel.GONE)
    if server.is_up and (is_gone or call.hang_up_ordered):
        # Asterisk never sees the answer of a channel that replaces one which rings; and for an
        # order that comes while one takes the place of another it finds neither.
        _look_for(call, server)
    fate.end(call, server)

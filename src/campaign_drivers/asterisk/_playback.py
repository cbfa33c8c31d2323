"""Playing in a call: one AGI command at a time, and how it is made to end.

A sound is ``STREAM FILE`` with the stop digits and one more, :data:`STOP_DIGIT`. What was seen on
real servers, and follows:

* A channel takes the next command up to 100 ms after it was sent, and a digit dialled in that gap
  ends no playback; but ``DTMFEnd`` comes for every digit. So digits are reported from that event
  alone, and where a stop digit has not ended the playback within :data:`STOP_MS` we end it.
* We end a playback as a digit would (``PlayDTMF`` with ``Receive``). It may come late, when the
  sound has ended and the next one begins, or a recipient may dial it: a playback that ends by it
  and should not is taken up again where it stopped.
* ``result=-1`` is a hang-up or a sound that is not there. The other side's hang-up was announced
  before, by ``HangupRequest``; ours we know of; and a sound that is not there ends at sample 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import unquote

import attrs

from campaign_core.reports import PlaybackEnd
from campaign_drivers._telephony import playing as orders
from campaign_drivers._telephony.call import CallTimer, Channel, Playback
from campaign_drivers._telephony.fate import conclude, order_hang_up
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers.asterisk._calls import answer
from campaign_drivers.asterisk._server import AGAIN_MS, STOP_MS, Call, Server
from campaign_drivers.asterisk._translate import STOP_DIGIT
from campaign_drivers.asterisk._wire import AgiResult, Message

__all__ = ["PLAYBACK_EVENTS", "agi_replied", "go_on", "listening", "resume_transfer", "stop_due"]

_NOT_YET = "Failed to add AGI command to channel"


def resume_transfer(call: Call, server: Server) -> None:
    """Find out what became of a transfer whose orders had no reply when the connection was lost.

    Asterisk may have taken all of them, none, or the first alone. The question waits behind what it
    has taken: by then whoever was to be dialled has been, and the call ends, or is dialled now.
    """
    if call.here and call.transfer is not None:
        server.agi(call, "GET VARIABLE DIALSTATUS", f"{call.call_id}.dialled")


def _transfer_found(call: Call, result: str, server: Server) -> None:
    if call.transfer is None or call.hang_up_ordered or call.is_over:
        return
    order, call.transfer = call.transfer, None
    # Whatever was playing has ended before the question was taken.
    call.unknown_playback = False
    left_s = (call.transfer_until - server.now) // 1_000
    if result.startswith("200 result=0") and left_s > 0:
        server.transfer(call, attrs.evolve(order, dead_man_s=left_s))
    else:
        order_hang_up(call, server)


def agi_replied(call: Call, reply: Reply[Message], server: Server) -> None:
    """Take the reply to an AGI command: refused, or queued, which says nothing yet."""
    message, command_id = reply.message, reply.purpose[2]
    if message.is_success:
        call.took_command = True
        if command_id == f"{call.call_id}.end":
            call.transfer = None
        return
    playing, text = call.playing, message["message"]
    if playing is not None and playing.playback_id != command_id:
        playing = None
    if text.endswith("does not exist."):
        # Gone already, and its end is on the way; or another channel is taking its place.
        _put_back(call, playing, server)
        server.set_timer(call, CallTimer.AGAIN, AGAIN_MS)
        return
    if text.startswith(_NOT_YET):
        # By the list of channels it is in the AGI, which has not begun to take commands.
        call.listens = False
        _put_back(call, playing, server)
        if call.transfer is not None:
            call.next_order, call.transfer = call.transfer, None
        return
    server.note(f"call {call.call_id}: Asterisk refused a command: {text}")
    if playing is not None:
        call.playing = None
        orders.tell_end(call, playing.order, PlaybackEnd.FAILED, server)
    elif call.transferred:
        order_hang_up(call, server)


def _put_back(call: Call, playing: Playback | None, server: Server) -> None:
    """Have a playback wait whose order was not taken, unless another has taken its place."""
    if playing is None:
        return
    call.playing = None
    if playing.is_replaced:
        orders.tell_end(call, playing.order, PlaybackEnd.STOPPED, server)
    else:
        call.next_order = playing.order


def go_on(call: Call, server: Server) -> None:
    """Try again what found no channel."""
    if call.transfer is not None:
        resume_transfer(call, server)
    elif call.playing is None:
        orders.next_order(call, server)


def stop_due(call: Call, server: Server) -> None:
    """End the playback that a stop digit or an order should have ended."""
    if call.playing is not None and call.playing.is_stopping:
        orders.stop(call, server)


# Events ------------------------------------------------------------------------------------


def listening(call: Call, _message: Message, server: Server) -> None:
    """Take ``AsyncAGIStart``: answered, for sure, and commands are taken.

    The list of channels may have told that before, and what was ordered since goes on.
    """
    if not call.listens:
        call.listens, call.playing, call.unknown_playback = True, None, False
    call.has_listened = True
    answer(call, server)
    orders.next_order(call, server)


def not_listening(call: Call, _message: Message, server: Server) -> None:
    """Take ``AsyncAGIEnd``: what was queued is gone without an event of its own."""
    call.listens, call.playing = False, None
    if call.channel is Channel.GONE:
        conclude(call, server)


def dialled(call: Call, message: Message, server: Server) -> None:
    """Take ``DTMFEnd``."""
    digit = message["digit"]
    if message["direction"] != "Received":
        return
    if digit == STOP_DIGIT and call.injected:
        call.injected -= 1
        return
    playing = call.playing
    if not orders.tell_digit(call, digit, server):
        return
    if playing is not None and digit in playing.order.stop_digits and not playing.is_stopping:
        playing.is_stopping = True
        server.set_timer(call, CallTimer.STOP, STOP_MS)


def executed(call: Call, message: Message, server: Server) -> None:
    """Take ``AsyncAGIExec``: a command has ended."""
    call.took_command = True
    if message["commandid"] == f"{call.call_id}.dialled":
        _transfer_found(call, unquote(message["result"]), server)
        return
    playing = call.playing
    if playing is None or message["commandid"] != playing.playback_id:
        return
    result = AgiResult.of(message)
    code, endpos = (-1, 0) if result is None else (result.code, result.end or 0)
    if code == ord(STOP_DIGIT) and not playing.is_stopping:
        orders.start(call, playing.order, server, endpos)
    elif code >= 0:
        orders.ended(call, PlaybackEnd.STOPPED if code else PlaybackEnd.FINISHED, server)
    elif call.callee_hung_up or call.hang_up_ordered or endpos > 0:
        # Of a call that is over nothing is told.
        call.playing = None
    else:
        orders.ended(call, PlaybackEnd.FAILED, server)


PLAYBACK_EVENTS: Mapping[str, Callable[[Call, Message, Server], None]] = MappingProxyType(
    {
        "asyncagistart": listening,
        "asyncagiend": not_listening,
        "asyncagiexec": executed,
        "dtmfend": dialled,
    }
)
"""What each event of a playback does."""

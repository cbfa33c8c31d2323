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

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import unquote

import attrs

from campaign_core.decisions import Play, Transfer
from campaign_core.reports import DigitReport, PlaybackEnd, PlaybackReport
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._call import (
    AGAIN_MS,
    Call,
    Channel,
    Originate,
    Playing,
    Timer,
    Work,
)
from campaign_drivers.asterisk._calls import answer, conclude, order_hang_up
from campaign_drivers.asterisk._translate import STOP_DIGIT
from campaign_drivers.asterisk._wire import Message

__all__ = [
    "PLAYBACK_EVENTS",
    "STOP_MS",
    "agi_replied",
    "go_on",
    "order_play",
    "order_transfer",
    "resume_transfer",
    "stop_due",
]

STOP_MS = 250
"""After which a playback that should have ended is ended; two and a half polls of the channel."""

_RESULT = re.compile(r"200 result=(-?\d+)(?:.*endpos=(\d+))?", re.DOTALL)
_NOT_YET = "Failed to add AGI command to channel"
_DIGITS = frozenset("0123456789*#ABCD")


@attrs.frozen
class _Result:
    code: int
    """What ended it: 0 the end, -1 a hang-up or a failure, else the digit's ASCII code."""
    endpos: int
    """In samples."""


def order_play(call: Call, order: Play, work: Work) -> None:
    """Play a sound, instead of what is playing."""
    if call.hang_up_ordered or call.transferred or call.is_over:
        return
    if isinstance(call.next_order, Play):
        _tell(call, call.next_order, PlaybackEnd.STOPPED, work)
    call.next_order = order
    if call.playing is None:
        _next_order(call, work)
    else:
        call.playing.replaced = True
        # A stop digit is ending it already, or else we do.
        if not call.playing.stopping:
            _stop(call, work)


def order_transfer(call: Call, order: Transfer, work: Work) -> None:
    """Connect the call to an extension; when that conversation is over, so is the call.

    By ``EXEC Dial`` through the internal route: it needs no dialplan of ours and no further
    permission. ``HANGUP`` waits behind it in Asterisk itself, so that the call ends with the
    conversation also where nobody is connected by then. Digits dialled from now on are for the
    other party and not reported.
    """
    if call.hang_up_ordered or call.is_over:
        return
    call.transferred, call.next_order = True, order
    _next_order(call, work)


def _dial(call: Call, order: Transfer, work: Work) -> None:
    try:
        command = translate.dial(work.settings, order.extension)
    except UnfitError as error:
        work.noted(f"call {call.call_id}: not transferred: {error}")
        order_hang_up(call, work)
        return
    if call.playing is not None or call.unknown_playback:
        _stop(call, work)
    work.agi(call, translate.set_dead_man(order.dead_man_s), f"{call.call_id}.set")
    forward = translate.let_forward(work.settings)
    if forward is not None:
        work.agi(call, forward, f"{call.call_id}.forward")
    work.agi(call, command, f"{call.call_id}.dial")
    work.agi(call, "HANGUP", f"{call.call_id}.end")
    call.transfer, call.transfer_until = order, work.now + order.dead_man_s * 1_000


def resume_transfer(call: Call, work: Work) -> None:
    """Find out what became of a transfer whose orders had no reply when the connection was lost.

    Asterisk may have taken all of them, none, or the first alone. The question waits behind what it
    has taken: by then whoever was to be dialled has been, and the call ends, or is dialled now.
    """
    if call.here and call.transfer is not None:
        work.agi(call, "GET VARIABLE DIALSTATUS", f"{call.call_id}.dialled")


def _transfer_found(call: Call, result: str, work: Work) -> None:
    if call.transfer is None or call.hang_up_ordered or call.is_over:
        return
    order, call.transfer = call.transfer, None
    # Whatever was playing has ended before the question was taken.
    call.unknown_playback = False
    left_s = (call.transfer_until - work.now) // 1_000
    if result.startswith("200 result=0") and left_s > 0:
        _dial(call, attrs.evolve(order, dead_man_s=left_s), work)
    else:
        order_hang_up(call, work)


def agi_replied(call: Call, command_id: str, message: Message, work: Work) -> None:
    """Take the reply to an AGI command: refused, or queued, which says nothing yet."""
    if message.is_success:
        call.has_taken = True
        if command_id == f"{call.call_id}.end":
            call.transfer = None
        return
    playing, text = call.playing, message["message"]
    if playing is not None and playing.command_id != command_id:
        playing = None
    if text.endswith("does not exist."):
        # Gone already, and its end is on the way; or another channel is taking its place.
        _put_back(call, playing, work)
        work.timer(call, Timer.AGAIN, AGAIN_MS)
        return
    if text.startswith(_NOT_YET):
        # By the list of channels it is in the AGI, which has not begun to take commands.
        call.listens = False
        _put_back(call, playing, work)
        if call.transfer is not None:
            call.next_order, call.transfer = call.transfer, None
        return
    work.noted(f"call {call.call_id}: Asterisk refused a command: {text}")
    if playing is not None:
        call.playing = None
        _tell(call, playing.order, PlaybackEnd.FAILED, work)
    elif call.transferred:
        order_hang_up(call, work)


def _put_back(call: Call, playing: Playing | None, work: Work) -> None:
    """Have a playback wait whose order was not taken, unless another has taken its place."""
    if playing is None:
        return
    call.playing = None
    if playing.replaced:
        _tell(call, playing.order, PlaybackEnd.STOPPED, work)
    else:
        call.next_order = playing.order


def go_on(call: Call, work: Work) -> None:
    """Try again what found no channel."""
    if call.transfer is not None:
        resume_transfer(call, work)
    elif call.playing is None:
        _next_order(call, work)


def stop_due(call: Call, work: Work) -> None:
    """End the playback that a stop digit or an order should have ended."""
    if call.playing is not None and call.playing.stopping:
        _stop(call, work)


def _next_order(call: Call, work: Work) -> None:
    """Carry out the order that waits, if Asterisk takes commands for the call by now."""
    order = call.next_order
    if order is None or not call.listens:
        return
    call.next_order = None
    if isinstance(order, Transfer):
        _dial(call, order, work)
        return
    if call.unknown_playback:
        call.unknown_playback = False
        _inject(call, work)
    _start(call, order, work)


def _start(call: Call, order: Play, work: Work, offset: int = 0) -> None:
    try:
        name = translate.sound_name(work.settings, order.sound)
        command = translate.stream_file(name, order.stop_digits, offset)
    except UnfitError as error:
        work.noted(f"call {call.call_id}: {error}")
        _tell(call, order, PlaybackEnd.FAILED, work)
        return
    # The serial tells it from a command of an earlier connection, or of an earlier run of ours.
    command_id = f"{call.call_id}.{order.play}.{work.serial()}"
    call.playing = Playing(order=order, command_id=command_id)
    work.agi(call, command, command_id)


def _stop(call: Call, work: Work) -> None:
    if call.playing is not None:
        call.playing.stopping = True
        # Sent into the gap before the command is taken, it ends nothing: then once more.
        work.timer(call, Timer.STOP, STOP_MS)
    _inject(call, work)


def _inject(call: Call, work: Work) -> None:
    call.injected += 1
    work.ask(translate.stop_playback(call.channel_id), "stop", call.call_id)


def _tell(call: Call, order: Play, end: PlaybackEnd, work: Work) -> None:
    if not call.is_over:
        work.told(PlaybackReport(call_id=call.call_id, play=order.play, end=end))


# Events ------------------------------------------------------------------------------------


def listening(call: Call, _message: Message, work: Work) -> None:
    """Take ``AsyncAGIStart``: answered, for sure, and commands are taken.

    The list of channels may have told that before, and what was ordered since goes on.
    """
    if not call.listens:
        call.listens, call.playing, call.unknown_playback = True, None, False
    call.has_listened = True
    answer(call, work)
    _next_order(call, work)


def not_listening(call: Call, _message: Message, work: Work) -> None:
    """Take ``AsyncAGIEnd``: what was queued is gone without an event of its own."""
    call.listens, call.playing = False, None
    if call.channel is Channel.GONE:
        conclude(call, work)


def dialled(call: Call, message: Message, work: Work) -> None:
    """Take ``DTMFEnd``."""
    digit = message["digit"]
    if message["direction"] != "Received" or digit not in _DIGITS:
        return
    if digit == STOP_DIGIT and call.injected:
        call.injected -= 1
        return
    if call.originate is not Originate.ANSWERED or call.transferred or call.is_over:
        return
    playing = call.playing
    if playing is not None and digit in playing.order.stop_digits and not playing.stopping:
        playing.stopping = True
        work.timer(call, Timer.STOP, STOP_MS)
    work.told(DigitReport(call_id=call.call_id, digit=digit))


def executed(call: Call, message: Message, work: Work) -> None:
    """Take ``AsyncAGIExec``: a command has ended."""
    call.has_taken = True
    if message["commandid"] == f"{call.call_id}.dialled":
        _transfer_found(call, unquote(message["result"]), work)
        return
    playing = call.playing
    if playing is None or message["commandid"] != playing.command_id:
        return
    call.playing = None
    result = _RESULT.match(unquote(message["result"]))
    ended = _Result(int(result[1]), int(result[2] or 0)) if result else _Result(-1, 0)
    if ended.code == ord(STOP_DIGIT) and not playing.stopping:
        _start(call, playing.order, work, ended.endpos)
        return
    end = _how_it_ended(call, ended)
    if end is not None:
        _tell(call, playing.order, PlaybackEnd.STOPPED if playing.replaced else end, work)
        _next_order(call, work)


def _how_it_ended(call: Call, ended: _Result) -> PlaybackEnd | None:
    if ended.code == 0:
        return PlaybackEnd.FINISHED
    if ended.code > 0:
        return PlaybackEnd.STOPPED
    is_hang_up = call.callee_hung_up or call.hang_up_ordered or ended.endpos > 0
    return None if is_hang_up else PlaybackEnd.FAILED


PLAYBACK_EVENTS: Mapping[str, Callable[[Call, Message, Work], None]] = MappingProxyType(
    {
        "asyncagistart": listening,
        "asyncagiend": not_listening,
        "asyncagiexec": executed,
        "dtmfend": dialled,
    }
)
"""What each event of a playback does."""

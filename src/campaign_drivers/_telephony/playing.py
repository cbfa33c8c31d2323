"""What is ordered within a call: one sound or transfer at a time, the next when it has ended."""

from __future__ import annotations

from campaign_core.decisions import Play, Transfer
from campaign_core.reports import DigitReport, PlaybackEnd, PlaybackReport
from campaign_drivers._telephony.call import Playback
from campaign_drivers._telephony.fate import order_hang_up
from campaign_drivers._telephony.server import CallT, Server
from campaign_drivers._telephony.settings import UnfitError

__all__ = [
    "ended",
    "next_order",
    "order_play",
    "order_transfer",
    "start",
    "stop",
    "tell_digit",
    "tell_end",
]

_DIGITS = frozenset("0123456789*#ABCD")


def order_play(call: CallT, order: Play, server: Server[CallT]) -> None:
    """Play a sound, instead of what is playing."""
    if call.hang_up_ordered or call.transferred or call.is_over:
        return
    if isinstance(call.next_order, Play):
        tell_end(call, call.next_order, PlaybackEnd.STOPPED, server)
    call.next_order = order
    if call.playing is None:
        next_order(call, server)
    else:
        call.playing.is_replaced = True
        # A stop digit is ending it already, or else we do.
        if not call.playing.is_stopping:
            stop(call, server)


def order_transfer(call: CallT, order: Transfer, server: Server[CallT]) -> None:
    """Connect the call to an extension; when that conversation is over, so is the call."""
    if not (call.hang_up_ordered or call.is_over):
        call.transferred, call.next_order = True, order
        next_order(call, server)


def next_order(call: CallT, server: Server[CallT]) -> None:
    """Carry out the order that waits, if the server takes it by now."""
    order = call.next_order
    if order is None or not server.takes_orders(call):
        return
    call.next_order = None
    if isinstance(order, Transfer):
        try:
            server.transfer(call, order)
        except UnfitError as error:
            server.note(f"call {call.call_id}: not transferred: {error}")
            order_hang_up(call, server)
        return
    if call.unknown_playback:
        call.unknown_playback = False
        server.stop(call)
    start(call, order, server)


def start(call: CallT, order: Play, server: Server[CallT], offset: int = 0) -> None:
    """Start a sound, or go on with it."""
    # The serial tells it from a playback of an earlier connection, or of an earlier run of ours.
    playback_id = f"{call.call_id}.{order.play}.{server.serial()}"
    try:
        server.play(call, order, playback_id, offset)
    except UnfitError as error:
        server.note(f"call {call.call_id}: {error}")
        tell_end(call, order, PlaybackEnd.FAILED, server)
    else:
        call.playing = Playback(order=order, playback_id=playback_id)


def stop(call: CallT, server: Server[CallT]) -> None:
    """End what plays."""
    if call.playing is not None:
        call.playing.is_stopping = True
    server.stop(call)


def ended(call: CallT, end: PlaybackEnd, server: Server[CallT]) -> None:
    """Take it that what plays has ended: report it, and go on with what waits for that."""
    playing, call.playing = call.playing, None
    if playing is not None:
        tell_end(call, playing.order, PlaybackEnd.STOPPED if playing.is_replaced else end, server)
    next_order(call, server)


def tell_end(call: CallT, order: Play, end: PlaybackEnd, server: Server[CallT]) -> None:
    """Report how a playback ended, unless the call did before."""
    if not call.is_over:
        server.tell(PlaybackReport(call_id=call.call_id, play=order.play, end=end))


def tell_digit(call: CallT, digit: str, server: Server[CallT]) -> bool:
    """Report a digit that was dialled, and return whether it is one, and for us."""
    if digit not in _DIGITS or not call.is_answered or call.transferred or call.is_over:
        return False
    server.tell(DigitReport(call_id=call.call_id, digit=digit))
    return True

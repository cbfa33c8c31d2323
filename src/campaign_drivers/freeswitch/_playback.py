"""Playing in a call: one sound at a time, and how it is made to end.

What was seen on a real server, and follows:

* An application that is sent before the call is parked may be lost; so orders wait for that.
* A second playback runs *inside* the first, or with ``event-lock`` behind it; and ``uuid_break``
  drops what is queued without an event. So the next one is sent when the one before has ended.
* A playback is told to stop once it has started: before, there is nothing to stop, and it might
  be dropped without a word. Where it goes on for :data:`STOP_MS` all the same, it is told again.
* ``uuid_break`` may come just after the end, and then hit the next playback: one that stops
  without our wish, after such a miss, is started again.
* How a playback ended is in two events: ``PLAYBACK_STOP`` has the status, and
  ``CHANNEL_EXECUTE_COMPLETE`` our own id. A hangup cause in the latter means that the call ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from campaign_core.decisions import Play, Transfer
from campaign_core.reports import PlaybackEnd
from campaign_drivers._telephony import playing as orders
from campaign_drivers._telephony.call import CallTimer, Playback
from campaign_drivers._telephony.fate import order_hang_up
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._call import Call
from campaign_drivers.freeswitch._server import Server
from campaign_drivers.freeswitch._wire import Event, Frame

__all__ = [
    "BREAKS_MAX",
    "PLAYBACK_EVENTS",
    "break_replied",
    "execute_replied",
    "order_transfer",
    "resume",
    "start_due",
    "start_missed",
    "stop_due",
]

STOP_MS = 500
"""After which a playback that should have ended is told again; it took 20 ms."""

BREAKS_MAX = 4
"""After so many the end of a playback is not waited for any more."""

START_MS = 10_000
"""For a playback to start or fail; it took 20 ms, from a slow disk it may take longer."""

_CONVERSED = frozenset({"NORMAL_CLEARING", "ALLOTTED_TIMEOUT"})
"""Causes of a transferred call that was over, rather than never connected."""


def order_transfer(call: Call, order: Transfer, server: Server) -> None:
    """Connect the call to an extension once what plays has ended."""
    if call.hang_up_ordered or call.transferred or call.is_over:
        return
    call.transfer, call.transfer_until = order, server.now + order.dead_man_s * 1_000
    orders.order_transfer(call, order, server)
    if call.playing is not None:
        call.playing.is_replaced = True
        _stop(call, call.playing, server)


def resume(call: Call, server: Server) -> None:
    """Go on with a call that was taken over: what waits, and a transfer that got lost."""
    if call.transfer is not None and not (call.transfer_sent or call.hang_up_ordered):
        call.next_order = call.transfer
    orders.next_order(call, server)


def _stop(call: Call, playing: Playback, server: Server) -> None:
    if not playing.is_stopping:
        orders.stop(call, server)


def _is_about(playing: Playback, reply: Reply[Frame]) -> bool:
    return playing.playback_id == reply.purpose[2]


def break_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to an order to stop: only now the playback has reason to end."""
    if (
        call.playing is not None
        and _is_about(call.playing, reply)
        and CallTimer.STOP not in call.timers
    ):
        server.set_timer(call, CallTimer.STOP, STOP_MS)


def stop_due(call: Call, server: Server) -> None:
    """Tell a playback again to stop; in the end, take it that it has."""
    playing = call.playing
    if playing is None or not playing.is_stopping:
        return
    if call.breaks < BREAKS_MAX:
        server.stop(call)
        return
    server.note(f"call {call.call_id}: the end of a playback was not told")
    _forget(call, playing, PlaybackEnd.STOPPED, server)


def start_due(call: Call, server: Server) -> None:
    """Ask the server before a playback that neither started nor failed is given up.

    Where the link is silent, or we ourselves stood still, what was told of it is yet to be heard;
    whatever the server told before it replies has been, by then.
    """
    playing = call.playing
    if playing is not None and not playing.is_started:
        command = translate.exists(call.channel_id)
        server.ask(command, "start", call.call_id, playing.playback_id)


def start_missed(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Give up a playback of which the server has told nothing."""
    playing = call.playing
    if playing is None or playing.is_started or not _is_about(playing, reply):
        return
    server.note(f"call {call.call_id}: a playback did not start")
    end = PlaybackEnd.STOPPED if playing.is_stopping else PlaybackEnd.FAILED
    _forget(call, playing, end, server)


def _forget(call: Call, playing: Playback, end: PlaybackEnd, server: Server) -> None:
    call.playing, call.unknown_playback = None, True
    orders.tell_end(call, playing.order, end, server)
    orders.next_order(call, server)


def execute_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to an application: refused, or queued, which says nothing yet."""
    playing = call.playing
    if playing is not None and not _is_about(playing, reply):
        playing = None
    if reply.message.is_success:
        call.took_command = True
        if playing is not None and not playing.is_started:
            server.set_timer(call, CallTimer.START, START_MS)
        return
    if reply.message.text.startswith("-ERR invalid session id"):
        # The call is gone; its end is on the way, unless it got lost.
        server.set_timer(call, CallTimer.GRACE, server.grace_ms)
        return
    server.note(f"call {call.call_id}: FreeSWITCH refused an application: {reply.message.text}")
    if playing is not None:
        call.playing = None
        orders.tell_end(call, playing.order, PlaybackEnd.FAILED, server)
        orders.next_order(call, server)
    elif call.transferred:
        order_hang_up(call, server)


# Events ------------------------------------------------------------------------------------


def answered(call: Call, _event: Event, server: Server) -> None:
    """Take ``CHANNEL_ANSWER``, which may come after the call was parked on early media."""
    orders.next_order(call, server)


def parked(call: Call, _event: Event, server: Server) -> None:
    """Take ``CHANNEL_PARK``: from now on applications are taken."""
    call.is_parked = True
    orders.next_order(call, server)


def started(call: Call, _event: Event, server: Server) -> None:
    """Take ``PLAYBACK_START``: from now on it can be stopped."""
    playing = call.playing
    if playing is None or playing.is_started:
        return
    # What was told of an end before is not of this one.
    playing.is_started, call.playback_status = True, ""
    call.timers.pop(CallTimer.START, None)
    if playing.is_stopping:
        server.stop(call)


def stopped(call: Call, event: Event, _server: Server) -> None:
    """Take ``PLAYBACK_STOP``: how a playback ended; whose it was follows."""
    if call.playing is not None:
        call.playback_status = event["playback-status"]


def dialled(call: Call, event: Event, server: Server) -> None:
    """Take ``DTMF``."""
    digit = event["dtmf-digit"].upper()
    if not orders.tell_digit(call, digit, server):
        return
    waiting, playing = call.next_order, call.playing
    if isinstance(waiting, Play) and digit in waiting.stop_digits:
        # It was to play already, and would only start behind what is being stopped.
        call.next_order = None
        orders.tell_end(call, waiting, PlaybackEnd.STOPPED, server)
    elif playing is not None and not playing.is_replaced and digit in playing.order.stop_digits:
        _stop(call, playing, server)


def executed(call: Call, event: Event, server: Server) -> None:
    """Take ``CHANNEL_EXECUTE_COMPLETE``: an application has ended."""
    has_ended = "hangup-cause" in event
    if event["application"] == "bridge":
        _bridged(call, event, server)
        return
    playing = call.playing
    if playing is None or event["application-uuid"] != playing.playback_id:
        return
    call.playing = None
    call.timers.pop(CallTimer.START, None)
    call.timers.pop(CallTimer.STOP, None)
    if has_ended:
        return
    if event["application-response"] != "FILE PLAYED":
        orders.tell_end(call, playing.order, PlaybackEnd.FAILED, server)
    elif call.playback_status == "break":
        _broken(call, playing, server)
    else:
        # Told to stop, and ended by itself: what we sent may hit the next one.
        call.stray_break = call.breaks > 0
        end = PlaybackEnd.STOPPED if playing.is_replaced else PlaybackEnd.FINISHED
        orders.tell_end(call, playing.order, end, server)
    orders.next_order(call, server)


def _bridged(call: Call, event: Event, server: Server) -> None:
    """Take the end of a transfer; one that nobody answered ends the call, with its cause."""
    if call.transfer is None:
        return
    cause = event["hangup-cause"]
    if not cause:
        order_hang_up(call, server)
    elif cause not in _CONVERSED and not call.hang_up_ordered:
        extension = call.transfer.extension
        server.note(f"call {call.call_id}: the transfer to {extension} failed: {cause}")


def _broken(call: Call, playing: Playback, server: Server) -> None:
    is_stray = call.stray_break and not call.breaks
    call.stray_break = False
    if is_stray and not playing.is_stopping:
        orders.start(call, playing.order, server)
    else:
        orders.tell_end(call, playing.order, PlaybackEnd.STOPPED, server)


PLAYBACK_EVENTS: Mapping[str, Callable[[Call, Event, Server], None]] = MappingProxyType(
    {
        "CHANNEL_ANSWER": answered,
        "CHANNEL_PARK": parked,
        "PLAYBACK_START": started,
        "PLAYBACK_STOP": stopped,
        "CHANNEL_EXECUTE_COMPLETE": executed,
        "DTMF": dialled,
    }
)
"""What each event of a playback does."""

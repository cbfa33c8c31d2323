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
from campaign_core.reports import DigitReport, PlaybackEnd, PlaybackReport
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._call import GRACE_MS, Call, Playing, Timer, Work
from campaign_drivers.freeswitch._calls import order_hang_up
from campaign_drivers.freeswitch._happenings import Reply
from campaign_drivers.freeswitch._wire import Event

__all__ = [
    "BREAKS_MAX",
    "PLAYBACK_EVENTS",
    "START_MS",
    "STOP_MS",
    "break_replied",
    "execute_replied",
    "order_play",
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

_DIGITS = frozenset("0123456789*#ABCD")


def order_play(call: Call, order: Play, work: Work) -> None:
    """Play a sound, instead of what is playing."""
    if call.hang_up_ordered or call.transferred or call.is_over:
        return
    if isinstance(call.next_order, Play):
        _tell(call, call.next_order, PlaybackEnd.STOPPED, work)
    _order(call, order, work)


def order_transfer(call: Call, order: Transfer, work: Work) -> None:
    """Connect the call to an extension; when that conversation is over, so is the call.

    By ``bridge`` through the internal route: it needs no dialplan. Digits dialled from now on are
    for the other party and not reported.
    """
    if call.hang_up_ordered or call.transferred or call.is_over:
        return
    call.transfer = order
    call.transfer_until = work.now + order.dead_man_s * 1_000
    _order(call, order, work)


def resume(call: Call, work: Work) -> None:
    """Go on with a call that was taken over: what waits, and a transfer that got lost."""
    if call.transfer is not None and not (call.transfer_sent or call.hang_up_ordered):
        call.next_order = call.transfer
    next_order(call, work)


def _order(call: Call, order: Play | Transfer, work: Work) -> None:
    call.next_order = order
    if call.playing is None:
        next_order(call, work)
    else:
        call.playing.replaced = True
        _stop(call, call.playing, work)


def next_order(call: Call, work: Work) -> None:
    """Carry out the order that waits, if the call takes it now."""
    order = call.next_order
    if order is None or call.playing is not None or not (call.is_parked and call.is_answered):
        return
    call.next_order = None
    if call.unknown_playback:
        # Whatever plays ends by this; and if nothing does, ours may.
        call.unknown_playback, call.stray_break = False, True
        work.ask(translate.stop_playback(call.channel_id), "break", call.call_id, "")
    if isinstance(order, Play):
        _start(call, order, work)
    else:
        _bridge(call, order, work)


def _start(call: Call, order: Play, work: Work) -> None:
    try:
        path = translate.sound_path(work.settings, order.sound)
    except UnfitError as error:
        work.noted(f"call {call.call_id}: {error}")
        _tell(call, order, PlaybackEnd.FAILED, work)
        return
    # The serial tells it from a playback of an earlier connection, or of an earlier run of ours.
    event_uuid = f"{call.call_id}.{order.play}.{work.serial()}"
    call.playing = Playing(order=order, event_uuid=event_uuid)
    command = translate.playback(call.channel_id, path, event_uuid)
    work.ask(command, "execute", call.call_id, event_uuid)


def _bridge(call: Call, order: Transfer, work: Work) -> None:
    event_uuid = f"{call.call_id}.bridge.{work.serial()}"
    set_uuid = f"{call.call_id}.set.{work.serial()}"
    try:
        command = translate.bridge(work.settings, call.channel_id, order.extension, event_uuid)
    except UnfitError as error:
        work.noted(f"call {call.call_id}: not transferred: {error}")
        order_hang_up(call, work)
        return
    call.transfer_sent = True
    left_ms = max(1_000, call.transfer_until - work.now)
    work.ask(translate.delete_guards(call.channel_id), "guard", call.call_id)
    work.ask(translate.guard(call.channel_id, -(-left_ms // 1_000)), "guard", call.call_id)
    for variable in translate.before_bridge(call.channel_id, call.number, set_uuid):
        work.ask(variable, "set", call.call_id)
    work.ask(command, "execute", call.call_id, event_uuid)
    work.timer(call, Timer.DEAD_MAN, left_ms + GRACE_MS)


def _stop(call: Call, playing: Playing, work: Work) -> None:
    if playing.stopping:
        return
    playing.stopping = True
    if playing.started:
        _break(call, playing, work)


def _break(call: Call, playing: Playing, work: Work) -> None:
    playing.breaks += 1
    work.ask(translate.stop_playback(call.channel_id), "break", call.call_id, playing.event_uuid)


def break_replied(call: Call, event_uuid: str, work: Work) -> None:
    """Take the reply to an order to stop: only now the playback has reason to end."""
    playing = call.playing
    if playing is not None and playing.event_uuid == event_uuid and Timer.STOP not in call.timers:
        work.timer(call, Timer.STOP, STOP_MS)


def stop_due(call: Call, work: Work) -> None:
    """Tell a playback again to stop; in the end, take it that it has."""
    playing = call.playing
    if playing is None or not playing.stopping:
        return
    if playing.breaks < BREAKS_MAX:
        _break(call, playing, work)
        return
    work.noted(f"call {call.call_id}: the end of a playback was not told")
    _forget(call, playing, PlaybackEnd.STOPPED, work)


def start_due(call: Call, work: Work) -> None:
    """Ask the server before a playback that neither started nor failed is given up.

    Where the link is silent, or we ourselves stood still, what was told of it is yet to be heard;
    whatever the server told before it replies has been, by then.
    """
    playing = call.playing
    if playing is not None and not playing.started:
        command = translate.exists(call.channel_id)
        work.ask(command, "start", call.call_id, playing.event_uuid)


def start_missed(call: Call, event_uuid: str, work: Work) -> None:
    """Give up a playback of which the server has told nothing."""
    playing = call.playing
    if playing is None or playing.started or playing.event_uuid != event_uuid:
        return
    work.noted(f"call {call.call_id}: a playback did not start")
    end = PlaybackEnd.STOPPED if playing.stopping else PlaybackEnd.FAILED
    _forget(call, playing, end, work)


def _forget(call: Call, playing: Playing, end: PlaybackEnd, work: Work) -> None:
    call.playing, call.unknown_playback = None, True
    _tell(call, playing.order, end, work)
    next_order(call, work)


def execute_replied(call: Call, event_uuid: str, reply: Reply, work: Work) -> None:
    """Take the reply to an application: refused, or queued, which says nothing yet."""
    playing = call.playing
    if reply.is_success:
        call.took_command = True
        if playing is not None and playing.event_uuid == event_uuid and not playing.started:
            work.timer(call, Timer.START, START_MS)
        return
    if reply.text.startswith("-ERR invalid session id"):
        # The call is gone; its end is on the way, unless it got lost.
        work.timer(call, Timer.GRACE, GRACE_MS)
        return
    work.noted(f"call {call.call_id}: FreeSWITCH refused an application: {reply.text}")
    if playing is not None and playing.event_uuid == event_uuid:
        call.playing = None
        _tell(call, playing.order, PlaybackEnd.FAILED, work)
        next_order(call, work)
    elif call.transferred:
        order_hang_up(call, work)


def _tell(call: Call, order: Play, end: PlaybackEnd, work: Work) -> None:
    if not call.is_over:
        work.told(PlaybackReport(call_id=call.call_id, play=order.play, end=end))


# Events ------------------------------------------------------------------------------------


def answered(call: Call, _event: Event, work: Work) -> None:
    """Take ``CHANNEL_ANSWER``, which may come after the call was parked on early media."""
    next_order(call, work)


def parked(call: Call, _event: Event, work: Work) -> None:
    """Take ``CHANNEL_PARK``: from now on applications are taken."""
    call.is_parked = True
    next_order(call, work)


def started(call: Call, _event: Event, work: Work) -> None:
    """Take ``PLAYBACK_START``: from now on it can be stopped."""
    playing = call.playing
    if playing is None or playing.started:
        return
    # What was told of an end before is not of this one.
    playing.started, playing.status = True, ""
    call.timers.pop(Timer.START, None)
    if playing.stopping:
        _break(call, playing, work)


def stopped(call: Call, event: Event, _work: Work) -> None:
    """Take ``PLAYBACK_STOP``: how a playback ended; whose it was follows."""
    if call.playing is not None:
        call.playing.status = event["playback-status"]


def dialled(call: Call, event: Event, work: Work) -> None:
    """Take ``DTMF``."""
    digit = event["dtmf-digit"].upper()
    if digit not in _DIGITS or not call.is_answered or call.transferred or call.is_over:
        return
    waiting, playing = call.next_order, call.playing
    work.told(DigitReport(call_id=call.call_id, digit=digit))
    if isinstance(waiting, Play) and digit in waiting.stop_digits:
        # It was to play already, and would only start behind what is being stopped.
        call.next_order = None
        _tell(call, waiting, PlaybackEnd.STOPPED, work)
    elif playing is not None and not playing.replaced and digit in playing.order.stop_digits:
        _stop(call, playing, work)


def executed(call: Call, event: Event, work: Work) -> None:
    """Take ``CHANNEL_EXECUTE_COMPLETE``: an application has ended."""
    has_ended = "hangup-cause" in event
    if event["application"] == "bridge":
        _bridged(call, event, work)
        return
    playing = call.playing
    if playing is None or event["application-uuid"] != playing.event_uuid:
        return
    call.playing = None
    call.timers.pop(Timer.START, None)
    call.timers.pop(Timer.STOP, None)
    if has_ended:
        return
    if event["application-response"] != "FILE PLAYED":
        _tell(call, playing.order, PlaybackEnd.FAILED, work)
    elif playing.status == "break":
        _broken(call, playing, work)
    else:
        # Told to stop, and ended by itself: what we sent may hit the next one.
        call.stray_break = playing.breaks > 0
        end = PlaybackEnd.STOPPED if playing.replaced else PlaybackEnd.FINISHED
        _tell(call, playing.order, end, work)
    next_order(call, work)


def _bridged(call: Call, event: Event, work: Work) -> None:
    """Take the end of a transfer; one that nobody answered ends the call, with its cause."""
    if call.transfer is None:
        return
    cause = event["hangup-cause"]
    if not cause:
        order_hang_up(call, work)
    elif cause not in _CONVERSED and not call.hang_up_ordered:
        extension = call.transfer.extension
        work.noted(f"call {call.call_id}: the transfer to {extension} failed: {cause}")


def _broken(call: Call, playing: Playing, work: Work) -> None:
    is_stray = call.stray_break and not playing.breaks
    call.stray_break = False
    if is_stray and not playing.stopping:
        _start(call, playing.order, work)
    else:
        _tell(call, playing.order, PlaybackEnd.STOPPED, work)


PLAYBACK_EVENTS: Mapping[str, Callable[[Call, Event, Work], None]] = MappingProxyType(
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

"""What is done about a call when the server says something of it, or when a moment has come."""

from __future__ import annotations

from campaign_drivers.freeswitch import _calls as calls
from campaign_drivers.freeswitch import _placing as placing
from campaign_drivers.freeswitch import _playback as playback
from campaign_drivers.freeswitch._call import GRACE_MS, Call, Job, Timer, Work
from campaign_drivers.freeswitch._happenings import Reply
from campaign_drivers.freeswitch._wire import Event

__all__ = ["channel_event", "replied", "timer_passed"]

_HANGUP_COMPLETE = "CHANNEL_HANGUP_COMPLETE"
"""The last event of a channel."""


def channel_event(call: Call, event: Event, work: Work) -> None:
    """Take an event of the call's channel."""
    call.here = call.is_heard_of = True
    call.in_transit = False
    if not call.is_answered:
        call.legs.add(event["unique-id"])
    elif event["unique-id"] != call.channel_id:
        # Another telephone of the number, which rings no more.
        return
    if event.name == _HANGUP_COMPLETE:
        calls.hung_up(call, event, work)
        return
    calls.seen(call, event, work)
    step = playback.PLAYBACK_EVENTS.get(event.name)
    if step is not None:
        step(call, event, work)


def replied(call: Call, reply: Reply, work: Work) -> None:
    """Take the reply to a command about the call."""
    match reply.purpose[0]:
        case "place":
            call.is_heard_of = True
            if not reply.is_success:
                calls.refuse(call, f"FreeSWITCH refused the call: {reply.text}", work)
        case "contacts":
            placing.contacts_replied(call, reply, work)
        case "hang_up":
            calls.hang_up_replied(call, reply, work)
        case "execute":
            playback.execute_replied(call, reply.purpose[2], reply, work)
        case "exists":
            calls.existence_replied(call, reply.purpose[2], reply, work)
        case "start":
            playback.start_missed(call, reply.purpose[2], work)
        case "break":
            playback.break_replied(call, reply.purpose[2], work)
        case "guard" if reply.is_denied:
            work.noted("the user may not sched_hangup or sched_del")
        case _:
            pass


def timer_passed(call: Call, timer: Timer, work: Work, *, is_up: bool) -> None:
    """Do what a moment was set for.

    Args:
        call: the call.
        timer: what for.
        work: its surroundings.
        is_up: whether the server can be asked.
    """
    match timer:
        case Timer.GRACE if call.job is Job.FAILED:
            calls.end(call, work)
        case Timer.START:
            playback.start_due(call, work)
        case Timer.STOP:
            playback.stop_due(call, work)
        case Timer.GRACE | Timer.RINGING | Timer.DEAD_MAN:
            if is_up and call.here and call.is_sent:
                # Its end should have been told by now; if it is there still, ask again.
                calls.ask_existence(call, work)
            work.timer(call, timer, GRACE_MS * 2)

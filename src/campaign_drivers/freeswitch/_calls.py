"""What each event, and each reply, adds to what is known of a call."""

from __future__ import annotations

from campaign_core.decisions import PlaceCall
from campaign_drivers._telephony import fate
from campaign_drivers._telephony.call import CallTimer, Channel, Placing
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers._telephony.settings import UnfitError, route_of
from campaign_drivers.errors import MalformedMessageError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._call import Call, Legs
from campaign_drivers.freeswitch._server import Server
from campaign_drivers.freeswitch._wire import Event, Frame

__all__ = [
    "ask_existence",
    "contacts_replied",
    "existence_replied",
    "guard_replied",
    "hang_up_replied",
    "hung_up",
    "job_ended",
    "place",
    "place_replied",
    "seen",
]

_LOST_RACE = frozenset({"LOSE_RACE", "PICKED_OFF"})
"""Causes of legs that ended because another one answered: they say nothing of the call."""

_ON_ITS_WAY_MS = 1_000
"""For the events of a call that is gone; they came within milliseconds of that."""

_RINGING_MS = 6_000
"""Beyond the ring timeout, one second of which is the originate's own."""

# Placing -----------------------------------------------------------------------------------


def place(order: PlaceCall, server: Server, *, closed_until: int | None) -> Call | int:
    """Send a call to the server and return it, or until when there is no room for it.

    For a user of the directory it is asked first how many telephones there are: it makes one leg
    of each.

    Raises:
        UnfitError: it has a value that may not be sent.
    """
    settings, now = server.settings, server.now
    command = translate.originate(settings, order)
    route = route_of(order, settings.internal, settings.external)
    question = translate.contacts(route, order)
    until = closed_until or server.admission.full_until(route, now)
    if until is not None:
        return until
    if question is None:
        server.ask(command, "place", order.call_id)
    else:
        server.ask(question, "contacts", order.call_id)
    server.admission.placed(route, now)
    call = Call(
        call_id=order.call_id,
        order=order,
        route=route,
        number=order.number,
        is_sent=question is None,
        placed_at=now,
    )
    server.set_timer(call, CallTimer.RINGING, order.ring_timeout_s * 1_000 + _RINGING_MS)
    server.set_timer(call, CallTimer.DEAD_MAN, order.dead_man_s * 1_000 + server.grace_ms)
    return call


def place_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to the order to call: in the making, or refused."""
    call.is_heard_of = True
    if not reply.message.is_success:
        fate.refuse(call, f"FreeSWITCH refused the call: {reply.message.text}", server)


def contacts_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take where the telephones of a number are, and call them all."""
    if call.order is None or call.is_sent or call.is_over:
        return
    if reply.message.is_denied:
        server.note("the user may not sofia_contact: of several telephones of a number one rings")
    telephones = translate.telephones_in(reply.message.text)
    try:
        command = translate.originate(server.settings, call.order, telephones)
        server.ask(command, "place", call.call_id)
    except (UnfitError, MalformedMessageError) as error:
        fate.refuse(call, str(error), server)
        return
    call.is_sent, call.placed_at = True, server.now
    first, *others = translate.leg_ids(call.call_id, telephones)
    call.legs = Legs(channel_id=first, others=tuple(others))


def guard_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to an order about the dead man's switch."""
    if reply.message.is_denied:
        server.note("the user may not sched_hangup or sched_del")


# Hanging up --------------------------------------------------------------------------------


def hang_up_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to an order to hang up."""
    if reply.message.is_success:
        return
    if reply.message.is_denied:
        server.note(f"call {call.call_id}: the user may not uuid_kill")
    elif call.channel is Channel.UNSEEN and call.placing is not Placing.FAILED:
        call.hang_up_missed = True
    else:
        # It is gone; its end is on the way, unless it got lost.
        server.set_timer(call, CallTimer.GRACE, server.grace_ms)


def ask_existence(call: Call, server: Server) -> None:
    """Ask whether the call is there; every leg, while it is not known which one it is."""
    for leg in call.legs.left or (call.channel_id,):
        server.ask(translate.exists(leg), "exists", call.call_id, leg)


def existence_replied(call: Call, reply: Reply[Frame], server: Server) -> None:
    """Take the reply to the question whether a channel of the call is still there."""
    leg = reply.purpose[2]
    text = reply.message.text.strip()
    if text == "true":
        call.is_there()
        call.is_gone = False
        if call.channel is Channel.UNSEEN:
            call.channel = Channel.UP
        if call.hang_up_ordered:
            # The order came before the channel, and its refusal after.
            fate.order_hang_up(call, server)
    elif text == "false" and call.here:
        call.legs.gone.add(leg)
        if call.legs.left:
            return
        if call.is_gone:
            _end_untold(call, server)
        else:
            # What became of it may be on the way still.
            call.is_gone = True
            call.legs.gone.clear()
            server.set_timer(call, CallTimer.GRACE, _ON_ITS_WAY_MS)


def _end_untold(call: Call, server: Server) -> None:
    """End a call that is gone, and of which no end was told."""
    is_known = call.cause or call.placing is Placing.FAILED
    if call.was_out_of_reach and not is_known:
        # R5.5: it ended while nobody listened; how, nobody will say.
        fate.lose(call, server)
    else:
        fate.end(call, server)


# Events ------------------------------------------------------------------------------------


def seen(call: Call, event: Event, server: Server) -> None:
    """Take what any event of a channel tells: that it is there, and whether it was answered."""
    leg = event["unique-id"]
    if leg not in call.legs.seen:
        call.legs.seen.add(leg)
        if call.order is not None and call.channel is not Channel.GONE:
            # Counted from placing; the one in the originate counts from the answer, and stands
            # for the instant until now.
            server.ask(translate.guard(leg, call.order.dead_man_s), "guard", call.call_id)
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
        fate.repeat_hang_up(call, server)
    if event["answer-state"] == "answered":
        if not call.is_answered:
            call.legs.won(leg)
        _answer(call, server)


def _answer(call: Call, server: Server) -> None:
    call.is_answered = True
    call.timers.pop(CallTimer.RINGING, None)
    fate.tell_answer(call, server)


def job_ended(call: Call, event: Event, server: Server) -> None:
    """Take ``BACKGROUND_JOB``: the originate's result."""
    call.is_heard_of = True
    word, _, rest = event.body.strip().partition(" ")
    if word == "+OK":
        call.placing = Placing.DONE
        # It was answered, on this connection or on one that nobody heard it on.
        call.here, call.in_transit = True, False
        fate.repeat_hang_up(call, server)
    else:
        call.placing = Placing.FAILED
        call.job_says = rest if word == "-ERR" else event.body.strip()
        if call.legs.gone and call.legs.seen <= call.legs.gone:
            # Of the other telephones none was called.
            call.channel = Channel.GONE
    fate.conclude(call, server)


def hung_up(call: Call, event: Event, server: Server) -> None:
    """Take ``CHANNEL_HANGUP_COMPLETE``: a channel is gone, and this is all about its end."""
    leg = event["unique-id"]
    call.legs.gone.add(leg)
    if event["hangup-cause"] not in _LOST_RACE:
        call.cause = event["hangup-cause"]
        call.q850 = event["variable_hangup_cause_q850"]
        call.sip_status = _sip_status(event)
    call.is_cut = _is_cut(call, event)
    answered = (event["caller-channel-answered-time"], event["variable_answer_epoch"])
    if any(text not in {"", "0"} for text in answered):
        call.legs.won(leg)
        _answer(call, server)
    elif call.legs.left and call.placing is not Placing.FAILED:
        # Others ring on.
        return
    call.channel = Channel.GONE
    fate.conclude(call, server)


def _is_cut(call: Call, event: Event) -> bool:
    """Return whether the telephony itself ended the call: neither we nor whoever was called."""
    if call.hang_up_ordered or call.was_out_of_reach or call.order is None:
        return False
    disposition = event["variable_sip_hangup_disposition"]
    if disposition:
        return disposition != "recv_bye"
    return event["hangup-cause"] != "NORMAL_CLEARING"


def _sip_status(event: Event) -> int | None:
    status = event["variable_sip_invite_failure_status"]
    if not status:
        status = event["variable_proto_specific_hangup_cause"].removeprefix("sip:")
    return int(status) if status.isascii() and status.isdecimal() else None

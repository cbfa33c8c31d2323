"""What each event adds to what is known of a call, and how a call ends."""

from __future__ import annotations

from campaign_core import Outcome
from campaign_core.reports import AnswerReport, EndReport, RefusalReport, telling
from campaign_drivers.freeswitch import _causes as causes
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._call import (
    GRACE_MS,
    VERDICTS,
    Call,
    Channel,
    Job,
    Timer,
    Verdict,
    Work,
)
from campaign_drivers.freeswitch._happenings import Reply
from campaign_drivers.freeswitch._translate import ABSENT, TURNED_AWAY, Fate
from campaign_drivers.freeswitch._wire import Event

__all__ = [
    "answer",
    "ask_existence",
    "conclude",
    "end",
    "existence_replied",
    "hang_up_replied",
    "hung_up",
    "job_ended",
    "order_hang_up",
    "refuse",
    "seen",
]

_LOST_RACE = frozenset({"LOSE_RACE", "PICKED_OFF"})
"""Causes of legs that ended because another one answered: they say nothing of the call."""

_ON_ITS_WAY_MS = 1_000
"""For the events of a call that is gone; they came within milliseconds of that."""

# Orders to hang up -------------------------------------------------------------------------


def order_hang_up(call: Call, work: Work) -> None:
    """End the call; an order that finds no channel yet is repeated when there is one."""
    call.hang_up_ordered = True
    call.next_order = None
    if not call.is_sent and call.order is not None:
        # Nobody was called: FreeSWITCH was only asked for the telephones.
        end(call, work)
        return
    is_ringing = call.channel is Channel.UP and not call.is_answered
    for leg in call.legs.left or (call.channel_id,):
        work.ask(translate.hang_up(leg, while_ringing=is_ringing), "hang_up", call.call_id)


def hang_up_replied(call: Call, reply: Reply, work: Work) -> None:
    """Take the reply to an order to hang up."""
    if reply.is_success:
        return
    if reply.is_denied:
        work.noted(f"call {call.call_id}: the user may not uuid_kill")
    elif call.channel is Channel.UNSEEN and call.job is not Job.FAILED:
        call.hang_up_missed = True
    else:
        # It is gone; its end is on the way, unless it got lost.
        work.timer(call, Timer.GRACE, GRACE_MS)


def ask_existence(call: Call, work: Work) -> None:
    """Ask whether the call is there; every leg, while it is not known which one it is."""
    for leg in call.legs.left or (call.channel_id,):
        work.ask(translate.exists(leg), "exists", call.call_id, leg)


def existence_replied(call: Call, leg: str, reply: Reply, work: Work) -> None:
    """Take the reply to the question whether a channel of the call is still there."""
    text = reply.text.strip()
    if text == "true":
        call.here = call.is_heard_of = True
        call.in_transit = call.is_gone = False
        if call.channel is Channel.UNSEEN:
            call.channel = Channel.UP
        if call.hang_up_ordered:
            # The order came before the channel, and its refusal after.
            order_hang_up(call, work)
    elif text == "false" and call.here:
        call.legs.gone.add(leg)
        if call.legs.left:
            return
        if call.is_gone:
            _end_untold(call, work)
        else:
            # What became of it may be on the way still.
            call.is_gone = True
            call.legs.gone.clear()
            work.timer(call, Timer.GRACE, _ON_ITS_WAY_MS)


def _end_untold(call: Call, work: Work) -> None:
    """End a call that is gone, and of which no end was told."""
    is_known = call.cause or call.job is Job.FAILED
    if call.was_out_of_reach and not is_known:
        # R5.5: it ended while nobody listened; how, nobody will say.
        call.is_over = True
        work.lost(call)
    else:
        end(call, work)


def _repeat_hang_up(call: Call, work: Work) -> None:
    if call.hang_up_missed:
        call.hang_up_missed = False
        order_hang_up(call, work)


# Events ------------------------------------------------------------------------------------


def seen(call: Call, event: Event, work: Work) -> None:
    """Take what any event of a channel tells: that it is there, and whether it was answered."""
    leg = event["unique-id"]
    if leg not in call.legs.seen:
        call.legs.seen.add(leg)
        if call.dead_man_s is not None and call.channel is not Channel.GONE:
            # Counted from placing; the one in the originate counts from the answer, and stands
            # for the instant until now.
            work.ask(translate.guard(leg, call.dead_man_s), "guard", call.call_id)
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
        _repeat_hang_up(call, work)
    if event["answer-state"] == "answered":
        if not call.is_answered:
            call.legs.won(leg)
        answer(call, work)


def answer(call: Call, work: Work) -> None:
    """Note that the call was answered, and tell it once."""
    call.is_answered = True
    call.timers.pop(Timer.RINGING, None)
    if not call.answer_told and not call.is_over:
        call.answer_told = True
        work.told(AnswerReport(call.call_id))


def job_ended(call: Call, event: Event, work: Work) -> None:
    """Take ``BACKGROUND_JOB``: the originate's result."""
    call.is_heard_of = True
    word, _, rest = event.body.strip().partition(" ")
    if word == "+OK":
        call.job = Job.DONE
        # It was answered, on this connection or on one that nobody heard it on.
        call.here, call.in_transit = True, False
        _repeat_hang_up(call, work)
    else:
        call.job = Job.FAILED
        call.job_says = rest if word == "-ERR" else event.body.strip()
        if call.legs.gone and call.legs.seen <= call.legs.gone:
            # Of the other telephones none was called.
            call.channel = Channel.GONE
    conclude(call, work)


def hung_up(call: Call, event: Event, work: Work) -> None:
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
        answer(call, work)
    elif call.legs.left and call.job is not Job.FAILED:
        # Others ring on.
        return
    call.channel = Channel.GONE
    conclude(call, work)


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


# The end -----------------------------------------------------------------------------------


def conclude(call: Call, work: Work) -> None:
    """Do what the facts say."""
    match VERDICTS[call.job, call.channel]:
        case Verdict.END:
            end(call, work)
        case Verdict.END_SOON:
            if Timer.GRACE not in call.timers:
                work.timer(call, Timer.GRACE, GRACE_MS)
        case Verdict.TURNED_AWAY:
            _turned_away(call, work)
        case Verdict.WAIT:
            pass


def _turned_away(call: Call, work: Work) -> None:
    says = call.job_says
    if says.startswith("-USAGE") or not says.replace("_", "").isalnum():
        work.noted(f"call {call.call_id}: FreeSWITCH did not understand the order: {says[:80]}")
        refuse(call, f"FreeSWITCH did not understand the order: {says[:80]}", work)
        return
    where = "" if call.route is None else f" for {call.route.dial_string}"
    match TURNED_AWAY.get(says):
        case Fate.DEFERRED:
            if not call.is_over:
                call.is_over = True
                work.deferred(call)
        case Fate.NO_ROUTE:
            refuse(call, f"FreeSWITCH has no such route{where}: {says}", work)
        case Fate.DOWN:
            refuse(call, f"the gateway{where} is down: {says}", work)
        case None if says in ABSENT:
            end(call, work)
        case None:
            if Timer.GRACE not in call.timers:
                # Its channel's events may only be late.
                work.timer(call, Timer.GRACE, GRACE_MS)


def refuse(call: Call, why: str, work: Work) -> None:
    """Report that the call is not taken."""
    if not call.is_over:
        call.is_over = True
        work.told(RefusalReport(call_id=call.call_id, why=telling(why)))


def end(call: Call, work: Work) -> None:
    """Report the end, once."""
    if call.is_over:
        return
    call.is_over = True
    cause = call.cause or call.job_says
    meaning = causes.outcome_of(cause, call.sip_status)
    work.told(
        EndReport(
            call_id=call.call_id,
            unanswered_as=Outcome.FAILED if call.is_answered else meaning,
            hangup_cause=causes.q850_of(call.q850, cause),
            took_commands=not call.is_answered or call.took_command or not call.is_cut,
        )
    )

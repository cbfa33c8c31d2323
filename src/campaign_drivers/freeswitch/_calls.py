"""What each event adds to what is known of a call, and how a call ends."""

from __future__ import annotations

from campaign_core import Outcome
from campaign_core.reports import AnswerReport, EndReport, RefusalReport
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
from campaign_drivers.freeswitch._translate import TURNED_AWAY, Fate
from campaign_drivers.freeswitch._wire import Event

__all__ = [
    "answer",
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

# Orders to hang up -------------------------------------------------------------------------


def order_hang_up(call: Call, work: Work) -> None:
    """End the call; an order that finds no channel yet is repeated when there is one."""
    call.hang_up_ordered = True
    call.next_order = None
    is_ringing = call.channel is Channel.UP and not call.is_answered
    command = translate.hang_up(call.call_id, while_ringing=is_ringing)
    work.ask(command, "hang_up", call.call_id)


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


def existence_replied(call: Call, reply: Reply, work: Work) -> None:
    """Take the reply to the question whether a call is still there."""
    if reply.text.strip() == "false":
        end(call, work)
    elif reply.text.strip() == "true" and call.hang_up_ordered:
        # The order came before the channel, and its refusal after.
        order_hang_up(call, work)


def _repeat_hang_up(call: Call, work: Work) -> None:
    if call.hang_up_missed:
        call.hang_up_missed = False
        order_hang_up(call, work)


# Events ------------------------------------------------------------------------------------


def seen(call: Call, event: Event, work: Work) -> None:
    """Take what any event of the channel tells: that it is there, and whether it was answered."""
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
        if call.dead_man_s is not None:
            # Counted from placing; the one in the originate counts from the answer, and stands
            # for the instant until now.
            work.ask(translate.guard(call.call_id, call.dead_man_s), "guard", call.call_id)
        _repeat_hang_up(call, work)
    if event["answer-state"] == "answered":
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
    word, _, rest = event.body.strip().partition(" ")
    if word == "+OK":
        call.job = Job.DONE
        _repeat_hang_up(call, work)
    else:
        call.job = Job.FAILED
        call.job_says = rest if word == "-ERR" else event.body.strip()
    conclude(call, work)


def hung_up(call: Call, event: Event, work: Work) -> None:
    """Take ``CHANNEL_HANGUP_COMPLETE``: the channel is gone, and this is all about its end."""
    call.channel = Channel.GONE
    call.cause = event["hangup-cause"]
    call.q850 = event["variable_hangup_cause_q850"]
    call.sip_status = _sip_status(event)
    answered = (event["caller-channel-answered-time"], event["variable_answer_epoch"])
    if any(text not in {"", "0"} for text in answered):
        answer(call, work)
    conclude(call, work)


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
    fate = TURNED_AWAY.get(says)
    if fate is Fate.DEFERRED:
        if not call.is_over:
            call.is_over = True
            work.deferred(call)
    elif fate is Fate.REFUSED:
        where = "" if call.route is None else f" for {call.route.dial_string}"
        refuse(call, f"FreeSWITCH has no such route{where}: {says}", work)
    elif Timer.GRACE not in call.timers:
        # Its channel's events may only be late.
        work.timer(call, Timer.GRACE, GRACE_MS)


def refuse(call: Call, why: str, work: Work) -> None:
    """Report that the call is not taken."""
    if not call.is_over:
        call.is_over = True
        work.told(RefusalReport(call_id=call.call_id, why=why))


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
        )
    )

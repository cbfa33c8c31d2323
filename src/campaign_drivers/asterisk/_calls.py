"""What each event adds to what is known of one call.

The three that tell of a call's fate, ``Newchannel``, ``OriginateResponse`` and ``Hangup``, come in
any order, and some do not come at all; so nothing here waits for one after the other. Each adds a
fact, and :data:`VERDICTS` says what the facts together mean:

================  ======================  =====================  ==============
originate says    no channel was seen     the channel is there   it is gone
================  ======================  =====================  ==============
nothing yet       wait                    wait                   end, soon
failure           refuse, soon            end, soon              end
answered          wait                    wait                   end
================  ======================  =====================  ==============

*Soon* is a grace of one second for the event that is still missing. A failure without a channel
means that Asterisk found nothing to dial with (no such endpoint, or nobody registered there).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from campaign_core import Outcome
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    EndReport,
    RefusalReport,
    telling,
)
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._call import Call, Channel, Originate, Timer, Work
from campaign_drivers.asterisk._wire import Message

__all__ = [
    "CUT",
    "FORWARDS",
    "GRACE_MS",
    "VERDICTS",
    "Verdict",
    "answer",
    "conclude",
    "end",
    "look_for",
    "order_hang_up",
]

GRACE_MS = 1_000
"""For the event that should follow and may not; they came within milliseconds of each other."""


CUT = (
    "answered, and cut by Asterisk before anything could be played: is maxcalls of asterisk.conf "
    "reached, or the context gone that answered calls are handed to?"
)
"""What an operator is told of a call that took none of our commands (R7.5)."""

FORWARDS = "forwards to another number, where a call by this route is not followed"
"""What an operator is told of a telephone whose call was ended for that (R7.11)."""


_CLEARED = 16
"""The cause of a call that ended in the ordinary way, or that was refused."""


class Verdict(Enum):
    """What the facts mean."""

    WAIT = auto()
    END = auto()
    END_SOON = auto()
    REFUSE_SOON = auto()


VERDICTS: Mapping[tuple[Originate, Channel], Verdict] = MappingProxyType(
    {
        (Originate.UNKNOWN, Channel.UNSEEN): Verdict.WAIT,
        (Originate.UNKNOWN, Channel.UP): Verdict.WAIT,
        (Originate.UNKNOWN, Channel.GONE): Verdict.END_SOON,
        (Originate.FAILED, Channel.UNSEEN): Verdict.REFUSE_SOON,
        (Originate.FAILED, Channel.UP): Verdict.END_SOON,
        (Originate.FAILED, Channel.GONE): Verdict.END,
        (Originate.ANSWERED, Channel.UNSEEN): Verdict.WAIT,
        (Originate.ANSWERED, Channel.UP): Verdict.WAIT,
        (Originate.ANSWERED, Channel.GONE): Verdict.END,
    }
)
"""What to do about a call, by all that is known of its fate."""


def answer(call: Call, work: Work) -> None:
    """Note that the call was answered; tell it once, and not while nobody knows we are up."""
    call.originate = Originate.ANSWERED
    if work.is_up and not call.answer_told and not call.is_over:
        call.answer_told = True
        work.told(AnswerReport(call.call_id))
    repeat_hang_up(call, work)


def order_hang_up(call: Call, work: Work) -> None:
    """End the call; an order that finds no channel yet is repeated when there is one."""
    call.hang_up_ordered = True
    work.ask(translate.hang_up(call.channel_id), "hang_up", call.call_id)


def repeat_hang_up(call: Call, work: Work) -> None:
    """Send again the order to hang up that came before there was a channel."""
    if call.hang_up_missed:
        call.hang_up_missed = False
        order_hang_up(call, work)


def hang_up_replied(call: Call, message: Message, work: Work) -> None:
    """Take the reply to an order to hang up."""
    if message.is_success or call.is_over:
        return
    if call.channel is Channel.UNSEEN and call.originate is Originate.UNKNOWN:
        call.hang_up_missed = True
    elif message["message"] == "No such channel":
        # Its Hangup is on the way, unless it got lost.
        work.timer(call, Timer.GRACE, GRACE_MS)
    else:
        work.noted(f"call {call.call_id}: cannot hang up: {message['message']}")


# Events ------------------------------------------------------------------------------------


_HAS_ANSWERED = frozenset({"6", ""})
"""``ChannelState`` of a channel that is up, or not said."""


def new_channel(call: Call, _message: Message, work: Work) -> None:
    """Take ``Newchannel``: from now on a ``Hangup`` will come."""
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
    repeat_hang_up(call, work)


def originated(call: Call, message: Message, work: Work) -> None:
    """Take ``OriginateResponse``."""
    if message["response"].lower() == "success":
        answer(call, work)
    elif call.originate is Originate.UNKNOWN:
        call.originate = Originate.FAILED
        call.reason = number_in(message, "reason")
    conclude(call, work)


def hang_up_requested(call: Call, message: Message, _work: Work) -> None:
    """Take ``HangupRequest``: the other side hung up, or does not take the call."""
    call.requested_cause = number_in(message, "cause")
    call.callee_hung_up = message["channelstate"] in _HAS_ANSWERED


def hung_up(call: Call, message: Message, work: Work) -> None:
    """Take ``Hangup``: the channel is gone, or another took its place.

    ``AsyncAGIEnd`` comes before the end of a channel that takes commands; without it the commands
    are taken by another channel.
    """
    call.channel = Channel.GONE
    call.cause = translate.cause_of(call.requested_cause, number_in(message, "cause"))
    if not call.listens:
        conclude(call, work)
        return
    look_for(call, work)
    if call.hang_up_ordered or call.callee_hung_up:
        end(call, work)
    else:
        work.timer(call, Timer.GRACE, GRACE_MS)


def look_for(call: Call, work: Work) -> None:
    """Ask whether the call lives on in another channel; one that is over by then is ended there."""
    work.ask(translate.status(), "moved", call.call_id)


def number_in(message: Message, name: str) -> int | None:
    """Return a header as a number, or ``None`` where it is none."""
    text = message[name]
    return int(text) if text.isdecimal() and text.isascii() else None


# The end -----------------------------------------------------------------------------------


def conclude(call: Call, work: Work) -> None:
    """Do what the facts say."""
    verdict = VERDICTS[call.originate, call.channel]
    if verdict is Verdict.END:
        end(call, work)
    elif verdict is not Verdict.WAIT and Timer.GRACE not in call.timers:
        work.timer(call, Timer.GRACE, GRACE_MS)


def grace_passed(call: Call, work: Work) -> None:
    """End a call whose missing event did not come."""
    if VERDICTS[call.originate, call.channel] is Verdict.REFUSE_SOON:
        refuse(
            call,
            f"Asterisk has no channel for {call.dial_string}: no such endpoint or technology, "
            "or nobody is registered there",
            work,
        )
        return
    is_gone = (call.originate, call.channel) == (Originate.UNKNOWN, Channel.GONE)
    if work.is_up and (is_gone or call.hang_up_ordered):
        # Asterisk never sees the answer of a channel that replaces one which rings; and for an
        # order that comes while one takes the place of another it finds neither.
        look_for(call, work)
    end(call, work)


def refuse(call: Call, why: str, work: Work) -> None:
    """Report that the call is not taken."""
    if not call.is_over:
        call.is_over = True
        work.told(RefusalReport(call_id=call.call_id, why=telling(why)))


def _is_untold(call: Call, outcome: Outcome) -> bool:
    if call.originate is Originate.ANSWERED:
        return call.channel is not Channel.GONE
    # An answered call that was hung up looks the same where its answer was not heard.
    is_telling = outcome is not Outcome.FAILED and call.cause != _CLEARED
    return call.originate is Originate.UNKNOWN and not is_telling


def end(call: Call, work: Work) -> None:
    """Report the end, once."""
    if call.is_over:
        return
    call.is_over = True
    answered = call.originate is Originate.ANSWERED
    outcome = Outcome.FAILED if answered else translate.outcome_of(call.reason, call.cause)
    if call.was_out_of_reach and _is_untold(call, outcome):
        # R5.5: it ended while nobody listened; how, nobody will say.
        call.is_lost = True
        work.told(CallsAdriftReport(frozenset([call.call_id])))
        work.told(CallsUpReport(among=frozenset([call.call_id])))
        return
    # Before the first command only Asterisk itself, the callee or we can have ended it.
    cut = answered and not (call.has_taken or call.callee_hung_up or call.hang_up_ordered)
    if call.cause == translate.FORWARDED:
        work.noted(f"call {call.call_id}: {call.dial_string} {FORWARDS}")
    elif cut and work.is_up and not call.has_listened:
        work.noted_at_times(f"call {call.call_id}: {CUT}")
    work.told(
        EndReport(
            call_id=call.call_id,
            unanswered_as=outcome,
            hangup_cause=call.cause,
            took_commands=not cut,
        )
    )

"""How a call is answered and ends, by what its server has told."""

from __future__ import annotations

from campaign_core import Instant
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    DeferralReport,
    RefusalReport,
    telling,
)
from campaign_drivers._telephony.call import CallTimer, Conclusion
from campaign_drivers._telephony.server import CallT, Server

__all__ = [
    "answer",
    "await_end",
    "conclude",
    "defer",
    "end",
    "lose",
    "order_hang_up",
    "refuse",
    "repeat_hang_up",
    "tell_answer",
]


def answer(call: CallT, server: Server[CallT]) -> None:
    """Note that the call was answered; it is told with the list of calls if we are not up yet."""
    call.is_answered = True
    if server.is_up:
        tell_answer(call, server)


def tell_answer(call: CallT, server: Server[CallT]) -> None:
    """Tell that the call was answered, once."""
    if not call.answer_told and not call.is_over:
        call.answer_told = True
        server.tell(AnswerReport(call.call_id))


def order_hang_up(call: CallT, server: Server[CallT]) -> None:
    """End the call; an order that finds no channel yet is repeated when there is one."""
    call.hang_up_ordered = True
    server.hang_up(call)


def repeat_hang_up(call: CallT, server: Server[CallT]) -> None:
    """Send again the order to hang up that came before there was a channel."""
    if call.hang_up_missed:
        call.hang_up_missed = False
        order_hang_up(call, server)


def conclude(call: CallT, server: Server[CallT]) -> None:
    """Do what the facts say."""
    match server.conclusions[call.placing, call.channel]:
        case Conclusion.END:
            end(call, server)
        case Conclusion.END_SOON:
            await_end(call, server)
        case Conclusion.TURNED_AWAY:
            server.turned_away(call)
        case Conclusion.WAIT:
            pass


def await_end(call: CallT, server: Server[CallT]) -> None:
    """Give the event that is still missing its time."""
    if CallTimer.GRACE not in call.timers:
        server.set_timer(call, CallTimer.GRACE, server.grace_ms)


def end(call: CallT, server: Server[CallT]) -> None:
    """Report the end, once."""
    if call.is_over:
        return
    report = server.end_report(call)
    if report is None:
        lose(call, server)
    else:
        call.is_over = True
        server.tell(report)


def lose(call: CallT, server: Server[CallT]) -> None:
    """Report that the call is gone, and that its end was told to nobody."""
    call.is_over = call.is_lost = True
    server.tell(CallsAdriftReport([call.call_id]))
    server.tell(CallsUpReport(among=[call.call_id]))


def refuse(call: CallT, why: str, server: Server[CallT]) -> None:
    """Report that the call is not taken."""
    if not call.is_over:
        call.is_over = True
        server.tell(RefusalReport(call_id=call.call_id, why=telling(why)))


def defer(call: CallT, until: int, server: Server[CallT]) -> None:
    """Report that there is no room for the call now."""
    if not call.is_over:
        call.is_over = True
        server.tell(DeferralReport(call_id=call.call_id, until=Instant(until)))

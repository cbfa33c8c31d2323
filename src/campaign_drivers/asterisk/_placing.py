"""Placing a call: taken now, deferred, refused or given back (R5.5), and never kept waiting."""

from __future__ import annotations

from campaign_core import CallId, Instant
from campaign_core.decisions import PlaceCall
from campaign_core.reports import DeferralReport, DriverDownReport
from campaign_drivers._board import is_call_of
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._call import Call, Timer, Work
from campaign_drivers.asterisk._calls import end, refuse
from campaign_drivers.asterisk._wire import Message
from campaign_drivers.errors import MalformedMessageError

__all__ = ["DEAD_MAN_GRACE_MS", "alive_replied", "place", "place_replied"]

DEAD_MAN_GRACE_MS = 10_000
"""After the dead man's switch was due, until we ask what became of a call that never ended."""

_BUSY_MS = 2_000


def place(order: PlaceCall, work: Work, *, is_busy: bool) -> Call | None:
    """Place a call; return it, or ``None`` where it was not taken, which was reported.

    Args:
        order: the call.
        work: the surroundings.
        is_busy: the server takes what we send late, or not at all.
    """
    if not work.is_up:
        work.told(DriverDownReport((order.call_id,)))
        return None
    if is_busy:
        _defer(order.call_id, _BUSY_MS, work)
        return None
    call = Call(call_id=order.call_id)
    if not is_call_of(work.settings.service_id, order.call_id):
        refuse(call, f"the id {order.call_id!r} is none of this service", work)
        return None
    try:
        action = translate.originate(work.settings, order)
        work.ask(action, "place", order.call_id, action_id=order.call_id)
    except (UnfitError, MalformedMessageError) as error:
        refuse(call, str(error), work)
        return None
    call.dial_string = action.headers[0][1]
    work.timer(call, Timer.DEAD_MAN, order.dead_man_s * 1_000 + DEAD_MAN_GRACE_MS)
    return call


def place_replied(call: Call, message: Message, work: Work) -> None:
    """Take the reply to ``Originate``: queued, which says nothing yet, or refused."""
    if not message.is_success:
        refuse(call, f"Asterisk refused the call: {message['message']}", work)


def alive_replied(call: Call, message: Message, work: Work) -> None:
    """Take the reply to the question whether a call that should have ended is still up."""
    if message.is_success:
        work.timer(call, Timer.DEAD_MAN, DEAD_MAN_GRACE_MS)
    else:
        end(call, work)


def _defer(call_id: CallId, for_ms: int, work: Work) -> None:
    work.told(DeferralReport(call_id=call_id, until=Instant(work.now + for_ms)))

"""Whether a call is taken, deferred or refused: one of the three, at once."""

from __future__ import annotations

from campaign_core import Instant
from campaign_core.decisions import PlaceCall
from campaign_core.reports import DeferralReport, RefusalReport, telling
from campaign_drivers._telephony.settings import UnfitError, route_of
from campaign_drivers.errors import MalformedMessageError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._admission import Admission
from campaign_drivers.freeswitch._call import GRACE_MS, Call, Legs, Timer, Work
from campaign_drivers.freeswitch._calls import refuse
from campaign_drivers.freeswitch._happenings import Reply
from campaign_drivers.freeswitch._settings import FreeSwitchSettings

__all__ = ["contacts_replied", "place"]

_RINGING_MS = 6_000
"""Beyond the ring timeout, one second of which is the originate's own."""


def place(
    order: PlaceCall,
    *,
    settings: FreeSwitchSettings,
    admission: Admission,
    work: Work,
    closed_until: int | None,
) -> Call | None:
    """Send a call to the server and return it, or report why not.

    For a user of the directory it is asked first how many telephones there are: it makes one leg
    of each.

    Args:
        order: the call.
        settings: whose calls, and by which routes.
        admission: what the server takes.
        work: surroundings.
        closed_until: when calls are taken again; ``None``: now.
    """
    call_id = order.call_id
    try:
        command = translate.originate(settings, order)
        route = route_of(order, settings.internal, settings.external)
        question = translate.contacts(route, order)
        until = closed_until or admission.full_until(route, work.now)
        if until is None and question is None:
            work.ask(command, "place", call_id)
        elif until is None and question is not None:
            work.ask(question, "contacts", call_id)
    except (UnfitError, MalformedMessageError) as error:
        work.told(RefusalReport(call_id=call_id, why=telling(str(error))))
        return None
    if until is not None:
        work.told(DeferralReport(call_id=call_id, until=Instant(until)))
        return None
    admission.placed(route, work.now)
    call = Call(
        call_id=call_id,
        order=order,
        route=route,
        number=order.number,
        is_sent=question is None,
        placed_at=work.now,
        dead_man_s=order.dead_man_s,
    )
    work.timer(call, Timer.RINGING, order.ring_timeout_s * 1_000 + _RINGING_MS)
    work.timer(call, Timer.DEAD_MAN, order.dead_man_s * 1_000 + GRACE_MS)
    return call


def contacts_replied(call: Call, reply: Reply, work: Work) -> None:
    """Take where the telephones of a number are, and call them all."""
    if call.order is None or call.is_sent or call.is_over:
        return
    if reply.is_denied:
        work.noted("the user may not sofia_contact: of several telephones of a number one rings")
    telephones = translate.telephones_in(reply.text)
    try:
        command = translate.originate(work.settings, call.order, telephones)
        work.ask(command, "place", call.call_id)
    except (UnfitError, MalformedMessageError) as error:
        refuse(call, str(error), work)
        return
    call.is_sent, call.placed_at = True, work.now
    first, *others = translate.leg_ids(call.call_id, telephones)
    call.legs = Legs(channel_id=first, others=tuple(others))

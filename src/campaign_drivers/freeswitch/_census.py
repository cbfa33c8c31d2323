"""Which of our calls are up after a connection was lost, and what becomes of the others (R5.5).

Upon connecting we subscribe first and then ask which channels are up (a *census*), at once and
again after five seconds. The list lags behind; so each call that we know is asked for by its id as
well, and events win. In between the list is asked for every second while a call that was taken over
may not take applications yet.

==============================================  ===========================================
known of a call                                 then
==============================================  ===========================================
in the list, there by its id, or an event came  up: taken over
not, and it was placed long before the server   not in the first report: lost
was heard last
not, but ordered since then, or shortly         in the first report: it may be placed yet;
before, or never replied to                     lost if it is not there by the second either
==============================================  ===========================================

The core itself waits for the second report where the connection went within five seconds after a
call was placed; such a call need not be in the first. What was lost and turns up later is ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from campaign_core.decisions import Transfer
from campaign_drivers._telephony.call import Channel
from campaign_drivers.freeswitch._call import Call

__all__ = ["Row", "is_settling", "is_waited_for", "note", "rows_in", "unheard"]

Row = dict[str, Any]

_IN_TRANSIT_MS = 5_000
"""A call placed this shortly before the server was heard last may be unknown to its list (R5.5)."""

_WAITED_FOR_MS = _IN_TRANSIT_MS - 500
"""The core waits for calls placed so long before the connection went; its clock may differ."""


def rows_in(text: str) -> list[Row] | None:
    """Return the rows of ``show … as json``; where there are none, there is no such key at all."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    rows = data.get("rows", []) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, dict)]


def note(call: Call, row: Row) -> None:
    """Add to a call what its row of the list says."""
    channel_id = str(row["uuid"])
    call.is_there()
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
    if not call.is_answered:
        call.legs.add(channel_id)
    call.number = call.number or str(row.get("dest", ""))
    if row.get("callstate") in {"ACTIVE", "HELD"}:
        call.is_answered = True
        call.legs.won(channel_id)
    application = str(row.get("application", ""))
    if row.get("state") == "CS_EXECUTE" and application and channel_id == call.channel_id:
        call.is_parked = True
        if application == "bridge":
            # Where an earlier run of ours ordered it, to whom is not known.
            earlier = Transfer(call_id=call.call_id, extension="", dead_man_s=0)
            call.transferred = call.transfer_sent = True
            call.transfer = call.transfer or earlier


def unheard(call: Call, heard_at: int) -> None:
    """Take it that the connection is lost.

    What was ordered since the server was heard last, or shortly before, it may carry out yet.
    """
    is_young = call.placed_at is not None and call.placed_at > heard_at - _IN_TRANSIT_MS
    call.in_transit = call.in_transit or is_young or not call.is_heard_of


def is_waited_for(call: Call, lost_at: int) -> bool:
    """Return whether the core itself waits for the second report of a call."""
    return call.placed_at is not None and lost_at - call.placed_at < _WAITED_FOR_MS


def is_settling(calls: Iterable[Call]) -> bool:
    """Return whether of a call taken over it is not known whether it takes applications."""
    return any(call.here and call.was_out_of_reach and not call.is_parked for call in calls)

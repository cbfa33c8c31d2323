"""The calls that are known, their timers, and what the server's list of channels adds to them."""

from __future__ import annotations

import json
from typing import Any

from campaign_core import CallId, ServiceId
from campaign_drivers._board import is_call_of
from campaign_drivers._timers import Timers
from campaign_drivers.freeswitch._admission import Admission
from campaign_drivers.freeswitch._call import GRACE_MS, Call, Channel, Timer

__all__ = ["Register", "rows_in"]

Row = dict[str, Any]

_ENDED_MAX = 10_000
"""Calls that are over and remembered as such: the server's list is seconds behind at most."""


class Register:
    """The calls of one service on one server; nothing is kept of those that are over."""

    def __init__(self, service_id: ServiceId, admission: Admission) -> None:
        """Start with none."""
        self.calls: dict[CallId, Call] = {}
        self.timers: Timers[Call, Timer] = Timers()
        self._service_id = service_id
        self._admission = admission
        self._ended: dict[CallId, None] = {}

    def adopt(self, call_id: CallId, now: int) -> Call | None:
        """Return a call of an earlier run of ours, which is known from now on.

        ``None``: it is none of ours, or one whose end was told; the server's list has it still.
        """
        if call_id in self._ended or not is_call_of(self._service_id, call_id):
            return None
        self.calls[call_id] = call = Call(call_id=call_id, unknown_playback=True)
        # Whoever ended before we subscribed may be in the list too; nothing will be told of it.
        self.timers.set(now + GRACE_MS, call, Timer.DEAD_MAN)
        return call

    def forget(self, call: Call) -> None:
        """Keep nothing of a call, but for a while that it was there."""
        if self.calls.pop(call.call_id, None) is not None:
            self._admission.ended(call.route)
            call.timers.clear()
            if call.is_over:
                self._ended[call.call_id] = None
                if len(self._ended) > _ENDED_MAX:
                    del self._ended[next(iter(self._ended))]

    def forget_lost(self) -> None:
        """Keep nothing of the calls that the present connection knows nothing of."""
        for call in [call for call in self.calls.values() if not call.here]:
            self.forget(call)

    def here(self) -> set[CallId]:
        """Return the calls that the present connection knows of."""
        return {call_id for call_id, call in self.calls.items() if call.here}

    def answered(self) -> list[CallId]:
        """Return the calls here whose answer was not told; from now on it was."""
        calls = [call for call in self.calls.values() if call.here and call.is_answered]
        untold = [call for call in calls if not call.answer_told]
        for call in untold:
            call.answer_told = True
        return [call.call_id for call in untold]

    def out_of_reach(self) -> None:
        """Take it that the connection is lost: what plays is not known any more."""
        for call in self.calls.values():
            call.here = False
            call.playing, call.next_order, call.unknown_playback = None, None, True
            call.timers.pop(Timer.START, None)
            call.timers.pop(Timer.STOP, None)

    # The server's list --------------------------------------------------------------------

    def count(self, rows: list[Row], now: int) -> frozenset[CallId]:
        """Add what a list of channels says; return which of our calls are in it."""
        return frozenset(found for row in rows if (found := self._count(row, now)) is not None)

    def _count(self, row: Row, now: int) -> CallId | None:
        call_id = CallId(str(row.get("uuid", "")))
        call = self.calls.get(call_id) or self.adopt(call_id, now)
        if call is None:
            return None
        call.here = True
        if call.channel is Channel.UNSEEN:
            call.channel = Channel.UP
        call.is_answered = call.is_answered or row.get("callstate") in {"ACTIVE", "HELD"}
        application = str(row.get("application", ""))
        if row.get("state") == "CS_EXECUTE" and application:
            call.is_parked = True
            call.transferred = call.transferred or application == "bridge"
        return call_id

    def unlisted(self, listed: frozenset[CallId]) -> list[CallId]:
        """Return the calls that should be in a list and are not: their end was not told."""
        return [
            call_id
            for call_id, call in self.calls.items()
            if call.here and call.channel is Channel.UP and call_id not in listed
        ]


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

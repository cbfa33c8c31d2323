"""The calls that are known, their timers, and what the server's list of channels adds to them."""

from __future__ import annotations

import json
from typing import Any

from campaign_core import CallId, ServiceId
from campaign_core.decisions import Transfer
from campaign_drivers._board import is_call_of
from campaign_drivers._timers import Timers
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._admission import Admission
from campaign_drivers.freeswitch._call import GRACE_MS, Call, Channel, Legs, Timer

__all__ = ["IN_TRANSIT_MS", "Register", "rows_in"]

Row = dict[str, Any]

IN_TRANSIT_MS = 5_000
"""A call placed this shortly before the server was heard last may be unknown to its list (R5.5)."""

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
        self._ended: dict[CallId, bool] = {}
        """Whether nobody was told of its end."""

    def adopt(self, channel_id: str, now: int) -> Call | None:
        """Return a call of an earlier run of ours, which is known from now on.

        ``None``: it is none of ours, or one whose end was told; the server's list has it still.
        """
        call_id = CallId(translate.call_of(channel_id))
        if call_id in self._ended or not is_call_of(self._service_id, call_id):
            return None
        call = Call(
            call_id=call_id,
            legs=Legs(channel_id=channel_id),
            is_sent=True,
            is_heard_of=True,
            unknown_playback=True,
            was_out_of_reach=True,
        )
        self.calls[call_id] = call
        # Whoever ended before we subscribed may be in the list too; nothing will be told of it.
        self.timers.set(now + GRACE_MS, call, Timer.DEAD_MAN)
        return call

    def was_lost(self, channel_id: str) -> bool:
        """Return whether a channel is of a call that was taken for gone: it must not go on."""
        return self._ended.get(CallId(translate.call_of(channel_id)), False)

    def forget(self, call: Call, *, is_lost: bool = False) -> None:
        """Keep nothing of a call, but for a while that it was there.

        Args:
            call: the call.
            is_lost: nobody was told of its end: should it turn up again, it is to be ended.
        """
        if self.calls.pop(call.call_id, None) is not None:
            self._admission.ended(call.route)
            call.timers.clear()
            if call.is_over or is_lost:
                self._ended[call.call_id] = is_lost
                if len(self._ended) > _ENDED_MAX:
                    del self._ended[next(iter(self._ended))]

    def forget_unreached(self) -> None:
        """Keep nothing of the calls that were on a run of the server that is over."""
        for call in [call for call in self.calls.values() if not call.here]:
            self.forget(call)

    def give_up(self, calls: list[Call]) -> None:
        """Take calls for gone."""
        for call in calls:
            self.forget(call, is_lost=True)

    def here(self) -> set[CallId]:
        """Return the calls that the present connection knows of."""
        return {call_id for call_id, call in self.calls.items() if call.here}

    def missing(self) -> list[Call]:
        """Return the calls that the present connection knows nothing of."""
        return [call for call in self.calls.values() if not call.here]

    def answered(self) -> list[CallId]:
        """Return the calls here whose answer was not told; from now on it was."""
        calls = [call for call in self.calls.values() if call.here and call.is_answered]
        untold = [call for call in calls if not call.answer_told]
        for call in untold:
            call.answer_told = True
        return [call.call_id for call in untold]

    def is_settling(self) -> bool:
        """Return whether of a call taken over it is not known whether it takes applications."""
        return any(
            call.here and call.was_out_of_reach and not call.is_parked
            for call in self.calls.values()
        )

    def unsent(self) -> list[Call]:
        """Return the calls of which nothing was ordered yet."""
        return [call for call in self.calls.values() if call.order is not None and not call.is_sent]

    def out_of_reach(self, heard_at: int) -> None:
        """Take it that the connection is lost: what plays is not known any more.

        Args:
            heard_at: when the server was heard last: what was ordered since then, or shortly
                before, it may carry out yet.
        """
        for call in self.calls.values():
            is_young = call.placed_at is not None and call.placed_at > heard_at - IN_TRANSIT_MS
            call.in_transit = call.in_transit or is_young or not call.is_heard_of
            call.here, call.was_out_of_reach, call.is_gone = False, True, False
            call.transfer_sent = False
            call.playing, call.next_order, call.unknown_playback = None, None, True
            call.timers.pop(Timer.START, None)
            call.timers.pop(Timer.STOP, None)

    # The server's list --------------------------------------------------------------------

    def count(self, rows: list[Row], now: int) -> frozenset[CallId]:
        """Add what a list of channels says; return which of our calls are in it."""
        return frozenset(found for row in rows if (found := self._count(row, now)) is not None)

    def _count(self, row: Row, now: int) -> CallId | None:
        channel_id = str(row.get("uuid", ""))
        call = self.calls.get(CallId(translate.call_of(channel_id)))
        call = call or self.adopt(channel_id, now)
        if call is None:
            return None
        call.here = call.is_heard_of = True
        call.in_transit = False
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
                call.transfer_sent = True
                call.transfer = call.transfer or _earlier_transfer(call.call_id)
        return call.call_id

    def unlisted(self, listed: frozenset[CallId]) -> list[Call]:
        """Return the calls that should be in a list and are not: their end was not told."""
        return [
            call
            for call_id, call in self.calls.items()
            if call.here and call.channel is Channel.UP and call_id not in listed
        ]


def _earlier_transfer(call_id: CallId) -> Transfer:
    """Return a transfer that an earlier run of ours ordered."""
    return Transfer(call_id=call_id, extension="", dead_man_s=0)


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

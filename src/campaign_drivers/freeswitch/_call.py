"""What is known of one call, beside what any driver knows.

Whether anyone answered is never read from the originate's result: it fails for a call that was
answered and hung up at once. It is the channel's answer state, or its answer time at the end.

A number with several telephones is several *legs*, each a channel with an id of its own: the first
has the call's, the others the call's and a number behind it. The first to answer is the call from
then on.
"""

from __future__ import annotations

import attrs
from typing_extensions import override

from campaign_core.decisions import PlaceCall
from campaign_drivers._telephony import call as shared
from campaign_drivers.freeswitch._settings import Route

__all__ = ["Call", "Legs"]


@attrs.define(kw_only=True)
class Legs:
    """The channels of one call."""

    channel_id: str
    """Of the one that orders are for."""
    others: tuple[str, ...] = ()
    """Those that ring beside it."""
    seen: set[str] = attrs.field(factory=set)
    gone: set[str] = attrs.field(factory=set)

    @property
    def left(self) -> tuple[str, ...]:
        """Those that are not known to be gone."""
        return tuple(leg for leg in (self.channel_id, *self.others) if leg not in self.gone)

    def add(self, channel_id: str) -> None:
        """Take it that there is this one too."""
        if channel_id not in (self.channel_id, *self.others):
            self.others = (*self.others, channel_id)

    def won(self, channel_id: str) -> None:
        """Take it that this one answered: the others are of no interest any more."""
        self.channel_id, self.others = channel_id, ()


@attrs.define(kw_only=True)
class Call(shared.Call):
    """What is known of one of our calls."""

    order: PlaceCall | None = None
    """``None`` for a call of an earlier run, as the next two."""
    route: Route | None = None
    placed_at: int | None = None
    number: str = ""
    """That was called; empty: it is not known."""
    legs: Legs = attrs.field(
        default=attrs.Factory(lambda self: Legs(channel_id=self.call_id), takes_self=True)
    )
    is_sent: bool = True
    """The order to call was written to the connection."""
    is_heard_of: bool = False
    """The server has replied to it, or said anything of it."""
    in_transit: bool = False
    """When the connection was lost it was so young that the server may place it yet (R5.5)."""
    is_gone: bool = False
    """The server was asked, and has it no more: its end is on the way, or was never told."""
    is_cut: bool = False
    """It was ended by the telephony: neither by us nor by whoever was called."""
    job_says: str = ""
    """The originate's result, where it failed."""
    cause: str = ""
    q850: str = ""
    sip_status: int | None = None
    is_parked: bool = False
    """It takes applications: before, they were lost or delayed the answer."""
    transfer_sent: bool = False
    """On the present connection, or the server says that it is carried out."""
    breaks: int = 0
    """How often we told the present playback to stop."""
    playback_status: str = ""
    """``Playback-Status`` of its end: ``done`` or ``break``."""
    stray_break: bool = False
    """We told a playback to stop that had just ended: the next one may be hit."""

    @property
    def channel_id(self) -> str:
        """The channel that orders within the call are for."""
        return self.legs.channel_id

    @override
    def out_of_reach(self) -> None:
        super().out_of_reach()
        self.is_gone = self.transfer_sent = False

    def is_there(self) -> None:
        """Take it that the server has it."""
        self.here = self.is_heard_of = True
        self.in_transit = False

"""What is known of one call, and what the facts together mean.

What came of placing it, and the end of its channel, are told in any order, and either may be
missing: a call that the server turns away has no channel, and what happened while the connection
was lost is never told. So nothing here waits for one after the other. Each adds a fact, and
:data:`CONCLUSIONS` says what the facts together mean:

===========  ================  ====================  ===========
placing      no channel seen   the channel is there  it is gone
===========  ================  ====================  ===========
no result    wait              wait                  end
failed       turned away       end, soon             end
done         wait              wait                  end
===========  ================  ====================  ===========

*Soon* is a grace for the event that follows and tells more. What *turned away* means (a refusal, a
deferral, an end), a driver knows by its server's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

import attrs

from campaign_core import CallId
from campaign_core.decisions import Play, Transfer

__all__ = ["CONCLUSIONS", "Call", "CallTimer", "Channel", "Conclusion", "Placing", "Playback"]


class Placing(Enum):
    """What came of the order to place a call."""

    PENDING = auto()
    FAILED = auto()
    DONE = auto()


class Channel(Enum):
    """What is known of the call's channel."""

    UNSEEN = auto()
    UP = auto()
    GONE = auto()


class Conclusion(Enum):
    """What the facts mean."""

    WAIT = auto()
    END = auto()
    END_SOON = auto()
    TURNED_AWAY = auto()


CONCLUSIONS: Mapping[tuple[Placing, Channel], Conclusion] = MappingProxyType(
    {
        (Placing.PENDING, Channel.UNSEEN): Conclusion.WAIT,
        (Placing.PENDING, Channel.UP): Conclusion.WAIT,
        (Placing.PENDING, Channel.GONE): Conclusion.END,
        (Placing.FAILED, Channel.UNSEEN): Conclusion.TURNED_AWAY,
        (Placing.FAILED, Channel.UP): Conclusion.END_SOON,
        (Placing.FAILED, Channel.GONE): Conclusion.END,
        (Placing.DONE, Channel.UNSEEN): Conclusion.WAIT,
        (Placing.DONE, Channel.UP): Conclusion.WAIT,
        (Placing.DONE, Channel.GONE): Conclusion.END,
    }
)
"""What to do about a call, by all that is known of its fate."""


class CallTimer(Enum):
    """What a moment that was set for a call is for."""

    GRACE = auto()
    """The event that should have followed did not."""
    RINGING = auto()
    """Longer than it may ring: ask whether it is still there."""
    DEAD_MAN = auto()
    """By now the server itself has ended it: ask whether it is still there."""
    START = auto()
    """A playback should have started by now."""
    STOP = auto()
    """A playback should have ended by now."""
    AGAIN = auto()
    """What the server did not take for a moment is ordered again."""


@attrs.define(kw_only=True)
class Playback:
    """A playback that was sent to the server and has not ended."""

    order: Play
    playback_id: str
    """What we call it, and the server with us."""
    is_started: bool = False
    """The server said so; not each does."""
    is_stopping: bool = False
    """A stop digit was dialled, or another order came: we want it to end."""
    is_replaced: bool = False
    """Another order came: how this one ends is not of interest any more."""


@attrs.define(kw_only=True)
class Call:
    """What any driver knows of one of our calls; each adds facts of its own."""

    call_id: CallId
    here: bool = True
    """Placed or seen on the present connection."""
    placing: Placing = Placing.PENDING
    channel: Channel = Channel.UNSEEN
    is_answered: bool = False
    answer_told: bool = False
    is_over: bool = False
    """Its end was reported: nothing is, any more."""
    is_lost: bool = False
    """Its end was reported as one that nobody saw."""
    was_out_of_reach: bool = False
    """A connection was lost while it was up: what was not heard of it will not be told again."""
    took_command: bool = False
    """The server has carried out something in it that we ordered, or may have (R7.5)."""
    hang_up_ordered: bool = False
    hang_up_missed: bool = False
    """The order found no channel: to be repeated when there is one."""
    transferred: bool = False
    """It was ordered to be connected to an extension: its digits are for the other party."""
    transfer: Transfer | None = None
    """What was sent of it may have to be sent again."""
    transfer_until: int = 0
    """When the dead man's switch of the transfer is due."""
    playing: Playback | None = None
    next_order: Play | Transfer | None = None
    """What waits until the server takes orders for it, or until a playback has ended."""
    unknown_playback: bool = False
    """Taken over: something we know nothing of may be playing."""
    timers: dict[CallTimer, int] = attrs.field(factory=dict)

    def out_of_reach(self) -> None:
        """Take it that the connection is lost: what becomes of it and what plays is not known."""
        self.here, self.was_out_of_reach = False, True
        self.playing, self.next_order, self.unknown_playback = None, None, True
        for timer in (CallTimer.START, CallTimer.STOP, CallTimer.AGAIN):
            self.timers.pop(timer, None)

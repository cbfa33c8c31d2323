"""What is known of one call, and what the facts together mean.

The result of the originate (``BACKGROUND_JOB``) and the channel's own events come in any order, and
either may be missing: a call that the server turns away has no channel, and what happened while the
connection was lost is never told. So nothing here waits for one after the other. Each adds a fact,
and :data:`VERDICTS` says what the facts together mean:

===========  ================  ====================  ===========
originate    no channel seen   the channel is there  it is gone
===========  ================  ====================  ===========
no result    wait              wait                  end
failed       turned away       end, soon             end
succeeded    wait              wait                  end
===========  ================  ====================  ===========

*Soon* is a grace for the ``CHANNEL_HANGUP_COMPLETE`` that follows and tells more. *Turned away* is
a deferral, a refusal or an end, by :data:`~._translate.TURNED_AWAY`.

Whether anyone answered is never read from the originate's result: it fails for a call that was
answered and hung up at once. It is the channel's answer state, or its answer time at the end.

A number with several telephones is several *legs*, each a channel with an id of its own: the first
has the call's, the others the call's and a number behind it. The first to answer is the call from
then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from types import MappingProxyType

import attrs

from campaign_core import CallId
from campaign_core.decisions import PlaceCall, Play, Transfer
from campaign_core.reports import Report
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route
from campaign_drivers.freeswitch._wire import Command

__all__ = [
    "GRACE_MS",
    "VERDICTS",
    "Call",
    "Channel",
    "Job",
    "Legs",
    "Playing",
    "Timer",
    "Verdict",
    "Work",
]

GRACE_MS = 3_000
"""For the event that should follow and may not; they came within milliseconds of each other."""


class Job(Enum):
    """What is known of the originate's result."""

    PENDING = auto()
    FAILED = auto()
    DONE = auto()


class Channel(Enum):
    """What is known of the call's channel."""

    UNSEEN = auto()
    UP = auto()
    GONE = auto()


class Verdict(Enum):
    """What the facts mean."""

    WAIT = auto()
    END = auto()
    END_SOON = auto()
    TURNED_AWAY = auto()


VERDICTS: Mapping[tuple[Job, Channel], Verdict] = MappingProxyType(
    {
        (Job.PENDING, Channel.UNSEEN): Verdict.WAIT,
        (Job.PENDING, Channel.UP): Verdict.WAIT,
        (Job.PENDING, Channel.GONE): Verdict.END,
        (Job.FAILED, Channel.UNSEEN): Verdict.TURNED_AWAY,
        (Job.FAILED, Channel.UP): Verdict.END_SOON,
        (Job.FAILED, Channel.GONE): Verdict.END,
        (Job.DONE, Channel.UNSEEN): Verdict.WAIT,
        (Job.DONE, Channel.UP): Verdict.WAIT,
        (Job.DONE, Channel.GONE): Verdict.END,
    }
)
"""What to do about a call, by all that is known of its fate."""


class Timer(Enum):
    """What a moment that was set is for."""

    GRACE = auto()
    RINGING = auto()
    """Longer than it may ring: ask whether it is still there."""
    DEAD_MAN = auto()
    """By now the server itself has ended it: ask whether it is still there."""
    START = auto()
    STOP = auto()


@attrs.define(kw_only=True)
class Playing:
    """A playback that was sent to the server and has not ended."""

    order: Play
    event_uuid: str
    started: bool = False
    stopping: bool = False
    """A stop digit was dialled, or another order came."""
    replaced: bool = False
    breaks: int = 0
    """How often we told it to stop."""
    status: str = ""
    """``Playback-Status`` of its end: ``done`` or ``break``."""


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
class Call:
    """What is known of one of our calls."""

    call_id: CallId
    order: PlaceCall | None = None
    """``None`` for a call of an earlier run."""
    route: Route | None = None
    """``None`` for a call of an earlier run."""
    number: str = ""
    """That was called; empty: it is not known."""
    legs: Legs = attrs.field(
        default=attrs.Factory(lambda self: Legs(channel_id=self.call_id), takes_self=True)
    )
    is_sent: bool = False
    """The order to call was written to the connection."""
    is_heard_of: bool = False
    """The server has replied to it, or said anything of it."""
    placed_at: int | None = None
    """``None`` for a call of an earlier run."""
    dead_man_s: int | None = None
    here: bool = True
    """Placed or seen on the present connection."""
    in_transit: bool = False
    """When the connection was lost it was so young that the server may place it yet (R5.5)."""
    was_out_of_reach: bool = False
    """A connection was lost while it was up: its end may have been told to nobody."""
    is_gone: bool = False
    """The server was asked, and has it no more: its end is on the way, or was never told."""
    is_cut: bool = False
    """It was ended by the telephony: neither by us nor by whoever was called."""
    took_command: bool = False
    """The server has carried out something in it that we ordered (R7.5)."""
    job: Job = Job.PENDING
    job_says: str = ""
    channel: Channel = Channel.UNSEEN
    cause: str = ""
    q850: str = ""
    sip_status: int | None = None
    is_answered: bool = False
    is_over: bool = False
    """Its end was reported: nothing is, any more."""
    answer_told: bool = False
    is_parked: bool = False
    """It takes applications: before, they were lost or delayed the answer."""
    hang_up_ordered: bool = False
    hang_up_missed: bool = False
    """The order found no channel: to be repeated when there is one."""
    transfer: Transfer | None = None
    """To be carried out, or carried out: its digits are for the other party."""
    transfer_until: int = 0
    """When the dead man's switch of the transfer acts."""
    transfer_sent: bool = False
    """On the present connection, or the server says that it is carried out."""
    playing: Playing | None = None
    next_order: Play | Transfer | None = None
    unknown_playback: bool = False
    """Taken over: something we know nothing of may be playing."""
    stray_break: bool = False
    """We told a playback to stop that had just ended: the next one may be hit."""
    timers: dict[Timer, int] = attrs.field(factory=dict)

    @property
    def transferred(self) -> bool:
        """Whether it was ordered to be connected to an extension."""
        return self.transfer is not None

    @property
    def channel_id(self) -> str:
        """The channel that orders within the call are for."""
        return self.legs.channel_id


@attrs.define(kw_only=True)
class Work:
    """One step's surroundings: what is known outside of the call, and what came of it."""

    settings: FreeSwitchSettings
    now: int
    serial: Callable[[], str]
    asked: Callable[[Command, tuple[str, ...]], None]
    told: Callable[[Report], None]
    noted: Callable[[str], None]
    timed: Callable[[int, Call, Timer], None]
    deferred: Callable[[Call], None]
    lost: Callable[[Call], None]
    """Its end was told to nobody."""

    def ask(self, command: Command, *purpose: str) -> None:
        """Send a command; its reply comes back with the purpose."""
        self.asked(command, purpose)

    def timer(self, call: Call, timer: Timer, after_ms: int) -> None:
        """Set one of the call's timers anew."""
        self.timed(self.now + after_ms, call, timer)

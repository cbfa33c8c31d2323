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
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from types import MappingProxyType

import attrs

from campaign_core import CallId
from campaign_core.decisions import Play, Transfer
from campaign_core.reports import Report
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route
from campaign_drivers.freeswitch._wire import Command

__all__ = [
    "GRACE_MS",
    "VERDICTS",
    "Call",
    "Channel",
    "Job",
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
class Call:
    """What is known of one of our calls."""

    call_id: CallId
    route: Route | None = None
    """``None`` for a call of an earlier run."""
    dead_man_s: int | None = None
    here: bool = True
    """Placed or seen on the present connection."""
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
    transferred: bool = False
    playing: Playing | None = None
    next_order: Play | Transfer | None = None
    unknown_playback: bool = False
    """Taken over: something we know nothing of may be playing."""
    stray_break: bool = False
    """We told a playback to stop that had just ended: the next one may be hit."""
    timers: dict[Timer, int] = attrs.field(factory=dict)


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

    def ask(self, command: Command, *purpose: str) -> None:
        """Send a command; its reply comes back with the purpose."""
        self.asked(command, purpose)

    def timer(self, call: Call, timer: Timer, after_ms: int) -> None:
        """Set one of the call's timers anew."""
        self.timed(self.now + after_ms, call, timer)

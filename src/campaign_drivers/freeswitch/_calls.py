"""What is known of one call, and what each event adds to it.

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

from campaign_core import CallId, Outcome
from campaign_core.decisions import Play, Transfer
from campaign_core.reports import AnswerReport, EndReport, RefusalReport, Report
from campaign_drivers.freeswitch import _causes as causes
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._session import Reply
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route
from campaign_drivers.freeswitch._translate import TURNED_AWAY, Fate
from campaign_drivers.freeswitch._wire import Command, Event

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
        due = self.now + after_ms
        call.timers[timer] = due
        self.timed(due, call, timer)


# Orders to hang up -------------------------------------------------------------------------


def order_hang_up(call: Call, work: Work) -> None:
    """End the call; an order that finds no channel yet is repeated when there is one."""
    call.hang_up_ordered = True
    call.next_order = None
    work.ask(translate.hang_up(call.call_id), "hang_up", call.call_id)


def hang_up_replied(call: Call, reply: Reply, work: Work) -> None:
    """Take the reply to an order to hang up."""
    if reply.is_success:
        return
    if reply.is_denied:
        work.noted(f"call {call.call_id}: the user may not uuid_kill")
    elif call.channel is Channel.UNSEEN and call.job is not Job.FAILED:
        call.hang_up_missed = True
    else:
        # It is gone; its end is on the way, unless it got lost.
        work.timer(call, Timer.GRACE, GRACE_MS)


def _repeat_hang_up(call: Call, work: Work) -> None:
    if call.hang_up_missed:
        call.hang_up_missed = False
        order_hang_up(call, work)


# Events ------------------------------------------------------------------------------------


def seen(call: Call, event: Event, work: Work) -> None:
    """Take what any event of the channel tells: that it is there, and whether it was answered."""
    if call.channel is Channel.UNSEEN:
        call.channel = Channel.UP
        if call.dead_man_s is not None:
            # Counted from placing; the one in the originate counts from the answer, and stands
            # for the instant until now.
            work.ask(translate.guard(call.call_id, call.dead_man_s), "guard", call.call_id)
        _repeat_hang_up(call, work)
    if event["answer-state"] == "answered":
        answer(call, work)


def answer(call: Call, work: Work) -> None:
    """Note that the call was answered, and tell it once."""
    call.is_answered = True
    call.timers.pop(Timer.RINGING, None)
    if not call.answer_told and not call.is_over:
        call.answer_told = True
        work.told(AnswerReport(call.call_id))


def job_ended(call: Call, event: Event, work: Work) -> None:
    """Take ``BACKGROUND_JOB``: the originate's result."""
    word, _, rest = event.body.strip().partition(" ")
    if word == "+OK":
        call.job = Job.DONE
        _repeat_hang_up(call, work)
    else:
        call.job = Job.FAILED
        call.job_says = rest if word == "-ERR" else event.body.strip()
    conclude(call, work)


def hung_up(call: Call, event: Event, work: Work) -> None:
    """Take ``CHANNEL_HANGUP_COMPLETE``: the channel is gone, and this is all about its end."""
    call.channel = Channel.GONE
    call.cause = event["hangup-cause"]
    call.q850 = event["variable_hangup_cause_q850"]
    call.sip_status = _sip_status(event)
    answered = (event["caller-channel-answered-time"], event["variable_answer_epoch"])
    if any(text not in {"", "0"} for text in answered):
        answer(call, work)
    conclude(call, work)


def _sip_status(event: Event) -> int | None:
    status = event["variable_sip_invite_failure_status"]
    if not status:
        status = event["variable_proto_specific_hangup_cause"].removeprefix("sip:")
    return int(status) if status.isascii() and status.isdecimal() else None


# The end -----------------------------------------------------------------------------------


def conclude(call: Call, work: Work) -> None:
    """Do what the facts say."""
    match VERDICTS[call.job, call.channel]:
        case Verdict.END:
            end(call, work)
        case Verdict.END_SOON:
            if Timer.GRACE not in call.timers:
                work.timer(call, Timer.GRACE, GRACE_MS)
        case Verdict.TURNED_AWAY:
            _turned_away(call, work)
        case Verdict.WAIT:
            pass


def _turned_away(call: Call, work: Work) -> None:
    says = call.job_says
    if says.startswith("-USAGE") or not says.replace("_", "").isalnum():
        work.noted(f"call {call.call_id}: FreeSWITCH did not understand the order: {says[:80]}")
        refuse(call, f"FreeSWITCH did not understand the order: {says[:80]}", work)
        return
    fate = TURNED_AWAY.get(says)
    if fate is Fate.DEFERRED:
        if not call.is_over:
            call.is_over = True
            work.deferred(call)
    elif fate is Fate.REFUSED:
        where = "" if call.route is None else f" for {call.route.dial_string}"
        refuse(call, f"FreeSWITCH has no such route{where}: {says}", work)
    elif Timer.GRACE not in call.timers:
        # Its channel's events may only be late.
        work.timer(call, Timer.GRACE, GRACE_MS)


def refuse(call: Call, why: str, work: Work) -> None:
    """Report that the call is not taken."""
    if not call.is_over:
        call.is_over = True
        work.told(RefusalReport(call_id=call.call_id, why=why))


def end(call: Call, work: Work) -> None:
    """Report the end, once."""
    if call.is_over:
        return
    call.is_over = True
    cause = call.cause or call.job_says
    meaning = causes.outcome_of(cause, call.sip_status)
    work.told(
        EndReport(
            call_id=call.call_id,
            unanswered_as=Outcome.FAILED if call.is_answered else meaning,
            hangup_cause=causes.q850_of(call.q850, cause),
        )
    )

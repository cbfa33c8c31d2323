"""What is known of one call, and the surroundings of a step."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

import attrs

from campaign_core import CallId
from campaign_core.decisions import Play, Transfer
from campaign_core.reports import Report
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action

__all__ = ["AGAIN_MS", "Call", "Channel", "Originate", "Playing", "Timer", "Work"]

AGAIN_MS = 100
"""Until what found no channel is tried again: while one takes the place of another, Asterisk knows
neither of them for a moment."""

_NOTED_EVERY_MS = 60_000


class Originate(Enum):
    """What is known of placing the call."""

    UNKNOWN = auto()
    FAILED = auto()
    ANSWERED = auto()


class Channel(Enum):
    """What is known of the call's channel."""

    UNSEEN = auto()
    UP = auto()
    GONE = auto()


class Timer(Enum):
    """What a moment that was set is for."""

    GRACE = auto()
    STOP = auto()
    AGAIN = auto()
    DEAD_MAN = auto()


@attrs.define(kw_only=True)
class Playing:
    """A playback that was sent to Asterisk and has not ended."""

    order: Play
    command_id: str
    stopping: bool = False
    """A stop digit was dialled, or we want it to end."""
    replaced: bool = False
    """Another order came: what happens to this one is not of interest any more."""


@attrs.define(kw_only=True)
class Call:
    """What is known of one of our calls."""

    call_id: CallId
    channel_id: str = attrs.field(default=attrs.Factory(lambda call: call.call_id, takes_self=True))
    """Of the channel it is by now; the call's own, unless another took its place (``_moved``)."""
    dial_string: str = ""
    here: bool = True
    """Placed or seen on the present connection."""
    originate: Originate = Originate.UNKNOWN
    reason: int | None = None
    channel: Channel = Channel.UNSEEN
    cause: int | None = None
    requested_cause: int | None = None
    """Of the other side's hang-up, or of its refusal."""
    is_over: bool = False
    """Its end was reported: nothing is, any more."""
    was_out_of_reach: bool = False
    """The connection was lost meanwhile: what was not heard of it will not be told again."""
    is_lost: bool = False
    """Its end was reported as one that nobody saw."""
    answer_told: bool = False
    listens: bool = False
    """Asterisk takes AGI commands for it."""
    has_listened: bool = False
    has_taken: bool = False
    """It took a command, or may have: not all of it was seen."""
    callee_hung_up: bool = False
    hang_up_ordered: bool = False
    hang_up_missed: bool = False
    """The order found no channel: to be repeated when there is one."""
    transferred: bool = False
    transfer: Transfer | None = None
    """What was sent of it may not have been received."""
    transfer_until: int = 0
    """When the dead man's switch of the transfer is due."""
    playing: Playing | None = None
    next_order: Play | Transfer | None = None
    """What waits until Asterisk takes commands for it, or until a playback has ended."""
    injected: int = 0
    """Stop digits of our own that will come back as events."""
    unknown_playback: bool = False
    """Taken over: something we know nothing of may be playing."""
    timers: dict[Timer, int] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Work:
    """One step's surroundings: what is known outside of the call, and what came of it."""

    settings: AsteriskSettings
    now: int = 0
    """Milliseconds."""
    is_up: bool = False
    """Whether the core knows that the connection is up: answers wait for that."""
    serial: Callable[[], str]
    asked: Callable[[Action, tuple[str, ...], str | None], None]
    told: Callable[[Report], None]
    noted: Callable[[str], None]
    timed: Callable[[int, Call, Timer], None]
    noted_last: int | None = None
    """When something was noted that is not noted of each call."""
    moved: Callable[[Call], None]
    """Told of a call that another channel is from now on."""

    def ask(self, action: Action, *purpose: str, action_id: str | None = None) -> None:
        """Send an action; its reply comes back with the purpose."""
        self.asked(action, purpose, action_id)

    def agi(self, call: Call, command: str, command_id: str) -> None:
        """Queue an AGI command behind what the call is doing."""
        headers = [("Channel", call.channel_id), ("Command", command), ("CommandID", command_id)]
        self.ask(Action("AGI", headers), "agi", call.call_id, command_id)

    def noted_at_times(self, note: str) -> None:
        """Note what may be so of each call from now on, but not of each."""
        if self.noted_last is None or self.now - self.noted_last >= _NOTED_EVERY_MS:
            self.noted_last = self.now
            self.noted(note)

    def timer(self, call: Call, timer: Timer, after_ms: int) -> None:
        """Set one of the call's timers anew."""
        self.timed(self.now + after_ms, call, timer)

"""A call while it lasts, as the exchange keeps it."""

from __future__ import annotations

import attrs

from campaign_core import CallId, Instant, Line
from campaign_core.decisions import PlaceCall, Play
from campaign_drivers.simulated._behaviour import Answers, Moment, NotAnswered
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._event_queue import Slots

__all__ = ["DEAD_MAN", "MIND", "PLAYBACK", "RING", "CallRecord", "LiveCall"]

RING, MIND, PLAYBACK, DEAD_MAN = range(4)
"""Slots of a call in the queue: its answer or end unanswered, what the callee has in mind, the
end of what plays, the dead man's switch. The callee's acts of ``ANSWER`` have slots of their
own behind these."""


@attrs.frozen(kw_only=True)
class CallRecord:
    """What the exchange itself knows of a call: the proof against which reports are held."""

    call_id: CallId
    number: str
    line: Line
    placed_at: Instant
    answered_at: Instant | None
    """``None``: not answered."""
    ended_at: Instant | None
    """``None``: still up."""
    playbacks: int
    """How many sounds began to play."""
    digits: str
    """What the callee dialled, in order."""


@attrs.define(eq=False, kw_only=True)
class LiveCall:
    """A call in progress; changed by the switchboard alone."""

    order: PlaceCall
    plan: Answers | NotAnswered
    chance: Chance
    mishaps: Chance
    """Chance of its own for faults, so that callees do the same with and without them."""
    placed_at: Instant
    slots: Slots = attrs.field(factory=lambda: [0, 0, 0, 0])
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    answer_told: bool = False
    """Whether the answer was reported; if not, it is upon the next connection."""
    playing: Play | None = None
    message_heard: bool = False
    transferred: bool = False
    turns: dict[Moment, int] | None = None
    """How often each moment has come, where the callee has acts for it. Most calls end before
    one comes: a dictionary for each of those would only be work."""
    playbacks: int = 0
    digits: str = ""

    def record(self) -> CallRecord:
        """Return what is known of the call now."""
        return CallRecord(
            call_id=self.order.call_id,
            number=self.order.number,
            line=self.order.line,
            placed_at=self.placed_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            playbacks=self.playbacks,
            digits=self.digits,
        )

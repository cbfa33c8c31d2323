"""Ctrl-C: once to stop placing calls, twice to hang up, three times to leave at once.

The first one pauses the campaign: a pause can be taken back by whoever opens the journal later,
while a stop closes a campaign for good, and no key that is pressed by mistake should do that.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from campaign_core import CampaignId, State, Status, status
from campaign_core.commands import Command, PauseCampaign, StopCampaign

__all__ = ["ACTOR", "LAST", "Interrupts", "answer_to", "command_for", "counted_interrupts"]

LAST = 3
"""The interrupt after which nothing is waited for."""
_ANSWERS = (
    "",
    "No new calls; those in progress go on to their end. Ctrl-C again to hang up.",
    "Hanging up. Ctrl-C again to leave at once.",
    "Leaving; calls in progress are left to the telephony.",
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
ACTOR = "command line"
"""The actor of what this program commands."""


class Interrupts:
    """Signals that were counted instead of ending the program."""

    def __init__(self) -> None:
        self.count = 0
        self.heeded = 0
        """How many of them were answered."""
        self.on_signal: Callable[[], None] | None = None
        """Is called within the signal's handler."""

    @property
    def has_news(self) -> bool:
        """Whether there was one that was not heeded yet."""
        return self.count > self.heeded

    def heed(self) -> int:
        """Take note of the next one, and return which it is, counted from 1."""
        # One at a time: the next may come while this one is being answered.
        self.heeded += 1
        return self.heeded

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """Count one; the handler of a signal."""
        self.count += 1
        if self.on_signal is not None:
            self.on_signal()


@contextmanager
def counted_interrupts() -> Iterator[Interrupts]:
    """Have signals counted meanwhile; after that they do again what they did before."""
    interrupts = Interrupts()
    before = {number: signal.signal(number, interrupts.take) for number in _SIGNALS}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def answer_to(count: int) -> str:
    """Return what to say to whoever sent so many interrupts."""
    return _ANSWERS[min(count, LAST)]


def command_for(count: int, state: State, campaign_id: CampaignId) -> Command | None:
    """Return what an interrupt asks for, the first one or a later one."""
    now = status(state, campaign_id, state.now)
    if count > 1:
        return StopCampaign(campaign_id=campaign_id, hang_up=True, actor=ACTOR)
    if now in {Status.ACTIVE, Status.BLOCKED}:
        return PauseCampaign(campaign_id=campaign_id, actor=ACTOR)
    if now is Status.SCHEDULED:
        # What has not begun cannot be paused, and must not begin behind anybody's back.
        return StopCampaign(campaign_id=campaign_id, actor=ACTOR)
    return None

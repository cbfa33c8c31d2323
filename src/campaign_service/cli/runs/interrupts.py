"""Ctrl-C: once to stop placing calls, twice to hang up, three times to leave at once.

The first one pauses the campaign: a pause can be taken back by whoever opens the journal later,
while a stop closes a campaign for good, and no key that is pressed by mistake should do that.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from campaign_core import CampaignId, State, Status, status
from campaign_core.commands import Command, PauseCampaign, StopCampaign

__all__ = ["ACTOR", "LAST", "Interrupts", "answer_to", "command_for"]

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
    """A context in which signals are counted instead of ending the program.

    Args:
        on_signal: is called within the signal's handler.
    """

    def __init__(self, on_signal: Callable[[], None] | None = None) -> None:
        self.count = 0
        self.heeded = 0
        """How many of them were answered."""
        self.on_signal = on_signal
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Count from now on."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let signals do again what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def has_news(self) -> bool:
        """Whether there was one that was not heeded yet."""
        return self.count > self.heeded

    def heed(self) -> int:
        """Take note of the next one, and return which it is, counted from 1."""
        # One at a time: the next may come while this one is being answered.
        self.heeded += 1
        return self.heeded

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.on_signal is not None:
            self.on_signal()


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

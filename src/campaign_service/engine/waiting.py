"""What tasks of the same program may wait for: events, and the end of a campaign."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from campaign_core import Campaign, CampaignId, Instant, State, Status, calls, campaign
from campaign_core import campaign_ids as ids_of
from campaign_service.engine.event_subscriptions import EventSubscription, EventSubscriptions

__all__ = ["WaitableEngine"]

_ENDED = frozenset({Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED})


class WaitableEngine(ABC):
    """An engine whose events and campaigns may be waited for."""

    def __init__(self) -> None:
        """Start with nobody who follows."""
        self._feed = EventSubscriptions()

    @property
    @abstractmethod
    def state(self) -> State:
        """The current state."""

    @property
    @abstractmethod
    def now(self) -> Instant:
        """The time."""

    @abstractmethod
    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition is true."""

    def events(self) -> EventSubscription:
        """Return the events from now on, each once it is durable; for ``async for``.

        It ends when the engine does. Nothing is left out for a slow reader, and nobody waits for
        it: whoever stops reading before the end calls :meth:`EventSubscription.close`.
        """
        return self._feed.follow()

    async def finished(self, campaign_id: CampaignId) -> Campaign:
        """Return a campaign once it has ended and none of its calls is in progress (R4.5).

        Raises:
            UnknownCampaignError: there is none such, or it was deleted meanwhile.
            AppendConflictError: somebody else writes the journal.
            JournalFailedError: the journal takes no more.
        """

        def has_finished() -> bool:
            state = self.state
            if any(call.placement.campaign_id == campaign_id for call in calls(state)):
                return False
            # A look at a campaign costs a pass of the scheduler: the last question, not the first.
            if campaign_id not in ids_of(state):
                return True
            return campaign(state, campaign_id, self.now).status in _ENDED

        await self.until(has_finished)
        return campaign(self.state, campaign_id, self.now)

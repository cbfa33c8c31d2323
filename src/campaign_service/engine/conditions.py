"""Tasks that wait until a condition on the state is true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from campaign_core import CampaignId, Instant, State, Status, calls, campaign, campaign_ids

__all__ = ["Conditions", "has_finished"]

_ENDED = frozenset({Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED})


class Conditions:
    """The conditions that tasks wait for; checked at each :meth:`look`."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Callable[[], bool]] = {}

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition is true."""
        held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[held] = holds
        await held

    def look(self) -> None:
        """Check each condition; those that are true are done."""
        for held, holds in self._waiting.items():
            if not held.done() and holds():
                held.set_result(None)
        self._waiting = {held: holds for held, holds in self._waiting.items() if not held.done()}

    def fail(self, error: BaseException) -> None:
        """Raise an error in every task that waits."""
        for held in self._waiting:
            if not held.done():
                held.set_exception(error)
        self._waiting = {}


def has_finished(state: State, campaign_id: CampaignId, now: Instant) -> bool:
    """Return whether a campaign has ended, or is deleted, and no call of it is in progress."""
    if any(call.placement.campaign_id == campaign_id for call in calls(state)):
        return False
    # A look at a campaign costs a pass of the scheduler: the last question, not the first.
    if campaign_id not in campaign_ids(state):
        return True
    return campaign(state, campaign_id, now).status in _ENDED

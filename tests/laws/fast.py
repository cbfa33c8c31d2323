"""The core behind the same few words as the naive model, so that both can be asked alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import campaign_core
from campaign_core import FailureReason, RecipientStatus, Settings, Status, decisions, events
from campaign_core.errors import CampaignError

from .naive import Taken

__all__ = ["FastService"]


class FastService:
    """A state of the core and every event that led to it."""

    def __init__(self, *, service_id: str, settings: Settings, now: int) -> None:
        opened = campaign_core.open_service(service_id=service_id, settings=settings, now=now)
        self.state = opened.state
        self.events: list[events.Event] = list(opened.events)
        self.earlier = [(len(self.events), self.state)]
        """Every state there was, with the number of events that led to it."""

    def take(self, message: Any, now: int) -> Taken:
        """Take one message alone."""
        try:
            transition = campaign_core.handle(self.state, message, now)
        except CampaignError as refusal:
            return Taken(refusals=[(0, str(refusal))])
        return self._taken(transition, [])

    def take_all(self, messages: Sequence[Any], now: int) -> Taken:
        """Take messages that are given together."""
        batch = campaign_core.handle_batch(self.state, messages, now)
        refusals = []
        index = 0
        for refusal in batch.refusals:
            # They come in the order of the messages, and the same message may come twice.
            while messages[index] is not refusal.message:
                index += 1
            refusals.append((index, str(refusal.error)))
            index += 1
        return self._taken(batch, refusals)

    def _taken(self, transition: Any, refusals: list[tuple[int, str]]) -> Taken:
        self.state = transition.state
        self.events.extend(transition.events)
        self.earlier.append((len(self.events), self.state))
        return Taken(
            refusals=refusals,
            orders=[_order(decision) for decision in transition.decisions],
            ended=[
                (event.call_id, event.outcome)
                for event in transition.events
                if isinstance(event, events.CallEnded)
            ],
            ranks=[
                event.rank for event in transition.events if isinstance(event, events.CallPlaced)
            ],
            something_happened=bool(transition.events),
        )

    def status(self, campaign_id: int, now: int) -> Status:
        """Return the campaign's status, ``BLOCKED`` included (R4.4)."""
        return campaign_core.status(self.state, campaign_id, now)

    def summary(
        self, campaign_id: int, position: int
    ) -> tuple[RecipientStatus, FailureReason | None, int, int, int]:
        """Return a recipient's status, its reason, attempts made, counted and allowed."""
        who = campaign_core.recipient(self.state, campaign_id, position)
        reason = who.reason if isinstance(who, campaign_core.Failed) else None
        return who.status, reason, who.attempts, who.counted, who.allowed

    def figures(self, campaign_id: int, now: int) -> tuple[int, int, int, int, int]:
        """Return how many are contacted, failed and idle, and how many calls are up by line."""
        seen = campaign_core.campaign(self.state, campaign_id, now)
        return seen.contacted, seen.failed, seen.idle, seen.internal_calls, seen.external_calls


def _order(decision: decisions.Decision) -> tuple[Any, ...]:
    match decision:
        case decisions.PlaceCall():
            return (
                "place",
                decision.call_id,
                decision.number,
                decision.line,
                decision.dead_man_s,
            )
        case decisions.Play():
            return ("play", decision.call_id, decision.play, decision.sound, decision.stop_digits)
        case decisions.HangUp():
            return ("hang_up", decision.call_id)
        case decisions.Transfer():
            return ("transfer", decision.call_id, decision.extension, decision.dead_man_s)

"""Recording events: the only place where one is made, and gets its number (R9.1)."""

from __future__ import annotations

from typing import Any

from campaign_core import events as ev
from campaign_core._model.statuses import Status
from campaign_core._state.service import Draft
from campaign_core._transition.evolve import APPLY
from campaign_core._values.instants import Instant

__all__ = ["Recorder"]


class Recorder:
    """Makes events and applies them, one after the other, at one time and by one actor.

    An event is made when it is recorded, not before: what another event brings about at once (a
    breaker that trips) stands between it and the next one, and numbers rise by one all the same.
    """

    __slots__ = ("actor", "at", "draft", "events")

    def __init__(self, draft: Draft, events: list[ev.Event], at: Instant, actor: str) -> None:
        """Take the draft that is changed, the events so far, the time and the actor."""
        self.draft = draft
        self.events = events
        self.at = at
        self.actor = actor

    def __call__(self, kind: type[Any], **fields: Any) -> None:
        """Record that an event happened: the draft has it when this returns."""
        self.put(kind(seq=self.draft.sequence + 1, at=self.at, actor=self.actor, **fields))

    def put(self, event: ev.Event) -> None:
        """Record an event that was made just now: the draft has it when this returns."""
        draft = self.draft
        APPLY[type(event)](draft, event)
        # No event, no new time: the state is a fold over events and nothing else (R9.1).
        draft.sequence, draft.now = event.seq, event.at
        self.events.append(event)
        if draft.tripped:
            self._pause_tripped()

    def _pause_tripped(self) -> None:
        """R6.17, R6.18: a broken trunk or a missing sound must not burn everyone's attempts."""
        tripped, self.draft.tripped = self.draft.tripped, []
        record = Recorder(self.draft, self.events, self.at, ev.SCHEDULER)
        for campaign_id, reason in tripped:
            if self.draft.campaign(campaign_id).status is Status.ACTIVE:
                record(ev.CampaignPaused, campaign_id=campaign_id, reason=reason)

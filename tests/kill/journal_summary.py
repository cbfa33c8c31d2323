"""What a journal says, sorted by what the laws ask: read from its events alone, without a state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import attrs

from campaign_core import CampaignModel, Outcome, Settings, events

__all__ = ["JournalSummary", "Who", "read"]

Who = tuple[int, int]
"""Campaign and position."""


@attrs.define
class JournalSummary:
    """A journal, sorted."""

    events: list[events.Event] = attrs.field(factory=list)
    placed: dict[str, events.CallPlaced] = attrs.field(factory=dict)
    """By call id, in order."""
    settings_at: dict[str, Settings] = attrs.field(factory=dict)
    """By call id: the settings when it was placed."""
    ended: dict[str, events.CallEnded] = attrs.field(factory=dict)
    given_back: dict[str, events.CallGivenBack] = attrs.field(factory=dict)
    digits: dict[str, list[str]] = attrs.field(factory=dict)
    parameters: dict[int, CampaignModel] = attrs.field(factory=dict)
    recipients: Counter[int] = attrs.field(factory=Counter)
    """By campaign: how many there are."""
    counted: Counter[Who] = attrs.field(factory=Counter)
    """Attempts that count."""
    allowed_more: dict[Who, int] = attrs.field(factory=dict)
    """Attempts allowed, where a user changed them (R5.2)."""
    stopped: set[Who] = attrs.field(factory=set)
    """Whose attempts a user stopped and never added to after (R5.3)."""
    in_call: set[Who] = attrs.field(factory=set)
    contacted: set[Who] = attrs.field(factory=set)
    ends: dict[int, events.CampaignEnded] = attrs.field(factory=dict)
    """By campaign: its last end."""

    def allowed(self, who: Who) -> int:
        """Return how many attempts a recipient may have."""
        return self.allowed_more.get(who, self.parameters[who[0]].attempts_max)

    def who(self, call_id: str) -> Who:
        """Return whose call it is."""
        placed = self.placed[call_id]
        return placed.campaign_id, placed.position

    def has_failed(self, who: Who) -> bool:
        """Return whether nothing more is tried for a recipient who was not reached."""
        used_up = self.counted[who] >= self.allowed(who)
        return who not in self.in_call and (used_up or who in self.stopped)


def read(journal: Iterable[events.Event]) -> JournalSummary:
    """Sort a journal."""
    summary = JournalSummary()
    settings = Settings()
    for event in journal:
        summary.events.append(event)
        match event:
            case events.ServiceOpened() | events.SettingsChanged():
                settings = event.settings
            case events.CallPlaced():
                summary.placed[event.call_id] = event
                summary.settings_at[event.call_id] = settings
                summary.counted[summary.who(event.call_id)] += 1
                summary.in_call.add(summary.who(event.call_id))
            case events.CallEnded():
                summary.ended[event.call_id] = event
                summary.in_call.discard(summary.who(event.call_id))
                if event.outcome is Outcome.REACHED:
                    summary.contacted.add(summary.who(event.call_id))
            case events.CallGivenBack():
                summary.given_back[event.call_id] = event
                summary.counted[summary.who(event.call_id)] -= 1
                summary.in_call.discard(summary.who(event.call_id))
            case events.DigitDialled():
                summary.digits.setdefault(event.call_id, []).append(event.digit)
            case _:
                _read_of_campaign(summary, event)
    return summary


def _read_of_campaign(summary: JournalSummary, event: events.Event) -> None:
    match event:
        case events.CampaignScheduled():
            summary.parameters[event.campaign_id] = event.parameters
            summary.recipients[event.campaign_id] = len(event.parameters.recipients)
        case events.RecipientsAppended():
            summary.recipients[event.campaign_id] += len(event.recipients)
        case events.AttemptsAdded():
            for position in event.positions:
                who = event.campaign_id, position
                before = summary.counted[who] if summary.has_failed(who) else summary.allowed(who)
                summary.allowed_more[who] = before + event.attempts
                summary.stopped.discard(who)
        case events.AttemptsStopped():
            summary.stopped |= {(event.campaign_id, position) for position in event.positions}
        case events.CampaignEnded():
            summary.ends[event.campaign_id] = event
        case _:
            pass

"""Reads the journal as it grows, and holds every placed call against R6.8.

Knows events alone: neither the core's state nor the naive model's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from campaign_core import CallLimits, CampaignModel, Line, Outcome, Settings, Status, events

from .naive.numbers import compared

__all__ = ["Auditor"]

Who = tuple[int, int]
"""Campaign and position."""


class Auditor:
    """R6.8: never, whatever the order of messages."""

    def __init__(self) -> None:
        self.heard = 0
        self.at = 0
        self.settings = Settings()
        self.capacity = CallLimits()
        self.parameters: dict[int, CampaignModel] = {}
        self.active: set[int] = set()
        self.incomplete: set[int] = set()
        self.expired: set[int] = set()
        self.calls: dict[str, events.CallPlaced] = {}
        self.ids_used: set[str] = set()
        self.counted: Counter[Who] = Counter()
        self.allowed: dict[Who, int] = {}
        self.contacted: set[Who] = set()

    def hear(self, heard: Sequence[events.Event]) -> None:
        """Read on."""
        for event in heard:
            self.heard += 1
            assert self.heard == event.seq, "numbered without gaps"
            assert self.at <= event.at, "R6.13: time never runs backwards"
            self.at = event.at
            self._hear_of_campaigns(event)
            self._hear_of_recipients(event)
            self._hear_of_calls(event)

    def _hear_of_campaigns(self, event: events.Event) -> None:
        match event:
            case events.ServiceOpened() | events.SettingsChanged():
                self.settings = event.settings
            case events.DriverCameUp():
                self.capacity = CallLimits()
            case events.DriverCapacityChanged():
                self.capacity = event.call_limits
            case events.CampaignScheduled():
                self.parameters[event.campaign_id] = event.parameters
            case events.CampaignStarted() | events.CampaignResumed():
                self.active.add(event.campaign_id)
            case events.CampaignPaused() | events.CampaignStopped():
                self.active.discard(event.campaign_id)
                self.incomplete.discard(event.campaign_id)
            case events.CampaignExpired():
                self.expired.add(event.campaign_id)
            case events.CampaignEnded():
                self.active.discard(event.campaign_id)
                if event.status is Status.INCOMPLETE:
                    self.incomplete.add(event.campaign_id)
            case events.RecipientsAppended() | events.AttemptsAdded():
                if event.campaign_id in self.incomplete:
                    self.incomplete.discard(event.campaign_id)
                    self.active.add(event.campaign_id)
            case _:
                pass

    def _hear_of_recipients(self, event: events.Event) -> None:
        """R5.2: how many attempts may count at most; one stopped before may have fewer."""
        if isinstance(event, events.AttemptsAdded):
            for position in event.positions:
                who = event.campaign_id, position
                self.allowed[who] = self._allowed(who) + event.attempts

    def _allowed(self, who: Who) -> int:
        return self.allowed.get(who, self.parameters[who[0]].attempts_max)

    def _hear_of_calls(self, event: events.Event) -> None:
        match event:
            case events.CallPlaced():
                self._look_at(event)
                self.calls[event.call_id] = event
                self.ids_used.add(event.call_id)
                self.counted[event.campaign_id, event.position] += 1
            case events.CallGivenBack():
                call = self.calls.pop(event.call_id)
                self.counted[call.campaign_id, call.position] -= 1
            case events.CallEnded():
                call = self.calls.pop(event.call_id)
                if event.outcome is Outcome.REACHED:
                    self.contacted.add((call.campaign_id, call.position))
            case events.CallEvent():
                assert event.call_id in self.calls, "no event of a call that is over"
            case _:
                pass

    def _look_at(self, placed: events.CallPlaced) -> None:
        """R6.8, before the call is counted among those in progress."""
        everything = list(self.calls.values())
        own = [call for call in everything if call.campaign_id == placed.campaign_id]
        who = placed.campaign_id, placed.position

        assert placed.call_id not in self.ids_used, "R9.3: no attempt is placed twice"
        assert placed.campaign_id in self.active - self.expired, "its campaign is active"
        assert who not in [(call.campaign_id, call.position) for call in own], "one call at once"
        assert self.counted[who] < self._allowed(who), "no more attempts than allowed"
        assert who not in self.contacted, "no call to whom was reached"
        assert _has_room(self.settings.call_limits, everything, placed.line)
        assert _has_room(self.capacity, everything, placed.line), "R5.5: room on the telephony"
        limits = self.parameters[placed.campaign_id].call_limits
        assert _has_room(limits, own, placed.line)
        if self.settings.one_call_per_number:
            plan = self.settings.number_plan
            busy = [compared((call.number, call.line), plan) for call in everything]
            assert compared((placed.number, placed.line), plan) not in busy, (
                "R6.14: one call per number"
            )
        # R8.4: it says itself what was in use.
        assert placed.in_use == (*_by_line(everything), *_by_line(own))


def _by_line(calls: Collection[events.CallPlaced]) -> tuple[int, int]:
    internal = [call for call in calls if call.line is Line.INTERNAL]
    return len(internal), len(calls) - len(internal)


def _has_room(limits: CallLimits, calls: Collection[events.CallPlaced], line: Line) -> bool:
    internal, external = _by_line(calls)
    on_line = internal if line is Line.INTERNAL else external
    line_limit = limits.internal if line is Line.INTERNAL else limits.external
    total_left = limits.total is None or internal + external < limits.total
    return total_left and (line_limit is None or on_line < line_limit)

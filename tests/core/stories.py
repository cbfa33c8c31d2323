"""A service that is told what happens, step by step: the scaffold of the examples.

Speaks to the core through its face alone.
"""

from __future__ import annotations

from typing import Any

import campaign_core as core
from campaign_core import (
    Line,
    Outcome,
    Recipient,
    RecipientStatus,
    Status,
    commands,
    decisions,
    events,
    reports,
)

__all__ = ["MINUTE", "NOON", "SECOND", "SERVICE_ID", "Story", "listed", "placed"]

NOON = 1_749_988_800_000
"""Sunday, 15 June 2025, 12:00 UTC."""
SECOND = 1_000
MINUTE = 60 * SECOND
SERVICE_ID = "a1b2c3d4"


def listed(numbers: str) -> list[Recipient]:
    """Return recipients: ``i`` before a number is the internal line."""
    return [
        Recipient(number=n.lstrip("i"), line=Line.INTERNAL if n.startswith("i") else Line.EXTERNAL)
        for n in numbers.split()
    ]


def placed(transition: core.Transition) -> list[str]:
    """Return the numbers that are called, in order."""
    return [d.number for d in transition.decisions if isinstance(d, decisions.PlaceCall)]


class Story:
    """A state, the time, and every event so far."""

    def __init__(self, **settings: Any) -> None:
        self.now = NOON
        opened = core.open_service(SERVICE_ID, core.Settings(**settings), self.now)
        self.state = opened.state
        self.events: list[events.Event] = list(opened.events)
        self.models = 0

    def tell(self, message: Any, after: int = 0) -> core.Transition:
        """Tell something, so many milliseconds later."""
        self.now += after
        transition = core.handle(self.state, message, self.now)
        self.state = transition.state
        self.events += transition.events
        assert core.check(self.state) == ()
        return transition

    def tick(self, after: int = 0) -> core.Transition:
        return self.tell(reports.Tick(), after)

    # The operator -------------------------------------------------------------------------------

    def model(self, numbers: str | list[Recipient] = "", **parameters: Any) -> int:
        """Add a model and return its id."""
        self.models += 1
        recipients = listed(numbers) if isinstance(numbers, str) else numbers
        given = {
            "name": f"Model {self.models}",
            "caller_number": "100",
            "sound": "message",
            "recipients": recipients,
            **parameters,
        }
        self.tell(commands.AddModel(model=core.CampaignModel(**given)))
        return self.models

    def start(self, numbers: str | list[Recipient] = "", **parameters: Any) -> core.Transition:
        """Start a campaign from a new model, now."""
        return self.begin(self.model(numbers, **parameters))

    def begin(self, model_id: int, **start: Any) -> core.Transition:
        """Start a campaign from a model."""
        return self.tell(commands.StartCampaign(model_id=model_id, **start))

    def settings(self, **settings: Any) -> core.Transition:
        return self.tell(commands.ChangeSettings(settings=core.Settings(**settings)))

    # The telephony ------------------------------------------------------------------------------

    @property
    def up(self) -> list[str]:
        """The numbers in calls."""
        return [call.placement.number for call in core.calls(self.state)]

    def call(self, number: str) -> str:
        """Return the id of the call with a number."""
        (call_id,) = [
            call.placement.call_id
            for call in core.calls(self.state)
            if call.placement.number == number
        ]
        return call_id

    def end(self, number: str, outcome: Outcome = Outcome.BUSY, after: int = 0) -> core.Transition:
        """End the call with a number: unanswered that means this."""
        return self.tell(reports.EndReport(call_id=self.call(number), unanswered_as=outcome), after)

    def answer(self, number: str, after: int = 0) -> core.Transition:
        return self.tell(reports.AnswerReport(self.call(number)), after)

    def dial(self, number: str, digit: str, after: int = 0) -> core.Transition:
        return self.tell(reports.DigitReport(call_id=self.call(number), digit=digit), after)

    def played(
        self,
        number: str,
        end: reports.PlaybackEnd = reports.PlaybackEnd.FINISHED,
        after: int = 0,
    ) -> core.Transition:
        """The playback that was ordered last has ended."""
        (call,) = [c for c in core.calls(self.state) if c.placement.number == number]
        report = reports.PlaybackReport(call_id=call.placement.call_id, play=call.plays, end=end)
        return self.tell(report, after)

    def reach(self, number: str) -> core.Transition:
        """Answer, play the message to its end, hang up."""
        self.answer(number)
        self.played(number)
        return self.end(number)

    # What is so ---------------------------------------------------------------------------------

    def status(self, campaign_id: int = 1) -> Status:
        return core.status(self.state, campaign_id, self.now)

    def recipient(self, position: int, campaign_id: int = 1) -> RecipientStatus:
        return core.recipient(self.state, campaign_id, position).status

    def view(self, position: int, campaign_id: int = 1) -> core.RecipientState:
        return core.recipient(self.state, campaign_id, position)

    def wakeup(self) -> int | None:
        """Return how long after now the next wake-up is."""
        at = core.next_wakeup(self.state, self.now)
        return None if at is None else at - self.now

    def heard(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

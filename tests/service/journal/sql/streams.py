"""Streams of events for tests: a campaign whose calls go as they may, made by the core itself."""

from campaign_core import CampaignModel, Line, Recipient, Settings, handle, open_service
from campaign_core import commands as cm
from campaign_core import reports as rp
from campaign_core.decisions import PlaceCall
from campaign_core.events import CallPlaced

NOON = 1_749_988_800_000


class Campaign:
    """A service with one campaign, whose calls are answered and ended as told."""

    def __init__(self, numbers=3, *, name="Closing", actor="anna"):
        recipients = [
            Recipient(number=f"0{n:08d}", line=Line.EXTERNAL) for n in range(1, numbers + 1)
        ]
        model = CampaignModel(
            name=name, caller_number="100", sound="message", recipients=recipients
        )
        opened = open_service("a1b2c3d4", Settings(), NOON)
        self.now = NOON
        self.state = opened.state
        self.events = list(opened.events)
        self.calls = []
        self.tell(cm.AddModel(actor=actor, model=model))
        self.tell(cm.StartCampaign(actor=actor, model_id=1))

    def tell(self, message, after_ms=1_000):
        """Tell something; the events that came of it."""
        self.now += after_ms
        transition = handle(self.state, message, self.now)
        self.state = transition.state
        self.events += transition.events
        self.calls += [d.call_id for d in transition.decisions if isinstance(d, PlaceCall)]
        return transition.events

    def end_calls(self, times=1):
        """Have calls answered and ended, those placed first first; the events that came of it."""
        events = []
        for _ in range(times):
            call_id = self.calls.pop(0)
            events += self.tell(rp.AnswerReport(call_id=call_id))
            events += self.tell(rp.EndReport(call_id=call_id, hangup_cause=16))
        return events

    def placed(self):
        """Return the events of calls placed."""
        return [event for event in self.events if isinstance(event, CallPlaced)]

"""A host program's own loop over the pure core: nothing but `campaign_core`, and no framework.

The host owns the time, the telephony and the storage. Here the time is a number, the telephony a
list of what will happen, and the storage a list; in a PBX they are its clock, its channels and its
flash. The core is asked three things: what comes of a message, when to look again, what is so.
"""

from heapq import heappop, heappush

from campaign_core import (
    CallLimits,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    Settings,
    campaign,
    campaign_ids,
    handle,
    models,
    next_wakeup,
    open_service,
    replay,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import Decision, HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import AnswerReport, EndReport, PlaybackReport, Report, Tick

MORNING = Instant(1_768_201_200_000)  # 2026-01-12 07:00 UTC


class Host:
    """A program that has telephones, and a loop of its own."""

    def __init__(self) -> None:
        opened = open_service("0f1e2d3c", Settings(), MORNING)
        self.state = opened.state
        self.journal = list(opened.events)
        self.now = MORNING
        self.agenda: list[tuple[Instant, int, Report]] = []
        self.count = 0

    def take(self, message: AddModel | StartCampaign | Report | Tick) -> None:
        """Hand a message to the core, keep what happened, then do what is to be done."""
        transition = handle(self.state, message, self.now)
        self.state = transition.state
        self.journal += transition.events  # A real host waits here until the disk has them.
        for decision in transition.decisions:
            self.do(decision)

    def do(self, decision: Decision) -> None:
        """Carry out a decision: 202 is engaged, everyone else picks up and listens."""
        match decision:
            case PlaceCall(number="202"):
                self.say(decision, "engaged")
                end = EndReport(call_id=decision.call_id, unanswered_as=Outcome.BUSY)
                self.later(1, end)
            case PlaceCall():
                self.say(decision, f"rings {decision.number}")
                self.later(4, AnswerReport(decision.call_id))
            case Play():
                self.say(decision, f"plays {decision.sound}")
                self.later(9, PlaybackReport(call_id=decision.call_id, play=decision.play))
            case HangUp():
                self.say(decision, "hangs up")
                self.later(0, EndReport(call_id=decision.call_id, hangup_cause=16))
            case Transfer():
                raise NotImplementedError("the script of this campaign transfers nobody")

    def later(self, seconds: int, report: Report) -> None:
        """Put down what the telephony will report."""
        self.count += 1
        heappush(self.agenda, (Instant(self.now + seconds * 1_000), self.count, report))

    def say(self, decision: Decision, text: str) -> None:
        """Show what is done."""
        print(f"{(self.now - MORNING) / 1_000:6.1f} s  call {decision.call_id[-10:]}  {text}")

    def run(self) -> None:
        """Go on until neither the telephony nor the core has anything to come."""
        while True:
            reported_at = self.agenda[0][0] if self.agenda else None
            due_at = next_wakeup(self.state, self.now)
            instants = [at for at in (reported_at, due_at) if at is not None]
            if not instants:
                return
            self.now = min(instants)
            if self.now == reported_at:
                self.take(heappop(self.agenda)[2])
            else:
                self.take(Tick())


host = Host()
model = CampaignModel(
    name="Fire drill",
    caller_number="100",
    sound="drill-at-ten",
    attempts_max=2,
    call_limits=CallLimits(internal=2),
    recipients=[Recipient(number=number, line=Line.INTERNAL) for number in ("201", "202", "203")],
)
host.take(AddModel(model=model))
(model_id,) = models(host.state)
host.take(StartCampaign(model_id=model_id))
host.run()

(campaign_id,) = campaign_ids(host.state)
shown = campaign(host.state, campaign_id, host.now)
print(f"{shown.name}: {shown.status.name}, {shown.contacted} reached, {shown.failed} failed")
print(f"the journal's {len(host.journal)} events give the same state: ", end="")
print(replay(host.journal) == host.state)

"""An attempt as far as it had come at an instant (R8.3)."""

from collections import defaultdict

import attrs
import pytest

from campaign_core import (
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Recipient,
    Settings,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.events import CallEvent
from campaign_drivers.simulated import Exchange, Network
from campaign_service.engine import VirtualEngine
from campaign_service.report.attempts import Attempt, as_of, attempt_of

NOON = Instant(1_768_219_200_000)
MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    attempts_max=3,
    script=CallScript(confirm_answer=True, confirm_listening=True),
    recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(60)],
)
GROWING = {"digits", "messages_played"}
"""What grows during a call, and of which only the events tell when."""


@pytest.fixture(scope="module")
def calls():
    """The events of each call of a campaign, in order."""
    events = []
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=Exchange(Network(), seed=4),
        now=NOON,
        observers=[events.extend],
    )
    engine.give(AddModel(model=MODEL))
    engine.give(StartCampaign(model_id=1))
    engine.run()
    found = defaultdict(list)
    for event in events:
        if isinstance(event, CallEvent):
            found[event.call_id].append(event)
    return list(found.values())


def moments(events):
    """Return instants at, and between, the events of a call, each with those that were by then."""
    for at in sorted({event.at + more for event in events for more in (0, 1)}):
        yield at, [event for event in events if event.at <= at]


def test_attempt_is_what_its_events_up_to_then_tell(calls):
    """A field that is added later must follow this law too."""
    fields = {field.name for field in attrs.fields(Attempt)} - {"events"}
    seen = set()
    for events in calls:
        now = attempt_of(events)
        for at, known in moments(events):
            then, told = as_of(now, at), attempt_of(known)
            exact = fields if told.ended_at is not None else fields - GROWING
            assert {f: getattr(then, f) for f in exact} == {f: getattr(told, f) for f in exact}
            assert told.digits.startswith(then.digits)
            assert then.messages_played <= told.messages_played
            seen |= {name for name in fields if getattr(told, name) != getattr(now, name)}
    # Each of these had not come yet at one time or another.
    assert seen >= {
        "answered_at",
        "answer_confirmed_at",
        "message_started_at",
        "listening_confirmed_at",
        "ended_at",
        "outcome",
        "hangup_cause",
        *GROWING,
    }

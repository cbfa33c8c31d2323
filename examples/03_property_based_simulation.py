"""A property-based simulation: is the core still right inside of *our* program?

`campaign_core.testing` plays operator, telephony and clock, and holds whatever host it is given to
the laws: limits, attempts, no call to somebody reached, the same state from the journal. The host
here is a firmware that keeps its journal as lines of text and may lose power at any moment. Another
one has the defect that such programs have: it forgets the last line when the power goes.
"""

import json
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from typing_extensions import override

from campaign_core import Instant, Message, Settings, State, handle, open_service, replay
from campaign_core.codec import from_data, to_data
from campaign_core.decisions import Decision
from campaign_core.events import Event
from campaign_core.testing import CampaignMachine


class Firmware:
    """A host that writes each event as a line before it does what follows."""

    def __init__(self, general: Settings, now: Instant) -> None:
        opened = open_service("0f1e2d3c", general, now)
        self.state: State = opened.state
        self.journal: list[Event] = []
        self.lines: list[str] = []
        self.keep(opened.events)

    def keep(self, events: Sequence[Event]) -> None:
        """Write events down."""
        self.lines += [json.dumps(to_data(event)) for event in events]
        self.journal += events

    def take(self, message: Message, now: Instant) -> tuple[Decision, ...]:
        """Take one message."""
        transition = handle(self.state, message, now)
        self.keep(transition.events)
        self.state = transition.state
        return transition.decisions

    def restart(self) -> None:
        """Lose power: all that is left is what was written."""
        self.journal = [from_data(json.loads(line)) for line in self.lines]
        self.state = replay(self.journal)


class Forgetful(Firmware):
    """The same, with a defect."""

    @override
    def restart(self) -> None:
        """Lose power, and the last line with it."""
        self.lines[1:] = self.lines[1:-1]
        super().restart()


class FirmwareMachine(CampaignMachine):
    """Drives the firmware."""

    @override
    def make_host(self, settings: Settings, now: Instant) -> Firmware:
        """Return a new one."""
        return Firmware(settings, now)


class ForgetfulMachine(CampaignMachine):
    """Drives the one with the defect."""

    @override
    def make_host(self, settings: Settings, now: Instant) -> Firmware:
        """Return a new one."""
        return Forgetful(settings, now)


effort = settings(
    max_examples=15,
    stateful_step_count=15,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

run_state_machine_as_test(FirmwareMachine, settings=effort)
print("the firmware: no law broken")

try:
    run_state_machine_as_test(ForgetfulMachine, settings=effort)
except AssertionError as error:
    print(f"the forgetful one is found out: {type(error).__name__}")

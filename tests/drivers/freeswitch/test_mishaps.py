"""Whatever goes wrong with the server and the link, and when: what holds always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drivers.freeswitch.rig import Rig
from tests.drivers.freeswitch.test_campaign import OPTIONS, SOUNDS, Service, model
from tests.emulators.freeswitch.people import Callee, Person, Rejects, RingsForEver, Scripted
from tests.emulators.freeswitch.switch import Config

from campaign_core import CallLimits, Outcome, check, replay
from campaign_core import events as ev
from campaign_core.commands import AddModel, StartCampaign

PEOPLE: tuple[Callable[[], Callee], ...] = (
    Person,
    lambda: Person(ring_ms=6_000, listens="5"),
    lambda: Person(confirms="-1"),
    RingsForEver,
    lambda: Rejects("USER_BUSY", 486, after_ms=4_000),
    lambda: Scripted(ring_ms=3_000, after_answer=((7_000, "hangup"),)),
)
KINDS = ("stands still", "cut", "paused")


def mishaps() -> st.SearchStrategy[list[tuple[int, str, int]]]:
    """Return strategies of what goes wrong: after so long, what, and for how long."""
    return st.lists(
        st.tuples(st.integers(0, 30_000), st.sampled_from(KINDS), st.integers(50, 25_000)),
        min_size=1,
        max_size=4,
    )


class Fate:
    """Lets one mishap after the other happen."""

    def __init__(self, made: Service, told: list[tuple[int, str, int]]) -> None:
        self.made = made
        self.told = told
        self.together: Counter[str] = Counter()

    def wait(self, ms: float) -> None:
        """Let time pass in small steps, in which the core has its say."""
        rig = self.made.rig
        until = rig.switch.now + ms
        while rig.switch.now < until:
            rig.run(min(50.0, until - rig.switch.now))
            messages, self.made.inbox[:] = self.made.inbox[:], []
            self.made.take(*messages)
            if rig.client is None and not self.is_cut:
                rig.connect()
            channels = rig.switch.channels.values()
            self.together |= Counter(c.number for c in channels if c.number != "200")

    is_cut = False

    def run(self) -> None:
        rig = self.made.rig
        for after_ms, kind, lasts_ms in self.told:
            self.wait(after_ms)
            if kind == "stands still":
                rig.switch.stop()
                self.wait(lasts_ms)
                rig.switch.go_on()
            elif kind == "paused":
                rig.switch.is_paused = True
                self.wait(lasts_ms)
                rig.switch.is_paused = False
            elif rig.client is not None:
                self.is_cut = True
                rig.lose()
                self.wait(lasts_ms)
                self.is_cut = False


# Each is a campaign of some minutes.
@settings(max_examples=15, deadline=None)
@given(
    told=mishaps(),
    list_lag_ms=st.sampled_from([0, 300, 1_500]),
    list_behind_ms=st.sampled_from([0, 300, 3_000]),
    latency_ms=st.sampled_from([1, 400, 2_000]),
)
def test_nobody_is_called_twice_at_once_left_in_silence_or_lost_by_a_mishap(
    told: list[tuple[int, str, int]],
    list_lag_ms: float,
    list_behind_ms: float,
    latency_ms: float,
) -> None:
    """R5.5, R6.14, R7.9, R7.11, R9.3."""
    numbers = [str(10_000 + place) for place in range(len(PEOPLE))]

    def plan(number: str) -> Callee | None:
        return Callee() if number == "200" else PEOPLE[int(number) % len(PEOPLE)]()

    config = Config(
        plan=plan,
        sounds=SOUNDS,
        default_sound_ms=None,
        list_lag_ms=list_lag_ms,
        list_behind_ms=list_behind_ms,
        latency_ms=latency_ms,
        bridge_ms=5_000,
    )
    made = Service(Rig(config))
    made.rig.connect()
    parameters = model(numbers, script=OPTIONS, attempts_max=2, call_limits=CallLimits(total=4))
    made.take(AddModel(model=parameters), StartCampaign(model_id=1))  # type: ignore[arg-type]
    fate = Fate(made, told)

    fate.run()
    for _ in range(40):
        if any(isinstance(event, ev.CampaignEnded) for event in made.events):
            break
        fate.wait(20_000)
    fate.wait(12_000)

    assert any(isinstance(event, ev.CampaignEnded) for event in made.events)
    assert made.rig.switch.channels == {}
    assert made.rig.board.calls == {}
    assert set(fate.together.values()) <= {1}
    outcomes = Counter(made.outcomes())
    assert outcomes[Outcome.SOUND_MISSING] == outcomes[Outcome.FAILED] == 0
    check(made.state)
    assert replay(made.events) == made.state

"""R8.2: finish time and number reached at 10/50/90 %, from what was seen so far."""

from __future__ import annotations

import pytest

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Instant,
    Outcome,
    Recipient,
    Settings,
    check,
    handle_batch,
    next_wakeup,
    open_service,
)
from campaign_core.commands import AddModel, PauseCampaign, StartAfter, StartCampaign
from campaign_core.errors import SettingsError
from campaign_core.events import CampaignEnded
from campaign_drivers import (
    Observed,
    Observer,
    SeenCall,
    Spread,
    forecast,
    observed,
)
from campaign_drivers.simulated import (
    Answers,
    Dials,
    Exchange,
    HangsUp,
    Moment,
    Network,
    NotAnswered,
    Rates,
    Sounds,
    Waits,
    WeightedBehaviour,
    follows_prompts,
    hangs_up_in_message,
    population,
    voicemail,
)

SCRIPT = CallScript(confirm_answer=True, confirm_listening=True)
SOUNDS = Sounds(durations_s={"press-1": 3, "message": 10})


class World:
    """A service with one campaign on a simulated exchange."""

    def __init__(self, network, *, recipients=100, seed=1, when=None, **model):
        self.now = Instant(1_000)
        opened = open_service("0000000a", Settings(call_limits=CallLimits(total=10)), self.now)
        self.state, self.events = opened.state, list(opened.events)
        self.exchange = Exchange(network, seed=seed)
        self.exchange.connect(self.now)
        callees = [Recipient(number=f"{2000 + i}") for i in range(recipients)]
        options = {"sound": "message", "script": SCRIPT, **model}
        parameters = CampaignModel(name="Test", caller_number="100", recipients=callees, **options)
        start = {} if when is None else {"when": when}
        self.handle([AddModel(model=parameters), StartCampaign(model_id=1, **start)])

    def handle(self, messages):
        batch = handle_batch(self.state, messages, self.now)
        self.state = batch.state
        self.events += batch.events
        for decision in batch.decisions:
            self.exchange.carry_out(decision, self.now)

    def step(self):
        instants = [self.exchange.next_at(), next_wakeup(self.state, self.now)]
        self.now = max(self.now, min(at for at in instants if at is not None))
        self.handle([report for _, report in self.exchange.reports_until(self.now)])

    def run_until(self, at):
        while self.now < at and not self.ended():
            self.step()
        return self

    def ended(self):
        return next((e for e in self.events if isinstance(e, CampaignEnded)), None)

    def forecast(self, **options):
        return forecast(self.state, self.now, observed(self.events), **options)


def people(*behaviours):
    shares = [WeightedBehaviour(weight=1, behaviour=behaviour) for behaviour in behaviours]
    return population(rates=Rates(answered=1), people=shares)


PROMPT = Network(population=people(follows_prompts(ring=4, think=1)), sounds=SOUNDS)


# What was seen -------------------------------------------------------------------------------


def seen(behaviour, **model):
    """What is seen of callees who all do the same."""
    network = Network(population=people(behaviour), sounds=SOUNDS)
    return observed(World(network, recipients=3, **model).run_until(2_000_000).events)


@pytest.mark.parametrize(
    ("behaviour", "acts"),
    [
        (
            follows_prompts(ring=4, think=1),
            [
                Dials(when=Moment.PROMPT, digits="1", after=1, apart=0.3),
                Waits(when=Moment.MESSAGE),
                Dials(when=Moment.AFTER_MESSAGE, digits="9", after=1, apart=0.3),
            ],
        ),
        (
            hangs_up_in_message(ring=4, after=2, think=5),
            [
                Dials(when=Moment.PROMPT, digits="1", after=5, apart=0.3),
                HangsUp(when=Moment.MESSAGE, after=2),
            ],
        ),
        (voicemail(ring=4, records=999), [Waits(when=Moment.PROMPT)] * 3),
        (
            Answers(ring=4, acts=[Dials(when=Moment.PROMPT, digits="5", after=1)]),
            [Dials(when=Moment.PROMPT, digits="5", after=1, apart=0.3)] * 3,
        ),
    ],
    ids=["follows", "hangs up", "voicemail", "wrong"],
)
def test_what_callees_did_is_put_down_so_that_it_can_be_played_again(behaviour, acts):
    found = seen(behaviour, attempts_max=1)
    assert [call.behaviour for call in found.calls] == [Answers(ring=4, acts=acts)] * 3


def test_digits_in_silence_are_put_down_where_no_prompt_is_played():
    """R2.5: no prompt, only silence to dial in."""
    script = CallScript(confirm_answer=True, answer_prompt=None)
    found = seen(follows_prompts(ring=4, think=1), script=script, attempts_max=1)
    assert found.calls[0].behaviour.acts[0] == Dials(
        when=Moment.SILENCE, digits="1", after=1, apart=0.3
    )


def test_calls_not_answered_are_put_down_with_their_time():
    busy = NotAnswered(outcome=Outcome.BUSY, after=2)
    network = Network(population=population(scripts={"2000": [busy], "2001": [NotAnswered()]}))
    world = World(network, recipients=2, attempts_max=2).run_until(2_000_000)
    found = [(call.behaviour, call.is_retry) for call in observed(world.events).calls]
    assert [(busy, False), (busy, True), (NotAnswered(), False), (NotAnswered(), True)] == found


def test_sounds_are_put_down_with_how_long_they_last():
    found = seen(follows_prompts(ring=4, think=4))
    assert dict(found.sounds_s) == {"press-1": 3, "message": 10}
    assert found.missing == frozenset()


def test_a_sound_that_never_played_is_missing():
    network = Network(population=people(Answers(ring=1)), sounds=Sounds(missing=["message"]))
    world = World(network, recipients=1, attempts_max=1, script=CallScript())
    assert observed(world.run_until(100_000).events).missing == {"message"}


def test_memory_is_bounded_to_the_last_calls():
    observer = Observer(calls_max=5)
    for event in World(PROMPT).run_until(2_000_000).events:
        observer.see(event)
    assert len(observer.observed().calls) == 5


def test_what_was_seen_played_again_is_seen_again():
    network = Network(sounds=SOUNDS)
    found = observed(World(network, attempts_max=1).run_until(9_000_000).events)
    for call in found.calls:
        again = observed(
            World(
                Network(population=people(call.behaviour), sounds=SOUNDS),
                recipients=1,
                attempts_max=1,
            )
            .run_until(9_000_000)
            .events
        )
        assert [call.behaviour] == [other.behaviour for other in again.calls]


# The forecast --------------------------------------------------------------------------------


def test_where_all_callees_do_the_same_the_end_is_known():
    world = World(PROMPT, recipients=200).run_until(200_000)
    found = world.forecast(expected=PROMPT.population)
    check(world.state)
    end = world.run_until(9_000_000).ended()
    (campaign,) = found.campaigns
    assert campaign.reached == Spread(p10=200, p50=200, p90=200)
    assert campaign.completed == 1
    # Calls in progress begin their step again: at most one prompt and one message more.
    assert found.ends_at.p50 == pytest.approx(end.at, abs=15_000)
    assert found.ends_at.p90 - found.ends_at.p10 <= 1_000


@pytest.mark.parametrize("seed", range(3))
def test_a_forecast_half_way_comes_near_the_end(seed):
    rates = Rates(answered=0.5, busy=0.2)
    network = Network(population=population(rates=rates), sounds=SOUNDS)
    world = World(network, recipients=300, attempts_max=3, seed=seed).run_until(700_000)
    found = world.forecast(runs=10)
    began = world.now
    end = world.run_until(99_000_000).ended()
    (campaign,) = found.campaigns
    assert campaign.reached.p50 == pytest.approx(end.contacted, rel=0.15)
    assert found.ends_at.p50 - began == pytest.approx(end.at - began, rel=0.2)
    assert campaign.reached.p10 <= campaign.reached.p50 <= campaign.reached.p90
    assert found.ends_at.p10 <= found.ends_at.p50 <= found.ends_at.p90


def test_callees_called_again_are_forecast_from_callees_called_again():
    """Everybody answers the first call and hangs up; nobody answers a second one."""
    first = Answers(ring=1, acts=[HangsUp(when=Moment.PROMPT, after=1)])
    scripts = {
        f"{2000 + i}": [first, NotAnswered(outcome=Outcome.BUSY, after=1)] for i in range(99)
    }
    network = Network(population=population(scripts=scripts), sounds=SOUNDS)
    calls = observed(World(network, recipients=99, attempts_max=2).run_until(9_000_000).events)
    assert {(isinstance(c.behaviour, Answers), c.is_retry) for c in calls.calls} == {
        (True, False),
        (False, True),
    }
    willing = World(PROMPT, attempts_max=2).run_until(60_000)
    found = forecast(willing.state, Instant(10_000_000), calls, expected=PROMPT.population, runs=5)
    # About one first call in ten is as expected; of the rest, one in a hundred.
    assert found.campaigns[0].reached.p50 < 60


def test_short_calls_just_placed_do_not_crowd_out_the_long_ones():
    """Of calls just placed only the short ones are over: they tell nothing yet."""
    behaviour = follows_prompts(ring=4, think=1)
    busy = NotAnswered(outcome=Outcome.BUSY, after=1)

    def call(behaviour, placed_at, lasted_ms):
        ended_at = Instant(placed_at + lasted_ms)
        return SeenCall(
            behaviour=behaviour, is_retry=False, placed_at=Instant(placed_at), ended_at=ended_at
        )

    old = [call(behaviour, 0, 20_000) for _ in range(50)]
    new = [call(busy, 99_000, 1_000) for _ in range(50)]
    world = World(PROMPT, recipients=50, attempts_max=1)
    seen = Observed(calls=(*old, *new), sounds_s=(("press-1", 3), ("message", 10)))
    found = forecast(world.state, Instant(100_000), seen, expected=PROMPT.population, runs=5)
    assert found.campaigns[0].reached == Spread(p10=50, p50=50, p90=50)


def test_before_the_first_call_the_forecast_is_what_is_expected():
    world = World(PROMPT, when=StartAfter(minutes=1))
    found = forecast(world.state, world.now, Observed(), expected=PROMPT.population, runs=3)
    assert found.campaigns[0].reached.p50 == 100
    assert found.ends_at.p50 > 61_000


def test_the_same_question_has_the_same_answer():
    world = World(Network()).run_until(60_000)
    assert world.forecast(runs=3) == world.forecast(runs=3)
    assert world.forecast(runs=3) != world.forecast(runs=3, seed=7)


def test_a_campaign_that_is_paused_does_not_end():
    world = World(PROMPT).run_until(60_000)
    world.handle([PauseCampaign(campaign_id=1)])
    found = world.forecast(runs=3)
    assert found.ends_at == Spread(p10=None, p50=None, p90=None)
    assert 0 < found.campaigns[0].reached.p90 < 100


def test_an_end_beyond_the_horizon_is_not_told():
    world = World(PROMPT).run_until(60_000)
    found = world.forecast(runs=2, horizon_s=10)
    assert found.campaigns[0].ends_at == Spread(p10=None, p50=None, p90=None)


def test_a_service_whose_campaigns_are_over_has_nothing_to_forecast():
    world = World(PROMPT, recipients=3).run_until(9_000_000)
    found = world.forecast(runs=2)
    assert found.campaigns == ()
    assert found.ends_at == Spread(p10=None, p50=None, p90=None)


def test_handling_reports_together_makes_the_end_a_little_later():
    world = World(PROMPT, recipients=200).run_until(100_000)
    exact, coarse = (world.forecast(runs=3, step_ms=step_ms) for step_ms in (0, 200))
    assert exact.ends_at.p50 <= coarse.ends_at.p50 < exact.ends_at.p50 * 1.1


def test_the_state_is_not_changed_by_the_question():
    world = World(PROMPT).run_until(60_000)
    before = world.state
    copy = handle_batch(before, [], world.now).state
    world.forecast(runs=2)
    assert world.state is before
    assert handle_batch(before, [], world.now).state == copy


@pytest.mark.parametrize("runs", [0, 1_001])
def test_a_number_of_runs_beyond_reason_is_refused(runs):
    world = World(PROMPT)
    with pytest.raises(SettingsError):
        world.forecast(runs=runs)


def test_forecast_that_may_not_go_on_is_of_the_runs_played_so_far():
    world = World(Network(population=population()), recipients=10)
    steps = 0

    def made(steps_max):
        nonlocal steps
        steps = 0

        def go_on():
            nonlocal steps
            steps += 1
            return steps <= steps_max

        return forecast(world.state, world.now, observed(world.events), runs=8, go_on=go_on)

    whole, needed = made(1_000_000), steps

    assert made(needed) == whole
    assert 1 <= made(needed // 2).runs < whole.runs == 8
    with pytest.raises(TimeoutError):
        made(1)

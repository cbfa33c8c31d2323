"""Whole campaigns: the core in a loop with the exchange, and nothing between them."""

from __future__ import annotations

import pytest

from campaign_core import (
    CallLimits,
    CallRate,
    CallScript,
    CampaignId,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    RetryPolicy,
    Settings,
    Status,
    check,
    handle_batch,
    next_wakeup,
    open_service,
    replay,
    status,
)
from campaign_core.commands import AddModel, ResumeCampaign, StartCampaign
from campaign_core.events import CallEnded, CampaignEnded
from campaign_drivers import Capacity
from campaign_drivers.simulated import Exchange, Faults, Network, Outage, Rates, population

DAY_MS = 86_400_000


def run(network, *, recipients=60, seed=1, **model):
    """Run one campaign to its end: the events, the exchange, and when it was over."""
    now = Instant(1_000)
    transition = open_service("0000000a", Settings(call_limits=CallLimits(total=10)), now)
    state, events = transition.state, list(transition.events)
    exchange = Exchange(network, seed=seed, kept_calls_max=10_000)
    exchange.connect(now)
    callees = [
        Recipient(number=f"{2000 + i}", line=Line.INTERNAL if i % 3 else Line.EXTERNAL)
        for i in range(recipients)
    ]
    parameters = CampaignModel(
        name="Test", caller_number="100", sound="message", recipients=callees, **model
    )
    messages = [AddModel(model=parameters), StartCampaign(model_id=1)]
    while True:
        batch = handle_batch(state, messages, now)
        state = batch.state
        events += batch.events
        assert batch.refusals == ()
        for decision in batch.decisions:
            exchange.carry_out(decision, now)
        if any(isinstance(event, CampaignEnded) for event in batch.events):
            break
        if status(state, CampaignId(1), now) is Status.PAUSED:
            # R6.18: sounds were missing three times running; somebody looks, and goes on.
            messages = [ResumeCampaign(campaign_id=CampaignId(1))]
            continue
        instants = [at for at in (exchange.next_at(), next_wakeup(state, now)) if at is not None]
        now = max(now, min(instants))
        assert now < 30 * DAY_MS
        messages = [report for _, report in exchange.reports_until(now)]
    check(state)
    assert replay(events) == state
    return events, exchange, now


def outcomes(events):
    return [event.outcome for event in events if isinstance(event, CallEnded)]


SCRIPT = CallScript(confirm_answer=True, confirm_listening=True)
NETWORK = Network()


def test_a_campaign_runs_to_its_end():
    events, exchange, _ = run(NETWORK, script=SCRIPT)
    counts = exchange.counts()
    assert counts.taken == counts.ended == len(outcomes(events))
    assert counts.repeated == 0
    assert counts.at_once_max == 10
    assert Outcome.REACHED in outcomes(events)
    assert events[-1].contacted == outcomes(events).count(Outcome.REACHED)


def test_the_same_campaign_on_the_same_network_runs_the_same():
    assert run(NETWORK, script=SCRIPT)[0] == run(NETWORK, script=SCRIPT)[0]
    assert run(NETWORK, script=SCRIPT)[0] != run(NETWORK, script=SCRIPT, seed=2)[0]


def test_people_who_follow_the_prompts_are_all_reached():
    """R7.5."""
    from campaign_drivers.simulated import WeightedBehaviour, follows_prompts

    people = [WeightedBehaviour(weight=1, behaviour=follows_prompts(think=1))]
    network = Network(population=population(rates=Rates(answered=1), people=people))
    events, _, _ = run(network, script=SCRIPT)
    assert {Outcome.REACHED} == set(outcomes(events))


@pytest.mark.parametrize("limits", [CallLimits(total=3), CallLimits(internal=2, external=1)])
def test_no_more_calls_are_in_progress_than_a_limit_allows(limits):
    """R6.8."""
    _, exchange, _ = run(NETWORK, call_limits=limits)
    counts = exchange.counts()
    assert counts.at_once_max == 3
    assert counts.internal_at_once_max <= (limits.internal or 3)
    assert counts.external_at_once_max <= (limits.external or 3)


def test_a_campaign_survives_a_telephony_with_less_capacity_than_it_wants():
    """R5.5: deferred calls are given back and placed later."""
    network = Network(capacity=Capacity(calls_max=4, calls_per_s=2))
    events, exchange, _ = run(network, script=SCRIPT)
    assert exchange.counts().deferred > 0
    assert exchange.counts().at_once_max == 4
    assert len(outcomes(events)) == exchange.counts().taken


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(lost=0.05), id="lost"),
        pytest.param(Faults(doubled=0.3), id="doubled"),
        pytest.param(Faults(delayed=0.2), id="delayed"),
        pytest.param(Faults(playback_failed=0.2), id="playback"),
        pytest.param(Faults(outages=[Outage(after_s=30, lasts_s=20)]), id="outage"),
        pytest.param(Faults(outages=[Outage(after_s=30, lasts_s=20, restarts=True)]), id="restart"),
        pytest.param(
            Faults(
                lost=0.02,
                doubled=0.02,
                delayed=0.02,
                outage_every=60,
                outage_lasts=8,
                outage_restarts=0.3,
            ),
            id="all",
        ),
    ],
)
def test_a_campaign_comes_to_its_end_whatever_goes_wrong(faults):
    """R7.9: no capacity leaks, no call is in progress for ever."""
    events, exchange, _ = run(Network(faults=faults), script=SCRIPT, attempts_max=3)
    counts = exchange.counts()
    assert counts.at_once_max <= 10
    assert counts.repeated == 0
    assert len(outcomes(events)) >= counts.taken


def test_a_rate_and_retry_delays_are_kept_on_the_exchange_s_own_record():
    """R2.4, R6.10."""
    _, exchange, _ = run(
        NETWORK,
        call_rate=CallRate(calls=5, per_s=10),
        retry=RetryPolicy(delays_s={Outcome.BUSY: 120}),
    )
    placed = sorted(call.placed_at for call in exchange.calls())
    assert all(later - first >= 10_000 for first, later in zip(placed, placed[5:], strict=False))

"""A pool of which a part takes no calls: the core is told, and places none that no node takes."""

from collections import Counter

import pytest
from tests.drivers.pool.world import World

from campaign_core import (
    CallLimits,
    CampaignModel,
    Line,
    ReasonKind,
    Recipient,
    Settings,
    Status,
    calls,
    explain,
    status,
)
from campaign_core import events as ev
from campaign_core.commands import AddModel, StartCampaign
from campaign_drivers.simulated import Exchange, Network, Rates, population


def world_of(*limits, total):
    network = Network(population=population(rates=Rates(answered=1.0)))
    nodes = [
        (Exchange(network, seed=seed, kept_calls_max=1_000), 1, one, None)
        for seed, one in enumerate(limits)
    ]
    return World(nodes, settings=Settings(call_limits=CallLimits(total=total)))


@pytest.fixture
def begin():
    worlds = []

    def begin(*limits, total, lines, drained=()):
        world = world_of(*limits, total=total)
        worlds.append(world)
        world.go_on(10_000)
        for name in drained:
            world.pool.drain(name)
        world.go_on(1)
        recipients = [Recipient(number=f"{200 + n}", line=line) for n, line in enumerate(lines)]
        model = CampaignModel(
            name="Test", caller_number="100", sound="message", recipients=recipients
        )
        world.give(AddModel(model=model), StartCampaign(model_id=1))
        return world

    yield begin
    for world in worlds:
        world.close()


def of_kind(world, kind):
    return [event for event in world.events if isinstance(event, kind)]


def test_line_that_no_node_takes_just_now_keeps_nobody_of_the_other_line_waiting(begin):
    """R5.5, R6.3: when a line is full, go on with recipients of the other line."""
    world = begin(
        CallLimits(total=60, external=30),
        CallLimits(total=30, external=0),
        total=10,
        lines=[Line.EXTERNAL, Line.INTERNAL] * 40,
        drained=["node 1"],
    )

    world.until(lambda: len(of_kind(world, ev.CallEnded)) == 40, within_ms=600_000)
    assert Counter(event.line for event in of_kind(world, ev.CallPlaced)) == {Line.INTERNAL: 40}
    assert of_kind(world, ev.CallGivenBack) == []
    assert status(world.state, 1, world.clock.now()) is Status.BLOCKED
    kinds = {reason.kind for reason in explain(world.state, 1, 1, world.clock.now()).reasons}
    assert kinds == {ReasonKind.DRIVER_LIMIT}

    # At once, and not when some deferral is over.
    world.pool.restore("node 1")
    world.go_on(1)
    assert len(calls(world.state)) == 10
    world.until(lambda: status(world.state, 1, world.clock.now()) is Status.COMPLETED)


@pytest.mark.parametrize("how", ["drained", "lost"])
def test_node_that_goes_leaves_no_more_events_than_its_calls(begin, how):
    """R5.5: what no node takes is not placed again and again, only to be given back."""
    world = begin(CallLimits(total=3), CallLimits(total=3), total=6, lines=[Line.INTERNAL] * 300)
    assert len(calls(world.state)) == 6

    if how == "drained":
        world.pool.drain("node 1")
    else:
        world.lose(0, restarts=False)
    before = len(world.events)
    world.go_on(1)
    changes = of_kind(world, ev.DriverCapacityChanged)
    world.go_on(60_000)

    assert of_kind(world, ev.CallGivenBack) == []
    assert len(of_kind(world, ev.DriverCapacityChanged)) <= len(changes) + 3
    placed = [event for event in world.events[before:] if isinstance(event, ev.CallPlaced)]
    assert placed
    world.pool.restore("node 1")
    if how == "lost":
        world.regain(0)
    world.until(lambda: status(world.state, 1, world.clock.now()) is Status.COMPLETED)

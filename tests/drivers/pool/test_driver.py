"""The pool's driver: nodes that can be reached and nodes that cannot, and what a panel asks."""

from __future__ import annotations

import asyncio

import pytest

from campaign_core import (
    CallLimits,
    CampaignModel,
    Instant,
    Line,
    Recipient,
    Settings,
    Status,
    open_service,
    status,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.errors import SettingsError
from campaign_core.events import CallEnded
from campaign_core.reports import CallsUpReport, DriverUpReport
from campaign_core.testing import audit
from campaign_drivers import Capacity, LinkLostError, LoginRefusedError, Missing, Need
from campaign_drivers.pool import Node, PoolDriver
from campaign_drivers.simulated import (
    Exchange,
    Faults,
    Network,
    Outage,
    Rates,
    RealClock,
    SimulatedDriver,
    Sounds,
    VirtualClock,
    population,
)
from campaign_service.engine import RealTimeEngine

UNKNOWN = Capacity()


class Telephony:
    """A driver of a node that a test has in its hand."""

    def __init__(self, *errors, capacity=UNKNOWN, missing=()):
        self.errors = list(errors)
        self.tries = 0
        self.is_closed = False
        self.orders = []
        self.asked = None
        self._capacity, self._missing = capacity, missing

    async def start(self, report):
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        report(DriverUpReport())
        report(CallsUpReport())

    def carry_out(self, decision):
        self.orders.append(decision)

    async def check(self, *, sounds, routing_classes):
        self.asked = (sounds, routing_classes)
        if isinstance(self._missing, Exception):
            raise self._missing
        return self._missing

    def capacity(self):
        return self._capacity

    async def close(self):
        self.is_closed = True


def pool_of(*drivers, **nodes):
    clock = VirtualClock(Instant(1_000))
    named = [Node(name=f"n{number}", driver=driver) for number, driver in enumerate(drivers, 1)]
    named += [Node(name=name, **given) for name, given in nodes.items()]
    pool = PoolDriver(named, clock=clock)
    pool.heard = []
    return pool, clock


async def wait(clock, ms):
    """Let time pass, and whoever waits for it have a turn."""
    for _ in range(3):
        await asyncio.sleep(0)
    clock.advance_to(Instant(clock.now() + ms))
    for _ in range(5):
        await asyncio.sleep(0)


def test_one_node_that_starts_is_enough_and_the_other_is_tried_again():
    """A node that cannot be reached at the start is tried again in the background."""

    async def story():
        away = Telephony(LinkLostError("no route"), LinkLostError("no route"))
        pool, clock = pool_of(away, Telephony())
        await pool.start(pool.heard.append)
        await wait(clock, 0)
        assert [node.is_up for node in pool.nodes()] == [False, True]
        assert [node.last_error for node in pool.nodes()] == ["no route", None]
        assert pool.heard == [DriverUpReport(), CallsUpReport(among=[])]
        await wait(clock, 1_000)
        assert (away.tries, pool.nodes()[0].is_up) == (2, False)
        await wait(clock, 2_000)
        assert (away.tries, pool.nodes()[0].is_up) == (3, True)
        await pool.close()
        assert away.is_closed

    asyncio.run(story())


def test_refused_log_in_is_not_hammered():
    async def story():
        away = Telephony(LoginRefusedError("bad secret"))
        pool, clock = pool_of(away, Telephony())
        await pool.start(pool.heard.append)
        await wait(clock, 59_000)
        assert away.tries == 1
        await wait(clock, 1_000)
        assert pool.nodes()[0].is_up
        await pool.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([LinkLostError("no route"), LoginRefusedError("bad secret")], LinkLostError),
        ([LoginRefusedError("bad secret"), LoginRefusedError("bad secret")], LoginRefusedError),
    ],
)
def test_pool_starts_with_no_node_not_at_all_and_says_why_of_each(errors, expected):
    async def story():
        nodes = [Telephony(error) for error in errors]
        pool, _ = pool_of(*nodes)
        with pytest.raises(expected, match=r"n1: .*; n2: bad secret"):
            await pool.start(pool.heard.append)
        assert all(node.is_closed for node in nodes)
        await pool.start(pool.heard.append)
        await pool.close()

    asyncio.run(story())


def test_defect_of_a_driver_is_not_taken_for_an_outage():
    async def story():
        pool, _ = pool_of(Telephony(ZeroDivisionError()), Telephony())
        with pytest.raises(ZeroDivisionError):
            await pool.start(pool.heard.append)

    asyncio.run(story())


def test_slow_node_holds_up_nobody_for_long():
    class Slow(Telephony):
        async def start(self, report):
            await asyncio.sleep(30)

    async def story():
        slow = Slow()
        pool, _ = pool_of(slow, Telephony())
        await asyncio.wait_for(pool.start(pool.heard.append), 20)
        assert [node.is_up for node in pool.nodes()] == [False, True]
        await pool.close()
        assert slow.is_closed

    asyncio.run(story())


@pytest.mark.parametrize("names", [(), ("one", "one")])
def test_pool_has_nodes_of_different_names(names):
    with pytest.raises(SettingsError):
        PoolDriver(
            [Node(name=name, driver=Telephony()) for name in names], clock=VirtualClock(Instant(0))
        )


@pytest.mark.parametrize(
    "bad", [{"name": " "}, {"name": "x" * 65}, {"weight": 0}, {"calls_per_s": 0}, {"weight": True}]
)
def test_bad_value_of_a_node_is_refused_by_its_name(bad):
    """R3.3: an error that names the field, the value and the rule."""
    with pytest.raises(SettingsError) as caught:
        Node(**{"name": "one", "driver": Telephony(), **bad})
    assert caught.value.field in bad


def test_node_is_drained_and_restored_by_its_name():
    async def story():
        pool, _ = pool_of(Telephony(), n2={"driver": Telephony(), "drained": True})
        await pool.start(pool.heard.append)
        assert [node.is_drained for node in pool.nodes()] == [False, True]
        pool.drain("n1")
        pool.restore("n2")
        assert [node.is_drained for node in pool.nodes()] == [True, False]
        with pytest.raises(LookupError, match="no node 'n3'; there are n1, n2"):
            pool.drain("n3")
        await pool.close()

    asyncio.run(story())


def test_what_one_node_lacks_the_pool_lacks_and_says_which_node():
    def lacks(need, name, advice="add it"):
        return Missing(need=need, name=name, advice=advice)

    async def story():
        pool, _ = pool_of(
            Telephony(missing=[lacks(Need.SOUND, "a"), lacks(Need.ROUTE, "gold", "a trunk")]),
            Telephony(missing=[lacks(Need.SOUND, "a"), lacks(Need.INTERNAL_ROUTE, None)]),
            Telephony(missing=[lacks(Need.ROUTE, "gold", "a gateway")]),
            away={"driver": Telephony(missing=LinkLostError("just now"))},
        )
        await pool.start(pool.heard.append)
        found = await pool.check(sounds=frozenset("a"), routing_classes=frozenset(["gold"]))
        assert [(entry.need, entry.name, entry.advice) for entry in found] == [
            (Need.SOUND, "a", "on n1, n2: add it"),
            (Need.ROUTE, "gold", "on n1: a trunk; on n3: a gateway"),
            (Need.INTERNAL_ROUTE, None, "on n2: add it"),
        ]
        await pool.close()

    asyncio.run(story())


def test_node_is_asked_for_what_its_limits_let_it_need():
    async def story():
        missing = [Missing(need=Need.INTERNAL_ROUTE, name=None, advice="add it")]
        only = Telephony(missing=missing)
        inside, outside = CallLimits(external=0), CallLimits(internal=0)
        pool, _ = pool_of(
            inside={"driver": only, "call_limits": inside},
            outside={"driver": Telephony(missing=missing), "call_limits": outside},
        )
        await pool.start(pool.heard.append)
        (found,) = await pool.check(sounds=frozenset("a"), routing_classes=frozenset(["gold"]))
        assert only.asked == (frozenset("a"), frozenset())
        assert found.advice == "on inside: add it"
        await pool.close()

    asyncio.run(story())


def test_capacities_of_nodes_that_take_calls_add_up():
    async def story():
        large = {"driver": Telephony(capacity=Capacity(calls_max=100, calls_per_s=10))}
        pool, _ = pool_of(
            large={**large, "call_limits": CallLimits(internal=40, external=30)},
            small={
                "driver": Telephony(capacity=Capacity(calls_per_s=2.5)),
                "call_limits": CallLimits(total=5),
                "calls_per_s": 7,
            },
        )
        assert pool.capacity() == Capacity(calls_max=0, calls_per_s=0)
        await pool.start(pool.heard.append)
        assert pool.capacity() == Capacity(calls_max=75, calls_per_s=12.5)
        pool.drain("large")
        assert pool.capacity() == Capacity(calls_max=5, calls_per_s=2.5)
        await pool.close()

    asyncio.run(story())


def test_capacity_is_unknown_where_it_is_of_one_node():
    async def story():
        pool, _ = pool_of(Telephony(capacity=Capacity(calls_max=5)), Telephony())
        await pool.start(pool.heard.append)
        assert pool.capacity() == Capacity()
        await pool.close()

    asyncio.run(story())


def test_campaign_runs_to_its_end_while_nodes_come_and_go():
    """In real time, fifty times as fast: one node restarts, the other is lost for a while."""

    async def story():
        clock = RealClock(speed=50)
        people = population(rates=Rates(answered=1))
        exchanges = [
            Exchange(
                Network(
                    population=people,
                    sounds=Sounds(default_s=5),
                    faults=Faults(outages=[Outage(after_s=after, lasts_s=20, restarts=restarts)]),
                ),
                seed=after,
            )
            for after, restarts in [(15, True), (50, False)]
        ]
        pool = PoolDriver(
            [
                Node(
                    name=f"node {number}",
                    driver=SimulatedDriver(exchange=exchange, clock=clock),
                    call_limits=CallLimits(total=6),
                )
                for number, exchange in enumerate(exchanges, 1)
            ],
            clock=clock,
        )
        events = []
        settings = Settings(call_limits=CallLimits(total=10))
        opened = open_service("00000001", settings, clock.now())
        model = CampaignModel(
            name="Closing",
            caller_number="100",
            sound="message",
            recipients=[Recipient(number=f"2{n:02}", line=Line.INTERNAL) for n in range(60)],
        )
        async with RealTimeEngine(
            opened, driver=pool, clock=clock, observers=[events.extend]
        ) as engine:
            await engine.give(AddModel(model=model))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: engine.is_quiet)
            assert status(engine.state, 1, engine.now) is Status.COMPLETED
            assert [node.calls for node in pool.nodes()] == [0, 0]
        assert audit(events) == ()
        assert all(exchange.counts().at_once_max <= 6 for exchange in exchanges)
        assert "LOST" in {event.outcome.name for event in events if isinstance(event, CallEnded)}

    asyncio.run(story())

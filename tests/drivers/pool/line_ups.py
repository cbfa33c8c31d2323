"""Pools as line-ups of the conformance suite: of simulated nodes, and of kinds that differ."""

from __future__ import annotations

from tests.drivers.conformance.line_ups import CALLS_MAX, DIALS, SCRIPTS, SimulatedLineUp
from tests.drivers.freeswitch.line_ups import SocketLineUp
from tests.emulators.freeswitch import people

from campaign_core import CallLimits, Outcome
from campaign_drivers.freeswitch import FreeSwitchDriver
from campaign_drivers.pool import Node, PoolDriver
from campaign_drivers.simulated import (
    Exchange,
    Network,
    NotAnswered,
    RealClock,
    SimulatedDriver,
    Sounds,
    population,
)


class PoolLineUp(SimulatedLineUp):
    """A pool of simulated exchanges on virtual time; each has the same callees."""

    nodes = 1
    out_of_reach = 0
    """How many of them nobody can reach."""

    def __init__(self):
        super().__init__()
        network = Network(
            population=population(scripts=SCRIPTS),
            sounds=Sounds(durations_s={"short": 2, "long": 10}, missing=["missing"]),
        )
        self.exchanges = [Exchange(network, seed=seed) for seed in range(self.nodes)]
        for exchange in self.exchanges[: self.out_of_reach]:
            exchange.lose_link(self.clock.now())

    def make_driver(self):
        self.drivers = [
            SimulatedDriver(exchange=exchange, clock=self.clock) for exchange in self.exchanges
        ]
        nodes = [
            Node(name=f"node {number}", driver=driver, call_limits=CallLimits(total=CALLS_MAX))
            for number, driver in enumerate(self.drivers, 1)
        ]
        return PoolDriver(nodes, clock=self.clock)

    def calls_max(self):
        return CALLS_MAX * (self.nodes - self.out_of_reach)

    def told_limits(self):
        most = self.calls_max()
        return CallLimits(total=most, internal=most, external=most)

    async def lose_link(self):
        for driver in self.drivers:
            driver.lose_link()
        return True

    async def regain_link(self):
        for driver in self.drivers:
            driver.regain_link()


class PoolOfThree(PoolLineUp):
    nodes = 3


class PoolWithOneAway(PoolLineUp):
    """Two are there, one is out of reach from the beginning."""

    nodes = 3
    out_of_reach = 1

    async def regain_link(self):
        for driver in self.drivers[self.out_of_reach :]:
            driver.regain_link()


class MixedPool(SocketLineUp):
    """A FreeSWITCH (the emulated one, over a socket) and a simulated exchange, in real time.

    Whom a number reaches behaves alike on both.
    """

    is_simulated_first = False

    def __init__(self):
        super().__init__()
        self.people |= {
            "200": people.Callee(),
            "201": people.Scripted(ring_ms=2_000),
            "202": people.Scripted(after_answer=((1_000, "hangup"),)),
            "300": people.RingsForEver(),
            "301": people.Rejects("USER_BUSY", 486, after_ms=100),
            "302": people.Rejects("CALL_REJECTED", 603, after_ms=100),
            "304": people.Rejects("NORMAL_TEMPORARY_FAILURE", 503, after_ms=100),
            **{number: _dials(*part) for part, number in DIALS.items()},
        }
        network = Network(
            population=population(
                scripts={**SCRIPTS, "999": [NotAnswered(outcome=Outcome.INVALID_NUMBER, after=1)]}
            ),
            sounds=Sounds(durations_s={"short": 2, "long": 10}, missing=["nowhere"]),
            routing_classes=[None],
        )
        self.exchange = Exchange(network)
        self.clock = RealClock()

    @property
    def tolerance_s(self):
        return 1.5

    def make_driver(self):
        self.simulated = SimulatedDriver(exchange=self.exchange, clock=self.clock)
        nodes = [
            Node(name="freeswitch", driver=FreeSwitchDriver(self.settings())),
            Node(name="simulated", driver=self.simulated),
        ]
        if self.is_simulated_first:
            nodes.reverse()
        return PoolDriver(nodes, clock=self.clock)

    def calls_max(self):
        return None

    told_limits = calls_max

    def make_driver_of(self, service_id):
        return None

    async def lose_link(self):
        self.simulated.lose_link()
        return await super().lose_link()

    async def regain_link(self):
        self.simulated.regain_link()
        await super().regain_link()

    answers = SimulatedLineUp.answers
    answers_late = SimulatedLineUp.answers_late
    answers_and_hangs_up = SimulatedLineUp.answers_and_hangs_up
    answers_and_dials = SimulatedLineUp.answers_and_dials
    does_not_answer = SimulatedLineUp.does_not_answer
    plays_before_answering = SimulatedLineUp.plays_before_answering
    is_busy = SimulatedLineUp.is_busy
    rejects = SimulatedLineUp.rejects
    is_congested = SimulatedLineUp.is_congested


class MixedPoolOtherWay(MixedPool):
    """The same, where the first call goes to the other node."""

    is_simulated_first = True


def _dials(digits, after_s, apart_s):
    script = [((after_s + place * apart_s) * 1_000, digit) for place, digit in enumerate(digits)]
    return people.Scripted(after_answer=tuple(script))

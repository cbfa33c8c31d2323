"""The simulated driver's line-up, on virtual time."""

from __future__ import annotations

from campaign_core import Instant, Outcome, ServiceId
from campaign_drivers import Capacity
from campaign_drivers.conformance import Callee, LineUp, Sound
from campaign_drivers.simulated import (
    Answers,
    Dials,
    Exchange,
    Faults,
    HangsUp,
    IsRefused,
    Moment,
    Network,
    NotAnswered,
    SimulatedDriver,
    Sounds,
    VirtualClock,
    population,
)

DIALS = {("5", 3, 1): "501", ("52", 2, 1): "502", ("1590#*", 1, 0.5): "503"}
"""Digits, delay and gap of those who dial, and their numbers."""


def _dials(digits, after, apart):
    act = Dials(when=Moment.ANSWER, digits=digits, after=after, apart=apart)
    return [Answers(ring=1, acts=[act])]


SCRIPTS = {
    "200": [Answers(ring=1)],
    "201": [Answers(ring=2)],
    "202": [Answers(ring=1, acts=[HangsUp(when=Moment.ANSWER, after=1)])],
    "300": [NotAnswered()],
    "301": [NotAnswered(outcome=Outcome.BUSY, after=1)],
    "302": [NotAnswered(outcome=Outcome.REJECTED, after=1)],
    "303": [NotAnswered(outcome=Outcome.INVALID_NUMBER, after=1)],
    "304": [NotAnswered(outcome=Outcome.CONGESTION, after=1)],
    "400": [IsRefused()],
    **{number: _dials(*part) for part, number in DIALS.items()},
}


CALLS_MAX = 3


class SimulatedLineUp(LineUp):
    def __init__(self, faults=None):
        self.clock = VirtualClock(Instant(1_000))
        network = Network(
            population=population(scripts=SCRIPTS),
            sounds=Sounds(durations_s={"short": 2, "long": 10}, missing=["missing"]),
            faults=faults or Faults(),
            capacity=Capacity(calls_max=CALLS_MAX),
        )
        self.exchange = Exchange(network)

    service_id = ServiceId("0000c0de")
    tolerance_s = 0.1

    def make_driver(self):
        self.driver = SimulatedDriver(exchange=self.exchange, clock=self.clock)
        return self.driver

    async def sleep(self, seconds):
        await self.clock.sleep_until(Instant(self.clock.now() + round(seconds * 1_000)))

    def answers(self):
        return Callee(number="200")

    def answers_late(self, *, after_s):
        return Callee(number="201")

    def answers_and_hangs_up(self, *, after_s):
        return Callee(number="202")

    def answers_and_dials(self, digits, *, after_s, apart_s):
        return Callee(number=DIALS[digits, after_s, apart_s])

    def does_not_answer(self):
        return Callee(number="300")

    # A simulated network has no early media: to the exchange it is a ring like any other.
    plays_before_answering = does_not_answer

    def is_busy(self):
        return Callee(number="301")

    def rejects(self):
        return Callee(number="302")

    def does_not_exist(self):
        return Callee(number="303")

    def is_congested(self):
        return Callee(number="304")

    def is_refused(self):
        return Callee(number="400")

    def extension(self):
        return "9000"

    def calls_max(self):
        return CALLS_MAX

    def short_sound(self):
        return Sound(name="short", lasts_s=2)

    def long_sound(self):
        return Sound(name="long", lasts_s=10)

    def missing_sound(self):
        return "missing"

    async def lose_link(self):
        self.driver.lose_link()
        return True

    async def regain_link(self):
        self.driver.regain_link()

"""A third driver is its protocol and its tables: the toy keeps every promise with no more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.drivers.telephony.toy_driver import ToyDriver, ToySettings
from tests.drivers.telephony.toy_server import Person, ToyServing
from typing_extensions import override

from campaign_core import CallLimits, ServiceId
from campaign_drivers import LinkLostError, LoginRefusedError
from campaign_drivers.conformance import (
    SCENARIOS,
    BrokenPromiseError,
    Callee,
    LineUp,
    NotOfferedError,
    Scenario,
    Sound,
    check_scenario,
)

LINES_MAX = 600
CALLS_MAX = 4
SERVICE = ServiceId("0000c0de")


class ToyLineUp(LineUp):
    """The toy on a socket, in real time."""

    service_id = SERVICE

    def __init__(self) -> None:
        self.serving = ToyServing(CALLS_MAX)

    def settings(self, **changes: object) -> ToySettings:
        given = {"service_id": SERVICE, "host": "127.0.0.1", "port": self.serving.port}
        return ToySettings(**{**given, "password": "secret", "calls_max": CALLS_MAX, **changes})

    @override
    def make_driver(self) -> ToyDriver:
        return ToyDriver(self.settings())

    @override
    def make_driver_of(self, service_id: ServiceId) -> ToyDriver:
        return ToyDriver(self.settings(service_id=service_id))

    def at(self, person: Person) -> Callee:
        return Callee(number=self.serving.number_of(person))

    @override
    def answers(self) -> Callee:
        return self.at(Person())

    @override
    def answers_late(self, *, after_s: float) -> Callee:
        return self.at(Person(answers_after_s=after_s))

    @override
    def answers_and_dials(self, digits: str, *, after_s: float, apart_s: float) -> Callee:
        dials = tuple((after_s + place * apart_s, digit) for place, digit in enumerate(digits))
        return self.at(Person(dials=dials))

    @override
    def answers_and_hangs_up(self, *, after_s: float) -> Callee:
        return self.at(Person(hangs_up_after_s=after_s))

    @override
    def does_not_answer(self) -> Callee:
        return self.at(Person(answers_after_s=None, rings_for_ever=True))

    @override
    def is_busy(self) -> Callee:
        return self.at(Person(answers_after_s=None, why="busy"))

    @override
    def rejects(self) -> Callee:
        return self.at(Person(answers_after_s=None, why="rejected"))

    @override
    def does_not_exist(self) -> Callee:
        return self.at(Person(answers_after_s=None, why="unknown number"))

    @override
    def is_congested(self) -> Callee:
        return self.at(Person(answers_after_s=None, why="no line"))

    @override
    def is_refused(self) -> Callee:
        return Callee(number="1")

    @override
    def extension(self) -> str:
        return "9000"

    @override
    def calls_max(self) -> int:
        return CALLS_MAX

    @override
    def told_limits(self) -> CallLimits:
        return CallLimits(total=CALLS_MAX)

    @override
    def short_sound(self) -> Sound:
        return Sound(name="short", lasts_s=2)

    @override
    def long_sound(self) -> Sound:
        return Sound(name="long", lasts_s=10)

    @override
    def missing_sound(self) -> str:
        return "missing"

    @override
    async def lose_link(self) -> bool:
        await self.serving.vanish()
        return True

    @override
    async def regain_link(self) -> None:
        await self.serving.listen()


def test_the_toy_keeps_every_promise_of_a_driver() -> None:
    """In real time, all scenarios side by side; a network of the toy's has no early media."""

    async def try_one(scenario: Scenario) -> tuple[str, str] | None:
        line_up = ToyLineUp()
        async with line_up.serving:
            try:
                await check_scenario(scenario, line_up)
            except (BrokenPromiseError, NotOfferedError) as error:
                return scenario.name, str(error)
        return None

    async def try_all() -> list[tuple[str, str] | None]:
        return await asyncio.gather(*(try_one(scenario) for scenario in SCENARIOS))

    missed = dict(one for one in asyncio.run(try_all()) if one is not None)
    assert missed.keys() == {"early_media_is_no_answer"}, "\n".join(missed.values())


def test_a_third_driver_takes_fewer_lines_than_promised() -> None:
    written = Path(__file__).with_name("toy_driver.py").read_text(encoding="utf-8")

    assert written.count("\n") < LINES_MAX


@pytest.mark.parametrize(
    ("changes", "error"), [({"password": "wrong"}, LoginRefusedError), ({"port": 1}, LinkLostError)]
)
def test_what_keeps_the_toy_from_starting_is_told(
    changes: dict[str, object], error: type[Exception]
) -> None:
    async def start() -> None:
        line_up = ToyLineUp()
        async with line_up.serving:
            await ToyDriver(line_up.settings(**changes)).start(lambda _: None)

    with pytest.raises(error):
        asyncio.run(start())

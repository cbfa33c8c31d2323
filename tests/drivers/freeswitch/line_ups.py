"""The emulated server as a line-up of the conformance suite: on virtual time, or on a socket."""

from __future__ import annotations

import asyncio
from itertools import count

import attrs
from tests.drivers.freeswitch.rig import SERVICE, Rig, settings
from tests.emulators.freeswitch import people
from tests.emulators.freeswitch.serving import Serving
from tests.emulators.freeswitch.switch import Config, Switch
from typing_extensions import override

from campaign_core import CallLimits, Line, ServiceId
from campaign_core.decisions import Decision
from campaign_drivers import Capacity, Driver, Missing, ReportSink
from campaign_drivers.conformance import Callee, LineUp, Sound
from campaign_drivers.freeswitch import FreeSwitchDriver, FreeSwitchSettings, Route
from campaign_drivers.freeswitch._doctor import missing

CALLS_MAX = 5
SOUNDS = {"/snd/short.wav": 2_000.0, "/snd/long.wav": 10_000.0}


class EmulatedLineUp(LineUp):
    """Callees of the emulated server, each at a number of its own."""

    def __init__(self) -> None:
        self.people: dict[str, people.Callee] = {}
        self.config = Config(
            plan=self.people.get, sounds=SOUNDS, default_sound_ms=None, bridge_ms=10**8
        )
        self._numbers = count(7_000)

    @property
    @override
    def service_id(self) -> ServiceId:
        return SERVICE

    def at(self, callee: people.Callee) -> Callee:
        number = str(next(self._numbers))
        self.people[number] = callee
        return Callee(number=number)

    @override
    def answers(self) -> Callee:
        return self.at(people.Callee())

    @override
    def answers_late(self, *, after_s: float) -> Callee:
        return self.at(people.Scripted(ring_ms=after_s * 1_000))

    @override
    def answers_and_dials(self, digits: str, *, after_s: float, apart_s: float) -> Callee:
        script = tuple(
            ((after_s + place * apart_s) * 1_000, digit) for place, digit in enumerate(digits)
        )
        return self.at(people.Scripted(after_answer=script))

    @override
    def answers_and_hangs_up(self, *, after_s: float) -> Callee:
        return self.at(people.Scripted(after_answer=((after_s * 1_000, "hangup"),)))

    @override
    def does_not_answer(self) -> Callee:
        return self.at(people.RingsForEver())

    @override
    def plays_before_answering(self) -> Callee:
        return self.at(people.EarlyMedia(answers=False, after_ms=10**8))

    @override
    def is_busy(self) -> Callee:
        return self.at(people.Rejects("USER_BUSY", 486, after_ms=100))

    @override
    def rejects(self) -> Callee:
        return self.at(people.Rejects("CALL_REJECTED", 603, after_ms=100))

    @override
    def does_not_exist(self) -> Callee:
        return Callee(number="999", line=Line.EXTERNAL)

    @override
    def is_congested(self) -> Callee:
        return self.at(people.Rejects("NORMAL_TEMPORARY_FAILURE", 503, after_ms=100))

    @override
    def is_refused(self) -> Callee:
        return Callee(number="1000", line=Line.EXTERNAL, routing_class="bad")

    @override
    def extension(self) -> str:
        self.people["200"] = people.Callee()
        return "200"

    @override
    def short_sound(self) -> Sound:
        return Sound(name="short", lasts_s=2)

    @override
    def long_sound(self) -> Sound:
        return Sound(name="long", lasts_s=10)

    @override
    def missing_sound(self) -> str:
        return "nowhere"


class RigDriver(Driver):
    """A driver on virtual time: the switchboard without its shell."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    @override
    async def start(self, report: ReportSink) -> None:
        self.rig.on_report = report
        self.rig.connect()

    @override
    def carry_out(self, decision: Decision) -> None:
        self.rig.order(decision)

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        async with Serving(Switch(self.rig.switch.config)) as serving:
            there = settings(port=serving.port)
            return await missing(there, sounds=sounds, routing_classes=routing_classes)

    @override
    def capacity(self) -> Capacity:
        return Capacity()

    @override
    async def close(self) -> None:
        self.rig.on_report = lambda _: None
        self.rig.lose()


class VirtualLineUp(EmulatedLineUp):
    """On virtual time: a scenario takes as long as the machine needs to think."""

    def __init__(self) -> None:
        super().__init__()
        self._switch = Switch(self.config)
        self._rig: Rig | None = None

    @override
    def make_driver(self) -> Driver:
        self._rig = Rig()
        self._rig.switch = self._switch
        return RigDriver(self._rig)

    @override
    async def sleep(self, seconds: float) -> None:
        assert self._rig is not None
        self._rig.run(seconds * 1_000)
        if self._rig.client is None and self._is_back:
            self._is_back = False
            self._rig.connect()

    _is_back = False

    @override
    async def lose_link(self) -> bool:
        assert self._rig is not None
        self._rig.lose()
        return True

    @override
    async def regain_link(self) -> None:
        self._is_back = True


class SocketLineUp(EmulatedLineUp):
    """On a socket of the loopback interface, in real time: the whole driver."""

    def __init__(self) -> None:
        super().__init__()
        self.serving = Serving(Switch(self.config))

    @override
    def make_driver(self) -> FreeSwitchDriver:
        return FreeSwitchDriver(self.settings())

    def settings(self) -> FreeSwitchSettings:
        internal = Route(dial_string="user/{number}")
        return settings(port=self.serving.port, internal=internal, calls_max=CALLS_MAX)

    @override
    def calls_max(self) -> int:
        return CALLS_MAX

    @override
    def told_limits(self) -> CallLimits:
        return CallLimits(total=CALLS_MAX)

    @override
    def make_driver_of(self, service_id: ServiceId) -> FreeSwitchDriver:
        return FreeSwitchDriver(attrs.evolve(self.settings(), service_id=service_id))

    @override
    async def lose_link(self) -> bool:
        await self.serving.vanish()
        return True

    @override
    async def regain_link(self) -> None:
        await self.serving.listen()

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

"""The promises of the driver protocol, kept on real servers."""

import asyncio
import itertools

import attrs
import pytest

from campaign_core import CallLimits, Line
from campaign_drivers.asterisk import AsteriskDriver
from campaign_drivers.conformance import (
    SCENARIOS,
    Callee,
    LineUp,
    NotOfferedError,
    Sound,
    check_scenario,
)

from .breakable import Breakable
from .rig import settings_for

INTERNAL, EXTERNAL = Line.INTERNAL, Line.EXTERNAL
CALLS_MAX = 5


class Callees(LineUp):
    """The callees of ``etc/extensions.conf``, on Local channels or over SIP."""

    def __init__(self, pbx, line, wire):
        self._settings = attrs.evolve(settings_for(pbx, port=wire.port), calls_max=CALLS_MAX)
        self._line, self._wire = line, wire

    @property
    def service_id(self):
        return self._settings.service_id

    def make_driver(self):
        return AsteriskDriver(self._settings)

    def _callee(self, number):
        return Callee(number=number, line=self._line)

    def answers(self):
        return self._callee("607")

    def answers_late(self, *, after_s):
        return self._callee(f"613*{round(after_s * 10)}")

    def answers_and_dials(self, digits, *, after_s, apart_s):
        waits = itertools.chain([after_s], itertools.repeat(apart_s))
        # A digit takes 0.1 s, which counts from its beginning.
        steps = [f"{round(wait * 10)}*{_name(d)}" for wait, d in zip(waits, digits, strict=False)]
        return self._callee("*".join(["8", *steps]))

    def answers_and_hangs_up(self, *, after_s):
        return self._callee(f"8*{round(after_s * 10)}*99")

    def does_not_answer(self):
        return self._callee("601")

    def plays_before_answering(self):
        return self._callee("611")

    def is_busy(self):
        return self._callee("603")

    def rejects(self):
        return self._callee("609")

    def does_not_exist(self):
        return self._callee("7001")

    def is_congested(self):
        return self._callee("604")

    def is_refused(self):
        return Callee(number="100", line=EXTERNAL, routing_class="unconfigured")

    def extension(self):
        return "607"

    def told_limits(self):
        return CallLimits(total=CALLS_MAX)

    def make_driver_of(self, service_id):
        return AsteriskDriver(attrs.evolve(self._settings, service_id=service_id))

    def short_sound(self):
        return Sound(name="short", lasts_s=2)

    def long_sound(self):
        return Sound(name="long", lasts_s=20)

    def missing_sound(self):
        return "nosuch"

    async def lose_link(self):
        self._wire.is_closed = True
        self._wire.cut()
        return True

    async def regain_link(self):
        self._wire.is_closed = False


def _name(digit):
    # A star parts the fields of a number, and a hash is not for every SIP address.
    return {"*": "97", "#": "98"}.get(digit, digit)


# The driver tells how many calls are to be placed, and takes whatever is placed all the same: of
# an Asterisk that is full itself tell the tests of `maxcalls`.
OF_A_FULL_TELEPHONY = {"a_call_too_many_is_given_back", "a_place_that_is_free_again_is_taken"}


@pytest.mark.parametrize("line", [INTERNAL, EXTERNAL], ids=lambda line: line.name)
@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name not in OF_A_FULL_TELEPHONY],
    ids=lambda scenario: scenario.name,
)
def test_the_driver_keeps_its_promises(pbx, scenario, line):
    async def story():
        async with Breakable(pbx.ami) as wire:
            await check_scenario(scenario, Callees(pbx, line, wire))

    try:
        asyncio.run(story())
    except NotOfferedError as error:
        pytest.skip(str(error))

"""The driver on a clock that goes where it is told, and on one that goes by itself."""

from __future__ import annotations

import asyncio
import time

import pytest

from campaign_core import Instant
from campaign_core.decisions import HangUp
from campaign_core.errors import SettingsError
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
)
from campaign_drivers import Capacity, Driver, LinkLostError
from campaign_drivers.simulated import (
    Answers,
    Exchange,
    Network,
    RealClock,
    SimulatedDriver,
    VirtualClock,
    population,
)

from .host import call_id, placing


def an_exchange(**network):
    people = population(scripts={"200": [Answers(ring=4)]})
    return Exchange(Network(population=people, **network))


def started(clock, exchange=None):
    driver = SimulatedDriver(exchange=exchange or an_exchange(), clock=clock)
    heard = []
    asyncio.run(driver.start(lambda report: heard.append((clock.now(), report))))
    return driver, heard


def test_it_is_a_driver():
    assert isinstance(SimulatedDriver(exchange=an_exchange(), clock=VirtualClock(0)), Driver)


def test_reports_come_while_the_clock_advances_each_at_its_instant():
    clock = VirtualClock(Instant(1_000))
    driver, heard = started(clock)
    driver.carry_out(placing("200"))
    assert heard == []
    clock.advance_to(Instant(86_400_000))
    assert heard == [
        (1_000, DriverUpReport()),
        (1_000, CallsUpReport()),
        (5_000, AnswerReport(call_id("200"))),
        (6_000, CallsUpReport({call_id("200")})),
        (646_000, EndReport(call_id=call_id("200"), unanswered_as=_no_answer(), hangup_cause=16)),
    ]


def _no_answer():
    from campaign_core import Outcome

    return Outcome.NO_ANSWER


def test_an_order_given_upon_a_report_is_carried_out_at_that_instant():
    clock = VirtualClock(Instant(0))
    exchange = an_exchange()
    driver = SimulatedDriver(exchange=exchange, clock=clock)
    heard = []

    def hear(report):
        heard.append((clock.now(), type(report)))
        if isinstance(report, AnswerReport):
            driver.carry_out(HangUp(report.call_id))

    asyncio.run(driver.start(hear))
    driver.carry_out(placing("200"))
    clock.advance_to(Instant(60_000))
    assert (4_000, EndReport) in heard


def test_nothing_is_reported_after_close_even_from_within_a_report():
    """Nothing is reported after."""
    clock = VirtualClock(Instant(0))
    exchange = an_exchange()
    driver = SimulatedDriver(exchange=exchange, clock=clock)
    heard = []

    def hear(report):
        heard.append(report)
        asyncio.run(driver.close())

    asyncio.run(driver.start(hear))
    driver.carry_out(placing("200"))
    clock.advance_to(Instant(60_000))
    assert heard == [DriverUpReport()]
    driver.carry_out(placing("200", attempt=2))
    assert exchange.counts().taken == 1


def test_a_second_driver_takes_over_the_calls_of_the_first():
    clock = VirtualClock(Instant(0))
    exchange = an_exchange()
    first, _ = started(clock, exchange)
    first.carry_out(placing("200"))
    asyncio.run(first.close())
    clock.advance_to(Instant(10_000))
    _, heard = started(clock, exchange)
    clock.advance_to(Instant(10_000))
    call = call_id("200")
    assert [DriverUpReport(), CallsUpReport({call}), AnswerReport(call)] == [
        report for _, report in heard
    ]


def test_an_exchange_out_of_reach_cannot_be_started_on():
    exchange = an_exchange()
    exchange.lose_link(Instant(0))
    with pytest.raises(LinkLostError):
        started(VirtualClock(Instant(0)), exchange)


def test_a_link_lost_on_demand_is_told_though_nothing_else_is_due():
    clock = VirtualClock(Instant(0))
    driver, heard = started(clock)
    clock.advance_to(Instant(10_000))
    driver.lose_link()
    clock.advance_to(Instant(20_000))
    driver.regain_link()
    clock.advance_to(Instant(30_000))
    assert heard[3:] == [
        (10_000, DriverDownReport()),
        (20_000, DriverUpReport()),
        (20_000, CallsUpReport()),
        (25_000, CallsUpReport()),
    ]


def test_it_knows_its_capacity_and_what_is_missing():
    capacity = Capacity(calls_max=3)
    driver, _ = started(VirtualClock(Instant(0)), an_exchange(capacity=capacity))
    assert driver.capacity() == capacity
    nothing = frozenset()
    assert asyncio.run(driver.check(sounds=nothing, routing_classes=nothing)) == ()


def test_a_virtual_clock_tells_what_comes_next_and_forgets_what_is_cancelled():
    clock = VirtualClock(Instant(0))
    done = []
    timer = clock.call_at(Instant(10), lambda: done.append("a"))
    clock.call_at(Instant(20), lambda: done.append("b"))
    timer.cancel()
    assert clock.next_at() == 20
    clock.advance_to(Instant(30))
    clock.call_at(Instant(5), lambda: done.append(clock.now()))
    assert clock.next_at() == 30
    clock.advance_to(Instant(30))
    assert done == ["b", 30]


def test_a_real_clock_may_go_faster_than_the_wall_s():
    async def run():
        clock = RealClock(speed=200)
        driver = SimulatedDriver(exchange=an_exchange(), clock=clock)
        heard = []
        await driver.start(lambda report: heard.append((clock.now(), report)))
        began = clock.now()
        driver.carry_out(placing("200"))
        await clock.sleep_until(Instant(began + 10_000))
        await driver.close()
        return [(at - began, report) for at, report in heard if isinstance(report, AnswerReport)]

    before = time.monotonic()
    ((after_ms, report),) = asyncio.run(run())
    assert time.monotonic() - before < 5
    assert report == AnswerReport(call_id("200"))
    assert after_ms >= 4_000


@pytest.mark.parametrize("speed", [0, -1, float("nan"), 1e9])
def test_a_speed_beyond_reason_is_refused(speed):
    with pytest.raises(SettingsError):
        RealClock(speed=speed)

"""The simulated driver keeps every promise, and drivers that break one are found out."""

from __future__ import annotations

import asyncio
import threading

import pytest

from campaign_core.decisions import PlaceCall
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DeferralReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers import Capacity, Driver
from campaign_drivers.conformance import (
    SCENARIOS,
    BrokenPromiseError,
    LineUp,
    NotOfferedError,
    Scenario,
    check_driver,
    check_scenario,
)
from campaign_drivers.simulated import Faults, FaultyReport, ReportFault

from .line_ups import CALLS_MAX, SimulatedLineUp

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


NOT_OFFERED = {
    # One driver at a time is connected to a simulated exchange, and it tells no limits.
    "calls_of_another_service_are_not_ours",
    "what_it_takes_at_one_time_is_told_upon_connecting",
}


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name not in NOT_OFFERED],
    ids=lambda scenario: scenario.name,
)
def test_the_simulated_driver_keeps_its_promises(scenario):
    asyncio.run(check_scenario(scenario, SimulatedLineUp()))


def broken(make_line_up):
    verdicts = asyncio.run(check_driver(make_line_up))
    return {verdict.scenario.name for verdict in verdicts if verdict.broken}


def test_all_scenarios_together_give_a_verdict_each():
    verdicts = asyncio.run(check_driver(SimulatedLineUp))
    assert [scenario.name for scenario in SCENARIOS] == [v.scenario.name for v in verdicts]
    assert {v.scenario.name for v in verdicts if not v.is_kept} == NOT_OFFERED
    assert not any(verdict.broken for verdict in verdicts)


def test_what_a_line_up_does_not_offer_is_not_tried():
    class Bare(LineUp):
        service_id = SimulatedLineUp.service_id
        tolerance_s = 0.1

        def __init__(self):
            self.whole = SimulatedLineUp()

        def make_driver(self):
            return self.whole.make_driver()

        async def sleep(self, seconds):
            await self.whole.sleep(seconds)

    verdicts = asyncio.run(check_driver(Bare))
    assert [v.scenario.name for v in verdicts if v.is_kept] == ["connecting_is_told"]
    assert not any(verdict.broken for verdict in verdicts)
    with pytest.raises(NotOfferedError, match="answers and waits"):
        asyncio.run(check_scenario(BY_NAME["a_call_hung_up_at_once_ends"], Bare()))


def spoiling(number, report, mishap, **delay):
    faults = Faults(spoiled=[FaultyReport(number=number, report=report, mishap=mishap, **delay)])
    return lambda: SimulatedLineUp(faults)


@pytest.mark.parametrize(
    ("make_line_up", "found_by"),
    [
        pytest.param(
            spoiling("200", AnswerReport, ReportFault.DOUBLED),
            "a_call_is_answered_and_ends_by_our_order",
            id="answered twice",
        ),
        pytest.param(
            spoiling("200", AnswerReport, ReportFault.LOST),
            "a_call_is_answered_and_ends_by_our_order",
            id="never answered",
        ),
        pytest.param(
            spoiling("202", EndReport, ReportFault.LOST),
            "a_callee_who_hangs_up_ends_the_call",
            id="never ended",
        ),
        pytest.param(
            spoiling("300", EndReport, ReportFault.DELAYED, delay=3),
            "a_call_rings_for_the_ring_timeout",
            id="rings too long",
        ),
        pytest.param(
            spoiling("503", DigitReport, ReportFault.LOST),
            "digits_in_silence_are_told_in_order",
            id="digits lost",
        ),
        pytest.param(
            spoiling("501", PlaybackReport, ReportFault.LOST),
            "a_stop_digit_ends_the_playback",
            id="end of playback lost",
        ),
    ],
)
def test_a_broken_promise_is_found_out(make_line_up, found_by):
    assert found_by in broken(make_line_up)


class Wrapped:
    """A driver that breaks a promise between its host and another driver."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    async def start(self, report):
        await self.driver.start(lambda told: self.tell(told, report))

    def tell(self, told, report):
        report(told)

    def carry_out(self, decision):
        self.driver.carry_out(decision)

    async def check(self, *, sounds, routing_classes):
        return await self.driver.check(sounds=sounds, routing_classes=routing_classes)

    def capacity(self):
        return Capacity()

    async def close(self):
        await self.driver.close()


class Raises(Wrapped):
    def carry_out(self, decision):
        message = "no such thing"
        raise RuntimeError(message)


class Waits(Wrapped):
    def carry_out(self, decision):
        import time

        time.sleep(1.1)
        self.driver.carry_out(decision)


class SaysNothingOfCallsUp(Wrapped):
    def tell(self, told, report):
        if not isinstance(told, CallsUpReport):
            report(told)


class StopsAreFinishes(Wrapped):
    def tell(self, told, report):
        if isinstance(told, PlaybackReport) and told.end is PlaybackEnd.STOPPED:
            told = PlaybackReport(call_id=told.call_id, play=told.play)
        report(told)


class ReportsFromAThread(Wrapped):
    def tell(self, told, report):
        thread = threading.Thread(target=report, args=[told])
        thread.start()
        thread.join()


class Queues(Wrapped):
    """Places one call after the other, each once the one before has ended."""

    def __init__(self, driver):
        super().__init__(driver)
        self.waiting, self.placed = [], set()

    def carry_out(self, decision):
        if isinstance(decision, PlaceCall):
            if self.placed:
                self.waiting.append(decision)
                return
            self.placed.add(decision.call_id)
        self.driver.carry_out(decision)


class QueuesWhenFull(Queues):
    def carry_out(self, decision):
        if isinstance(decision, PlaceCall) and len(self.placed) < CALLS_MAX:
            self.placed.add(decision.call_id)
            self.driver.carry_out(decision)
        else:
            super().carry_out(decision)


class StaysFull(Wrapped):
    def __init__(self, driver):
        super().__init__(driver)
        self.report, self.placed = None, 0

    async def start(self, report):
        self.report = report
        await super().start(report)

    def carry_out(self, decision):
        if isinstance(decision, PlaceCall):
            self.placed += 1
            if self.placed > CALLS_MAX:
                # Within ``carry_out``, as a driver may.
                self.report(DeferralReport(call_id=decision.call_id, until=2_000))
                return
        self.driver.carry_out(decision)


class DoesNotClose(Wrapped):
    async def close(self):
        pass


class EndsWithText(Wrapped):
    def tell(self, told, report):
        if isinstance(told, EndReport):
            told = EndReport(call_id=told.call_id, hangup_cause="16")
        report(told)


class ReportsItsOwn(Wrapped):
    def tell(self, told, report):
        if isinstance(told, EndReport):

            class MyEndReport(EndReport):
                pass

            told = MyEndReport(call_id=told.call_id)
        report(told)


class HasEverything(Wrapped):
    async def check(self, *, sounds, routing_classes):
        return ()


@pytest.mark.parametrize(
    ("wrapper", "what"),
    [
        (EndsWithText, "a report could not be made: hangup_cause = '16'"),
        (ReportsItsOwn, "a report that cannot be kept: .*MyEndReport"),
    ],
)
def test_a_driver_whose_reports_cannot_be_kept_is_told_so(wrapper, what):
    """R9.1: whatever is recorded can be read again; every report goes through the codec."""

    class Line(SimulatedLineUp):
        def make_driver(self):
            return wrapper(super().make_driver())

    scenario = BY_NAME["a_call_is_answered_and_ends_by_our_order"]
    with pytest.raises(BrokenPromiseError, match=what):
        asyncio.run(check_scenario(scenario, Line()))


@pytest.mark.parametrize(
    ("wrapper", "found_by"),
    [
        (Raises, "a_call_is_answered_and_ends_by_our_order"),
        (Waits, "a_call_is_answered_and_ends_by_our_order"),
        (SaysNothingOfCallsUp, "connecting_is_told"),
        (StopsAreFinishes, "a_stop_digit_ends_the_playback"),
        (DoesNotClose, "nothing_is_reported_after_close"),
        (ReportsFromAThread, "a_call_is_answered_and_ends_by_our_order"),
        (Queues, "calls_ordered_together_are_placed_together"),
        (QueuesWhenFull, "a_call_too_many_is_given_back"),
        (StaysFull, "a_place_that_is_free_again_is_taken"),
        (HasEverything, "a_missing_sound_is_known_in_advance"),
    ],
)
def test_a_driver_that_breaks_a_promise_fails_with_that_promise(wrapper, found_by):
    class Line(SimulatedLineUp):
        def make_driver(self):
            return wrapper(super().make_driver())

    with pytest.raises(BrokenPromiseError) as error:
        asyncio.run(check_scenario(BY_NAME[found_by], Line()))
    assert error.value.promise == BY_NAME[found_by].promise
    assert error.value.promise in str(error.value)
    assert error.value.what in str(error.value)


@pytest.mark.parametrize("lost", [False, True], ids=["closed", "cut off"])
def test_a_scenario_leaves_no_call_behind(lost):
    """Whatever it did to its driver: the next test finds the telephony as it was."""
    line_up = SimulatedLineUp()

    async def leaves(stage):
        await stage.answered(line_up.answers())
        await (line_up.lose_link() if lost else stage.close())

    scenario = Scenario(name="leaves", promise="nothing", run=leaves)
    asyncio.run(check_scenario(scenario, line_up))

    assert line_up.exchange.calls_up() == frozenset()

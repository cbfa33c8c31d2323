"""A driver that reports what no report can say: a line in the log, and LOST in due time."""

import asyncio

import attrs
import pytest
from tests.drivers.test_clock import turns
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_journal_away import MODEL

from campaign_core import CallScript, Instant, Settings, calls, open_service, replay
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import PlaceCall
from campaign_core.events import CallEnded
from campaign_core.reports import EndReport
from campaign_core.testing import audit
from campaign_drivers.simulated import VirtualClock
from campaign_service.engine import RealTimeEngine

SHORT = attrs.evolve(
    MODEL, ring_timeout_s=1, attempts_max=1, script=CallScript(call_duration_max_s=10)
)
FREED_MS = (1 + 10 + 10 + 10) * 1_000
"""From a placement until a call without an end is freed (R7.9)."""


class MyEndReport(EndReport):
    pass


def end_with(**fields):
    return lambda driver, call_id: driver.report(EndReport(call_id=call_id, **fields))


def report_of(make):
    return lambda driver, call_id: driver.report(make(call_id))


class Hasty(RecordingDriver):
    """Makes its report while it is given the order, and makes it badly."""

    def carry_out(self, decision):
        super().carry_out(decision)
        self.report(EndReport(call_id=decision.call_id, hangup_cause="17"))


@pytest.mark.parametrize(
    ("tell", "logged"),
    [
        pytest.param(end_with(hangup_cause="17"), "hangup_cause = '17'", id="cause"),
        pytest.param(end_with(unanswered_as="BUSY"), "unanswered_as", id="outcome"),
        pytest.param(report_of(lambda call_id: {"ended": call_id}), "a dict", id="dict"),
        pytest.param(report_of(lambda _: None), "a NoneType", id="none"),
        pytest.param(report_of(lambda call_id: MyEndReport(call_id=call_id)), "a MyEnd", id="own"),
        pytest.param(report_of(lambda _: EndReport), "a type", id="class"),
    ],
)
def test_bad_report_ends_in_a_line_of_the_log_and_in_a_call_that_is_lost(caplog, tell, logged):
    """R9.1, R7.9: never in a dead engine."""
    assert_lost(RecordingDriver(), tell)

    assert logged in caplog.text


def test_driver_that_raises_over_an_order_ends_in_a_call_that_is_lost(caplog):
    """R9.1, R7.9: likewise; the log says over which order it failed."""
    assert_lost(Hasty(), lambda *_: None)

    assert "the driver failed over PlaceCall for call 0000000100000001" in caplog.text
    assert "hangup_cause = '17'" in caplog.text


def assert_lost(driver, tell):
    async def run():
        clock, journal = VirtualClock(Instant(1_000_000)), MemoryJournal()
        opened = open_service("00000001", Settings(), clock.now())
        async with RealTimeEngine(opened, driver=driver, clock=clock, journal=journal) as engine:
            await engine.give(AddModel(model=SHORT))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: bool(driver.ordered(PlaceCall)))
            for order in driver.ordered(PlaceCall):
                asyncio.get_running_loop().call_soon(tell, driver, order.call_id)
            await turns(20)
            assert calls(engine.state)

            while calls(engine.state):
                clock.advance_to(Instant(clock.now() + 1_000))
                await turns(20)
            assert clock.now() <= 1_000_000 + FREED_MS + 1_000
            await engine.until(lambda: engine.is_quiet)
        return journal.events

    events = asyncio.run(asyncio.wait_for(run(), timeout=20))

    assert {"LOST"} == {event.outcome.name for event in events if isinstance(event, CallEnded)}
    assert replay(events).sequence == len(events)
    assert audit(events) == ()

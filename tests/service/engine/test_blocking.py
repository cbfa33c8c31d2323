"""An engine for programs of threads: give, wait, and leave, without an event loop of one's own."""

import pytest
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_journal_away import MODEL

from campaign_core import Settings, Status, link, open_service
from campaign_core.commands import AddModel, PauseCampaign, StartCampaign, StopCampaign
from campaign_core.decisions import PlaceCall
from campaign_core.errors import CommandRefusedError
from campaign_core.reports import EndReport
from campaign_drivers import LinkLostError
from campaign_drivers.simulated import RealClock
from campaign_service.engine import BlockingEngine, EngineStoppedError, RealTimeEngine


class Busy(RecordingDriver):
    """Whoever is called does not answer."""

    def carry_out(self, decision):
        super().carry_out(decision)
        if isinstance(decision, PlaceCall):
            self.report(EndReport(call_id=decision.call_id))


class OutOfReach(RecordingDriver):
    async def start(self, report):
        raise LinkLostError("nobody is there")


def maker(driver, journal):
    def make():
        clock = RealClock(speed=20)
        opened = open_service("00000001", Settings(), clock.now())
        return RealTimeEngine(opened, driver=driver, clock=clock, journal=journal)

    return make


def test_commands_are_given_and_an_end_is_waited_for_without_a_loop():
    journal = MemoryJournal()
    with BlockingEngine(maker(Busy(), journal)) as engine:
        model_id = engine.give(AddModel(model=MODEL)).model_id
        campaign_id = engine.give(StartCampaign(model_id=model_id)).campaign_id
        assert engine.finished(campaign_id, timeout_s=20).status is Status.INCOMPLETE
        with pytest.raises(CommandRefusedError):
            engine.give(PauseCampaign(campaign_id=campaign_id))
        assert link(engine.state).is_up
    assert journal.events[-1].seq == engine.state.sequence
    with pytest.raises(EngineStoppedError):
        engine.give(AddModel(model=MODEL))


def test_end_that_does_not_come_in_time_is_told():
    with BlockingEngine(maker(RecordingDriver(), MemoryJournal())) as engine:
        engine.give(AddModel(model=MODEL))
        engine.give(StartCampaign(model_id=1))
        with pytest.raises(TimeoutError):
            engine.finished(1, timeout_s=0.1)
        engine.give(StopCampaign(campaign_id=1))


def test_telephony_out_of_reach_is_told_where_the_context_begins():
    with pytest.raises(LinkLostError), BlockingEngine(maker(OutOfReach(), MemoryJournal())):
        pass

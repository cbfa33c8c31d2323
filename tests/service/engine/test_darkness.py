"""R7.12: what nobody could hear, while our process or the link was down, times nobody out."""

import asyncio

import pytest
from tests.service.engine.async_test import async_test
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core import (
    CallScript,
    CampaignModel,
    Line,
    Outcome,
    Recipient,
    Settings,
    Transition,
    calls,
    handle,
    open_service,
    status,
)
from campaign_core.commands import AddModel, StartAfter, StartCampaign
from campaign_core.decisions import HangUp, PlaceCall
from campaign_core.events import CallEnded, CampaignStarted, DeadlinePassed, DigitTimedOut
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
)
from campaign_core.testing import audit
from campaign_drivers.simulated import VirtualClock
from campaign_service.engine import RealTimeEngine, ServicePolicy, stall_detector

NOON = 1_768_219_200_000
SECOND = 1_000
MINUTE = 60 * SECOND
RECOVERED = ServicePolicy(is_recovered=True)
FOR_NINE = {"confirm_listening": True, "listening_prompt": None}
FOR_ONE = {"confirm_answer": True, "answer_prompt": None}


class Told:
    """A service's state and events, as they were told."""

    def __init__(self, script):
        opened = open_service("00000001", Settings(), NOON)
        self.state, self.events = opened.state, list(opened.events)
        model = CampaignModel(
            name="Test",
            caller_number="100",
            sound="message",
            attempts_max=1,
            script=CallScript(**script),
            recipients=[Recipient(number="200", line=Line.INTERNAL)],
        )
        self.tell(AddModel(model=model))
        placed = self.tell(StartCampaign(model_id=1))
        (self.call_id,) = [one.call_id for one in placed.decisions if isinstance(one, PlaceCall)]
        self.tell(AnswerReport(self.call_id))
        if "confirm_answer" not in script:
            self.tell(PlaybackReport(call_id=self.call_id, play=1))

    def tell(self, message):
        transition = handle(self.state, message, NOON)
        self.state = transition.state
        self.events += transition.events
        return transition


class Surviving(RecordingDriver):
    """Its call is still up when we are back."""

    def __init__(self, call_id):
        super().__init__()
        self.call_id = call_id

    async def start(self, report):
        self.report = report
        for one in (DriverUpReport(), CallsUpReport([self.call_id])):
            report(one)


async def recovered(told, away_ms, policy=RECOVERED):
    """Return a running engine that goes on where another one ended, so long ago."""
    clock, driver, journal = VirtualClock(NOON + away_ms), Surviving(told.call_id), MemoryJournal()
    journal.append(told.events, expected=0)
    engine = RealTimeEngine(
        Transition(told.state, (), ()),
        driver=driver,
        clock=clock,
        journal=journal,
        policy=policy,
    )
    await engine.__aenter__()
    return engine, clock, driver, journal


async def written(engine):
    await engine.until(lambda: engine.durable_state.sequence == engine.state.sequence)


def heard(journal, kind):
    return [event for event in journal.events if isinstance(event, kind)]


@pytest.mark.parametrize("away_ms", [3 * SECOND, 7 * SECOND, 9 * MINUTE])
@pytest.mark.parametrize(
    ("script", "digit"),
    [
        ({**FOR_NINE, "message_plays_max": 2}, "9"),
        ({**FOR_NINE, "message_plays_max": 1}, "9"),
        ({**FOR_ONE, "answer_prompts_max": 2}, "1"),
        ({**FOR_ONE, "answer_prompts_max": 1}, "1"),
    ],
)
def test_digit_dialled_after_a_restart_is_taken(script, digit, away_ms):
    """R9.3: calls that are still up are taken over; no silence ran out in the dark."""

    async def run():
        told = Told(script)
        engine, clock, driver, journal = await recovered(told, away_ms)
        await engine.until(lambda: not calls(engine.state)[0].is_adrift)
        clock.advance_to(clock.now() + 4 * SECOND)
        driver.report(DigitReport(call_id=told.call_id, digit=digit))
        await engine.until(lambda: calls(engine.state)[0].is_reached or driver.ordered(HangUp))
        assert calls(engine.state)[0].is_reached
        if digit == "9":
            driver.report(EndReport(call_id=told.call_id, hangup_cause=16))
            await engine.until(lambda: not calls(engine.state))
            await written(engine)
            assert [event.outcome for event in heard(journal, CallEnded)] == [Outcome.REACHED]
        await written(engine)
        assert heard(journal, DigitTimedOut) == []
        assert audit(journal.events) == ()
        await engine.drop()

    asyncio.run(asyncio.wait_for(run(), timeout=20))


@async_test
async def test_engine_that_is_given_a_state_with_calls_knows_that_nobody_heard_them():
    """Also where its host does not say that it recovers."""
    told = Told({**FOR_NINE, "message_plays_max": 1})
    engine, _, driver, journal = await recovered(told, MINUTE, ServicePolicy())
    await engine.until(lambda: not calls(engine.state)[0].is_adrift)
    driver.report(DigitReport(call_id=told.call_id, digit="9"))
    await engine.until(lambda: bool(driver.ordered(HangUp)))
    await written(engine)
    assert calls(engine.state)[0].is_reached
    assert heard(journal, DigitTimedOut) == []
    await engine.drop()


@async_test
async def test_silence_lasts_its_whole_time_once_it_is_heard_again():
    told = Told({**FOR_NINE, "message_plays_max": 1})
    engine, clock, driver, journal = await recovered(told, MINUTE)
    await engine.until(lambda: not calls(engine.state)[0].is_adrift)
    clock.advance_to(clock.now() + 5 * SECOND)
    await engine.until(lambda: bool(driver.ordered(HangUp)))
    await written(engine)
    (timed_out,) = heard(journal, DigitTimedOut)
    assert timed_out.at == NOON + MINUTE + 5 * SECOND
    await engine.drop()


@async_test
async def test_deadlines_run_in_the_dark():
    """R5.5: while the link is down only deadlines run."""
    told = Told({**FOR_NINE, "message_plays_max": 2})
    engine, _, driver, journal = await recovered(told, 10 * MINUTE + 45 * SECOND)
    await engine.until(lambda: bool(driver.ordered(HangUp)))
    await written(engine)
    assert len(heard(journal, DeadlinePassed)) == 1
    assert heard(journal, DigitTimedOut) == []
    await engine.drop()


@async_test
async def test_what_was_to_start_in_the_dark_starts_with_the_recovery():
    told = Told({**FOR_NINE, "message_plays_max": 2})
    told.tell(StartCampaign(model_id=1, name="Later", when=StartAfter(minutes=1)))
    engine, clock, _, journal = await recovered(told, 5 * MINUTE)
    await engine.until(lambda: len(heard(journal, CampaignStarted)) == 2)
    assert heard(journal, CampaignStarted)[-1].at == clock.now()
    assert status(engine.state, 2, clock.now()).name in ("ACTIVE", "BLOCKED")
    await engine.drop()


@async_test
async def test_process_that_stood_still_times_nobody_out():
    """What was dialled meanwhile is read only after what is due."""
    monkeypatch = pytest.MonkeyPatch()
    told = Told({**FOR_NINE, "message_plays_max": 1})
    engine, clock, driver, journal = await recovered(told, SECOND)
    await engine.until(lambda: not calls(engine.state)[0].is_adrift)
    now_s = stall_detector._now_s
    with monkeypatch.context() as patched:
        patched.setattr(stall_detector, "_now_s", lambda: now_s() + 30)
        clock.advance_to(clock.now() + 30 * SECOND)
        await engine.until(lambda: True)
        driver.report(DigitReport(call_id=told.call_id, digit="9"))
        await engine.until(lambda: bool(driver.ordered(HangUp)))
        await written(engine)
        assert calls(engine.state)[0].is_reached
        assert heard(journal, DigitTimedOut) == []
        await engine.drop()

"""The engine in real time: the disk before the call, and what comes of trouble."""

import asyncio
import threading
from contextlib import asynccontextmanager

import attrs
import pytest
from tests.service.engine.async_test import async_test
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core import (
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    Settings,
    Status,
    campaign,
    handle_batch,
    link,
    open_service,
    replay,
    status,
)
from campaign_core.commands import (
    AddModel,
    PauseCampaign,
    ResumeCampaign,
    StartAfter,
    StartCampaign,
    StopCampaign,
)
from campaign_core.decisions import HangUp, PlaceCall, Play
from campaign_core.errors import CommandRefusedError, JournalError, SettingsError
from campaign_core.events import CallEnded, CallPlaced, CampaignPaused
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    EndReport,
    PlaybackReport,
)
from campaign_drivers import LinkLostError
from campaign_drivers.simulated import Exchange, Network, Rates, RealClock, population
from campaign_service.engine import (
    DriverRequest,
    JournalFailedError,
    RealTimeEngine,
    core_runner,
    journal_writer,
    open_driver,
    register_driver,
)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Have no journal count as hanging, however busy the machine: none of these tests is of it."""
    monkeypatch.setattr(journal_writer, "_HANGS_AFTER_S", 60.0)


class SlowJournal:
    """Takes nothing before it is let."""

    def __init__(self):
        self.events = []
        self.gate = threading.Event()
        self.error = None

    @property
    def last_seq(self):
        return len(self.events)

    def append(self, events, *, expected):
        assert expected == len(self.events)
        self.gate.wait(timeout=10)
        if self.error is not None:
            raise self.error
        self.events += events


MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    attempts_max=1,
    recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(3)],
)


@asynccontextmanager
async def running(driver, **options):
    clock = RealClock()
    opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(opened, driver=driver, clock=clock, **options) as engine:
        yield engine


async def start(engine):
    await engine.give(AddModel(model=MODEL))
    await engine.give(StartCampaign(model_id=1))


@async_test
async def test_call_is_placed_only_once_its_event_is_durable():
    """R9.3."""
    driver, journal = RecordingDriver(), SlowJournal()
    async with running(driver, journal=journal) as engine:
        starting = asyncio.ensure_future(start(engine))
        await asyncio.sleep(0.1)
        assert driver.orders == []
        assert not starting.done()

        journal.gate.set()
        await starting
        await engine.until(lambda: len(driver.orders) == 3)
        placed = {event.call_id for event in journal.events if isinstance(event, CallPlaced)}
        assert {order.call_id for order in driver.orders} == placed
    assert driver.is_closed


@async_test
async def test_orders_within_a_call_run_ahead_of_the_disk():
    """R9.3: they may; only the call waits."""
    driver, journal = RecordingDriver(), SlowJournal()
    journal.gate.set()
    async with running(driver, journal=journal) as engine:
        await start(engine)
        await engine.until(lambda: len(driver.orders) == 3)
        journal.gate.clear()
        driver.report(AnswerReport(driver.orders[0].call_id))
        await engine.until(lambda: bool(driver.ordered(Play)))
        journal.gate.set()


@async_test
async def test_hang_up_does_not_overtake_the_call_that_it_ends():
    driver, journal = RecordingDriver(), SlowJournal()
    journal.gate.set()
    async with running(driver, journal=journal) as engine:
        await engine.give(AddModel(model=MODEL))
        journal.gate.clear()
        starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
        await asyncio.sleep(0.05)
        stopping = asyncio.ensure_future(engine.give(StopCampaign(campaign_id=1, hang_up=True)))
        await asyncio.sleep(0.05)
        assert driver.orders == []

        journal.gate.set()
        await starting
        await stopping
        await engine.until(lambda: len(driver.orders) == 6)
        for call in driver.ordered(PlaceCall):
            assert driver.orders.index(call) < driver.orders.index(HangUp(call.call_id))


@async_test
async def test_journal_that_fails_lets_no_call_out_and_is_told():
    driver, journal = RecordingDriver(), SlowJournal()
    journal.gate.set()
    journal.error = OSError(28, "No space left on device")
    with pytest.raises(JournalFailedError, match="No space left on device"):
        async with running(driver, journal=journal) as engine:
            await start(engine)

    assert driver.orders == []
    assert driver.is_closed


def test_moment_whose_events_do_not_follow_is_refused_before_anything_is_handed_out(monkeypatch):
    """R9.1: an append that does not follow is refused before anything is handed out."""

    def garbled(state, messages, now):
        batch = handle_batch(state, messages, now)
        return attrs.evolve(batch, events=batch.events * 2)

    async def tell(driver):
        journal = SlowJournal()
        journal.gate.set()
        async with running(driver, journal=journal) as engine:
            await start(engine)
            await engine.until(lambda: len(driver.ordered(PlaceCall)) == 3)
            monkeypatch.setattr(core_runner, "handle_batch", garbled)
            driver.report(AnswerReport(driver.orders[0].call_id))
            await engine.until(lambda: bool(driver.ordered(Play)))

    driver = RecordingDriver()
    with pytest.raises(JournalError, match="not numbered on"):
        asyncio.run(asyncio.wait_for(tell(driver), timeout=20))
    assert driver.ordered(Play) == []


@async_test
async def test_refused_command_raises_where_it_was_given():
    async with running(RecordingDriver()) as engine:
        await start(engine)
        with pytest.raises(CommandRefusedError):
            await engine.give(ResumeCampaign(campaign_id=1))
        pause = PauseCampaign(campaign_id=1)
        given = await asyncio.gather(engine.give(pause), engine.give(pause), return_exceptions=True)

        assert [type(event) for event in given[0].events] == [CampaignPaused]
        assert isinstance(given[1], CommandRefusedError)


@async_test
async def test_campaign_runs_to_its_end_over_a_driver():
    driver = RecordingDriver()
    events = []
    async with running(driver, observers=[events.extend]) as engine:
        await start(engine)
        for order in driver.ordered(PlaceCall):
            driver.report(EndReport(call_id=order.call_id, unanswered_as=Outcome.BUSY))
        await engine.until(lambda: engine.is_quiet)

        assert status(engine.state, 1, engine.now) is Status.INCOMPLETE
        assert replay(events) == engine.state
    ended = [event.outcome for event in events if isinstance(event, CallEnded)]
    assert ended == [Outcome.BUSY] * 3


@async_test
async def test_time_alone_wakes_the_engine():
    """R6.6: a host needs no polling."""
    driver = RecordingDriver()
    clock = RealClock(speed=1_000)
    opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(opened, driver=driver, clock=clock) as engine:
        await start(engine)
        # Nothing is ever reported: the deadline hangs up, and its grace frees the calls (R7.9).
        await engine.until(lambda: engine.is_quiet)
        found = campaign(engine.state, 1, engine.now)

        assert (found.failed, len(driver.ordered(HangUp))) == (3, 3)


@async_test
async def test_telephony_that_is_out_of_reach_is_told_at_once():
    driver = RecordingDriver(tries_in_vain=1)
    with pytest.raises(LinkLostError):
        async with running(driver):
            pass


@async_test
async def test_telephony_that_is_out_of_reach_is_waited_for_where_that_is_wanted():
    """R5.5: a service whose driver is not up says so first."""
    driver = RecordingDriver(tries_in_vain=1)
    async with running(driver, keeps_trying=True) as engine:
        await start(engine)
        assert not link(engine.state).is_up
        assert not engine.is_quiet
        await engine.until(lambda: len(driver.orders) == 3)
        assert link(engine.state).is_up


@async_test
async def test_defect_in_an_observer_ends_the_run_where_it_is_awaited():
    def stumble(events):
        if len(events) > 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with running(RecordingDriver(), observers=[stumble]) as engine:
            await start(engine)


@async_test
async def test_simulated_driver_runs_by_the_clock():
    clock = RealClock(speed=1_000)
    network = Network(population=population(rates=Rates(answered=1)))
    driver = open_driver(
        DriverRequest(url="simulated", service_id="00000001", clock=clock, network=network)
    )
    opened = open_service("00000001", Settings(), clock.now())
    async with RealTimeEngine(opened, driver=driver, clock=clock) as engine:
        await start(engine)
        await engine.until(lambda: engine.is_quiet)

        assert status(engine.state, 1, engine.now) in {Status.COMPLETED, Status.INCOMPLETE}


def test_driver_is_chosen_by_the_scheme_of_its_url():
    made = []
    register_driver("test", lambda request: made.append(request) or RecordingDriver())
    clock = RealClock()
    request = DriverRequest(url="test://u:secret@host/", service_id="00000001", clock=clock)

    assert isinstance(open_driver(request), RecordingDriver)
    assert made == [request]
    assert "secret" not in repr(request)


def test_unknown_driver_is_refused_without_showing_its_secret():
    request = DriverRequest(
        url="modem://user:secret@host", service_id="00000001", clock=RealClock()
    )

    with pytest.raises(SettingsError, match=r"^driver = 'modem': one of asterisk") as caught:
        open_driver(request)
    assert "secret" not in str(caught.value)


def test_exchange_is_made_with_the_seed_of_the_request():
    driver = open_driver(DriverRequest(url="simulated", service_id="00000001", clock=RealClock()))

    assert isinstance(driver._exchange, Exchange)
    assert Instant(0) == 0


class HurriedClock:
    """Five minutes pass whenever somebody looks: as on a host that is far behind."""

    def __init__(self):
        self.at = 1_000_000

    def now(self):
        self.at += 300_000
        return Instant(self.at)

    def call_at(self, at, do):
        assert at is not None
        return asyncio.get_running_loop().call_soon(do)


def test_what_becomes_due_while_the_host_is_busy_is_done_at_once():
    """R6.6: what became due after the last moment and before the next look is not missed."""

    async def run():
        telephony, placed = RecordingDriver(), asyncio.Event()
        telephony.carry_out = lambda _: placed.set()
        opened = open_service("00000001", Settings(), Instant(0))
        async with RealTimeEngine(opened, driver=telephony, clock=HurriedClock()) as engine:
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1, when=StartAfter(1)))
            # Nobody rings the engine's bell from here on.
            async with asyncio.timeout(20):
                await placed.wait()
        return placed.is_set()

    assert asyncio.run(run())


def test_refused_command_leaves_what_is_due_to_the_next_moment():
    """R6.6: what was due comes with the next tick, and is not missed."""

    async def run():
        telephony, placed = RecordingDriver(), asyncio.Event()
        telephony.carry_out = lambda _: placed.set()
        opened = open_service("00000001", Settings(), Instant(0))
        async with RealTimeEngine(opened, driver=telephony, clock=HurriedClock()) as engine:
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1, when=StartAfter(30)))
            # Each look takes five minutes of its clock.
            for _ in range(8):
                with pytest.raises(CommandRefusedError):
                    await engine.give(PauseCampaign(campaign_id=2))
            async with asyncio.timeout(20):
                await placed.wait()
        return placed.is_set()

    assert asyncio.run(run())


@async_test
async def test_call_that_turns_up_after_it_was_lost_is_hung_up():
    """R7.11: its recipient may be called again already, and would hear silence in this one."""
    driver = RecordingDriver()
    async with running(driver) as engine:
        await start(engine)
        await engine.until(lambda: len(driver.orders) == 3)
        lost = driver.orders[0].call_id
        driver.report(CallsAdriftReport([lost]))
        driver.report(CallsUpReport(among=[lost]))
        driver.report(AnswerReport(lost))
        await engine.until(lambda: HangUp(lost) in driver.orders)
        assert driver.ordered(Play) == []


class AnswersWithinTheOrder(RecordingDriver):
    """Reports within ``carry_out``, as a driver may."""

    def carry_out(self, decision):
        super().carry_out(decision)
        if isinstance(decision, PlaceCall):
            self.report(AnswerReport(decision.call_id))
        elif isinstance(decision, Play):
            self.report(PlaybackReport(call_id=decision.call_id, play=decision.play))
        else:
            self.report(EndReport(call_id=decision.call_id))


@async_test
async def test_reports_may_come_within_an_order():
    """The driver's contract: the host only notes it, and takes it when it gets to it."""
    async with running(AnswersWithinTheOrder()) as engine:
        await start(engine)
        await engine.until(lambda: engine.is_quiet)
        ended = campaign(engine.state, 1, engine.now)

    assert (ended.status, ended.contacted) == (Status.COMPLETED, 3)

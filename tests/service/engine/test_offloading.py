"""Steps that concern many recipients are worked in a thread: the event loop has calls to see to."""

import asyncio
import threading

import pytest
from tests.service.engine.async_test import async_test
from tests.service.engine.memory_journal import MemoryJournal
from tests.service.engine.recording_driver import RecordingDriver
from tests.service.engine.test_real_time import running

from campaign_core import (
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Recipient,
    calls,
    campaign,
    open_service,
    replay,
)
from campaign_core import Settings as GeneralSettings
from campaign_core.commands import (
    AddAttempts,
    AddModel,
    AddToDoNotCall,
    AppendRecipients,
    ChangeSettings,
    DeleteCampaign,
    PauseCampaign,
    RemoveFromDoNotCall,
    ResumeCampaign,
    StartAfter,
    StartAt,
    StartCampaign,
    StopAttempts,
    StopCampaign,
)
from campaign_core.decisions import PlaceCall
from campaign_core.reports import AnswerReport, DigitReport
from campaign_service.engine import GateClosed, core_runner, offloading

MODEL = CampaignModel(
    name="Many",
    caller_number="100",
    sound="message",
    recipients=[Recipient(number=f"{200 + i}", line=Line.INTERNAL) for i in range(20)],
)
OF_MANY = [
    AddModel(model=MODEL),
    StartCampaign(model_id=1),
    StopAttempts(campaign_id=1, positions=tuple(range(1, 21))),
    AddAttempts(campaign_id=1, attempts=1),
    AddToDoNotCall(numbers=("300",)),
    RemoveFromDoNotCall(numbers=("300",)),
    ChangeSettings(settings=GeneralSettings()),
    AppendRecipients(campaign_id=1, recipients=MODEL.recipients),
    ResumeCampaign(campaign_id=1),
]


@pytest.fixture
def few(monkeypatch):
    """A dozen recipients are many here."""
    monkeypatch.setattr(offloading, "_MANY", 12)


@pytest.fixture
def threads(few, monkeypatch):
    """In which thread each step of the core was worked."""
    seen = []
    for name in ("handle", "handle_batch"):
        real = getattr(core_runner, name)

        def handle(*given, real=real):
            seen.append(threading.current_thread() is threading.main_thread())
            return real(*given)

        monkeypatch.setattr(core_runner, name, handle)
    return seen


def test_commands_that_concern_many_are_known(few):
    state = open_service("00000001", GeneralSettings(), 0).state
    for command in (AddModel(model=MODEL), StartCampaign(model_id=1)):
        state = core_runner.handle(state, command, 1).state

    is_long = [offloading.is_command_long(state, command) for command in OF_MANY]
    assert is_long == [True] * len(OF_MANY)
    assert offloading.is_due_work_long(state)


@pytest.mark.parametrize(
    "command",
    [
        PauseCampaign(campaign_id=1),
        AddAttempts(campaign_id=1, attempts=1, positions=(1, 2)),
        StartCampaign(model_id=7),
        StopCampaign(campaign_id=7),
    ],
)
def test_commands_that_concern_few_or_nobody_are_not(few, command):
    state = open_service("00000001", GeneralSettings(), 0).state
    for before in (AddModel(model=MODEL), StartCampaign(model_id=1)):
        state = core_runner.handle(state, before, 1).state

    assert not offloading.is_command_long(state, command)


def test_long_step_is_worked_in_a_thread_and_what_is_due_too(threads):
    @async_test
    async def long():
        async with running(RecordingDriver()) as engine:
            await engine.give(AddModel(model=MODEL))
            threads.clear()
            await engine.give(StartCampaign(model_id=1, when=StartAfter(0), name="Now"))
            assert threads[-1] is False
            assert len(calls(engine.state)) == 20

    long()


def test_journal_of_long_steps_gives_the_state(threads):
    """R8.3: whatever else came while they were worked."""
    journal, telephony = MemoryJournal(), RecordingDriver()

    @async_test
    async def many():
        async with running(telephony, journal=journal) as engine:
            await engine.give(AddModel(model=MODEL))
            await asyncio.gather(
                engine.give(StartCampaign(model_id=1)),
                engine.give(AddToDoNotCall(numbers=("205", "206"))),
                engine.give(StartCampaign(model_id=1, name="Second")),
                engine.give(ChangeSettings(settings=GeneralSettings())),
            )
            await engine.until(lambda: len(telephony.ordered(PlaceCall)) > 10)
            for order in telephony.ordered(PlaceCall)[:5]:
                telephony.report(AnswerReport(order.call_id))
            await engine.give(StopCampaign(campaign_id=1))
            await engine.until(lambda: journal.last_seq == engine.state.sequence)
            assert replay(journal.events) == engine.state

    many()


def slow(monkeypatch, name, gate):
    """Have steps of a kind wait for a gate, in whatever thread they are worked."""
    real = getattr(core_runner, name)

    def handle(*given):
        gate.wait(20)
        return real(*given)

    monkeypatch.setattr(core_runner, name, handle)


def test_loop_lives_and_calls_given_back_meanwhile_are_told_after(few, monkeypatch):
    """R5.5: the service is told to place nothing more while a long step is worked."""
    gate = threading.Event()
    gate.set()
    slow(monkeypatch, "handle", gate)
    telephony, journal = RecordingDriver(), MemoryJournal()

    @async_test
    async def shut():
        async with running(telephony, journal=journal) as engine:
            await engine.give(AddModel(model=MODEL))
            gate.clear()
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=1)))
            for _ in range(20):
                await asyncio.sleep(0.005)
            assert not starting.done()
            engine.shut(GateClosed.DRAINING)
            gate.set()
            await starting

            assert telephony.ordered(PlaceCall) == []
            assert campaign(engine.state, 1, engine.now).idle == 20
            await engine.until(lambda: journal.last_seq == engine.state.sequence)
            assert replay(journal.events) == engine.state

    shut()


def test_what_is_dialled_during_a_long_step_is_no_later_than_a_silence(few, monkeypatch):
    """R7.12: what nobody could hear times nobody out, and a digit that waits is heard."""
    monkeypatch.setattr(core_runner, "DEAF_S", 0.2)
    gate = threading.Event()
    gate.set()
    slow(monkeypatch, "handle", gate)
    telephony = RecordingDriver()
    silent = CallScript(confirm_answer=True, answer_prompt=None, digit_timeout_s=1)
    model = CampaignModel(
        name="Silent", caller_number="100", sound="message", script=silent, attempts_max=1,
        recipients=[Recipient(number="200", line=Line.INTERNAL)],
    )  # fmt: skip

    @async_test
    async def dialled():
        async with running(telephony) as engine:
            await engine.give(AddModel(model=model))
            await engine.give(AddModel(model=MODEL))
            await engine.give(StartCampaign(model_id=1))
            await engine.until(lambda: len(telephony.orders) == 1)
            (call_id,) = (order.call_id for order in telephony.orders)
            telephony.report(AnswerReport(call_id))
            await asyncio.sleep(0.1)
            gate.clear()
            starting = asyncio.ensure_future(engine.give(StartCampaign(model_id=2)))
            await asyncio.sleep(0.5)
            telephony.report(DigitReport(call_id=call_id, digit="1"))
            await asyncio.sleep(0.7)
            gate.set()
            await starting
            await engine.until(lambda: any(call.is_reached for call in calls(engine.state)))

    dialled()


def test_start_that_comes_with_its_time_is_worked_in_a_thread_too(threads):
    @async_test
    async def later():
        async with running(RecordingDriver()) as engine:
            await engine.give(AddModel(model=MODEL))
            at = Instant(engine.now + 300)
            await engine.give(StartCampaign(model_id=1, when=StartAt(at)))
            threads.clear()
            await engine.until(lambda: len(calls(engine.state)) == 20)
            # A look that finds nothing due may come before it.
            assert threads[-1] is False

    later()


def test_what_is_due_is_of_many_only_while_there_are_many(threads):
    """Whether it is, is counted anew when campaigns come, grow and go."""

    @async_test
    async def gone():
        async with running(RecordingDriver()) as engine:
            await engine.give(AddModel(model=MODEL))
            far = Instant(engine.now + 3_600_000)
            await engine.give(StartCampaign(model_id=1, when=StartAt(far), name="Far"))
            soon = {"recipients": list(MODEL.recipients)[:2], "name": "Soon"}
            await engine.give(
                StartCampaign(model_id=1, when=StartAt(Instant(engine.now + 200)), **soon)
            )
            await engine.give(DeleteCampaign(campaign_id=1))
            threads.clear()
            await engine.until(lambda: bool(calls(engine.state)))
            assert False not in threads

    gone()

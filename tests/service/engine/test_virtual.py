"""The engine on virtual time: laws of a run."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import (
    CallLimits,
    CallRate,
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Recipient,
    Settings,
    Status,
    campaign,
    check,
    open_service,
    replay,
    status,
)
from campaign_core.commands import AddModel, PauseCampaign, ResumeCampaign, StartCampaign
from campaign_core.errors import CommandRefusedError
from campaign_core.events import CallPlaced, DriverWentDown
from campaign_drivers.simulated import Exchange, Faults, Network, Outage, Rates, population
from campaign_service.engine import JournalFailedError, VirtualEngine
from campaign_service.journal import JsonLinesJournal

NOON = Instant(1_768_219_200_000)


def engine_of(network=None, *, seed=1, settings=None, **options):
    return VirtualEngine(
        open_service("00000001", settings or Settings(), NOON),
        exchange=Exchange(network or Network(), seed=seed),
        now=NOON,
        **options,
    )


def start(engine, count=30, **parameters):
    recipients = [
        Recipient(number=f"{200 + i}", line=Line.INTERNAL if i % 3 else Line.EXTERNAL)
        for i in range(count)
    ]
    model = CampaignModel(
        **{
            "name": "Test",
            "caller_number": "100",
            "sound": "message",
            "recipients": recipients,
            "script": CallScript(confirm_answer=True, confirm_listening=True),
            "call_limits": CallLimits(total=5),
            **parameters,
        }
    )
    engine.give(AddModel(model=model))
    engine.give(StartCampaign(model_id=1))


def run(seed, grain_ms=1, network=None, settings=None):
    events = []
    engine = engine_of(
        network, seed=seed, settings=settings, observers=[events.extend], grain_ms=grain_ms
    )
    start(engine)
    engine.run()
    return engine, events


FAULTS = Faults(
    lost=0.03, doubled=0.03, delayed=0.05, outages=[Outage(after_s=60, lasts_s=20, restarts=True)]
)


@given(seed=st.integers(0, 2**32 - 1), grain_ms=st.sampled_from([1, 100]), faulty=st.booleans())
def test_run_is_what_its_events_tell(seed, grain_ms, faulty):
    """R8.3: the same events give an equal state."""
    engine, events = run(seed, grain_ms, Network(faults=FAULTS if faulty else Faults()))

    assert replay(events) == engine.state
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert check(engine.state) == ()
    assert status(engine.state, 1, engine.now) in {Status.COMPLETED, Status.INCOMPLETE}


def test_same_seed_gives_the_same_run_and_another_seed_another():
    assert run(7)[1] == run(7)[1]
    assert run(7)[1] != run(8)[1]


def test_observers_do_not_change_a_run():
    silent = engine_of(seed=7)
    start(silent)
    silent.run()

    assert silent.state == run(7)[0].state


def test_coarse_grain_puts_all_that_happens_on_its_marks():
    _, events = run(7, grain_ms=250)

    assert {event.at % 250 for event in events} == {0}


def test_rates_are_exact_on_virtual_time():
    """R2.4: at most N calls placed in any window of M seconds."""
    settings = Settings(call_rate=CallRate(calls=2, per_s=3))
    _, events = run(3, settings=settings)
    placed = [event.at for event in events if isinstance(event, CallPlaced)]

    apart = [after - before for before, after in zip(placed, placed[2:], strict=False)]
    assert min(apart) >= 3_000


def test_journal_has_an_event_before_its_call_is_placed(tmp_path):
    """R9.3: a call is placed only after its event is written."""
    journal = JsonLinesJournal.create(tmp_path / "j.jsonl")
    exchange = Exchange(Network(), seed=1)
    seqs = []

    class Watching(Exchange):
        def carry_out(self, decision, now):
            seqs.append((decision.call_id, {e.call_id for e in journal.read() if is_placed(e)}))
            exchange.carry_out(decision, now)

    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=Watching(Network(), seed=1),
        now=NOON,
        journal=journal,
    )
    start(engine, count=4)
    journal.close()

    assert len(seqs) == 4
    assert [call_id for call_id, written in seqs if call_id not in written] == []


def is_placed(event):
    return isinstance(event, CallPlaced)


def test_disk_that_is_full_ends_the_run_before_any_call(tmp_path):
    class Full:
        last_seq = 0

        def append(self, events, *, expected):
            if any(isinstance(event, CallPlaced) for event in events):
                raise OSError(28, "No space left on device")

    exchange = Exchange(Network(), seed=1)
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON), exchange=exchange, now=NOON, journal=Full()
    )

    with pytest.raises(JournalFailedError, match="No space left on device"):
        start(engine)
    assert exchange.counts().taken == 0


def test_telephony_that_is_down_at_the_start_is_waited_for():
    """R5.5: a service whose driver is not up says so first."""
    exchange = Exchange(Network(), seed=1)
    exchange.lose_link(NOON)
    events = []
    engine = VirtualEngine(
        open_service("00000001", Settings(), NOON),
        exchange=exchange,
        now=NOON,
        observers=[events.extend],
    )
    start(engine)
    engine.run()

    assert isinstance(events[1], DriverWentDown)
    assert exchange.counts().taken == 0


def test_outage_in_the_middle_leaves_no_recipient_in_a_call():
    engine, _ = run(5, network=Network(faults=FAULTS))
    found = campaign(engine.state, 1, engine.now)

    assert found.internal_calls + found.external_calls == 0
    assert found.contacted + found.failed == 30


def test_run_ends_when_nothing_more_happens_by_itself():
    engine = engine_of()
    start(engine, call_limits=CallLimits(total=0))
    engine.run()

    assert engine.is_quiet
    assert status(engine.state, 1, engine.now) is Status.BLOCKED


def test_run_ends_when_it_is_told_to_and_goes_on_later():
    engine = engine_of(seed=7)
    start(engine)
    runner = iter(range(40))
    engine.run(until=lambda: next(runner) == 20)
    assert not engine.is_quiet

    engine.run()
    assert engine.state == run(7)[0].state


def test_refused_command_changes_nothing():
    engine = engine_of()
    start(engine)
    before = engine.state
    with pytest.raises(CommandRefusedError):
        engine.give(ResumeCampaign(campaign_id=1))

    assert engine.state == before


def test_paused_campaign_places_no_call_and_lets_those_in_progress_end():
    events = []
    engine = engine_of(observers=[events.extend])
    start(engine)
    engine.give(PauseCampaign(campaign_id=1))
    placed = sum(map(is_placed, events))
    engine.run()

    assert sum(map(is_placed, events)) == placed == 5
    assert status(engine.state, 1, engine.now) is Status.PAUSED


def test_everyone_answers_and_is_reached_at_once():
    network = Network(population=population(rates=Rates(answered=1)))
    engine = engine_of(network)
    start(engine, script=CallScript(), call_limits=CallLimits(), time_zone="Europe/Rome")
    engine.run()

    assert status(engine.state, 1, engine.now) is Status.COMPLETED


@pytest.mark.parametrize("was_on", [True, False])
def test_collector_is_paused_for_a_run_and_as_it_was_after(was_on):
    """What a simulation leaves behind is freed without it; it would take a quarter of the time."""
    seen = []
    engine = engine_of(observers=[lambda _: seen.append(gc.isenabled())])
    start(engine, count=1)
    (gc.enable if was_on else gc.disable)()
    seen.clear()
    try:
        engine.run()

        assert (set(seen), gc.isenabled()) == ({False}, was_on)
    finally:
        gc.enable()


def test_collector_is_back_after_a_run_that_failed():
    def failed(_):
        raise RuntimeError("no observer may")

    engine = engine_of()
    start(engine, count=1)
    engine._observers = (failed,)

    with pytest.raises(RuntimeError):
        engine.run()

    assert gc.isenabled()

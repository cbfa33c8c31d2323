"""R9.3: the process dies at any moment, the telephony lives on, and the next process takes over."""

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.service.engine.memory_journal import KilledError, MemoryJournal

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    Settings,
    Status,
    Transition,
    calls,
    campaign,
    check,
    open_service,
    replay,
    status,
)
from campaign_core.commands import AddModel, PauseCampaign, ResumeCampaign, StartCampaign
from campaign_core.errors import CommandRefusedError
from campaign_core.events import (
    CallEnded,
    CallPlaced,
    CallTakenOver,
    DriverWentDown,
    PlaybackStarted,
)
from campaign_core.testing import audit
from campaign_drivers.simulated import (
    Answers,
    Dials,
    Exchange,
    Moment,
    Network,
    SimulatedDriver,
    VirtualClock,
    population,
)
from campaign_service.engine import RealTimeEngine, ServicePolicy

NOON = Instant(1_768_219_200_000)
LIMIT = 4
ATTEMPTS = 2


def model(count):
    return CampaignModel(
        name="Test",
        caller_number="100",
        sound="message",
        attempts_max=ATTEMPTS,
        ring_timeout_s=20,
        script=CallScript(confirm_answer=True, confirm_listening=True),
        recipients=[
            Recipient(number=f"{200 + i}", line=Line.INTERNAL if i % 3 else Line.EXTERNAL)
            for i in range(count)
        ],
    )


class World:
    """One exchange and one journal, which outlive every process."""

    def __init__(self, *, seed=1, network=None):
        self.exchange = Exchange(network or Network(), seed=seed, kept_calls_max=10_000)
        self.clock = VirtualClock(NOON)
        self.journal = MemoryJournal()
        self.acknowledged = []
        self.engine = None

    async def live(self, commands, *, until=None, dies_at=None):
        """Run one process, to the end of what there is to do or to its own.

        Args:
            commands: pairs of an instant from the beginning on, in seconds, and a command; those
                that were acknowledged are taken from it.
            until: something that ends the process from within, as soon as it holds.
            dies_at: an instant at which the process is killed.
        """
        if self.journal.events:
            state = replay(self.journal.events)
            opened, is_recovered = Transition(state, (), ()), True
        else:
            opened = open_service(
                "00000001", Settings(call_limits=CallLimits(total=LIMIT)), self.clock.now()
            )
            is_recovered = False
        driver = SimulatedDriver(exchange=self.exchange, clock=self.clock)
        engine = self.engine = RealTimeEngine(
            opened,
            driver=driver,
            clock=self.clock,
            journal=self.journal,
            policy=ServicePolicy(is_recovered=is_recovered),
        )
        try:
            await engine.__aenter__()
            while driver._report is None:
                await engine.until(lambda: True)
            await self._run(engine, commands, until, dies_at)
        except KilledError:
            pass
        finally:
            await engine.drop()
            await driver.close()

    async def _run(self, engine, commands, until, dies_at):
        def settled():
            return engine._writer.is_idle and not engine._inbox

        while True:
            await engine.until(settled)
            if until is not None and until(engine.state):
                return
            now = self.clock.now()
            if commands and NOON + commands[0][0] * 1_000 <= now:
                await self._give(engine, commands[0][1])
                commands.pop(0)
                continue
            if engine.is_quiet and not commands:
                return
            due = [at for at in (self.clock.next_at(), dies_at) if at is not None]
            due += [NOON + commands[0][0] * 1_000] if commands else []
            at = min(due)
            if at == dies_at:
                self.clock.advance_to(dies_at)
                return
            self.clock.advance_to(max(at, now))

    async def _give(self, engine, command):
        """Give a command as a program does that may have to repeat it: under a key."""
        key = repr(command)
        if key not in {receipt.key for receipt in self.journal.receipts}:
            with suppress(CommandRefusedError):
                taken = await engine.give(command, receipt=(key, "digest"))
                self.acknowledged.append(taken.events)

    def broken_laws(self):
        """Return what the journal and the exchange's own record have against each other."""
        journal, records = self.journal.events, self.exchange.calls()
        broken = [*audit(journal), *check(replay(journal))]
        counts = self.exchange.counts()
        if counts.at_once_max > LIMIT:
            broken.append(f"{counts.at_once_max} calls at once")
        if counts.repeated:
            broken.append(f"{counts.repeated} calls placed that were up")
        by_id = Counter(record.call_id for record in records)
        broken += [
            f"{call_id} was placed {count} times" for call_id, count in by_id.items() if count > 1
        ]
        placed = {event.call_id for event in journal if isinstance(event, CallPlaced)}
        broken += [f"{call_id} is not in the journal" for call_id in by_id.keys() - placed]
        by_number = defaultdict(list)
        for record in records:
            by_number[record.number].append(record)
        for number, of_number in by_number.items():
            if len(of_number) > ATTEMPTS:
                broken.append(f"{number} was called {len(of_number)} times")
            ordered = sorted(of_number, key=lambda record: record.placed_at)
            for one, other in pairwise(ordered):
                if one.ended_at is None or other.placed_at < one.ended_at:
                    broken.append(f"{number} was called twice at once")
        for events in self.acknowledged:
            broken += [f"event {event.seq} is lost" for event in events if event not in journal]
        return broken


def commands(count):
    return [
        (0, AddModel(model=model(count))),
        (0, StartCampaign(model_id=1)),
        (30, PauseCampaign(campaign_id=1)),
        (60, ResumeCampaign(campaign_id=1)),
    ]


deaths = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 40), st.booleans()),
            st.tuples(st.just("instant"), st.integers(0, 90_000), st.booleans()),
        ),
        st.sampled_from([0, 1, 400, 4_000, 30_000, 700_000]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=max(80, settings.default.max_examples // 2))
@given(seed=st.integers(0, 2**32 - 1), deaths=deaths)
def test_process_that_dies_at_any_moments_calls_nobody_too_often_and_ends_every_campaign(
    seed, deaths
):
    """R9.3: no attempt is placed twice, limits hold, nothing that was acknowledged is lost."""

    async def story():
        world = World(seed=seed)
        to_give = commands(12)
        for (kind, when, is_kept), rest_ms in deaths:
            journal = world.journal
            journal.kill_at = journal.appends + when if kind == "append" else None
            journal.is_kept = is_kept
            dies_at = Instant(world.clock.now() + when) if kind == "instant" else None
            await world.live(to_give, dies_at=dies_at)
            world.clock.advance_to(Instant(world.clock.now() + rest_ms))
        world.journal.kill_at = None
        await world.live(to_give)
        assert world.broken_laws() == []
        now = world.clock.now()
        assert status(world.engine.state, 1, now) in {Status.COMPLETED, Status.INCOMPLETE}
        assert calls(world.engine.state) == ()
        assert world.exchange.calls_up() == frozenset()
        assert to_give == []

    asyncio.run(story())


def everyone(*acts, ring=2):
    return Network(
        population=population(
            scripts={f"{200 + i}": [Answers(ring=ring, acts=acts)] for i in range(4)}
        )
    )


def test_call_whose_event_was_durable_and_that_was_never_handed_over_is_lost_and_counts():
    """R5.5, R9.3: whether it was placed cannot be known, so it is never placed again."""

    async def story():
        world = World(network=everyone())
        # Opened, model, start with its calls.
        world.journal.kill_at, world.journal.is_kept = 3, True
        to_give = commands(2)[:2]
        await world.live(to_give)
        assert world.exchange.counts().taken == 0
        assert sum(isinstance(event, CallPlaced) for event in world.journal.events) == 2

        to_give.clear()
        await world.live(to_give)
        ended = [event for event in world.journal.events if isinstance(event, CallEnded)]
        assert [event.outcome for event in ended][:2] == [Outcome.LOST] * 2
        found = campaign(world.engine.state, 1, world.clock.now())
        # One attempt of two is used up by it.
        assert world.exchange.counts().taken == 2
        assert found.contacted + found.failed == 2
        assert world.broken_laws() == []

    asyncio.run(story())


def test_call_in_a_prompt_is_taken_over_and_its_prompt_starts_again():
    """R9.3: the current step starts again and counts as one more play."""
    dials = [
        Dials(digits="1", when=Moment.ANSWER, after=8),
        Dials(digits="9", when=Moment.AFTER_MESSAGE),
    ]

    async def story():
        world = World(network=everyone(*dials))
        to_give = commands(1)[:2]
        # It rings for 2 s; the prompt lasts 3 s.
        await world.live(to_give, dies_at=Instant(NOON + 4_000))
        world.clock.advance_to(Instant(NOON + 5_000))
        await world.live(to_give)
        kinds = [type(event) for event in world.journal.events]
        after = kinds[kinds.index(DriverWentDown) :]
        assert after.index(CallTakenOver) + 1 == after.index(PlaybackStarted)
        assert world.exchange.counts().taken == 1
        assert status(world.engine.state, 1, world.clock.now()) is Status.COMPLETED

    asyncio.run(story())


def test_first_that_a_recovered_service_writes_is_that_its_driver_was_lost():
    """R5.5, R9.3: it is durable before the telephony hears of us."""

    async def story():
        world = World(network=everyone())
        to_give = commands(2)[:2]
        await world.live(to_give, dies_at=Instant(NOON + 1_000))
        before = len(world.journal.events)
        world.journal.kill_at, world.journal.is_kept = world.journal.appends + 1, False
        await world.live(to_give)
        assert len(world.journal.events) == before
        assert not world.exchange.is_connected

        world.journal.kill_at = None
        await world.live(to_give)
        assert isinstance(world.journal.events[before], DriverWentDown)

    asyncio.run(story())

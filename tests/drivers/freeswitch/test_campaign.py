"""Whole campaigns: the core, the driver and the emulated server, on virtual time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest
from tests.drivers.freeswitch.rig import SERVICE, Rig
from tests.emulators.freeswitch.people import (
    Callee,
    Person,
    Rejects,
    RingsForEver,
    Scripted,
)
from tests.emulators.freeswitch.switch import Config

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Instant,
    Line,
    Outcome,
    Recipient,
    RetryPolicy,
    Settings,
    TransferOption,
    calls,
    check,
    handle_batch,
    next_wakeup,
    open_service,
    replay,
)
from campaign_core import events as ev
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.reports import Report

SOUNDS = {
    "/snd/press-1.wav": 3_000.0,
    "/snd/press-9.wav": 2_000.0,
    "/snd/message.wav": 8_000.0,
}
BOTH = CallScript(confirm_answer=True, confirm_listening=True)


class Service:
    """The core in a loop with the driver."""

    def __init__(self, rig: Rig, *, calls_max: int | None = None) -> None:
        self.rig = rig
        self.inbox: list[Report] = []
        rig.on_report = self.inbox.append
        limits = CallLimits(total=calls_max)
        opened = open_service(SERVICE, Settings(call_limits=limits), Instant(rig.now))
        self.state, self.events = opened.state, list(opened.events)
        self.calls_most = 0

    def take(self, *messages: object) -> None:
        batch = handle_batch(self.state, messages, Instant(self.rig.now))  # type: ignore[arg-type]
        assert batch.refusals == ()
        self.state = batch.state
        self.events += batch.events
        self.calls_most = max(self.calls_most, len(tuple(calls(self.state))))
        for decision in batch.decisions:
            self.rig.order(decision)

    def run(self, model: CampaignModel, *, until_ms: float = 4 * 3_600_000) -> None:
        """Run one campaign to its end."""
        self.take(AddModel(model=model), StartCampaign(model_id=1))  # type: ignore[arg-type]
        while not any(isinstance(event, ev.CampaignEnded) for event in self.events[-50:]):
            self.step()
            assert self.rig.now < until_ms, "it does not end"
        check(self.state)
        assert replay(self.events) == self.state

    def step(self) -> None:
        rig = self.rig
        if not self.inbox:
            wakeup = next_wakeup(self.state, Instant(rig.now))
            due = [rig.switch.next_at(), rig.board.wakeup(), wakeup]
            at = min(float(instant) for instant in due if instant is not None)
            rig.run(max(0.0, at - rig.switch.now))
        messages, self.inbox[:] = self.inbox[:], []
        self.take(*messages)

    def of(self, kind: type[ev.CallEvent]) -> list[ev.CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def outcomes(self) -> list[Outcome]:
        return [event.outcome for event in self.events if isinstance(event, ev.CallEnded)]


def model(numbers: list[str], **changes: object) -> CampaignModel:
    given: dict[str, object] = {
        "name": "School closing",
        "caller_number": "15550001",
        "sound": "message",
        "recipients": [
            Recipient(number=number, line=Line.EXTERNAL if place % 3 else Line.INTERNAL)
            for place, number in enumerate(numbers)
        ],
        "script": BOTH,
        "attempts_max": 1,
    }
    return CampaignModel(**{**given, **changes})  # type: ignore[arg-type]


def service(plan: Callable[[str], Callee | None], **config: object) -> Service:
    settings = {"sounds": SOUNDS, "default_sound_ms": None, **config}
    rig = Rig(Config(plan=plan, **settings), external=ROUTES)  # type: ignore[arg-type]
    made = Service(rig)
    rig.connect()
    return made


ROUTES = {None: Rig().board.settings.external[None]}


def one_call(callee: Callee, script: CallScript = BOTH, **config: object) -> Service:
    made = service(lambda number: Callee() if number == "200" else callee, **config)
    made.run(model(["100"], script=script))
    return made


PLAIN = CallScript()
OPTIONS = CallScript(
    confirm_answer=True,
    confirm_listening=True,
    opt_out_digit="0",
    transfer=TransferOption(digit="5", extension="200"),
)
R7 = {
    "R7.3 plain": (Callee(), PLAIN, Outcome.REACHED),
    "R7.5 both confirmed": (Person(), BOTH, Outcome.REACHED),
    "R7.2 wrong digit, then 1": (Person(confirms="21"), BOTH, Outcome.REACHED),
    "R7.2 silence, then 1": (Person(confirms="-1"), BOTH, Outcome.REACHED),
    "R7.2 1 after the prompt": (Person(delay_ms=4_500), BOTH, Outcome.REACHED),
    "R7.2 never": (Person(confirms="-"), BOTH, Outcome.NOT_CONFIRMED),
    "R7.2 always wrong": (Person(confirms="3"), BOTH, Outcome.NOT_CONFIRMED),
    "R7.2 hangs up": (Person(confirms="!"), BOTH, Outcome.HUNG_UP),
    "R7.4 another digit, then 9": (Person(listens="19"), BOTH, Outcome.REACHED),
    "R7.4 silence, then 9": (Person(listens="-9"), BOTH, Outcome.REACHED),
    "R7.4 never": (Person(listens="-"), BOTH, Outcome.NOT_CONFIRMED),
    "R7.4 hangs up": (Person(listens="!"), BOTH, Outcome.HUNG_UP),
    "R7.7 opts out": (Person(confirms="0"), OPTIONS, Outcome.OPTED_OUT),
    "R7.7 opts out after the message": (Person(listens="0"), OPTIONS, Outcome.OPTED_OUT),
    "R7.7 is transferred": (Person(listens="5"), OPTIONS, Outcome.REACHED),
    "R7.1 busy": (Rejects("USER_BUSY", 486), BOTH, Outcome.BUSY),
    "R7.1 rejects": (Rejects("CALL_REJECTED", 603), BOTH, Outcome.REJECTED),
    "R7.1 no answer": (RingsForEver(), BOTH, Outcome.NO_ANSWER),
    "R7.1 congestion": (Rejects("NORMAL_TEMPORARY_FAILURE", 503), BOTH, Outcome.CONGESTION),
    "R7.1 unknown": (Rejects("UNALLOCATED_NUMBER", 404), BOTH, Outcome.INVALID_NUMBER),
    "R7.5 answers and hangs up": (
        Scripted(after_answer=((0, "hangup"),)),
        BOTH,
        Outcome.HUNG_UP,
    ),
    "R7.5 answers, which is all that is asked": (
        Scripted(after_answer=((0, "hangup"),)),
        PLAIN,
        Outcome.REACHED,
    ),
    "R7.5 hangs up in the message": (
        Scripted(after_answer=((3_000, "hangup"),)),
        CallScript(confirm_listening=True),
        Outcome.HUNG_UP,
    ),
    "R7.4 digits in the message do not confirm": (
        Scripted(after_answer=((3_000, "9"),)),
        CallScript(confirm_listening=True, message_plays_max=2),
        Outcome.NOT_CONFIRMED,
    ),
}


@pytest.mark.parametrize(("callee", "script", "outcome"), R7.values(), ids=R7)
@pytest.mark.parametrize("break_is_sticky", [True, False])
def test_a_call_ends_as_its_callee_behaves(
    callee: Callee, script: CallScript, outcome: Outcome, break_is_sticky: bool
) -> None:
    """R7, all of it, through the server."""
    made = one_call(callee, script, break_is_sticky=break_is_sticky)

    assert [outcome] == made.outcomes()
    assert made.rig.board.calls == {}
    assert made.rig.switch.channels == {}


def test_a_prompt_with_a_sound_for_the_listening_confirmation_is_stopped_by_9() -> None:
    """R7.4."""

    class Listens(Person):
        def hears(self, line: object, sound: str) -> None:
            super().hears(line, sound)  # type: ignore[arg-type]
            if "press-9" in sound:
                line.after(500, lambda: line.dial("9"))  # type: ignore[attr-defined]

    script = CallScript(confirm_answer=True, confirm_listening=True, listening_prompt="press-9")
    made = one_call(Listens(listens="-"), script)

    assert made.outcomes() == [Outcome.REACHED]


def test_a_missing_sound_is_told_at_once() -> None:
    """R7.5, R7.10."""
    made = one_call(Person(), sounds={"/snd/press-1.wav": 3_000.0})

    assert made.outcomes() == [Outcome.SOUND_MISSING]


def test_a_call_that_lasts_too_long_is_ended_by_the_core_and_not_by_the_server() -> None:
    """R7.9: the deadline comes five seconds before the dead man's switch."""
    script = CallScript(confirm_listening=True, call_duration_max_s=10, message_plays_max=20)
    made = one_call(Callee(), script)

    (ended,) = made.of(ev.CallEnded)
    (placed,) = made.of(ev.CallPlaced)
    assert made.outcomes() == [Outcome.NOT_CONFIRMED]
    assert ended.hangup_cause == 16  # type: ignore[attr-defined]
    assert 50_000 <= ended.at - placed.at <= 51_000


# 300 recipients ----------------------------------------------------------------------------


def crowd(number: str) -> Callable[[int], Callee]:
    """Return who answers at a number at each attempt: most are reached in the end."""
    kinds: list[Callable[[int], Callee]] = [
        lambda _: Person(),
        lambda attempt: Rejects("USER_BUSY", 486, after_ms=500) if attempt < 2 else Person(),
        lambda attempt: RingsForEver() if attempt < 1 else Person(ring_ms=4_000),
        lambda _: Person(confirms="-21", listens="-9"),
        lambda attempt: Person(confirms="!") if attempt < 1 else Person(),
        lambda attempt: Scripted(after_answer=((0, "hangup"),)) if attempt < 2 else Person(),
        lambda _: Rejects("UNALLOCATED_NUMBER", 404),
        lambda attempt: Rejects("NORMAL_TEMPORARY_FAILURE", 503) if attempt < 1 else Person(),
        lambda _: Person(confirms="0"),
        lambda _: Person(listens="5"),
    ]
    return kinds[int(number) % len(kinds)]


class Crowd:
    """Counts the attempts at each number."""

    def __init__(self) -> None:
        self.attempts: dict[str, int] = defaultdict(int)

    def __call__(self, number: str) -> Callee | None:
        if number == "200":
            return Callee()
        attempt = self.attempts[number]
        self.attempts[number] += 1
        return crowd(number)(attempt)


def run_crowd(
    between: Callable[[Service], None] = lambda _: None, **config: object
) -> tuple[Service, Counter[Outcome]]:
    plan = Crowd()
    made = service(plan, **config)
    numbers = [str(10_000 + place) for place in range(300)]
    parameters = model(
        numbers,
        script=OPTIONS,
        attempts_max=4,
        call_limits=CallLimits(total=50),
        retry=RetryPolicy(never_again=[Outcome.INVALID_NUMBER]),
    )
    made.take(AddModel(model=parameters), StartCampaign(model_id=1))  # type: ignore[arg-type]
    while not any(isinstance(event, ev.CampaignEnded) for event in made.events[-50:]):
        made.step()
        between(made)
        assert made.rig.now < 4 * 3_600_000, "it does not end"
    check(made.state)
    assert replay(made.events) == made.state
    return made, Counter(made.outcomes())


def test_300_recipients_are_called_50_at_a_time_with_retries() -> None:
    """All of R7 and the retries of R5, on a server that counts along."""
    made, outcomes = run_crowd()

    assert made.calls_most == 50
    assert made.rig.switch.calls_most == 50
    assert dict(outcomes) == {
        # 240 in ten kinds of thirty: all but those without a number and those who opt out.
        Outcome.REACHED: 240,
        Outcome.BUSY: 60,
        Outcome.NO_ANSWER: 30,
        Outcome.HUNG_UP: 30 + 60,
        Outcome.INVALID_NUMBER: 30,
        Outcome.CONGESTION: 30,
        Outcome.OPTED_OUT: 30,
    }
    assert sum(outcomes.values()) == len(made.rig.switch.dialled)
    assert made.rig.board.calls == {}
    assert made.rig.switch.channels == {}
    assert len(made.rig.switch.bridged) == 30


def test_a_server_with_little_room_is_given_no_more_than_it_takes() -> None:
    """R5.5: what is deferred is given back, and called later; no attempt is lost by it."""
    made, outcomes = run_crowd(sessions_per_s=10, sessions_max=20)

    assert made.rig.switch.calls_most <= 20
    assert outcomes[Outcome.REACHED] == 240
    given_back = made.of(ev.CallGivenBack)
    assert given_back
    # Never turned away by the server: it told us what it takes.
    assert not [command for command in made.rig.notes if "OUT_OF_ORDER" in command]


@pytest.mark.parametrize("list_lag_ms", [0, 800])
def test_a_connection_that_is_lost_again_and_again_loses_no_call_and_calls_nobody_twice(
    list_lag_ms: float,
) -> None:
    """R5.5, R9.3."""

    def mishap(made: Service) -> None:
        rig = made.rig
        if rig.client is None and rig.now >= back_at[0]:
            rig.connect()
            cut_at[0] = rig.now + 23_000
        elif rig.client is not None and rig.now >= cut_at[0]:
            rig.lose()
            back_at[0] = rig.now + 3_000
            rig.switch.later(3_000, lambda: None)

    cut_at, back_at = [20_000], [0]
    made, outcomes = run_crowd(mishap, list_lag_ms=list_lag_ms)

    made.rig.run(10_000)
    assert made.rig.switch.channels == {}
    assert made.calls_most == 50
    placed = made.of(ev.CallPlaced)
    assert len({event.call_id for event in placed}) == len(placed)
    originated = [line for line in made.rig.switch.commands if line.startswith("bgapi originate")]
    assert len(set(originated)) == len(originated) == len(made.rig.switch.dialled)
    assert outcomes[Outcome.REACHED] >= 200


def test_a_server_that_is_restarted_in_between_is_survived() -> None:
    def restart(made: Service) -> None:
        rig = made.rig
        if not restarts and rig.now >= 40_000:
            restarts.append(rig.now)
            rig.switch.die()
            rig.pump()
            rig.switch.start()
            rig.run(2_000)
            rig.connect()

    restarts: list[int] = []
    made, outcomes = run_crowd(restart)

    assert restarts
    assert 0 < outcomes[Outcome.LOST] <= 50
    assert outcomes[Outcome.REACHED] >= 200
    assert made.rig.board.calls == {}

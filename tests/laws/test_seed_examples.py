"""The customer's own description of the service, sentence by sentence, as examples.

Each is told to the core and to the naive model.
"""

from __future__ import annotations

from typing import Any

import pytest

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Line,
    Outcome,
    Recipient,
    RecipientStatus,
    Settings,
    Status,
    commands,
    reports,
)

from .fast import FastService
from .naive import NaiveService, Taken

NOON = 1_750_000_000_000
MINUTE = 60_000


class Story:
    """A service, and what was heard of it."""

    def __init__(self, side: str, settings: Settings) -> None:
        kind = FastService if side == "core" else NaiveService
        self.service: Any = kind(service_id="a1b2c3d4", settings=settings, now=NOON)
        self.now = NOON
        self.up: dict[str, str] = {}
        """Calls in progress and the numbers called, in the order of their placing."""
        self.models = 0

    def tell(self, message: object, after: int = 0) -> Taken:
        """Tell something, so many milliseconds later; it is not refused."""
        taken = self.ask(message, after)
        assert taken.refusals == []
        return taken

    def ask(self, message: object, after: int = 0) -> Taken:
        self.now += after
        taken = self.service.take(message, self.now)
        for call_id, _ in taken.ended:
            del self.up[call_id]
        self.up |= {order[1]: order[2] for order in taken.orders if order[0] == "place"}
        return taken

    def start(self, numbers: str = "", **parameters: Any) -> Taken:
        """Start a campaign from a new model: ``i`` before a number is the internal line."""
        self.models += 1
        recipients = [
            Recipient(number=n.lstrip("i"), line=Line.INTERNAL if "i" in n else Line.EXTERNAL)
            for n in numbers.split()
        ]
        model = CampaignModel(
            name=f"Model {self.models}",
            caller_number="100",
            recipients=recipients,
            **{"sound": "message", **parameters},
        )
        self.tell(commands.AddModel(model=model))
        return self.tell(commands.StartCampaign(model_id=self.models))

    def end(self, number: str, outcome: Outcome = Outcome.BUSY, after: int = 0) -> list[str]:
        """End the call with a number unanswered, and return the numbers called then."""
        (call_id,) = [call_id for call_id, other in self.up.items() if other == number]
        return placed(self.tell(reports.EndReport(call_id=call_id, unanswered_as=outcome), after))

    def reach(self, number: str) -> list[str]:
        """Answer, play the message and hang up; return the numbers called then."""
        (call_id,) = [call_id for call_id, other in self.up.items() if other == number]
        self.tell(reports.AnswerReport(call_id))
        self.tell(reports.PlaybackReport(call_id=call_id, play=1))
        return placed(self.tell(reports.EndReport(call_id=call_id)))

    def lines(self) -> tuple[int, int]:
        """Return the calls in progress, internal and external."""
        internal = [number for number in self.up.values() if number.startswith("1")]
        return len(internal), len(self.up) - len(internal)

    def status(self, campaign_id: int = 1) -> Status:
        return self.service.status(campaign_id, self.now)

    def recipient(self, position: int, campaign_id: int = 1) -> RecipientStatus:
        return self.service.summary(campaign_id, position)[0]


@pytest.fixture(params=["core", "naive"])
def story(request):
    def tell(**settings: Any) -> Story:
        return Story(request.param, Settings(**settings))

    return tell


def placed(taken: Taken) -> list[str]:
    return [order[2] for order in taken.orders if order[0] == "place"]


def ordered(taken: Taken) -> list[tuple[Any, ...]]:
    """Return the orders within calls, without the call."""
    return [(order[0], *order[2:]) for order in taken.orders]


def internal(count: int) -> str:
    return " ".join(f"i1{n:02}" for n in range(count))


def external(count: int) -> str:
    return " ".join(f"2{n:02}" for n in range(count))


# Maximum number of simultaneous calls -----------------------------------------------------------

# Waiting in list order; calls then in progress, internal and external.
TEN_EIGHT_SIX = [
    (f"{internal(7)} {external(20)}", (7, 3)),
    (f"{internal(20)} {external(20)}", (8, 2)),
    (f"{external(20)} {internal(20)}", (4, 6)),
    (internal(20), (8, 0)),
    (external(20), (0, 6)),
    (f"{internal(3)} {external(4)}", (3, 4)),
    (f"{internal(8)} {external(1)}", (8, 1)),
]


@pytest.mark.parametrize(("waiting", "expected"), TEN_EIGHT_SIX)
@pytest.mark.parametrize("whose", ["settings", "campaign"])
def test_with_10_8_6_the_total_still_holds(story, whose, waiting, expected):
    """R2.2: 10/8/6: at most 8 internal calls, 6 external calls, but no more than 10 in total."""
    limits = {"call_limits": CallLimits(total=10, internal=8, external=6)}
    told = story(**(limits if whose == "settings" else {}))

    told.start(waiting, **(limits if whose == "campaign" else {}))

    assert expected == told.lines()
    waits = sum(expected) < len(waiting.split())
    assert (Status.BLOCKED if waits else Status.ACTIVE) == told.status()


def test_with_7_internal_calls_only_3_external_ones_can_be_made(story):
    """R2.2: if at one moment 7 internal calls are active, only 3 external one can be made."""
    told = story(call_limits=CallLimits(total=10, internal=8, external=6))

    told.start(internal(7))
    told.start(external(20))

    assert told.lines() == (7, 3)


def test_the_empty_value_means_unlimited(story):
    """R2.1, R2.2: the empty value means unlimited."""
    told = story(active_campaigns_max=None, call_limits=CallLimits())

    told.start(internal(40))
    told.start(external(40))

    assert told.lines() == (40, 40)


def test_a_change_of_the_limits_runs_the_scheduler_again(story):
    """R2.3: when global service limits are changed, the scheduling algorithm is run again."""
    told = story(call_limits=CallLimits(total=1))
    told.start("1 2 3 4")

    wider = commands.ChangeSettings(settings=Settings(call_limits=CallLimits(total=3)))
    narrower = commands.ChangeSettings(settings=Settings(call_limits=CallLimits(total=2)))

    assert placed(told.tell(wider)) == ["2", "3"]
    assert placed(told.tell(narrower)) == []
    assert list(told.up.values()) == ["1", "2", "3"]
    assert told.reach("1") == []
    assert told.reach("2") == ["4"]


# Maximum number of simultaneous active campaigns ------------------------------------------------


def test_with_a_parallelism_of_1_another_campaign_can_be_started(story):
    """R6.2: with a parallelism of 1 a campaign can be started even if another is executed."""
    told = story(active_campaigns_max=1)

    assert placed(told.start("1 2")) == ["1", "2"]
    assert placed(told.start("3 4")) == []
    assert told.status(2) == Status.BLOCKED
    assert told.reach("1") == []
    assert told.reach("2") == ["3", "4"]


# Priorities; when, priority and start of two campaigns; who calls first.
PRIORITIES = [
    ((5, NOON + 1), (0, NOON + 1), "1"),
    ((0, NOON + 1), (5, NOON + 1), "2"),
    ((5, NOON + 2), (5, NOON + 1), "2"),
    ((5, NOON + 1), (5, NOON + 2), "1"),
    ((5, NOON + 1), (5, NOON + 1), "1"),
]


@pytest.mark.parametrize(("first", "second", "expected"), PRIORITIES)
def test_the_campaign_with_the_highest_priority_calls_first(story, first, second, expected):
    """R6.1: sorted by priority, and in case of a tie, an earlier start takes precedence."""
    told = story(call_limits=CallLimits(total=1))
    for number, (priority, starts_at) in enumerate((first, second), 1):
        model = CampaignModel(
            name=f"Model {number}",
            caller_number="100",
            sound="message",
            priority=priority,
            recipients=[Recipient(number=str(number))],
        )
        told.tell(commands.AddModel(model=model))
        when = commands.StartAt(at=starts_at)
        told.tell(commands.StartCampaign(model_id=number, when=when))

    assert [expected] == placed(told.tell(reports.Tick(), after=2))


# Call scheduling logic --------------------------------------------------------------------------


def test_those_never_called_first_then_those_called_furthest_back(story):
    """R6.4: the never called in list order, then those called furthest back in time."""
    told = story(call_limits=CallLimits(total=2))

    assert placed(told.start("1 2 3 4")) == ["1", "2"]
    assert told.end("2", after=1_000) == ["3"]
    assert told.end("1", after=1_000) == ["4"]
    # 1 and 2 were called at the same moment: list order. Then 3, then 4.
    assert told.end("4", after=1_000) == ["1"]
    assert told.end("3", after=1_000) == ["2"]
    assert told.end("1", after=1_000) == ["3"]
    assert told.end("2", after=1_000) == ["4"]


def test_with_the_internal_limit_reached_only_external_ones_are_chosen(story):
    """R6.3: if a limit has been reached, such as for internal, it goes on with external ones."""
    told = story(call_limits=CallLimits(internal=1))

    assert placed(told.start("i11 i12 21 i13 22")) == ["11", "21", "22"]
    assert told.end("11") == ["12"]


def test_calling_back_begins_when_nobody_is_left_who_was_never_called(story):
    """R6.4: when there is still room, those are called back who were called before."""
    told = story()
    told.start("1 2")

    assert told.end("1") == ["1"]


def test_the_next_campaign_comes_when_nobody_can_be_selected_from_the_first(story):
    """R6.5: the scheduler repeats the evaluation on the second campaign."""
    told = story(call_limits=CallLimits(total=3))
    told.start("1 2", call_limits=CallLimits(total=1))

    assert placed(told.start("3 4 5")) == ["3", "4"]


# The end of a campaign --------------------------------------------------------------------------


def test_attempts_are_5_when_nothing_is_said(story):
    """R3.1: this value cannot be unlimited (default 5)."""
    told = story()
    told.start("1")

    calls = [told.end("1") for _ in range(5)]

    assert calls == [["1"], ["1"], ["1"], ["1"], []]
    assert told.recipient(1) == RecipientStatus.FAILED
    assert told.status() == Status.INCOMPLETE


# Attempts per recipient, threshold, who is reached; the end.
ENDS = [
    (1, None, "1 2", Status.COMPLETED),
    (1, None, "1", Status.INCOMPLETE),
    (1, 1, "1", Status.COMPLETED),
    (1, 2, "2", Status.INCOMPLETE),
    (1, None, "", Status.INCOMPLETE),
    (3, None, "1 2", Status.COMPLETED),
    (3, 1, "2", Status.COMPLETED),
]


@pytest.mark.parametrize(("attempts_max", "threshold", "reached", "expected"), ENDS)
def test_a_campaign_ends_completed_or_incomplete(story, attempts_max, threshold, reached, expected):
    """R4.5: completed if all, or the minimum number set, were reached; otherwise incomplete."""
    told = story()
    told.start("1 2", attempts_max=attempts_max, threshold=threshold)

    while told.up:
        assert told.status() == Status.ACTIVE
        number = next(iter(told.up.values()))
        if number in reached:
            told.reach(number)
        else:
            told.end(number)

    assert expected == told.status()


def test_more_attempts_make_an_incomplete_campaign_active_again(story):
    """R5.2: the user added new call attempts: from failed to idle, the campaign active again."""
    told = story()
    told.start("1 2", attempts_max=1)
    told.end("1")
    told.reach("2")
    assert told.status() == Status.INCOMPLETE

    more = commands.AddAttempts(campaign_id=1, positions=(1,), attempts=1)

    assert placed(told.tell(more)) == ["1"]
    assert told.recipient(1) == RecipientStatus.ACTIVE
    assert told.status() == Status.ACTIVE
    told.reach("1")
    assert told.status() == Status.COMPLETED


def test_stop_closes_an_incomplete_campaign_for_good(story):
    """R4.3: the user can permanently close the campaign by clicking the STOP icon."""
    told = story()
    told.start("1", attempts_max=1)
    told.end("1")

    told.tell(commands.StopCampaign(campaign_id=1))

    assert told.status() == Status.TERMINATED
    assert told.ask(commands.AddAttempts(campaign_id=1, attempts=1)).refusals


# Starting, pausing ------------------------------------------------------------------------------


def test_a_delayed_campaign_is_scheduled_and_then_active(story):
    """R4.2: delayed: the delay (in minutes) after which the campaign will start."""
    told = story()
    told.start("1")
    told.tell(commands.StartCampaign(model_id=1, when=commands.StartAfter(minutes=2)))

    assert told.status(2) == Status.SCHEDULED
    told.reach("1")
    told.tell(reports.Tick(), after=2 * MINUTE - 1)
    assert told.status(2) == Status.SCHEDULED
    assert placed(told.tell(reports.Tick(), after=1)) == ["1"]
    assert told.status(2) == Status.ACTIVE


def test_a_paused_campaign_makes_no_new_calls_and_interrupts_none(story):
    """R4.3: new calls will not be made; current calls will not be interrupted."""
    told = story(call_limits=CallLimits(total=1))
    told.start("1 2")

    assert told.tell(commands.PauseCampaign(campaign_id=1)).orders == []
    assert told.status() == Status.PAUSED
    assert told.reach("1") == []
    assert told.recipient(1) == RecipientStatus.CONTACTED
    assert placed(told.tell(commands.ResumeCampaign(campaign_id=1))) == ["2"]


def test_a_disabled_model_starts_nothing(story):
    """R3.4: if a model is disabled new campaigns may not be started or scheduled from it."""
    told = story()
    told.start("1")
    told.tell(commands.DisableModel(model_id=1))

    later = commands.StartAfter(minutes=1)
    assert told.ask(commands.StartCampaign(model_id=1)).refusals
    assert told.ask(commands.StartCampaign(model_id=1, when=later)).refusals


def test_a_model_with_campaigns_can_be_deleted_after_a_confirmation(story):
    """R3.5: models from which campaigns have been started can be deleted; the user is alerted."""
    told = story(call_limits=CallLimits(total=1))
    told.start("1 2")

    assert told.ask(commands.DeleteModels(model_ids=(1,))).refusals
    told.tell(commands.DeleteModels(model_ids=(1,), confirmed=True))
    assert told.reach("1") == ["2"]


# Confirmations ----------------------------------------------------------------------------------

PROMPT_1 = ("play", 1, "press-1", "0123456789*#")
MESSAGE = "message"
HANG_UP = ("hang_up",)

# Confirmations of answer and of listening; what the recipient does; what is done; the outcome.
CALLS = [
    (False, False, ["answers", "hears"], [("play", 1, MESSAGE, ""), HANG_UP], Outcome.REACHED),
    (False, False, ["answers"], [("play", 1, MESSAGE, "")], Outcome.REACHED),
    (False, False, [], [], Outcome.NO_ANSWER),
    (
        True,
        False,
        ["answers", "1", "hears"],
        [PROMPT_1, ("play", 2, MESSAGE, ""), HANG_UP],
        Outcome.REACHED,
    ),
    (True, False, ["answers"], [PROMPT_1], Outcome.HUNG_UP),
    (False, True, ["answers", "hears"], [("play", 1, MESSAGE, "")], Outcome.HUNG_UP),
    (
        False,
        True,
        ["answers", "hears", "9"],
        [("play", 1, MESSAGE, ""), HANG_UP],
        Outcome.REACHED,
    ),
    (
        False,
        True,
        ["answers", "hears", "3", "hears", "9"],
        [("play", 1, MESSAGE, ""), ("play", 2, MESSAGE, ""), HANG_UP],
        Outcome.REACHED,
    ),
    (
        False,
        True,
        ["answers", "hears", "waits", "hears", "9"],
        [("play", 1, MESSAGE, ""), ("play", 2, MESSAGE, ""), HANG_UP],
        Outcome.REACHED,
    ),
    (
        True,
        True,
        ["answers", "1", "hears", "9"],
        [PROMPT_1, ("play", 2, MESSAGE, ""), HANG_UP],
        Outcome.REACHED,
    ),
]


@pytest.mark.parametrize(("answer", "listening", "doings", "expected", "outcome"), CALLS)
def test_confirmations(story, answer, listening, doings, expected, outcome):
    """R7.2, R7.4: 1 to confirm the answer, 9 the listening; else the message is repeated."""
    told = story()
    script = CallScript(confirm_answer=answer, confirm_listening=listening)
    told.start("1", script=script, attempts_max=1)
    (call_id,) = told.up
    orders: list[tuple[Any, ...]] = []

    for doing in doings:
        plays = [order[1] for order in orders if order[0] == "play"]
        match doing:
            case "answers":
                taken = told.tell(reports.AnswerReport(call_id))
            case "hears":
                taken = told.tell(reports.PlaybackReport(call_id=call_id, play=plays[-1]))
            case "waits":
                taken = told.tell(reports.Tick(), after=5_000)
            case digit:
                taken = told.tell(reports.DigitReport(call_id=call_id, digit=digit))
        orders += ordered(taken)
    end = reports.EndReport(call_id=call_id, unanswered_as=Outcome.NO_ANSWER)

    assert [(call_id, outcome)] == told.tell(end).ended
    assert expected == orders
    is_reached = outcome is Outcome.REACHED
    reached = RecipientStatus.CONTACTED if is_reached else RecipientStatus.FAILED
    assert reached == told.recipient(1)

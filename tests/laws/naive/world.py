"""What is so: everything that ever happened to anybody, in plain mutable records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from campaign_core import (
    CallLimits,
    CampaignModel,
    FailureReason,
    Line,
    Outcome,
    Recipient,
    RecipientStatus,
    Settings,
    Status,
)

from .numbers import Called, compared, form


@dataclass
class Attempt:
    """One try to reach somebody, kept for ever."""

    attempt: int
    called: Called
    placed_at: int
    given_back: bool = False
    ended_at: int | None = None
    outcome: Outcome | None = None


@dataclass
class Person:
    """One recipient of one campaign."""

    position: int
    entry: Recipient
    allowed: int
    status: RecipientStatus = RecipientStatus.IDLE
    failure: FailureReason | None = None
    stop_wanted: bool = False
    """R5.3 was said while a call was in progress."""
    never_again: set[Called] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def numbers(self) -> list[Called]:
        further = [(number.number, number.line) for number in self.entry.further_numbers]
        return [(self.entry.number, self.entry.line), *further]

    @property
    def counted(self) -> list[Attempt]:
        """R5.1, R5.5: an attempt counts when its call is placed, unless it is given back."""
        return [attempt for attempt in self.attempts if not attempt.given_back]


@dataclass
class Run:
    """One campaign."""

    campaign_id: int
    model_id: int
    parameters: CampaignModel
    starts_at: int
    expires_at: int | None
    people: list[Person]
    status: Status = Status.SCHEDULED
    expired: bool = False
    ends: list[Outcome] = field(default_factory=list)
    """How its calls ended since the breaker began to count (R6.17)."""
    placed_at: list[int] = field(default_factory=list)
    """When it placed a call, given back or not (R2.4)."""

    @property
    def contacted(self) -> int:
        return len([p for p in self.people if p.status is RecipientStatus.CONTACTED])

    @property
    def threshold_met(self) -> bool:
        """R4.5: the number contacted >= the threshold (all, when ``None``)."""
        threshold = self.parameters.threshold
        return self.contacted >= (len(self.people) if threshold is None else threshold)


@dataclass
class Call:
    """One call in progress."""

    call_id: str
    campaign_id: int
    position: int
    attempt: int
    called: Called
    placed_at: int
    deadline_at: int
    step: str = "RINGING"
    """RINGING, ANSWER_PROMPT, ANSWER_SILENCE, MESSAGE, LISTENING_PROMPT, LISTENING_SILENCE,
    TRANSFERRED or ENDING."""
    prompts: int = 0
    """Answer prompts so far, silences that stand for one included."""
    messages: int = 0
    """Times the message was played, steps started again included."""
    plays: int = 0
    """Playbacks ordered so far: the number of the last one."""
    silence_until: int | None = None
    answered: bool = False
    reached: bool = False
    fixed: Outcome | None = None
    """The outcome that was fixed when a hang-up was ordered."""
    fixed_by_deadline: bool = False
    deadline_passed: bool = False
    adrift: bool = False
    """It was up when the connection went, and nobody has said since what became of it."""


@dataclass
class World:
    """The whole service."""

    service_id: str
    settings: Settings
    now: int
    """The service's time."""
    last_event_at: int
    models: dict[int, CampaignModel] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    models_made: int = 0
    runs_made: int = 0
    calls: dict[str, Call] = field(default_factory=dict)
    do_not_call: set[str] = field(default_factory=set)
    ahead_ms: int = 0
    """R7.12: how far the calendar stands ahead of the service's time."""
    driver_up: bool = True
    down_at: int = 0
    calls_up_heard: int = 2
    """Reports of the calls up since the driver came up; there is nothing to hear before."""
    deferred_until: int = 0
    capacity: CallLimits = field(default_factory=CallLimits)
    telephony: str | None = None
    """What the driver takes, as it said since it is up."""
    placed_at: list[int] = field(default_factory=list)
    """When a call was placed, since a rate was last absent (R2.4)."""
    capped: list[tuple[Called, int, str]] = field(default_factory=list)
    """Number, time and call of attempts since a cap was last absent (R6.15)."""
    rate_kept_until: int = 0
    """Until when a rate that was switched off is remembered."""
    cap_kept_until: int = 0
    """Until when a cap that was switched off is remembered."""
    history: list[tuple[int, str]] = field(default_factory=list)
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    ended: list[tuple[str, Outcome]] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    """The place among those that compete of the campaign of each call placed (R8.4)."""

    def copied(self) -> World:
        """Return another world in which nothing that changes is shared with this one."""
        return replace(
            self,
            models=dict(self.models),
            runs={run.campaign_id: _copied(run) for run in self.runs.values()},
            calls={call.call_id: replace(call) for call in self.calls.values()},
            do_not_call=set(self.do_not_call),
            placed_at=list(self.placed_at),
            capped=list(self.capped),
            history=list(self.history),
            orders=list(self.orders),
            ended=list(self.ended),
            ranks=list(self.ranks),
        )

    @property
    def calendar(self) -> int:
        """R7.12: what the calendar shows now."""
        return self.now + self.ahead_ms

    def record(self, what: str) -> None:
        """Something happened now."""
        self.history.append((self.now, what))
        self.last_event_at = self.now

    def person_of(self, call: Call) -> Person:
        return self.runs[call.campaign_id].people[call.position - 1]

    def calls_of(self, run: Run) -> list[Call]:
        return [call for call in self.calls.values() if call.campaign_id == run.campaign_id]

    def is_barred(self, person: Person, called: Called) -> bool:
        """R5.6: barred by the do-not-call list, whatever the line, or by R6.10."""
        return self.is_listed(called) or any(
            self.is_same(called, other) for other in person.never_again
        )

    def is_listed(self, called: Called) -> bool:
        """R6.12: whatever the line; R3.7: an external number in whatever way it is written."""
        number, line = called
        if line is Line.INTERNAL:
            return number in self.do_not_call
        plan = self.settings.number_plan
        return form(number, plan) in [form(listed, plan) for listed in self.do_not_call]

    def is_same(self, one: Called, other: Called) -> bool:
        """R3.7: numbers are compared by their forms, internal ones as they are."""
        plan = self.settings.number_plan
        return compared(one, plan) == compared(other, plan)

    def is_repeated(self, called: Called, others: list[Called]) -> bool:
        return any(self.is_same(called, other) for other in others)

    def settle_barred(self, person: Person) -> None:
        """R5.6, R6.12: an idle recipient fails when no number is left."""
        if not all(self.is_barred(person, called) for called in person.numbers):
            return
        if any(self.is_listed(called) for called in person.numbers):
            self.fail(person, FailureReason.DO_NOT_CALL)
        else:
            self.fail(person, FailureReason.NO_NUMBER_LEFT)

    def fail(self, person: Person, reason: FailureReason) -> None:
        person.status, person.failure = RecipientStatus.FAILED, reason
        self.record(f"recipient failed: {reason.name}")


def _copied(run: Run) -> Run:
    people = [
        replace(
            person,
            never_again=set(person.never_again),
            attempts=[replace(attempt) for attempt in person.attempts],
        )
        for person in run.people
    ]
    return replace(run, people=people, ends=list(run.ends), placed_at=list(run.placed_at))

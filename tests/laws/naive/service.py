"""How a message is taken (R6.6), and what reports do (R5.5, R7)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from campaign_core import (
    CallLimits,
    FailureReason,
    Line,
    Outcome,
    RecipientStatus,
    Settings,
    Status,
)
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    CapacityReport,
    ClockReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    HoldReport,
    PlaybackReport,
    RefusalReport,
    StandstillReport,
    TelephonyReport,
    Tick,
)

from . import flow, schedule
from .obey import Refused, obey
from .world import Call, World

GRACE_MS = 10_000
"""From the deadline until a call without an end is freed (R7.9)."""


@dataclass
class Taken:
    """What came of a message, or of several given together."""

    refusals: list[tuple[int, str]] = field(default_factory=list)
    """Which of the messages were refused, counted from 0, and why."""
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    """``("place", call, number, line, dead_man_s)``, ``("play", call, play, sound, digits)``,
    ``("hang_up", call)``, ``("transfer", call, extension, dead_man_s)``, as they were given."""
    ended: list[tuple[str, Outcome]] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    """Of each call placed, the place of its campaign among those that compete (R8.4)."""
    something_happened: bool = False


class NaiveService:
    """The service as the rules tell it, at whatever cost."""

    def __init__(self, *, service_id: str, settings: Settings, now: int) -> None:
        self.world = World(service_id=service_id, settings=settings, now=now, last_event_at=now)

    def copied(self) -> NaiveService:
        """Return another service that goes its own way from here."""
        other = copy(self)
        other.world = self.world.copied()
        return other

    def take(self, message: object, now: int) -> Taken:
        """Take one message; a refused one leaves everything as it was (R6.6)."""
        before = self.world.copied()
        taken = self.take_all([message], now)
        if taken.refusals:
            self.world = before
            return Taken(refusals=taken.refusals)
        return taken

    def take_all(self, messages: Sequence[object], now: int) -> Taken:
        """R6.6: what is due, the messages in their order, then settling, ends and one pass."""
        world = self.world
        world.now = max(now, world.last_event_at)  # R6.13
        world.orders, world.ended, world.ranks = [], [], []
        happened = len(world.history)
        taken = Taken(orders=world.orders, ended=world.ended, ranks=world.ranks)
        # R7.12: what nobody could hear times nobody out.
        is_deaf = any(isinstance(message, StandstillReport) for message in messages)
        for message in messages:
            if isinstance(message, ClockReport):
                _look_at_the_calendar(world, message)
        _do_what_is_due(world, is_deaf=is_deaf)
        for index, message in enumerate(messages):
            try:
                _hear(world, message)
            except Refused as refused:
                taken.refusals.append((index, str(refused)))
        _settle_recipients(world)
        _end_campaigns(world)
        schedule.run_pass(world)
        taken.something_happened = len(world.history) > happened
        return taken

    def status(self, campaign_id: int, now: int) -> Status:
        """Return the campaign's status, ``BLOCKED`` included (R4.4)."""
        then = self.world.copied()
        then.now = now
        return schedule.status_of(then, then.runs[campaign_id])

    def summary(
        self, campaign_id: int, position: int
    ) -> tuple[RecipientStatus, FailureReason | None, int, int, int]:
        """Return a recipient's status, its reason, attempts made, counted and allowed."""
        who = self.world.runs[campaign_id].people[position - 1]
        return who.status, who.failure, len(who.attempts), len(who.counted), who.allowed

    def figures(self, campaign_id: int, now: int) -> tuple[int, int, int, int, int]:
        """Return how many are contacted, failed and idle, and how many calls are up by line."""
        run = self.world.runs[campaign_id]
        statuses = [person.status for person in run.people]
        lines = [call.called[1] for call in self.world.calls_of(run)]
        return (
            statuses.count(RecipientStatus.CONTACTED),
            statuses.count(RecipientStatus.FAILED),
            statuses.count(RecipientStatus.IDLE),
            lines.count(Line.INTERNAL),
            lines.count(Line.EXTERNAL),
        )


# R6.6: first everything due ---------------------------------------------------------------------

_STARTS, _EXPIRIES, _DEADLINES, _TIMEOUTS = range(4)


def _do_what_is_due(world: World, *, is_deaf: bool) -> None:
    """In order of the due instant; starts, then expiries, deadlines, digit timeouts."""
    while due := [
        entry
        for entry in _all_due(world)
        if entry[0] <= world.now and not (is_deaf and entry[1] == _TIMEOUTS)
    ]:
        _, kind, _, what = min(due, key=lambda entry: entry[:3])
        if kind == _STARTS:
            what.status = Status.ACTIVE
            world.record("started")
        elif kind == _EXPIRIES:
            what.expired = True
            world.record("expired")
        elif kind == _TIMEOUTS:
            flow.silence_ended(world, what)
        elif what.deadline_passed:
            flow.freed(world, what)
        else:
            flow.deadline_passed(world, what)


def _look_at_the_calendar(world: World, message: ClockReport) -> None:
    """R7.12: how far the calendar stands from the service's own time, to the second."""
    ahead_ms = message.shows - world.now
    if abs(ahead_ms - world.ahead_ms) >= 1_000:
        world.ahead_ms = ahead_ms
        world.record("calendar shifted")


def _all_due(world: World) -> list[tuple[int, int, str, Any]]:
    due: list[tuple[int, int, str, Any]] = []
    for run in world.runs.values():
        name = f"{run.campaign_id:08x}"
        if run.status is Status.SCHEDULED:
            due.append((run.starts_at - world.ahead_ms, _STARTS, name, run))
        elif not run.status.is_final and run.expires_at is not None and not run.expired:
            due.append((run.expires_at - world.ahead_ms, _EXPIRIES, name, run))
    for call in world.calls.values():
        grace_ms = GRACE_MS if call.deadline_passed else 0
        due.append((call.deadline_at + grace_ms, _DEADLINES, call.call_id, call))
        # R5.5: while the link is down only deadlines run; after, calls taken over go on.
        if call.silence_until is not None and world.driver_up and not call.adrift:
            due.append((call.silence_until, _TIMEOUTS, call.call_id, call))
    return due


def _hold(world: World, campaign_ids: tuple[int, ...]) -> None:
    for campaign_id in dict.fromkeys(campaign_ids):
        run = world.runs.get(campaign_id)
        if run is not None and run.status is Status.ACTIVE:
            run.status = Status.PAUSED
            world.record("held")


# Then the message -------------------------------------------------------------------------------


def _hear(world: World, message: object) -> None:  # noqa: C901 -- a case for each report
    match message:
        case Tick() | ClockReport():
            pass
        case StandstillReport():
            for call in world.calls.values():
                if world.driver_up and not call.adrift:
                    flow.silence_again(world, call)
        case DriverDownReport():
            _driver_down(world, message)
        case DriverUpReport():
            if not world.driver_up:
                world.driver_up = True
                world.calls_up_heard = 0
                world.capacity = CallLimits()
                world.record("driver up")
        case CapacityReport(call_limits=limits):
            if limits != world.capacity:
                world.capacity = limits
                world.record("capacity changed")
        case HoldReport(campaign_ids=campaign_ids):
            _hold(world, campaign_ids)
        case TelephonyReport(telephony=telephony):
            if telephony != world.telephony:
                world.telephony = telephony
                world.record("telephony named")
        case CallsAdriftReport():
            _calls_adrift(world, message)
        case CallsUpReport():
            _calls_up(world, message)
        case (
            AnswerReport()
            | DigitReport()
            | PlaybackReport()
            | EndReport()
            | RefusalReport()
            | DeferralReport()
        ):
            # R9.1: an unknown, late or doubled report never raises.
            call = world.calls.get(message.call_id)
            if call is not None:
                _of_call(world, call, message)
        case _:
            obey(world, message)


def _of_call(world: World, call: Call, message: object) -> None:
    match message:
        case AnswerReport():
            flow.answered(world, call)
        case DigitReport(digit=digit):
            flow.dialled(world, call, digit)
        case PlaybackReport(play=play, end=end):
            flow.played(world, call, play, end)
        case EndReport(unanswered_as=unanswered_as, took_commands=took_commands):
            flow.ended(world, call, unanswered_as, took_commands=took_commands)
        case RefusalReport():
            flow.ended(world, call, Outcome.REFUSED)  # R5.5
        case DeferralReport(until=until):
            if not call.answered:
                # R5.5: T is at least now + 1 s; of several the latest holds.
                flow.given_back(world, call)
                world.deferred_until = max(world.deferred_until, until, world.now + 1_000)
        case _:
            raise TypeError(message)


def _driver_down(world: World, message: DriverDownReport) -> None:
    """R5.5: calls never handed over are given back, nothing is placed until it is up."""
    for call_id in message.returned:
        call = world.calls.get(call_id)
        if call is not None and not call.answered:
            flow.given_back(world, call)
    if not world.driver_up:
        return
    world.driver_up = False
    # R5.5: from when it was heard last.
    world.down_at = max(0, world.now - message.silent_ms)
    for call in world.calls.values():
        call.adrift = True
    world.record("driver down")


def _calls_adrift(world: World, message: CallsAdriftReport) -> None:
    """R5.5: part of the telephony is out of reach, and with it what became of these calls."""
    for call in world.calls.values():
        if call.call_id in message.call_ids and not call.adrift:
            call.adrift = True
            world.record("call adrift")


def _some_calls_up(world: World, message: CallsUpReport, among: frozenset[str]) -> None:
    """R5.5: of a part of the telephony: the others may be up or not."""
    if not world.driver_up:
        return
    for call in list(world.calls.values()):
        if call.adrift and call.call_id in message.call_ids:
            flow.take_over(world, call)
        elif call.adrift and call.call_id in among:
            flow.lost(world, call)


def _calls_up(world: World, message: CallsUpReport) -> None:
    """R5.5: which calls are up, at once and again 5 s later; those absent are lost."""
    if message.among is not None:
        _some_calls_up(world, message, message.among)
        return
    if not world.driver_up or world.calls_up_heard == 2:
        return
    world.calls_up_heard += 1
    world.record("calls up heard")
    for call in list(world.calls.values()):
        if not call.adrift:
            continue
        if call.call_id in message.call_ids:
            flow.take_over(world, call)
        elif world.calls_up_heard == 2 or world.down_at - call.placed_at >= 5_000:
            flow.lost(world, call)


# Then recipients settled by rule, then ends of campaigns ----------------------------------------


def _settle_recipients(world: World) -> None:
    """R5.6, R6.12: no number left; R4.11: unsettled in a campaign that is expired.

    After a stop idle recipients stay idle (R4.7), whatever becomes of their numbers.
    """
    for run in world.runs.values():
        if run.status.is_final:
            continue
        for person in run.people:
            if person.status is RecipientStatus.IDLE:
                world.settle_barred(person)
            if person.status is RecipientStatus.IDLE and run.expired:
                world.fail(person, FailureReason.EXPIRED)


def _end_campaigns(world: World) -> None:
    """R4.5, R4.6: active or paused, everybody settled, nobody in a call."""
    for run in world.runs.values():
        if run.status not in (Status.ACTIVE, Status.PAUSED) or world.calls_of(run):
            continue
        settled = (RecipientStatus.CONTACTED, RecipientStatus.FAILED)
        everybody = all(person.status in settled for person in run.people)
        enough = run.threshold_met
        if everybody or (run.parameters.stop_at_threshold and enough):
            run.status = Status.COMPLETED if enough else Status.INCOMPLETE
            world.record(f"campaign ended: {run.status.name}")

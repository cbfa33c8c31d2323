"""Who may be called, in which order, how many: R6 read aloud."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from campaign_core import CallingHours, CallLimits, CallRate, Line, Order, RecipientStatus, Status

from .numbers import Called
from .world import Attempt, Call, Person, Run, World


def run_pass(world: World) -> None:
    """R6.3, R6.5, R6.9: place calls campaign by campaign, rank again until nothing is placed."""
    placed = True
    while placed:
        placed = False
        for run in ranked(world)[: world.settings.active_campaigns_max]:
            while (person := _choose(world, run)) is not None:
                _place(world, run, person)
                placed = True


# Campaigns --------------------------------------------------------------------------------------


def ranked(world: World) -> list[Run]:
    """R6.1: by priority, then by start time, then in order of creation; R6.2: who competes."""
    competing = [run for run in world.runs.values() if competes(world, run)]
    return sorted(competing, key=lambda r: (-r.parameters.priority, r.starts_at, r.campaign_id))


def competes(world: World, run: Run) -> bool:
    """R6.2: a call in progress, or a recipient that could be called but for capacity."""
    if run.status is not Status.ACTIVE:
        return False
    return bool(world.calls_of(run)) or bool(callable_people(world, run))


def status_of(world: World, run: Run) -> Status:
    """R4.4: blocked is an active campaign whose every callable recipient lacks capacity."""
    if run.status is not Status.ACTIVE:
        return run.status
    waiting = callable_people(world, run)
    first = ranked(world)[: world.settings.active_campaigns_max]
    if waiting and (run not in first or not any(has_room(world, run, p) for p in waiting)):
        return Status.BLOCKED
    return Status.ACTIVE


# Recipients: the rules of time and person -------------------------------------------------------


def callable_people(world: World, run: Run) -> list[Person]:
    """R4.4: those who could be called now by all rules of time and person."""
    if run.status is not Status.ACTIVE or run.expired:
        return []
    if run.parameters.stop_at_threshold and run.threshold_met:
        return []  # R4.5
    return [person for person in run.people if _may_be_called(world, run, person)]


def _may_be_called(world: World, run: Run, person: Person) -> bool:
    if person.status is not RecipientStatus.IDLE:
        return False
    called = next_number(world, person)
    if called is None:
        return False
    if person.counted:
        # R6.10: a least delay from the end of an attempt, by outcome.
        last = person.counted[-1]
        assert last.ended_at is not None
        assert last.outcome is not None
        delays_s = dict(run.parameters.retry.delays_s)
        if world.now < last.ended_at + 1_000 * delays_s.get(last.outcome, 0):
            return False
    return hours_are_open(run, person, world.calendar) and not _is_capped(world, called)


def next_number(world: World, person: Person) -> Called | None:
    """R5.6: in turn and round again over the counted attempts, barred ones skipped."""
    numbers = person.numbers
    start = numbers.index(person.counted[-1].called) + 1 if person.counted else 0
    for called in numbers[start:] + numbers[:start]:
        if not world.is_barred(person, called):
            return called
    return None


def hours_are_open(run: Run, person: Person, at: int) -> bool:
    """R6.11: by the wall clock of the recipient's zone; no hours at all are always open."""
    if not run.parameters.calling_hours:
        return True
    open_minutes = _open_minutes(run.parameters.calling_hours)
    zone = ZoneInfo(person.entry.time_zone or run.parameters.time_zone)
    wall = datetime.fromtimestamp(at // 60_000 * 60, zone)
    return (wall.weekday(), wall.hour * 60 + wall.minute) in open_minutes


@cache
def _open_minutes(calling_hours: tuple[CallingHours, ...]) -> set[tuple[int, int]]:
    """Every minute of the week in which calls are placed, as weekday and minute of the day."""
    return {
        (day.value, minute)
        for stretch in calling_hours
        for day in stretch.days
        for minute in range(stretch.opens_min, stretch.closes_min)
    }


def _is_capped(world: World, called: Called) -> bool:
    """R6.15: at most N attempts to one number in any M hours over all campaigns."""
    cap = world.settings.frequency_cap
    if cap is None:
        return False
    window_ms = cap.per_h * 3_600_000
    times = [at for other, at, _ in world.capped if world.is_same(other, called)]
    recent = [at for at in times if world.now < at + window_ms]
    return len(recent) >= cap.attempts


# Capacity ---------------------------------------------------------------------------------------


def has_room(world: World, run: Run, person: Person) -> bool:
    """R4.4: neither limits, rate, driver nor another call with the number stand in the way."""
    called = next_number(world, person)
    assert called is not None
    if not world.driver_up or world.now < world.deferred_until:
        return False  # R5.5
    in_calls = [call.called for call in world.calls.values()]
    if world.settings.one_call_per_number and world.is_repeated(called, in_calls):
        return False  # R6.14
    return (
        _within_limits(world.settings.call_limits, list(world.calls.values()), called[1])
        and _within_limits(world.capacity, list(world.calls.values()), called[1])
        and _within_limits(run.parameters.call_limits, world.calls_of(run), called[1])
        and _within_rate(world.settings.call_rate, world.placed_at, world.now)
        and _within_rate(run.parameters.call_rate, run.placed_at, world.now)
    )


def _within_limits(limits: CallLimits, calls: list[Call], line: Line) -> bool:
    """R2.2: the limit of the line, and the total still holds."""
    on_line = [call for call in calls if call.called[1] is line]
    line_limit = limits.internal if line is Line.INTERNAL else limits.external
    return (limits.total is None or len(calls) < limits.total) and (
        line_limit is None or len(on_line) < line_limit
    )


def _within_rate(rate: CallRate | None, placed_at: list[int], now: int) -> bool:
    """R2.4: at most N calls placed in any half-open window of M seconds."""
    if rate is None:
        return True
    return len([at for at in placed_at if now < at + 1_000 * rate.per_s]) < rate.calls


# Choosing and placing ---------------------------------------------------------------------------


def _choose(world: World, run: Run) -> Person | None:
    """R6.4, R6.16: the never called in list order, the others longest ago first."""
    able = [p for p in callable_people(world, run) if has_room(world, run, p)]
    fresh = [person for person in able if not person.counted]
    retries = [person for person in able if person.counted]
    retries.sort(key=lambda person: (person.counted[-1].placed_at, person.position))
    in_order = fresh + retries if run.parameters.order is Order.FRESH_FIRST else retries + fresh
    return in_order[0] if in_order else None


def _place(world: World, run: Run, person: Person) -> None:
    called = next_number(world, person)
    assert called is not None
    world.ranks.append(ranked(world).index(run) + 1)  # R8.4
    attempt = len(person.attempts) + 1  # R5.5: also past attempts given back
    call_id = f"{world.service_id}{run.campaign_id:08x}{person.position:08x}{attempt:08x}"
    script = run.parameters.script
    # R7.9
    lasts_s = run.parameters.ring_timeout_s + script.call_duration_max_s + 10
    world.calls[call_id] = Call(
        call_id=call_id,
        campaign_id=run.campaign_id,
        position=person.position,
        attempt=attempt,
        called=called,
        placed_at=world.now,
        deadline_at=world.now + 1_000 * lasts_s,
    )
    person.attempts.append(Attempt(attempt, called, world.now))
    person.status = RecipientStatus.ACTIVE
    run.placed_at.append(world.now)
    if world.settings.call_rate is not None or world.now < world.rate_kept_until:
        world.placed_at.append(world.now)
    if world.settings.frequency_cap is not None or world.now < world.cap_kept_until:
        world.capped.append((called, world.now, call_id))
    world.orders.append(("place", call_id, *called, lasts_s + 5))
    world.record("call placed")

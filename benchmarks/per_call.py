"""What one call costs: one report of an end in, the next call placed, one message at a time.

A world stands in its steady state, a hundred calls in progress, and is carried on from there: the
call placed the longest ago ends unanswered, its recipient stands in line again, and another takes
the room. Nobody is reached, so a small list lasts as long as a large one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from benchmarks.tables import Table
from benchmarks.timing import clock, interleaved, medians, undisturbed
from benchmarks.worlds import CALLS, LIMITS, NOW, model_of, opened, placed, recipients_of, started
from campaign_core import (
    CallId,
    CallingHours,
    CallLimits,
    CampaignId,
    Instant,
    Outcome,
    Settings,
    State,
    Weekday,
    handle,
)
from campaign_core.commands import PauseCampaign
from campaign_core.decisions import Decision
from campaign_core.reports import EndReport

__all__ = ["by_campaigns", "by_recipients"]

K = TypeVar("K")

_STEP_MS = 250
_STRETCH = 20
"""Ends between two looks at the clock."""
_ATTEMPTS = 100
_NO_CALL = CallLimits(total=0)
_LISTED = 200
"""Recipients of each campaign where the number of campaigns is what varies."""


class _World:
    """A service in its steady state."""

    def __init__(self, state: State, call_ids: list[CallId]) -> None:
        self._state = state
        self._calls = deque(call_ids)
        self._now = NOW + 60_000

    def cost_of(self, ends: int) -> float:
        """Return the seconds for each of so many ends, each with the call placed for it.

        Args:
            ends: a multiple of ``_STRETCH``.
        """
        return sum(self._seconds_of(_STRETCH) for _ in range(ends // _STRETCH)) / ends

    def _seconds_of(self, ends: int) -> float:
        calls = self._calls
        reports = [
            EndReport(call_id=calls.popleft(), unanswered_as=Outcome.BUSY) for _ in range(ends)
        ]
        state, now = self._state, self._now
        decisions: list[Decision] = []
        # Asking for the time is dear enough to show, were it asked for each end.
        began = clock()
        for report in reports:
            now += _STEP_MS
            transition = handle(state, report, Instant(now))
            state = transition.state
            decisions += transition.decisions
        spent = clock() - began
        self._state, self._now = state, now
        successors = placed(decisions)
        assert len(successors) == ends, "for each that ends, one is placed"
        calls.extend(successors)
        return spent


def by_recipients(counts: tuple[int, ...], *, rounds: int, ends: int) -> Table:
    """Measure one campaign of each size."""
    worlds = {
        count: _World(*started(opened(), model_of(recipients_of(count), attempts_max=_ATTEMPTS)))
        for count in counts
    }
    cost = _measured(worlds, rounds, ends)
    least = cost[counts[0]]
    return Table(
        name="recipients",
        title="One end and the next call, by number of recipients",
        columns=("recipients", "µs a call", f"times that of {counts[0]:,}"),
        rows=[(f"{count:,}", cost[count] * 1e6, cost[count] / least) for count in counts],
        notes=_how(rounds, ends),
    )


def by_campaigns(counts: tuple[int, ...], *, rounds: int, ends: int) -> Table:
    """Measure services with so many campaigns, idle ones and such as all compete."""
    worlds: dict[tuple[str, int], _World] = {}
    for count in counts:
        worlds["all but one idle", count] = _with_idle(count)
        worlds["all compete", count] = _all_competing(count)
    cost = _measured(worlds, rounds, ends)
    return Table(
        name="campaigns",
        title="One end and the next call, by number of campaigns",
        columns=("campaigns", "", "µs a call", f"times that of {counts[0]:,}"),
        rows=[
            (f"{count:,}", kind, seconds * 1e6, seconds / cost[kind, counts[0]])
            for (kind, count), seconds in sorted(cost.items())
        ],
        notes=(
            f"{_how(rounds, ends)} "
            "Idle: a third paused, a third scheduled, a third active outside of their calling "
            "hours. Competing: each campaign has a share of the hundred calls as its own limit, "
            "and at least one call, so that of 1,000 campaigns 900 are blocked; the number of "
            "active campaigns is limited to all of them, so that ranks are counted."
        ),
    )


def _how(rounds: int, ends: int) -> str:
    return f"Medians of {rounds} interleaved rounds of {ends:,} ends; {CALLS} calls in progress."


def _measured(worlds: Mapping[K, _World], rounds: int, ends: int) -> dict[K, float]:
    def side(world: _World) -> Callable[[], float]:
        return lambda: world.cost_of(ends)

    with undisturbed():
        for world in worlds.values():
            world.cost_of(ends)
        sides = {name: side(world) for name, world in worlds.items()}
        return medians(interleaved(sides, rounds))


def _with_idle(count: int) -> _World:
    state = opened()
    night = CallingHours(days=frozenset(Weekday), opens_min=60, closes_min=120)
    for number in range(1, count):
        recipients = recipients_of(_LISTED, _LISTED * number)
        kind = number % 3
        hours = (night,) if kind == 0 else ()
        model = model_of(recipients, f"Idle {number}", calling_hours=hours, call_limits=_NO_CALL)
        state, _ = started(state, model, in_minutes=100_000 if kind == 1 else None)
        if kind == 2:
            state = handle(state, PauseCampaign(campaign_id=CampaignId(number)), NOW).state
    busiest = model_of(recipients_of(_LISTED), attempts_max=_ATTEMPTS)
    return _World(*started(state, busiest))


def _all_competing(count: int) -> _World:
    state = opened(Settings(call_limits=LIMITS, active_campaigns_max=count))
    own = CallLimits(total=max(1, CALLS // count))
    calls: list[CallId] = []
    for number in range(count):
        recipients = recipients_of(_LISTED, _LISTED * number)
        model = model_of(recipients, f"Competing {number}", attempts_max=_ATTEMPTS, call_limits=own)
        state, placed_now = started(state, model)
        calls += placed_now
    return _World(state, calls)

"""A whole campaign, every call placed and ended, by the core and by a plain mutable scheduler.

One answer and one end a call, from the same stub telephony. In batch, a scheduler is handed a
hundred reports as one moment; one at a time, it is handed the same reports singly, at the same
instant, by who keeps each state (``handle``) or the newest alone (``Session``). The clock runs
while it holds them: the telephony and the start of the campaign are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from typing_extensions import override

from benchmarks.plain import Order, PlainScheduler
from benchmarks.plain import placed as placed_plainly
from benchmarks.tables import Row, Table
from benchmarks.telephony import StubTelephony
from benchmarks.timing import clock, interleaved, medians, undisturbed
from benchmarks.worlds import (
    CALLS,
    LIMITS,
    NOW,
    SERVICE_ID,
    model_of,
    opened,
    placed,
    recipients_of,
    started,
)
from campaign_core import CampaignModel, Instant, Session, Settings, State, handle, handle_batch
from campaign_core.decisions import Decision
from campaign_core.reports import Report

__all__ = [
    "CoreInBatch",
    "CoreInSession",
    "CoreOneByOne",
    "PlainInBatch",
    "PlainOneByOne",
    "Scheduler",
    "by_recipients",
    "run_to_the_end",
]

BATCH = 100
_STEP_MS = 5_000
"""Between one stretch of reports and the next: a call rings for as long, and lasts as long."""


T = TypeVar("T")


class Scheduler(Protocol[T]):
    """One of the sides."""

    def start(self, model: CampaignModel) -> Sequence[str]:
        """Start a campaign; the ids of the calls placed."""

    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[T]:
        """Take reports, and return orders: this is what is timed."""

    def placed(self, orders: Sequence[T]) -> Sequence[str]:
        """Return the ids of the calls that orders place."""


class CoreInBatch:
    """The core, handed the reports as one moment."""

    def __init__(self) -> None:
        self.state: State = opened()

    def start(self, model: CampaignModel) -> Sequence[str]:
        self.state, call_ids = started(self.state, model)
        return call_ids

    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[Decision]:
        batch = handle_batch(self.state, reports, now)
        self.state = batch.state
        return batch.decisions

    def placed(self, orders: Sequence[Decision]) -> Sequence[str]:
        return placed(orders)


class CoreOneByOne(CoreInBatch):
    """The core, handed one report after the other."""

    @override
    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[Decision]:
        state = self.state
        decisions: list[Decision] = []
        for report in reports:
            transition = handle(state, report, now)
            state = transition.state
            decisions.extend(transition.decisions)
        self.state = state
        return decisions


class CoreInSession(CoreInBatch):
    """The core, handed one report after the other by who has the newest state alone."""

    @override
    def start(self, model: CampaignModel) -> Sequence[str]:
        call_ids = super().start(model)
        self._session = Session(self.state)
        return call_ids

    @override
    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[Decision]:
        take = self._session.take
        decisions: list[Decision] = []
        for report in reports:
            decisions.extend(take(report, now).decisions)
        return decisions


class PlainInBatch:
    """The plain scheduler, handed the reports as one moment."""

    def __init__(self) -> None:
        self.scheduler = PlainScheduler(SERVICE_ID, Settings(call_limits=LIMITS))

    def start(self, model: CampaignModel) -> Sequence[str]:
        return placed_plainly(self.scheduler.start(model, NOW))

    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[Order]:
        return self.scheduler.take(reports, now)

    def placed(self, orders: Sequence[Order]) -> Sequence[str]:
        return placed_plainly(orders)


class PlainOneByOne(PlainInBatch):
    """The plain scheduler, handed one report after the other."""

    @override
    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[Order]:
        take = self.scheduler.take
        orders: list[Order] = []
        for report in reports:
            orders.extend(take((report,), now))
        return orders


_PAIRS: dict[str, tuple[Callable[[], Scheduler[Any]], Callable[[], Scheduler[Any]]]] = {
    f"batches of {BATCH}": (CoreInBatch, PlainInBatch),
    "one by one, in a session": (CoreInSession, PlainOneByOne),
    "one by one": (CoreOneByOne, PlainOneByOne),
}


def run_to_the_end(
    scheduler: Scheduler[T], telephony: StubTelephony, *, until_calls: int | None = None
) -> float:
    """Run a campaign that was started until nothing happens any more, or so many were placed.

    Returns:
        The seconds that the scheduler took.
    """
    spent = 0.0
    now = NOW
    while until_calls is None or telephony.calls < until_calls:
        reports = telephony.reports(BATCH)
        if not reports:
            break
        now = Instant(now + _STEP_MS)
        began = clock()
        orders = scheduler.take(reports, now)
        spent += clock() - began
        telephony.place(scheduler.placed(orders))
    return spent


def by_recipients(rounds_of: dict[int, int], *, busy_rounds_of: dict[int, int]) -> Table:
    """Measure campaigns of each size.

    Args:
        rounds_of: how often, by number of recipients.
        busy_rounds_of: the same, for campaigns in which every fourth call meets a busy number.
    """
    rows: list[Row] = []
    for count, rounds in rounds_of.items():
        rows += _rows(count, rounds, None)
    for count, rounds in busy_rounds_of.items():
        rows += _rows(count, rounds, 4)
    return Table(
        name="plain",
        title="Placing and ending every call, against a plain mutable scheduler",
        columns=(
            "recipients",
            "calls",
            "handed over",
            "core, µs a call",
            "plain, µs a call",
            "times",
        ),
        rows=rows,
        notes=(
            "Medians over whole campaigns, run in turn (in brackets: how many). One answer and "
            f"one end a call, {CALLS} calls at a time; where there are more calls than "
            "recipients, every fourth meets a busy number instead. Both sides placed the same "
            "calls in the same order. What the stub telephony takes is not counted."
        ),
    )


def _rows(count: int, rounds: int, busy_every: int | None) -> list[Row]:
    model = model_of(recipients_of(count))
    # In batch the passes are fewer, and what they find in line differs: so for each way apart.
    traces: dict[str, set[tuple[int, int]]] = {how: set() for how in _PAIRS}

    def side(how: str, make: Callable[[], Scheduler[Any]]) -> Callable[[], float]:
        def run() -> float:
            scheduler, telephony = make(), StubTelephony(busy_every)
            telephony.place(scheduler.start(model))
            with undisturbed():
                spent = run_to_the_end(scheduler, telephony)
            traces[how].add((telephony.calls, telephony.trace))
            return spent / telephony.calls

        return run

    sides = {
        (how, name): side(how, make)
        for how, pair in _PAIRS.items()
        for name, make in zip(("core", "plain"), pair, strict=True)
    }
    cost = medians(interleaved(sides, rounds))
    assert all(len(seen) == 1 for seen in traces.values()), (
        "both sides place the same calls in the same order"
    )
    return [
        (
            f"{count:,}",
            next(iter(traces[how]))[0],
            f"{how} ({rounds})",
            cost[how, "core"] * 1e6,
            cost[how, "plain"] * 1e6,
            cost[how, "core"] / cost[how, "plain"],
        )
        for how in _PAIRS
    ]

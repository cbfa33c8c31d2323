"""A whole simulated run: core and simulated exchange in virtual time, with every report.

Both confirmations are asked for, so that each step of the call flow is gone through: prompts,
digits, silences, messages played again. The core is asked when to look again after every moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import attrs

from benchmarks.tables import Row, Table
from benchmarks.timing import clock, undisturbed
from benchmarks.worlds import CALLS, NOW, model_of, opened, recipients_of
from campaign_core import CallScript, Instant, ModelId, Session, handle
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import Decision, PlaceCall
from campaign_core.events import CampaignEnded
from campaign_core.reports import Report, Tick
from campaign_drivers.simulated import Exchange, Network

__all__ = ["by_recipients"]

_SCRIPT = CallScript(confirm_answer=True, confirm_listening=True)
_SLICES_MS = (1, 1_000)
"""Reports are handed over as they come, or gathered for a second."""


@attrs.define
class _Run:
    """One run: a session, an exchange, and the seconds that went into each."""

    session: Session
    exchange: Exchange
    now: Instant = NOW
    ended: CampaignEnded | None = None
    counts: Counter[str] = attrs.field(factory=Counter)
    seconds: defaultdict[str, float] = attrs.field(factory=lambda: defaultdict(float))

    def obey(self, decisions: Sequence[Decision]) -> None:
        began = clock()
        for decision in decisions:
            self.exchange.carry_out(decision, self.now)
        self.seconds["exchange"] += clock() - began
        self.counts["calls"] += sum(type(decision) is PlaceCall for decision in decisions)

    def reports(self) -> list[Report]:
        began = clock()
        reports = [report for _, report in self.exchange.reports_until(self.now)]
        self.seconds["exchange"] += clock() - began
        self.counts["reports"] += len(reports)
        return reports

    def next_at(self) -> Instant:
        """Return when something happens next, by the exchange or by the core."""
        began = clock()
        theirs = self.exchange.next_at()
        self.seconds["exchange"] += clock() - began
        began = clock()
        ours = self.session.next_wakeup(self.now)
        self.seconds["next_wakeup"] += clock() - began
        return min(at for at in (theirs, ours) if at is not None)

    def take(self, reports: Sequence[Report]) -> Sequence[Decision]:
        began = clock()
        batch = self.session.take_all(reports or [Tick()], self.now)
        self.seconds["handle"] += clock() - began
        self.counts["moments"] += 1
        self.counts["events"] += len(batch.events)
        for event in batch.events:
            if type(event) is CampaignEnded:
                self.ended = event
        return batch.decisions


def _run(count: int, slice_ms: int) -> _Run:
    model = model_of(recipients_of(count), script=_SCRIPT)
    added = handle(opened(), AddModel(model=model), NOW)
    begun = handle(added.state, StartCampaign(model_id=ModelId(1)), NOW)
    run = _Run(Session(begun.state), Exchange(Network(), seed=1))
    with undisturbed():
        run.exchange.connect(NOW)
        run.obey(begun.decisions)
        while run.ended is None:
            at = run.next_at()
            run.now = Instant(max(run.now, -(-at // slice_ms) * slice_ms))
            run.obey(run.take(run.reports()))
    return run


def by_recipients(counts: tuple[int, ...]) -> Table:
    """Measure a campaign of each size, from its start to its end."""
    rows: list[Row] = []
    for count in counts:
        for slice_ms in _SLICES_MS:
            run = _run(count, slice_ms)
            rows.append(_row(count, slice_ms, run))
    return Table(
        name="simulated",
        title="A whole simulated run, with all reports of the call flow",
        columns=(
            "recipients",
            "reports gathered for",
            "calls",
            "reached",
            "reports a call",
            "events a call",
            "µs a call",
            "calls a second",
            "µs a report, core",
            "core",
            "next_wakeup",
            "exchange",
        ),
        rows=rows,
        notes=(
            f"{CALLS} calls at a time, both confirmations, typical rates. Shares are of "
            "the time that core and exchange took; a journal is not kept."
        ),
    )


def _row(count: int, slice_ms: int, run: _Run) -> Row:
    counts, seconds = run.counts, run.seconds
    total = sum(seconds.values())
    assert run.ended is not None
    return (
        f"{count:,}",
        f"{slice_ms:,} ms",
        counts["calls"],
        run.ended.contacted,
        counts["reports"] / counts["calls"],
        counts["events"] / counts["calls"],
        total / counts["calls"] * 1e6,
        round(counts["calls"] / total),
        seconds["handle"] / counts["reports"] * 1e6,
        *(f"{seconds[part] / total:.0%}" for part in ("handle", "next_wakeup", "exchange")),
    )

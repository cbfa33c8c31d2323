"""Where a scheduler's time goes: interpreter instructions for each call, by function.

Counted, not timed: the same in each run and on each machine however busy, so that a change shows
in the second decimal. An instruction is not always as dear as another, and what is written in C
counts as one: the benchmarks tell what a change is worth, this tells where to look.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.against_plain import (
    CoreInBatch,
    CoreInSession,
    CoreOneByOne,
    PlainInBatch,
    PlainOneByOne,
    Scheduler,
    run_to_the_end,
)
from benchmarks.tables import Row, Table
from benchmarks.telephony import StubTelephony
from benchmarks.worlds import model_of, recipients_of
from campaign_core import CampaignModel, Instant
from campaign_core.reports import Report

__all__ = ["SIDES", "profile"]

SIDES: Mapping[str, Callable[[], Scheduler[Any]]] = {
    "core-batch": CoreInBatch,
    "core-session": CoreInSession,
    "core-single": CoreOneByOne,
    "plain-batch": PlainInBatch,
    "plain-single": PlainOneByOne,
}
_Place = tuple[str, str]


class _Counting:
    """A side of which every instruction is counted while it takes reports."""

    def __init__(self, side: Scheduler[Any]) -> None:
        self._side = side
        self.instructions: Counter[_Place] = Counter()
        self.entries: Counter[_Place] = Counter()

    def start(self, model: CampaignModel) -> Sequence[str]:
        return self._side.start(model)

    def placed(self, orders: Sequence[object]) -> Sequence[str]:
        return self._side.placed(orders)

    def take(self, reports: Sequence[Report], now: Instant) -> Sequence[object]:
        before = sys.gettrace()
        sys.settrace(self._entered)
        try:
            return self._side.take(reports, now)
        finally:
            sys.settrace(before)

    def _entered(self, frame: FrameType, _: str, __: object) -> Callable[..., Any]:
        code = frame.f_code
        # What attrs generates has the class in the name of its file.
        place = Path(code.co_filename).name.rpartition(" ")[2], code.co_name
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.entries[place] += 1
        instructions = self.instructions

        def counted(_: FrameType, event: str, __: object) -> Callable[..., Any]:
            if event == "opcode":
                instructions[place] += 1
            return counted

        return counted


def profile(side: str, count: int, *, most: int = 50) -> Table:
    """Return the functions with the most instructions for each call of a whole campaign."""
    counting, telephony = _Counting(SIDES[side]()), StubTelephony()
    # A collection within runs whatever others hung into `gc.callbacks`, as Hypothesis does, and
    # whose garbage it finds: that would be counted as ours.
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        telephony.place(counting.start(model_of(recipients_of(count))))
        run_to_the_end(counting, telephony)
    finally:
        if was_enabled:
            gc.enable()
    total = counting.instructions.total()
    entered = counting.entries.total()
    rows: list[Row] = [("all", total / count, "100%", entered / count)]
    rows += [
        (
            f"{file} {name}",
            part / count,
            f"{part / total:.1%}",
            counting.entries[file, name] / count,
        )
        for (file, name), part in counting.instructions.most_common(most)
    ]
    return Table(
        name="profile",
        title=f"Instructions a call, {side}, {count:,} recipients",
        columns=("function", "instructions of its own", "share", "times entered"),
        rows=rows,
        notes="Counted by the interpreter, for each call of a campaign, of its own alone.",
    )

"""What a recipient costs in memory, beyond its entry in the recipient list.

Told in two ways that know nothing of each other: by walking from the state to every object that
it keeps alive, and by what the allocator handed out while the state came about.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType

from benchmarks.against_plain import CoreInBatch, run_to_the_end
from benchmarks.tables import Row, Table
from benchmarks.telephony import StubTelephony
from benchmarks.worlds import model_of, recipients_of
from campaign_core import Recipient, RecipientList, State

__all__ = ["by_recipients", "bytes_by_type"]

_NOT_OF_THE_STATE = (
    RecipientList,
    Recipient,
    Enum,
    type,
    FunctionType,
    BuiltinFunctionType,
    ModuleType,
)
"""What is reached but not counted: what was asked for, and the program itself."""
_BUSY_EVERY = 4


def bytes_by_type(state: State) -> Counter[str]:
    """Return the bytes of all that a state keeps alive beyond its recipients, by type."""
    seen: set[int] = set()
    found: Counter[str] = Counter()
    pending: list[object] = [state]
    while pending:
        thing = pending.pop()
        if id(thing) in seen or isinstance(thing, _NOT_OF_THE_STATE):
            continue
        seen.add(id(thing))
        found[type(thing).__name__] += sys.getsizeof(thing)
        pending.extend(gc.get_referents(thing))
    return found


def by_recipients(counts: tuple[int, ...], *, traced_max: int) -> Table:
    """Measure a campaign's state when it began, halfway, and at its end.

    Args:
        counts: numbers of recipients.
        traced_max: up to how many the allocator is asked too, which is slow.
    """
    rows: list[Row] = []
    for count in counts:
        is_traced = count <= traced_max
        rows.extend(_rows(count, is_traced=is_traced))
    return Table(
        name="memory",
        title="Bytes a recipient, beyond the recipient list",
        columns=("recipients", "moment", "by walking", "by the allocator", "most of it"),
        rows=rows,
        notes=(
            f"Every recipient is reached; one call in {_BUSY_EVERY} meets a busy number first. "
            "The allocator counts from after the list was made."
        ),
    )


def _rows(count: int, *, is_traced: bool) -> list[Row]:
    model = model_of(recipients_of(count))
    gc.collect()
    if is_traced:
        tracemalloc.start()
    core = CoreInBatch()
    telephony = StubTelephony(_BUSY_EVERY)
    rows: list[Row] = []

    def look(moment: str) -> None:
        gc.collect()
        traced: str | float = "-"
        if is_traced:
            # What the telephony still holds is no part of the state, but it is a few hundred
            # reports at most.
            traced = tracemalloc.get_traced_memory()[0] / count
        found = bytes_by_type(core.state)
        most = ", ".join(f"{name} {size / count:.0f}" for name, size in found.most_common(3))
        rows.append((f"{count:,}", moment, found.total() / count, traced, most))

    telephony.place(core.start(model))
    look("begun")
    run_to_the_end(core, telephony, until_calls=count // 2)
    look("halfway")
    run_to_the_end(core, telephony)
    look("ended")
    if is_traced:
        tracemalloc.stop()
    return rows

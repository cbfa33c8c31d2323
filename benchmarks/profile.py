"""Where the core's time goes: a profile of a campaign run in batch, or one report at a time."""

from __future__ import annotations

from cProfile import Profile
from io import StringIO
from pstats import SortKey, Stats

from benchmarks.against_plain import CoreInBatch, CoreOneByOne, run_to_the_end
from benchmarks.telephony import StubTelephony
from benchmarks.worlds import model_of, recipients_of

__all__ = ["profile"]


def profile(count: int, *, one_by_one: bool = False) -> str:
    """Return the functions in which a campaign of this size spends the most time of its own."""
    core = CoreOneByOne() if one_by_one else CoreInBatch()
    telephony = StubTelephony()
    telephony.place(core.start(model_of(recipients_of(count))))
    watch = Profile()
    watch.runcall(run_to_the_end, core, telephony)
    text = StringIO()
    Stats(watch, stream=text).strip_dirs().sort_stats(SortKey.TIME).print_stats(45)
    return text.getvalue()

"""How long a service takes to open its journal: a process of its own, from an SQLite file.

The journal is a real one: a campaign that has called everybody three times on average, each event
written as the service writes it, and a snapshot as far behind as the service lets it fall at most.
Timed is what a service does with it at its start: the database, the snapshot, the events behind it
and their chain.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import attrs

from benchmarks.tables import Row, Table
from benchmarks.worlds import NOW, SERVICE_ID, model_of, placed, recipients_of
from campaign_core import (
    CallId,
    CallLimits,
    Instant,
    ModelId,
    Outcome,
    ServiceId,
    Settings,
    Transition,
    check,
    handle,
    handle_batch,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.reports import AnswerReport, EndReport, Report
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, create_tenant, find_tenant
from campaign_service.serving.snapshots import events_between_snapshots

__all__ = ["by_recipients"]

ROOT = Path(__file__).parents[1]

_ATTEMPTS = 3
"""A recipient, on average."""
_ALLOWED = 5
_CALLS = 1_000
"""In progress at a time; each stretch of reports ends them all."""
_ANSWERED_EVERY = 5
"""Of so many calls one is answered, and its recipient reached; the others meet a busy number."""
_STEP_MS = 20_000


def by_recipients(counts: tuple[int, ...], *, rounds: int) -> Table:
    """Measure journals of each size.

    Args:
        counts: numbers of recipients.
        rounds: how often each journal is opened; the median is taken.
    """
    return Table(
        name="opening",
        title="Opening a journal",
        columns=(
            "recipients",
            "attempts",
            "events",
            "behind the snapshot",
            "file, MB",
            "open, s",
            "whole process, s",
            "most memory, MB",
        ),
        rows=[_row(count, rounds) for count in counts],
        notes=(
            "Wall seconds, medians. Open: from the database's file to the state at the journal's "
            "end, the events behind the snapshot verified. Whole process: "
            "with Python's own start and all imports."
        ),
    )


def _row(count: int, rounds: int) -> Row:
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        file = Path(place) / "campaigns.db"
        url = f"sqlite:///{file}"
        attempts = _write(url, count)
        size_mb = file.stat().st_size / 1e6
        seen = [_opened_in_a_process(url) for _ in range(rounds)]
    first = seen[0]
    return (
        f"{count:,}",
        attempts,
        first.last_seq,
        first.last_seq - first.snapshot_seq,
        size_mb,
        median(one.open_s for one in seen),
        median(one.process_s for one in seen),
        median(one.memory_mb for one in seen),
    )


# Writing it ------------------------------------------------------------------------------------


class _Writer:
    """A service whose telephony answers at once, and whose journal is asked for nothing else."""

    def __init__(self, journal: SqlJournal) -> None:
        self._journal = journal
        self._due: list[CallId] = []
        self.attempts = 0
        self.now = NOW
        limits = Settings(call_limits=CallLimits(total=_CALLS))
        opened = open_service(ServiceId(SERVICE_ID), limits, NOW)
        self._take(opened, expected=0)

    def begin(self, count: int) -> None:
        model = model_of(recipients_of(count), attempts_max=_ALLOWED)
        for command in (AddModel(model=model), StartCampaign(model_id=ModelId(1))):
            self._take(handle(self.state, command, self.now), expected=self.state.sequence)

    def call(self, attempts: int) -> None:
        """Go on until so many attempts were made."""
        while self.attempts < attempts and self._due:
            self.now = Instant(self.now + _STEP_MS)
            due, self._due = self._due, []
            reports = [report for call_id in due for report in self._told(call_id)]
            moment = handle_batch(self.state, reports, self.now)
            self._take(moment, expected=self.state.sequence)

    def keep_snapshot(self) -> None:
        self._journal.keep_snapshot(self.state)

    def _told(self, call_id: CallId) -> Iterable[Report]:
        self.attempts += 1
        if self.attempts % _ANSWERED_EVERY:
            yield EndReport(call_id=call_id, unanswered_as=Outcome.BUSY)
        else:
            yield AnswerReport(call_id)
            yield EndReport(call_id=call_id)

    def _take(self, moment: Transition, *, expected: int) -> None:
        self._journal.append(moment.events, expected=expected)
        self.state = moment.state
        self._due += placed(moment.decisions)


def _write(url: str, count: int) -> int:
    """Write a journal; return the number of attempts in it."""
    database = Database.open(url)
    try:
        tenant = create_tenant(database, "main", service_id=ServiceId(SERVICE_ID))
        writer = _Writer(SqlJournal(database, tenant))
        writer.begin(count)
        # Two events an attempt, and two more for each that is answered.
        behind = events_between_snapshots(count) / (2 + 2 / _ANSWERED_EVERY)
        attempts = _ATTEMPTS * count
        writer.call(max(0, attempts - round(behind)))
        writer.keep_snapshot()
        writer.call(attempts)
        assert check(writer.state) == ()
        return writer.attempts
    finally:
        database.close()


# Opening it ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Opened:
    last_seq: int
    snapshot_seq: int
    open_s: float
    process_s: float
    memory_mb: float


def _opened_in_a_process(url: str) -> _Opened:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.opening", url],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return _Opened(process_s=time.perf_counter() - began, **json.loads(done.stdout))


def main(arguments: Sequence[str]) -> None:
    """Open the journal at a URL, and tell how long that took."""
    (url,) = arguments
    began = time.perf_counter()
    database = Database.open(url)
    tenant = find_tenant(database, "main")
    assert tenant is not None
    found = SqlJournal(database, tenant).recover()
    assert found is not None
    assert found.damaged == ()
    told = {
        "last_seq": found.head.seq,
        "snapshot_seq": found.snapshot_seq,
        "open_s": time.perf_counter() - began,
        "memory_mb": _most_memory_mb(),
    }
    database.close()
    print(json.dumps(told))


def _most_memory_mb() -> float:
    """Return the most that this process had in memory; `getrusage` counts its parent's too."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 1_000


if __name__ == "__main__":
    main(sys.argv[1:])

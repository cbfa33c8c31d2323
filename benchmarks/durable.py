"""What durability costs: the same campaign in real time, with a journal and without.

The telephony is the emulated FreeSWITCH in a process of its own; everybody answers at once, hears
a short message and is hung up on. The service, in this process, is the engine over the FreeSWITCH
driver: each call is placed only once its event is durable (R9.3), and so many are in flight that
something always waits for the disk. In turn: no journal, SQLite with ``synchronous=FULL`` in a
file beside the project, and PostgreSQL with ``fsync`` where there is a server to be had.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import attrs
from tests import postgres as pg

from benchmarks.tables import Row, Table
from benchmarks.timing import interleaved, undisturbed
from campaign_core import (
    CallLimits,
    CampaignModel,
    Line,
    ModelId,
    Recipient,
    ServiceId,
    Settings,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.events import CallEnded, CampaignEnded, Event
from campaign_drivers.freeswitch import FreeSwitchDriver, FreeSwitchSettings, Route
from campaign_drivers.simulated import RealClock
from campaign_service.database import Database
from campaign_service.engine import RealTimeEngine
from campaign_service.journal import Journal
from campaign_service.journal.sql import SqlJournal, create_tenant

__all__ = ["ROOT", "by_journal", "emulated_pbx", "postgres_url"]

ROOT = Path(__file__).parents[1]
_SERVICE = ServiceId("be000000")
_SOUND_MS = 20
_WITHIN_S = 300


@contextmanager
def emulated_pbx(*, sound_ms: int = _SOUND_MS) -> Iterator[tuple[int, int]]:
    """Run an emulated FreeSWITCH in a process of its own; give its port and its process id."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.emulators.freeswitch",
            "--plan", "tests.emulators.freeswitch.people:everyone_answers",
            "--sessions-per-s", "100000", "--sessions-max", "100000", "--sound-ms", str(sound_ms),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def postgres_url() -> Iterator[Callable[[], str] | None]:
    """Run a PostgreSQL server that waits for its disk; give what makes a new database."""
    if pg.why_not() is not None:
        yield None
        return
    server = pg.PostgresServer(is_durable=True)
    try:
        server.start()
        yield lambda: server.url(server.make_database())
    finally:
        server.close()


@attrs.frozen(kw_only=True)
class _Run:
    """One run's figures."""

    events_per_s: float
    calls_per_s: float
    cpu_us: float
    """Of this process, per event."""


@attrs.frozen(kw_only=True)
class _Measure:
    """The same campaign on one telephony, whatever keeps its events."""

    port: int
    calls: int
    in_flight: int

    def run(self, journal: Journal | None) -> _Run:
        with undisturbed():
            return asyncio.run(self._run(journal))

    async def _run(self, journal: Journal | None) -> _Run:
        settings = FreeSwitchSettings(
            service_id=_SERVICE,
            host="127.0.0.1",
            port=self.port,
            password="throwaway1",
            external={None: Route(dial_string="sofia/gateway/trunk/{number}")},
            calls_per_s=10_000,
        )
        clock = RealClock()
        limits = Settings(call_limits=CallLimits(total=self.in_flight))
        service_id = _SERVICE if journal is None else _service_of(journal)
        settings = attrs.evolve(settings, service_id=service_id)
        watch = _Watch()
        engine = RealTimeEngine(
            open_service(service_id, limits, clock.now()),
            driver=FreeSwitchDriver(settings),
            clock=clock,
            journal=journal,
            observers=[watch.hear],
        )
        async with engine, asyncio.timeout(_WITHIN_S):
            await engine.give(AddModel(model=_model(self.calls)))
            watch.begin()
            await engine.give(StartCampaign(model_id=ModelId(1)))
            await engine.until(lambda: watch.is_over and engine.is_quiet)
            run = watch.end()
        assert watch.calls == self.calls, watch.calls
        return run


def _service_of(journal: Journal) -> ServiceId:
    assert isinstance(journal, SqlJournal)
    return journal.tenant.service_id


class _Watch:
    """Counts events from when it is told to begin."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_over = False
        self._events = 0
        self._began, self._cpu = 0.0, 0.0

    def begin(self) -> None:
        self._events = 0
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def hear(self, events: Sequence[Event]) -> None:
        self._events += len(events)
        for event in events:
            self.calls += isinstance(event, CallEnded)
            self.is_over |= isinstance(event, CampaignEnded)

    def end(self) -> _Run:
        took_s = time.perf_counter() - self._began
        return _Run(
            events_per_s=self._events / took_s,
            calls_per_s=self.calls / took_s,
            cpu_us=(time.process_time() - self._cpu) / self._events * 1e6,
        )


def _model(calls: int) -> CampaignModel:
    return CampaignModel(
        name="School closing",
        caller_number="15550001",
        sound="message",
        recipients=[
            Recipient(number=str(10_000 + place), line=Line.EXTERNAL) for place in range(calls)
        ],
    )


def _sqlite(folder: Path, measure: _Measure) -> _Run:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        return _on_database(f"sqlite:///{place}/campaigns.db", measure)


def _on_database(url: str, measure: _Measure) -> _Run:
    database = Database.open(url)
    try:
        return measure.run(SqlJournal(database, create_tenant(database, "main")))
    finally:
        database.close()


def by_journal(calls_of: Mapping[int, int], *, rounds: int) -> Table:
    """Measure the same campaign with each journal and with none, in turn.

    Args:
        calls_of: how many calls there are, by how many are in flight.
        rounds: how often each.
    """
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    rows: list[Row] = []
    with emulated_pbx() as (port, pid), postgres_url() as new_postgres:
        for in_flight, calls in calls_of.items():
            measure = _Measure(port=port, calls=calls, in_flight=in_flight)
            rows += _rows(measure, folder, new_postgres, rounds, pid)
    return Table(
        name="durable",
        title="What a journal costs in real time",
        columns=(
            "journal, in flight",
            "events/s",
            "calls/s",
            "ratio",
            "least ratio",
            "CPU µs/event",
            "PBX busy, %",
        ),
        rows=rows,
        notes=(
            f"Medians of {rounds} rounds, each with every journal in turn; the ratio is the median "
            "of the rounds' ratios to the run without a journal. CPU is the service's own. The "
            "emulated telephony shares the machine: where it is busy all the time, it is the "
            "bound, not the service."
        ),
    )


def _rows(
    measure: _Measure,
    folder: Path,
    new_postgres: Callable[[], str] | None,
    rounds: int,
    pbx: int,
) -> Iterator[Row]:
    runs: dict[str, list[_Run]] = {}
    busy: dict[str, list[float]] = {}

    def taken(side: str, run: Callable[[], _Run]) -> float:
        began, cpu = time.perf_counter(), _cpu_s(pbx)
        runs.setdefault(side, []).append(run())
        share = (_cpu_s(pbx) - cpu) / (time.perf_counter() - began)
        busy.setdefault(side, []).append(share * 100)
        return runs[side][-1].events_per_s

    sides: dict[str, Callable[[], _Run]] = {
        "none": lambda: measure.run(None),
        "SQLite": partial(_sqlite, folder, measure),
    }
    if new_postgres is not None:
        sides["PostgreSQL"] = lambda: _on_database(new_postgres(), measure)
    interleaved({side: partial(taken, side, run) for side, run in sides.items()}, rounds)
    for side, of_side in runs.items():
        pairs = zip(of_side, runs["none"], strict=True)
        ratios = [one.events_per_s / none.events_per_s for one, none in pairs]
        yield (
            f"{side}, {measure.in_flight}",
            median(run.events_per_s for run in of_side),
            median(run.calls_per_s for run in of_side),
            median(ratios),
            min(ratios),
            median(run.cpu_us for run in of_side),
            median(busy[side]),
        )


def _cpu_s(pid: int) -> float:
    """Return the seconds that a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100

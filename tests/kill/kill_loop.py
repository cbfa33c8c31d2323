"""The loop: the service is started, commanded, killed at random instants, and started again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import attrs
from tests.kill.evidence import Evidence
from tests.kill.laws import broken_laws
from tests.kill.operator import GivenCommand, Operator, broken_promises
from tests.kill.pausable_service import PLACES
from tests.kill.pbx import Pbx
from tests.kill.record import from_lines
from tests.kill.service import Service

from campaign_core import CampaignModel, check, events, replay
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, find_tenant

__all__ = ["EMULATED_MOMENTS", "REAL_MOMENTS", "KillRun", "broken_by"]

_ENDS_WITHIN_S = 400
"""In full, a telephony that is slow needs minutes for all that are left."""
_OVER = frozenset({"COMPLETED", "INCOMPLETE"})


@attrs.frozen
class _KillMoment:
    """A kind of instant: this long, at most, after the telephony saw something."""

    what: str
    most_s: float


EMULATED_MOMENTS: Mapping[str, _KillMoment | None] = {
    # Anywhere from the first import to the first call.
    "starting": None,
    # While the calls that are up are asked for, and taken over.
    "recovering": _KillMoment("connected", 0.05),
    "calling": _KillMoment("originate", 0.01),
    "answering": _KillMoment("answer", 0.02),
    "dialling": _KillMoment("digit", 0.03),
    "ending": _KillMoment("end", 0.02),
    # Right after something was written, and before much could follow from it.
    "writing": None,
    # A command is on its way, or its answer is.
    "commanding": None,
    # A command was acknowledged this very moment.
    "acknowledging": None,
    # Some time after it was ready.
    "soon": None,
}
"""Instants at which something is under way."""

REAL_MOMENTS = {name: way for name, way in EMULATED_MOMENTS.items() if name != "recovering"}
"""Those that a real server's record can tell of."""

_LATE_EVERY = 6
"""Once in so many lives one is long enough for the second look at what is up (R5.5)."""
_UNWRITTEN_EVERY = 3
"""And one ends within an append."""
_UNDUE_S = 0.3
"""So long somebody is given to do what he must not do before an append is committed."""


async def _until(holds: Callable[[], bool], within_s: float, what: str) -> None:
    give_up = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)


@attrs.frozen(kw_only=True)
class KillRun:
    """A service, a telephony, campaigns, and how often the service is killed on the way."""

    service: Service
    """Not started yet."""
    pbx: Pbx
    models: Sequence[CampaignModel]
    """A campaign is started from each."""
    numbers: Iterator[str]
    """Of recipients that are appended, each once."""
    seed: int
    kills: int
    ways: Mapping[str, _KillMoment | None] = EMULATED_MOMENTS
    late_ms: int = 0
    """How late the record of the telephony may be."""
    journal: Path | None = None
    """A file that is touched whenever events are written; ``None``: there is none."""

    async def run(self) -> list[GivenCommand]:
        """Run the campaigns to their end; return what was commanded."""
        chance = random.Random(self.seed)
        operator = Operator(self.service, random.Random(self.seed + 1), self.numbers)
        await self.service.start()
        await self.service.ready()
        await operator.open(self.models)
        commanding = asyncio.create_task(self._command(operator, chance))
        for number in range(1, self.kills + 1):
            await self._wait(self._way_of(number, chance), chance, operator)
            await self.service.kill()
            if chance.random() < 0.25:
                await asyncio.sleep(chance.uniform(0, 1.0))
            await self.service.start()
        await self.service.ready()
        # Not in the middle of a command: what nobody waits for is not acknowledged.
        await _until(lambda: operator.is_between or commanding.done(), 30, "an answer")
        commanding.cancel()
        with suppress(asyncio.CancelledError):
            await commanding
        await operator.finish()
        await self._ends()
        await self.service.stop()
        await _until(lambda: self.pbx.is_idle, 30, "all calls are over")
        return operator.asked

    def _way_of(self, number: int, chance: random.Random) -> str:
        """Return at which kind of instant the service is killed for the so-manieth time."""
        if number == self.kills:
            # What was placed and never handed over is found out by the second look alone, and no
            # other life comes after this one.
            return "untold"
        if number % _LATE_EVERY == 0:
            return "late"
        if number % _UNWRITTEN_EVERY == 0:
            return "unwritten"
        return chance.choice(list(self.ways))

    async def _command(self, operator: Operator, chance: random.Random) -> None:
        while True:
            await asyncio.sleep(chance.uniform(0, 0.3))
            await operator.command(len(self.models))

    async def _wait(self, name: str, chance: random.Random, operator: Operator) -> None:
        """Wait for an instant of a kind; the service has just been started."""
        way = self.ways.get(name)
        if way is not None:
            since = self.pbx.seen()
            give_up = time.monotonic() + 5
            # The telephony is another process: there is nothing to wait on.
            while time.monotonic() < give_up:
                if self.pbx.has_seen({"what": way.what}, since):
                    break
                await asyncio.sleep(0.002)
            await asyncio.sleep(chance.uniform(0, way.most_s))
        elif name in {"commanding", "acknowledging"}:
            await self.service.ready()
            heard = operator.given if name == "commanding" else operator.answered
            heard.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await heard.wait()
            if name == "commanding":
                await asyncio.sleep(chance.uniform(0, 0.015))
        elif name == "writing" and self.journal is not None:
            await self.service.ready()
            before, give_up = self._written(), time.monotonic() + 5
            while self._written() == before and time.monotonic() < give_up:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await asyncio.sleep(chance.choice([0, chance.uniform(0, 0.004)]))
        elif name in PLACES:
            await self.service.ready()
            await self.service.hold(name)
            if name == "unwritten":
                await asyncio.sleep(_UNDUE_S)
        elif name == "starting":
            await asyncio.sleep(chance.uniform(0.2, 1.2) * self.service.starts_s[-1])
        else:
            await self.service.ready()
            bounds = (4.5, 6.5) if name == "late" else (0, 1.5)
            await asyncio.sleep(chance.uniform(*bounds))

    def _written(self) -> int:
        """Return a number that changes when events are written."""
        assert self.journal is not None
        try:
            return self.journal.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    async def _ends(self) -> None:
        give_up = time.monotonic() + _ENDS_WITHIN_S
        while True:
            statuses = await self.service.statuses() or {}
            if len(statuses) == len(self.models) and _OVER.issuperset(statuses.values()):
                return
            assert time.monotonic() < give_up, f"campaigns do not end: {statuses}"
            await asyncio.sleep(0.1)


def broken_by(run: KillRun, asked: Sequence[GivenCommand], database: str) -> list[str]:
    """Return what the run has broken, by all witnesses; empty: nothing."""
    journal, broken = _kept(database)
    record = from_lines(run.pbx.lines)
    evidence = Evidence(record, journal, run.service.kills, late_ms=run.late_ms)
    return [*broken, *broken_laws(evidence), *broken_promises(asked, journal)]


def _kept(url: str) -> tuple[list[events.Event], list[str]]:
    """Return the journal, its chain verified, and whether what is recovered from it is the same."""
    database = Database.open(url)
    try:
        tenant = find_tenant(database, "main")
        assert tenant is not None
        journal = SqlJournal(database, tenant)
        kept = list(journal.read())
        recovered = SqlJournal(database, tenant).recover()
    finally:
        database.close()
    assert recovered is not None
    broken = [f"snapshot: {why}" for why in recovered.damaged]
    broken += [f"state: {law}" for law in check(recovered.state)]
    if recovered.snapshot_seq == 0:
        broken.append("no snapshot was kept")
    if recovered.state != replay(kept):
        broken.append("what is recovered from a snapshot is not what the events say")
    return kept, broken

"""The leader: a tenant's engine, lock and snapshots, from the take-over to the end of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import attrs

from campaign_core import Instant, State, Transition, calls, open_service
from campaign_core import Settings as GeneralSettings
from campaign_drivers.clock import Clock
from campaign_service.database import Database
from campaign_service.engine import (
    DriverRequest,
    GateClosed,
    OperatorLog,
    RealTimeEngine,
    ServicePolicy,
    open_driver,
    telephony_of,
)
from campaign_service.engine.service_time import service_clock
from campaign_service.journal.sql import JournalQueries, SqlJournal, TenantRow
from campaign_service.journal.sql.snapshots import list_snapshots
from campaign_service.serving.event_stream import EventStream
from campaign_service.serving.first_completed import first_completed
from campaign_service.serving.high_water_mark import HighWaterMark
from campaign_service.serving.idempotency_keys import IdempotencyKeys
from campaign_service.serving.leader_lock import LeaderLock
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.snapshots import SnapshotKeeper

__all__ = ["Leader", "TenantParts"]

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class TenantParts:
    """What a tenant is followed and led with, as long as this process serves it."""

    row: TenantRow
    database: Database
    clock: Clock
    settings: ServiceHostSettings
    history: JournalQueries
    stream: EventStream
    """Is told the events once they are durable."""
    lock: LeaderLock
    mark: HighWaterMark | None
    """How far the journal has come is noted there."""

    @property
    def driver_url(self) -> str:
        """Of the tenant's telephony; what tells of it may be another file than a while ago."""
        return self.settings.tenants[self.row.name]


class Leader:
    """One period as leader: engine, lock, snapshots.

    Args:
        parts: of the tenant.
        state: to go on from; ``None``: the journal is empty, and the service is opened.
        resumes_at: the service's time now; ``None``: known by the machine's clock alone.
        is_held: whether every campaign is paused at first.
    """

    def __init__(
        self,
        parts: TenantParts,
        state: State | None,
        *,
        resumes_at: Instant | None,
        is_held: bool = False,
    ) -> None:
        self._parts = parts
        row = parts.row
        self._journal = SqlJournal(
            parts.database, row, on_append=None if parts.mark is None else parts.mark.note
        )
        telephony = telephony_of(parts.driver_url)
        if state is None:
            opened = open_service(
                row.service_id, GeneralSettings(), parts.clock.now(), telephony=telephony
            )
        else:
            opened = Transition(state, (), ())
        clock = service_clock(parts.clock, opened.state, resumes_at=resumes_at)
        self.driver = open_driver(
            DriverRequest(url=parts.driver_url, service_id=row.service_id, clock=clock)
        )
        self.engine = RealTimeEngine(
            opened,
            driver=self.driver,
            clock=clock,
            journal=self._journal,
            observers=[OperatorLog().take],
            telephony=telephony,
            policy=ServicePolicy(
                is_recovered=True,
                is_held=is_held,
                on_durable=parts.stream.tell,
                confirm_leader=parts.lock.confirm,
                waiting_max=parts.settings.waiting_max,
            ),
        )
        self.keys = IdempotencyKeys(parts.history)
        """Of this period alone: what was in doubt before is in the journal, or will never be."""
        self._snapshots = SnapshotKeeper(self._journal, events_min=parts.settings.snapshot_events)
        self.is_draining = False
        self.is_uncertain = False
        """Whether it is uncertain that this process leads; no calls are placed meanwhile."""

    async def run(
        self, *, begun: Callable[[], None], stopped: asyncio.Event, hurry: asyncio.Event
    ) -> None:
        """Lead until this process stops, and everything is written.

        Args:
            begun: is called once commands are taken.
            stopped: set when the process is to stop: calls in progress may end, for a while.
            hurry: set when they are not to be waited for any longer.

        Raises:
            AppendConflictError: another process writes the journal.
            LeadershipLostError: another process has the lock.
            JournalDamagedError: what is stored is not what was written.
        """
        await self._parts.lock.announce(self._parts.clock.now())
        latest = await asyncio.to_thread(list_snapshots, self._parts.database, self._parts.row)
        if latest:
            self._snapshots.last_seq = latest[0].head.seq
        async with self.engine as engine:
            begun()
            await first_completed(
                engine.until(lambda: False),
                self._parts.lock.hold(on_uncertain=self._set_uncertain),
                self._snapshots.run(lambda: engine.durable_state),
                stopped.wait(),
            )
            await self._drain(engine, hurry)

    async def _drain(self, engine: RealTimeEngine, hurry: asyncio.Event) -> None:
        """Let calls in progress end, for a while; no new ones are placed."""
        self.is_draining = True
        engine.shut(GateClosed.DRAINING)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._parts.settings.drain_s):
                await first_completed(
                    engine.until(lambda: not calls(engine.state)),
                    self._parts.lock.hold(on_uncertain=self._set_uncertain),
                    hurry.wait(),
                )
        left = len(calls(engine.state))
        if left:
            name = self._parts.row.name
            _log.warning("tenant %s: %d calls in progress are left to who leads next", name, left)

    async def keep_last_snapshot(self) -> None:
        """Keep a snapshot of the last state: the next leader starts from it."""
        await self._snapshots.keep(self.engine.durable_state)

    def _set_uncertain(self, is_uncertain: bool) -> None:  # noqa: FBT001
        name = self._parts.row.name
        self.is_uncertain = is_uncertain
        if is_uncertain:
            _log.warning("tenant %s: whether we lead is uncertain, so no calls are placed", name)
            self.engine.shut(GateClosed.LEADER_UNCERTAIN)
        else:
            _log.info("tenant %s: we lead", name)
            self.engine.open(GateClosed.LEADER_UNCERTAIN)

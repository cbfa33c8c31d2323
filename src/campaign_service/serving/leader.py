"""The leader: a tenant's engine, lock and snapshots, from the take-over to the end of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
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
from campaign_service.engine.calendar import clock_of_service
from campaign_service.journal import JournalEntry
from campaign_service.journal.sql import SqlJournal, TenantRow
from campaign_service.journal.sql.snapshots import kept
from campaign_service.serving.high_water_mark import HighWaterMark
from campaign_service.serving.idempotency_keys import IdempotencyKeys, Receipts
from campaign_service.serving.leader_lock import LeaderLock
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.snapshots import SnapshotKeeper
from campaign_service.serving.waiting import first_of

__all__ = ["Leader", "LeaderParts"]

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class LeaderParts:
    """Dependencies of :class:`Leader`."""

    tenant: TenantRow
    database: Database
    clock: Clock
    settings: ServiceHostSettings
    leadership: LeaderLock
    receipts: Receipts
    """Where receipts of commands are read."""
    mark: HighWaterMark | None
    """How far the journal has come is noted there."""
    tell: Callable[[Sequence[JournalEntry]], None]
    """Is given the events once they are durable."""


class Leader:
    """One period as leader: engine, lock, snapshots.

    Args:
        post: what it is made of.
        state: to go on from; ``None``: the journal is empty, and the service is opened.
        resumes_at: the service's time now; ``None``: known by the machine's clock alone.
        is_held: whether every campaign is paused at first.
    """

    def __init__(
        self,
        parts: LeaderParts,
        state: State | None,
        *,
        resumes_at: Instant | None,
        is_held: bool = False,
    ) -> None:
        self._parts = parts
        tenant = parts.tenant
        note = None if parts.mark is None else parts.mark.note
        self._journal = SqlJournal(parts.database, tenant, note=note)
        telephony = telephony_of(parts.settings.tenants[tenant.name])
        if state is None:
            opened = open_service(
                tenant.service_id, GeneralSettings(), parts.clock.now(), telephony=telephony
            )
        else:
            opened = Transition(state, (), ())
        clock = clock_of_service(parts.clock, opened.state, resumes_at=resumes_at)
        self.driver = open_driver(
            DriverRequest(
                url=parts.settings.tenants[tenant.name], service_id=tenant.service_id, clock=clock
            )
        )
        self.engine = RealTimeEngine(
            opened,
            driver=self.driver,
            clock=clock,
            journal=self._journal,
            observers=[OperatorLog().take],
            telephony=telephony,
            upkeep=ServicePolicy(
                is_recovered=True,
                is_held=is_held,
                is_durable=parts.tell,
                confirm=parts.leadership.confirm,
                waiting_max=parts.settings.waiting_max,
            ),
        )
        self.keys = IdempotencyKeys(parts.receipts)
        """Of this period alone: what was in doubt before is in the journal, or will never be."""
        self._keeper = SnapshotKeeper(self._journal, events_min=parts.settings.snapshot_events)
        self.is_draining = False
        self.is_unsure = False
        """Whether it is uncertain that this process leads; no calls are placed meanwhile."""

    async def work(
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
        await self._parts.leadership.announce(self._parts.clock.now())
        latest = await asyncio.to_thread(kept, self._parts.database, self._parts.tenant)
        if latest:
            self._keeper.last_seq = latest[0].head.seq
        async with self.engine as engine:
            begun()
            await first_of(
                engine.until(lambda: False),
                self._parts.leadership.hold(unsure=self._be_unsure),
                self._keeper.work(lambda: engine.durable_state),
                stopped.wait(),
            )
            await self._drain(engine, hurry)

    async def _drain(self, engine: RealTimeEngine, hurry: asyncio.Event) -> None:
        """Let calls in progress end, for a while; no new ones are placed."""
        self.is_draining = True
        engine.shut(GateClosed.DRAINING)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._parts.settings.drain_s):
                await first_of(
                    engine.until(lambda: not calls(engine.state)),
                    self._parts.leadership.hold(unsure=self._be_unsure),
                    hurry.wait(),
                )
        left = len(calls(engine.state))
        if left:
            name = self._parts.tenant.name
            _log.warning("tenant %s: %d calls in progress are left to who leads next", name, left)

    async def keep_last_snapshot(self) -> None:
        """Keep a snapshot of the last state: the next leader starts from it."""
        await self._keeper.keep(self.engine.durable_state)

    def _be_unsure(self, is_unsure: bool) -> None:  # noqa: FBT001
        name = self._parts.tenant.name
        self.is_unsure = is_unsure
        if is_unsure:
            _log.warning("tenant %s: whether we lead is uncertain, so no calls are placed", name)
            self.engine.shut(GateClosed.UNSURE)
        else:
            _log.info("tenant %s: we lead", name)
            self.engine.open(GateClosed.UNSURE)

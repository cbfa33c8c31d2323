"""A running service, for those who command or watch it: the API above all.

::

    host.tenants["main"]                one PBX's service, whichever process leads it
    await tenant.give(command, key=...)   only where this process leads; durable when it returns
    tenant.follow(after=seq)            every event from there on, once it is durable

A *tenant* is one PBX's service in a database that may hold several. Of all processes that serve
a tenant one leads it: it alone writes the journal and has the driver. The others follow: they
read what the leader writes, answer questions from it, and take over when the leader is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import attrs

from campaign_core import CampaignId, Instant, ServiceId, Settings, State, calls, link, open_service
from campaign_core.commands import Command
from campaign_core.errors import CommandRefusedError, JournalError
from campaign_drivers.clock import Clock
from campaign_drivers.pool import NodeStatus, PoolDriver
from campaign_service.database import Database
from campaign_service.engine import (
    CommandResult,
    EngineStoppedError,
    refuse_missing_sounds,
    sounds_needed,
)
from campaign_service.journal import JournalAwayError, JournalEntry
from campaign_service.journal.sql import JournalQueries, TenantRow
from campaign_service.serving.errors import NotLeadingError, UnknownNodeError
from campaign_service.serving.event_stream import EventStream
from campaign_service.serving.high_water_mark import mark_of
from campaign_service.serving.idempotency_keys import KeyedRequest, digest_of
from campaign_service.serving.leader import Leader, TenantParts
from campaign_service.serving.leader_lock import LeaderLock, LeadershipLostError, TakeoverDelay
from campaign_service.serving.locks import lock_of
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.tenant_supervisor import TenantSupervisor
from campaign_service.vocabulary import ProcessRole

__all__ = ["Health", "TenantService"]

_log = logging.getLogger(__name__)

_UNCERTAIN = "whether this process leads is uncertain, so no calls are placed"


@attrs.frozen(kw_only=True)
class Health:
    """A tenant's health in this process."""

    role: ProcessRole
    leader_url: str | None
    """Where the leader listens, as far as that is known."""
    journal_away_since: Instant | None
    """Since when nothing can be written, or read; ``None``: all is well."""
    link_is_up: bool
    """Whether the telephony is connected, as far as this process has heard."""
    events_waiting: int
    """Events that are not durable yet; 0 where this process follows."""
    last_seq: int
    """The number of the last durable event."""
    calls: int
    """Calls in progress."""
    draining: bool
    """Whether no new calls are placed since this process is about to stop."""
    trouble: str | None = None
    """Why this process cannot serve or lead the tenant, or places no calls because it is uncertain
    that it leads: a sentence for the operator. ``None``: nothing of the kind."""


class TenantService:
    """One PBX's service, as this process knows it.

    Args:
        row: which.
        database: where it is kept.
        clock: the time.
        settings: of the host.
        takeover_delay: of this process.
    """

    def __init__(
        self,
        row: TenantRow,
        *,
        database: Database,
        clock: Clock,
        settings: ServiceHostSettings,
        takeover_delay: TakeoverDelay,
    ) -> None:
        self.name = row.name
        self.service_id: ServiceId = row.service_id
        """Prefix of this tenant's call ids (8 hex digits)."""
        self.history = JournalQueries(database, row)
        """The past: log, attempts, states; asked in a thread, since it reads the database."""
        self._row = row
        self._stream = EventStream(self.history)
        parts = TenantParts(
            row=row,
            database=database,
            clock=clock,
            settings=settings,
            history=self.history,
            stream=self._stream,
            lock=LeaderLock(database, row, lock_of(database, row), url=settings.url),
            mark=mark_of(database, row, folder=settings.marks_dir),
        )
        self.supervisor = TenantSupervisor(parts, takeover_delay)
        """What follows and leads; the host's alone to set going."""

    # What is so ------------------------------------------------------------------------------

    @property
    def role(self) -> ProcessRole:
        """Whether this process leads it."""
        return ProcessRole.FOLLOWING if self.supervisor.leader is None else ProcessRole.LEADING

    @property
    def state(self) -> State:
        """The current state; on a follower, as of the last event read."""
        if self.supervisor.leader is not None:
            return self.supervisor.leader.engine.state
        followed = self.supervisor.followed
        if followed is not None:
            return followed
        # Nobody has opened it yet.
        return open_service(self.service_id, Settings(), self._row.created_at).state

    @property
    def durable_state(self) -> State:
        """The state after the last durable event; on a follower, after the last one read."""
        leader = self.supervisor.leader
        return self.state if leader is None else leader.engine.durable_state

    @property
    def last_seq(self) -> int:
        """The number of the last durable event, as far as this process knows."""
        return self._stream.last_seq

    @property
    def now(self) -> Instant:
        """The service's time, which the machine's clock does not set (R7.12)."""
        return Instant(max(self.supervisor.now, self.state.now))

    def health(self) -> Health:
        """Return the tenant's health in this process."""
        state, supervisor, leader = self.state, self.supervisor, self.supervisor.leader
        engine = None if leader is None else leader.engine
        return Health(
            role=self.role,
            leader_url=supervisor.leader_url,
            journal_away_since=supervisor.away_since
            if engine is None
            else engine.journal_away_since,
            link_is_up=link(state).is_up,
            events_waiting=0 if engine is None else engine.events_waiting,
            last_seq=self.last_seq,
            calls=len(calls(state)),
            draining=leader is not None and leader.is_draining,
            trouble=_UNCERTAIN
            if leader is not None and leader.is_uncertain
            else supervisor.trouble,
        )

    async def prove_alive(self) -> None:
        """Return once the engine, if this process leads, has shown that it is alive."""
        leader = self.supervisor.leader
        # While the journal is away it may rightly wait for room.
        if leader is not None and leader.engine.journal_away_since is None:
            try:
                await leader.engine.until(lambda: True)
            except Exception:  # noqa: BLE001
                # It is being stood down, which is life enough.
                return

    def _led(self) -> Leader:
        if self.supervisor.leader is None:
            raise NotLeadingError(self.name, self.supervisor.leader_url)
        return self.supervisor.leader

    # The nodes of the telephony, where it is a pool of several --------------------------------

    def nodes(self) -> tuple[NodeStatus, ...]:
        """Return what is so of each node of the telephony; of one that is no pool, none.

        Raises:
            NotLeadingError: another process has the driver.
        """
        driver = self._led().driver
        return driver.nodes() if isinstance(driver, PoolDriver) else ()

    def drain_node(self, name: str) -> None:
        """Place no new calls on a node; its calls go on. Not remembered beyond this driver.

        Raises:
            NotLeadingError: another process has the driver.
            CommandRefusedError: the telephony is no pool.
            UnknownNodeError: no node has this name.
        """
        self._pool("DrainNode", name).drain(name)
        _log.warning("tenant %s: node %s is drained", self.name, name)

    def restore_node(self, name: str) -> None:
        """Take back :meth:`drain_node`; raises as that does."""
        self._pool("RestoreNode", name).restore(name)
        _log.warning("tenant %s: node %s takes calls again", self.name, name)

    def _pool(self, command: str, node: str) -> PoolDriver:
        driver = self._led().driver
        if not isinstance(driver, PoolDriver):
            raise CommandRefusedError(command, "the telephony of this tenant is no pool of nodes")
        known = [one.name for one in driver.nodes()]
        if node not in known:
            raise UnknownNodeError(node, known)
        return driver

    # Commands and events -----------------------------------------------------------------------

    async def give(
        self,
        command: Command,
        *,
        key: str | None = None,
        provided: Callable[[State], None] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give a command, and return once what came of it is durable (R9.3).

        Args:
            command: with its actor.
            key: under which the same actor may safely give it again: it is taken once.
            provided: is called with the state at the very moment before the command is taken,
                and may raise; the command is not taken then. Not called for a repeated one.
            confirmed: whether a campaign is to start, or go on, though the telephony lacks a sound
                that it plays (R6.18).

        Raises:
            SoundsMissingError: the telephony lacks a sound, and this is not confirmed.
            CommandRefusedError: the state does not allow it.
            SettingsError: a value of it is bad in this state.
            NotLeadingError: another process leads; nothing was done. Where this process was
                stood down meanwhile, what came of the command is not known: with the same key
                it may be given to the new leader.
            JournalAwayError: it cannot be made durable now. Refused before it was taken, or taken
                and not known to be durable: with the same key it may be given again.
            KeyReusedError: the key was used for another request.
        """

        async def make() -> Command:
            return command

        self._led()
        request = None
        if key is not None:
            digest = await asyncio.to_thread(digest_of, command)
            request = KeyedRequest(actor=command.actor, key=key, digest=digest)
        return await self.give_once(make, request=request, provided=provided, confirmed=confirmed)

    async def give_once(
        self,
        make: Callable[[], Awaitable[Command]],
        *,
        request: KeyedRequest | None,
        provided: Callable[[State], None] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give the command that a request asks for, unless the request was taken before.

        Args:
            make: returns the command, with the request's actor. Not called for a request that
                was taken before: the state may have changed since, and what the command is
                about may be gone.
            request: who asks, under which key, and what tells the request from another; ``None``:
                it cannot be known again.
            provided: as of :meth:`give`, which tells what is raised too.
            confirmed: likewise.
        """
        leader = self._led()
        engine = leader.engine

        async def take(digest: str | None = None) -> CommandResult:
            receipt = None if request is None or digest is None else (request.key, digest)
            command = await make()
            if not confirmed:
                needed = sounds_needed(engine.state, command)
                await refuse_missing_sounds(leader.driver, needed, command=command)
            return await engine.give(command, receipt=receipt, provided=provided)

        async def settled(seq: int) -> None:
            if engine.journal_away_since is not None:
                raise JournalAwayError("the journal cannot be written just now; nothing was done")
            await engine.until(lambda: engine.durable_state.sequence >= seq)

        try:
            if request is None:
                return await take()
            return await leader.keys.once(
                request, take=take, settled=settled, sequence=lambda: engine.state.sequence
            )
        except JournalAwayError:
            raise
        except (EngineStoppedError, JournalError, LeadershipLostError) as error:
            raise NotLeadingError(self.name, self.supervisor.leader_url) from error

    def follow(
        self, *, after: int, campaign_id: CampaignId | None = None
    ) -> AsyncIterator[JournalEntry]:
        """Yield the durable events behind one, in order, without gap or repeat, and those to come.

        A slow reader holds up nobody; it ends when the process stops.

        Args:
            after: the number of the last event that is known.
            campaign_id: only those of this campaign.
        """
        return self._stream.follow(after=after, campaign_id=campaign_id)

"""A tenant, as this process knows it: what is so, and commands where this process leads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from campaign_core import CampaignId, Instant, ServiceId, Settings, State, calls, link, open_service
from campaign_core.commands import Command
from campaign_core.errors import JournalError
from campaign_drivers.clock import Clock
from campaign_drivers.pool import NodeStatus
from campaign_service.database import Database
from campaign_service.engine import EngineStoppedError, refuse_missing_sounds, sounds_needed
from campaign_service.journal import JournalAwayError, JournalEntry
from campaign_service.journal.sql import History, TenantRow
from campaign_service.serving.event_stream import EventStream
from campaign_service.serving.idempotency_keys import digest_of
from campaign_service.serving.interface import (
    CommandResult,
    Health,
    KeyedRequest,
    NotLeadingError,
    ProcessRole,
)
from campaign_service.serving.leader import Leader
from campaign_service.serving.leader_lock import LeadershipLostError, TakeoverDelay
from campaign_service.serving.nodes import nodes_of, switch
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.tenant_supervisor import TenantSupervisor

__all__ = ["Tenant"]

_log = logging.getLogger(__name__)

_UNSURE = "whether this process leads is uncertain, so no calls are placed"


class Tenant:
    """One PBX's service, as this process knows it; see :class:`TenantService`.

    Args:
        row: which.
        database: where it is kept.
        clock: the time.
        settings: of the host.
        spread: how many this process leads.
    """

    def __init__(
        self,
        row: TenantRow,
        *,
        database: Database,
        clock: Clock,
        settings: ServiceHostSettings,
        spread: TakeoverDelay,
    ) -> None:
        self.name = row.name
        self.service_id: ServiceId = row.service_id
        self.history = History(database, row)
        self._row = row
        self._stream = EventStream(self.history)
        self._supervisor = TenantSupervisor(
            row,
            database=database,
            clock=clock,
            settings=settings,
            spread=spread,
            history=self.history,
            stream=self._stream,
        )

    # What is so ------------------------------------------------------------------------------

    @property
    def role(self) -> ProcessRole:
        """Whether this process leads it."""
        return ProcessRole.FOLLOWING if self._supervisor.leader is None else ProcessRole.LEADING

    @property
    def state(self) -> State:
        """The current state; on a follower, as of the last event read."""
        if self._supervisor.leader is not None:
            return self._supervisor.leader.engine.state
        followed = self._supervisor.followed
        if followed is not None:
            return followed
        # Nobody has opened it yet.
        return open_service(self.service_id, Settings(), self._row.created_at).state

    @property
    def now(self) -> Instant:
        """The service's time, which the machine's clock does not set (R7.12)."""
        return Instant(max(self._supervisor.now, self.state.now))

    def health(self) -> Health:
        """Return the tenant's health in this process."""
        state, supervisor, leader = self.state, self._supervisor, self._supervisor.leader
        engine = None if leader is None else leader.engine
        return Health(
            role=self.role,
            leader_url=supervisor.leader_url,
            journal_away_since=supervisor.away_since
            if engine is None
            else engine.journal_away_since,
            link_is_up=link(state).is_up,
            events_waiting=0 if engine is None else engine.events_waiting,
            last_seq=self._stream.last_seq,
            calls=len(calls(state)),
            draining=leader is not None and leader.is_draining,
            trouble=_UNSURE if leader is not None and leader.is_unsure else supervisor.trouble,
        )

    async def prove_alive(self) -> None:
        """Return once the engine, if this process leads, has shown that it is alive."""
        leader = self._supervisor.leader
        # While the journal is away it may rightly wait for room.
        if leader is not None and leader.engine.journal_away_since is None:
            try:
                await leader.engine.until(lambda: True)
            except Exception:  # noqa: BLE001
                # It is being stood down, which is life enough.
                return

    def nodes(self) -> tuple[NodeStatus, ...]:
        """Return what is so of each node of the telephony; see :class:`TenantService`."""
        return nodes_of(self._led().driver)

    def drain_node(self, name: str) -> None:
        """Place no new calls on a node; see :class:`TenantService`."""
        switch(self._led().driver, name, tenant=self.name, drained=True)

    def restore_node(self, name: str) -> None:
        """Place calls on a node again; see :class:`TenantService`."""
        switch(self._led().driver, name, tenant=self.name, drained=False)

    def _led(self) -> Leader:
        if self._supervisor.leader is None:
            raise NotLeadingError(self.name, self._supervisor.leader_url)
        return self._supervisor.leader

    # Commands and events -----------------------------------------------------------------------

    async def give(
        self,
        command: Command,
        *,
        key: str | None = None,
        provided: Callable[[State], None] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give a command, and return once it is durable; see :class:`TenantService`.

        Raises:
            SoundsMissingError: the telephony lacks a sound, and this is not confirmed.
            CommandRefusedError: the state does not allow it.
            SettingsError: a value of it is bad in this state.
            NotLeadingError: this process does not lead, or not any more.
            JournalAwayError: it cannot be made durable now.
            KeyReusedError: the key was used for another request.
        """

        async def made() -> Command:
            return command

        self._led()
        request = None
        if key is not None:
            digest = await asyncio.to_thread(digest_of, command)
            request = KeyedRequest(actor=command.actor, key=key, digest=digest)
        return await self._give(made, request, provided, confirmed=confirmed)

    async def give_once(
        self,
        make: Callable[[], Awaitable[Command]],
        *,
        request: KeyedRequest,
        provided: Callable[[State], None] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give the command of a request, unless it was taken before; see :class:`TenantService`."""
        return await self._give(make, request, provided, confirmed=confirmed)

    async def _give(
        self,
        make: Callable[[], Awaitable[Command]],
        request: KeyedRequest | None,
        provided: Callable[[State], None] | None,
        *,
        confirmed: bool,
    ) -> CommandResult:
        leader = self._led()
        engine = leader.engine

        async def take(digest: str | None = None) -> CommandResult:
            receipt = None if request is None or digest is None else (request.key, digest)
            command = await make()
            if not confirmed:
                needed = sounds_needed(engine.state, command)
                await refuse_missing_sounds(leader.driver, needed, command=command)
            taken = await engine.give(command, receipt=receipt, provided=provided)
            return CommandResult(seq=taken.seq, at=taken.at, events=taken.events)

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
            raise NotLeadingError(self.name, self._supervisor.leader_url) from error

    def follow(
        self, *, after: int, campaign_id: CampaignId | None = None
    ) -> AsyncIterator[JournalEntry]:
        """Yield the durable events behind one, and those to come; see :class:`TenantService`."""
        return self._stream.follow(after=after, campaign_id=campaign_id)

    # Its life ------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> asyncio.Event:
        """Set once it is known who leads: this process, or not this one."""
        return self._supervisor.is_settled

    async def recover(self, *, rank: int) -> None:
        """Read the journal up to its last event; see :meth:`TenantSupervisor.recover`."""
        await self._supervisor.recover(rank=rank)

    async def live(self, *, stopped: asyncio.Event, hurry: asyncio.Event) -> None:
        """Follow and lead until this process stops; see :meth:`TenantSupervisor.live`."""
        await self._supervisor.live(stopped=stopped, hurry=hurry)

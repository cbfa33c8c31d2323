"""A tenant in this process: it is followed, then led, and perhaps followed again."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextvars import ContextVar

from campaign_core import CampaignId, Instant, ServiceId, Settings, State, calls, link, open_service
from campaign_core.commands import Command
from campaign_core.errors import JournalError, SettingsError
from campaign_drivers.clock import Clock
from campaign_drivers.pool import NodeStatus
from campaign_service.database import Database
from campaign_service.engine import EngineStoppedError
from campaign_service.journal import AppendConflictError, Entry, JournalAwayError
from campaign_service.journal.sql import History, TenantRow
from campaign_service.serving.following import Following
from campaign_service.serving.interface import (
    Health,
    KeyedRequest,
    NotLeadingError,
    ProcessRole,
    Taken,
)
from campaign_service.serving.keys import Keys, digest_of
from campaign_service.serving.leadership import Leadership, LeadershipLostError, Spread
from campaign_service.serving.leading import Leading, Post
from campaign_service.serving.locks import lock_of
from campaign_service.serving.nodes import nodes_of, switch
from campaign_service.serving.settings import HouseSettings
from campaign_service.serving.stream import EventStream

__all__ = ["TENANT", "Tenant"]

_log = logging.getLogger(__name__)

_READS_ON_EVERY_S = 0.25
_RANKS_MAX_S = 3.0
"""However many tenants there are, the last of them is led within seconds."""
_PAUSE_S = 1.0
"""Before a database is asked again that was away."""
_AFTER_DEFECT_S = 10.0
"""Before anything is tried again that failed for a reason which time does not mend."""
_UNSURE = "whether this process leads is uncertain, so no calls are placed"


TENANT: ContextVar[str | None] = ContextVar("tenant", default=None)
"""The name of the tenant for which something is done, so that the log can tell it: neither engine
nor driver knows of tenants. ``None``: for none, or for all."""


class Tenant:
    """One PBX's service, as this process knows it; see :class:`TenantService`.

    Args:
        row: which.
        database: where it is kept.
        clock: the time.
        settings: of the house.
        spread: how many this process leads.
    """

    def __init__(
        self,
        row: TenantRow,
        *,
        database: Database,
        clock: Clock,
        settings: HouseSettings,
        spread: Spread,
    ) -> None:
        self.name = row.name
        self.service_id: ServiceId = row.service_id
        self.history = History(database, row)
        self._row = row
        self._clock = clock
        self._spread = spread
        self._following = Following(database, row)
        self._leadership = Leadership(database, row, lock_of(database, row), url=settings.url)
        self._stream = EventStream(self.history)
        self._keys = Keys(self.history)
        self._post = Post(
            tenant=row,
            database=database,
            clock=clock,
            settings=settings,
            leadership=self._leadership,
            tell=self._stream.tell,
        )
        self._own_url = settings.url
        self._leader_url: str | None = None
        self._leading: Leading | None = None
        self._away_since: Instant | None = None
        self._tries_at = 0.0
        self._is_damaged = False
        self._trouble: str | None = None
        self.is_settled = asyncio.Event()
        """Whether it is known who leads: this process, or not this one."""

    # What is so ------------------------------------------------------------------------------

    @property
    def role(self) -> ProcessRole:
        """Whether this process leads it."""
        return ProcessRole.FOLLOWING if self._leading is None else ProcessRole.LEADING

    @property
    def state(self) -> State:
        """The current state; on a follower, as of the last event read."""
        if self._leading is not None:
            return self._leading.engine.state
        followed = self._following.state
        if followed is not None:
            return followed
        # Nobody has opened it yet.
        return open_service(self.service_id, Settings(), self._row.created_at).state

    @property
    def now(self) -> Instant:
        """The time; the last event's, where the machine's clock was set back behind it (R6.13)."""
        return Instant(max(self._clock.now(), self.state.now))

    def health(self) -> Health:
        """Return the tenant's health in this process."""
        state, leading = self.state, self._leading
        engine = None if leading is None else leading.engine
        return Health(
            role=self.role,
            leader_url=self._leader_url if engine is None else self._own_url,
            journal_away_since=self._away_since if engine is None else engine.journal_away_since,
            link_is_up=link(state).is_up,
            events_waiting=0 if engine is None else engine.events_waiting,
            last_seq=self._stream.last_seq,
            calls=len(calls(state)),
            draining=leading is not None and leading.is_draining,
            trouble=_UNSURE if leading is not None and leading.is_unsure else self._trouble,
        )

    async def prove_alive(self) -> None:
        """Return once the engine, if this process leads, has shown that it is alive."""
        leading = self._leading
        # While the journal is away it may rightly wait for room.
        if leading is not None and leading.engine.journal_away_since is None:
            try:
                await leading.engine.until(lambda: True)
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

    def _led(self) -> Leading:
        if self._leading is None:
            raise NotLeadingError(self.name, self._leader_url)
        return self._leading

    # Commands and events -----------------------------------------------------------------------

    async def give(
        self,
        command: Command,
        *,
        key: str | None = None,
        provided: Callable[[State], None] | None = None,
    ) -> Taken:
        """Give a command, and return once it is durable; see :class:`TenantService`.

        Raises:
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
        return await self._give(made, request, provided)

    async def give_once(
        self,
        make: Callable[[], Awaitable[Command]],
        *,
        request: KeyedRequest,
        provided: Callable[[State], None] | None = None,
    ) -> Taken:
        """Give the command of a request, unless it was taken before; see :class:`TenantService`."""
        return await self._give(make, request, provided)

    async def _give(
        self,
        make: Callable[[], Awaitable[Command]],
        request: KeyedRequest | None,
        provided: Callable[[State], None] | None,
    ) -> Taken:
        engine = self._led().engine

        async def take(digest: str | None = None) -> Taken:
            receipt = None if request is None or digest is None else (request.key, digest)
            taken = await engine.give(await make(), receipt=receipt, provided=provided)
            return Taken(seq=taken.seq, at=taken.at, events=taken.events)

        async def settled(seq: int) -> None:
            if engine.journal_away_since is not None:
                raise JournalAwayError("the journal cannot be written just now; nothing was done")
            await engine.until(lambda: engine.durable_state.sequence >= seq)

        try:
            if request is None:
                return await take()
            return await self._keys.once(
                request, take=take, settled=settled, sequence=lambda: engine.state.sequence
            )
        except JournalAwayError:
            raise
        except (EngineStoppedError, JournalError, LeadershipLostError) as error:
            raise NotLeadingError(self.name, self._leader_url) from error

    def follow(self, *, after: int, campaign_id: CampaignId | None = None) -> AsyncIterator[Entry]:
        """Yield the durable events behind one, and those to come; see :class:`TenantService`."""
        return self._stream.follow(after=after, campaign_id=campaign_id)

    # Its life ------------------------------------------------------------------------------------

    async def recover(self, *, rank: int) -> None:
        """Read the journal up to its last event.

        Args:
            rank: the place of this tenant in the order in which this process tries to lead some.

        Raises:
            JournalError: what is stored cannot be read; that is tried again while this lives.
        """
        self._tries_at = time.monotonic() + min(rank * self._spread.pause_s(), _RANKS_MAX_S)
        try:
            await self._following.recover()
        except JournalError as error:
            self._is_damaged, self._trouble = True, str(error)
            raise
        self._stream.jump(self._following.seq)

    async def live(self, *, stopped: asyncio.Event, hurry: asyncio.Event) -> None:
        """Follow and lead until this process stops.

        Args:
            stopped: set when it is to stop.
            hurry: set when calls in progress are not to be waited for.
        """
        TENANT.set(self.name)
        try:
            while not stopped.is_set():
                try:
                    if await _ended_before(stopped, self._follow()):
                        await self._lead(stopped, hurry)
                except Exception as error:  # noqa: BLE001 -- or nobody would serve it any more
                    self._note_trouble(error)
                    await self._leadership.release()
                    await _ended_before(stopped, asyncio.sleep(_AFTER_DEFECT_S))
        finally:
            self._stream.close()
            await self._leadership.release()
            self._leadership.close()

    async def _follow(self) -> None:
        """Follow until this process has the lock and knows all there is."""
        asked_at = 0.0
        while True:
            try:
                if self._is_damaged:
                    await self._following.recover()
                    self._stream.jump(self._following.seq)
                    self._is_damaged = False
                await self._read_on()
                has_tried = time.monotonic() >= self._tries_at
                if has_tried:
                    self._tries_at = time.monotonic() + self._spread.pause_s() * _jitter()
                    if await self._leadership.take():
                        # The one before may have written until now.
                        await self._read_on()
                        return
                    # The process that has the lock can lead.
                    self._trouble = None
                if has_tried or time.monotonic() - asked_at > _PAUSE_S:
                    asked_at = time.monotonic()
                    self._leader_url = await self._leadership.leader_url()
                if has_tried:
                    # From now on requests are sent to the leader.
                    self.is_settled.set()
            except OSError as error:
                self._note_away(error)
                await asyncio.sleep(_PAUSE_S)
            else:
                self._note_back()
                await asyncio.sleep(_READS_ON_EVERY_S)

    async def _read_on(self) -> None:
        """Read all that was written since."""
        while True:
            entries = await self._following.read_on()
            if not entries:
                return
            self._stream.tell(entries)

    async def _lead(self, stopped: asyncio.Event, hurry: asyncio.Event) -> None:
        """Lead until this process stops or another one leads."""
        # What tells of its telephony may be another file than when this process was started.
        leading = Leading(self._post, self._following.state)

        def begun() -> None:
            self._leading, self._leader_url, self._trouble = leading, self._own_url, None
            self.is_settled.set()
            _log.info("tenant %s: we lead from event %d on", self.name, self._following.seq)

        self._spread.led += 1
        try:
            await leading.work(begun=begun, stopped=stopped, hurry=hurry)
        except (AppendConflictError, LeadershipLostError) as error:
            _log.warning("tenant %s: we lead no more: %s", self.name, error)
        except OSError as error:
            self._note_away(error)
        finally:
            self._spread.led -= 1
            self._keep_following(leading)
            await self._leadership.release()
            await self._leadership.renounce()
        if stopped.is_set() and not hurry.is_set():
            await leading.keep_last_snapshot()

    def _keep_following(self, leading: Leading) -> None:
        self._leading = None
        self._leader_url = None
        # What was in doubt is either in the journal by now or will never be.
        self._keys = Keys(self.history)
        durable = leading.engine.durable_state
        # That of a service which is only just being opened is not durable yet.
        if self._following.seq < durable.sequence <= self._stream.last_seq:
            self._following.resume(durable)

    def _note_trouble(self, error: Exception) -> None:
        """Note a failure; the tenant starts again later, from what is stored."""
        self._is_damaged, self._trouble = True, str(error)
        is_known = isinstance(error, JournalError | SettingsError)
        _log.critical(
            "tenant %s cannot be served: %s", self.name, error, exc_info=None if is_known else error
        )
        self.is_settled.set()

    def _note_away(self, error: OSError) -> None:
        if self._away_since is None:
            self._away_since = self._clock.now()
            _log.error("tenant %s: the journal cannot be read: %s", self.name, error)

    def _note_back(self) -> None:
        if self._away_since is not None:
            self._away_since = None
            _log.warning("tenant %s: the journal can be read again", self.name)


async def _ended_before(event: asyncio.Event, work: Coroutine[object, object, object]) -> bool:
    """Return whether some work ended before an event came; otherwise it is given up."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(event.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            return False
        tasks[0].result()
        return True
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _jitter() -> float:
    """Return how much longer or shorter a wait is, so that processes do not try in step."""
    return random.uniform(0.8, 1.2)  # noqa: S311 -- nothing secret depends on it

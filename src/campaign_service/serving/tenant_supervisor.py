"""Supervises a tenant in this process: it is followed, then led, and perhaps followed again.

::

    follow      reads the journal on; tries for the lock
    has it      reads the rest, and leads
    lost it     or was asked to stop, or failed: lets go of the lock, and follows

Whatever goes wrong, the lock is let go of, what is wrong is told, and it is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextvars import ContextVar

from campaign_core import Instant, State
from campaign_core.errors import JournalError, SettingsError
from campaign_service.engine import telephony_of
from campaign_service.journal import AppendConflictError
from campaign_service.serving.first_completed import completes_before
from campaign_service.serving.follower import Follower
from campaign_service.serving.leader import Leader, TenantParts
from campaign_service.serving.leader_lock import LeadershipLostError, TakeoverDelay
from campaign_service.serving.takeover_checks import check_mark, check_telephony

__all__ = ["TenantSupervisor", "current_tenant"]

_log = logging.getLogger(__name__)

_READS_ON_EVERY_S = 0.25
_RANKS_MAX_S = 3.0
"""However many tenants there are, the last of them is led within seconds."""
_PAUSE_S = 1.0
"""Before a database is asked again that was away."""
_AFTER_DEFECT_S = 10.0
"""Before anything is tried again that failed for a reason which time does not mend."""


current_tenant: ContextVar[str | None] = ContextVar("tenant", default=None)
"""The name of the tenant for which something is done, so that the log can tell it: neither engine
nor driver knows of tenants. ``None``: for none, or for all."""


class TenantSupervisor:
    """Follows and leads one tenant.

    Args:
        parts: of the tenant.
        takeover_delay: by how many tenants this process leads.
    """

    def __init__(self, parts: TenantParts, takeover_delay: TakeoverDelay) -> None:
        self._parts = parts
        self._takeover_delay = takeover_delay
        self._follower = Follower(parts.database, parts.row)
        self._is_held = parts.settings.hold
        """Whether every campaign is paused when this process leads next."""
        self._tries_at = 0.0
        self._is_damaged = False
        self.leader: Leader | None = None
        """``None``: this process follows."""
        self.leader_url: str | None = None
        """Where the leader listens; ``None``: not known."""
        self.away_since: Instant | None = None
        """Since when the journal cannot be read; ``None``: it can."""
        self.trouble: str | None = None
        """Why the tenant cannot be served; ``None``: it can."""
        self.is_settled = asyncio.Event()
        """Set once it is known who leads: this process, or not this one."""

    @property
    def followed(self) -> State | None:
        """The state as of the last event read; ``None``: the journal is empty."""
        return self._follower.state

    @property
    def now(self) -> Instant:
        """The service's time (R7.12)."""
        if self.leader is not None:
            return self.leader.engine.now
        return self._follower.now(self._parts.clock)

    async def recover(self, *, rank: int) -> None:
        """Read the journal up to its last event.

        Args:
            rank: the place of this tenant in the order in which this process tries to lead some.

        Raises:
            JournalError: what is stored cannot be read, or must not be gone on from; that is
                tried again while this lives.
        """
        self._tries_at = time.monotonic() + min(rank * self._takeover_delay.seconds(), _RANKS_MAX_S)
        try:
            await self._follower.recover()
            if not self._parts.settings.restored:
                await self._check_takeover()
        except JournalError as error:
            self._is_damaged, self.trouble = True, str(error)
            raise
        self._parts.stream.jump(self._follower.seq)

    async def run(self, *, stopped: asyncio.Event, hurry: asyncio.Event) -> None:
        """Follow and lead until this process stops.

        Args:
            stopped: set when it is to stop.
            hurry: set when calls in progress are not to be waited for.
        """
        current_tenant.set(self._parts.row.name)
        try:
            while not stopped.is_set():
                try:
                    if await completes_before(stopped, self._follow()):
                        await self._lead(stopped, hurry)
                except Exception as error:  # noqa: BLE001 -- or nobody would serve it any more
                    self._note_trouble(error)
                    await self._parts.lock.release()
                    await completes_before(stopped, asyncio.sleep(_AFTER_DEFECT_S))
        finally:
            self._parts.stream.close()
            await self._parts.lock.release()
            self._parts.lock.close()
            if self._parts.mark is not None:
                self._parts.mark.close()

    async def _follow(self) -> None:
        """Follow until this process has the lock and knows all there is."""
        asked_at = 0.0
        while True:
            try:
                if self._is_damaged:
                    await self._follower.recover()
                    self._parts.stream.jump(self._follower.seq)
                    self._is_damaged = False
                await self._read_on()
                has_tried = time.monotonic() >= self._tries_at
                if has_tried:
                    self._tries_at = time.monotonic() + self._takeover_delay.seconds() * _jitter()
                    if await self._parts.lock.take():
                        # The one before may have written until now.
                        await self._read_on()
                        return
                    # The process that has the lock can lead.
                    self.trouble = None
                if has_tried or time.monotonic() - asked_at > _PAUSE_S:
                    asked_at = time.monotonic()
                    self.leader_url = await self._parts.lock.leader_url()
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
            entries = await self._follower.read_on()
            if not entries:
                return
            self._parts.stream.tell(entries)

    async def _check_takeover(self) -> None:
        """Return if this process may go on from the journal; see :mod:`.takeover_checks`."""
        settings, parts = self._parts.settings, self._parts
        if await asyncio.to_thread(
            check_mark, parts.database, parts.row, parts.mark, may_go_back=settings.restored
        ):
            self._is_held = True
        await asyncio.to_thread(
            check_telephony,
            self._parts.history,
            self._follower.state,
            telephony_of(parts.driver_url),
            may_change=settings.other_telephony,
        )

    async def _lead(self, stopped: asyncio.Event, hurry: asyncio.Event) -> None:
        """Lead until this process stops or another one leads."""
        await self._check_takeover()
        # What tells of its telephony may be another file than when this process was started.
        leader = Leader(
            self._parts,
            self._follower.state,
            resumes_at=self.now if self._follower.is_live else None,
            is_held=self._is_held,
        )

        def begun() -> None:
            self.leader, self.leader_url, self.trouble = leader, self._parts.settings.url, None
            self._is_held = False
            self.is_settled.set()
            _log.info(
                "tenant %s: we lead from event %d on", self._parts.row.name, self._follower.seq
            )

        self._takeover_delay.led += 1
        try:
            await leader.run(begun=begun, stopped=stopped, hurry=hurry)
        except (AppendConflictError, LeadershipLostError) as error:
            _log.warning("tenant %s: we lead no more: %s", self._parts.row.name, error)
        except OSError as error:
            self._note_away(error)
        finally:
            self._takeover_delay.led -= 1
            self._keep_following(leader)
            await self._parts.lock.release()
            await self._parts.lock.renounce()
        if stopped.is_set() and not hurry.is_set():
            await leader.keep_last_snapshot()

    def _keep_following(self, leader: Leader) -> None:
        self.leader = None
        self.leader_url = None
        durable = leader.engine.durable_state
        # That of a service which is only just being opened is not durable yet.
        if self._follower.seq < durable.sequence <= self._parts.stream.last_seq:
            self._follower.resume(durable)

    def _note_trouble(self, error: Exception) -> None:
        """Note a failure; the tenant starts again later, from what is stored."""
        self._is_damaged, self.trouble = True, str(error)
        trace = None if isinstance(error, JournalError | SettingsError) else error
        _log.critical("tenant %s cannot be served: %s", self._parts.row.name, error, exc_info=trace)
        self.is_settled.set()

    def _note_away(self, error: OSError) -> None:
        if self.away_since is None:
            self.away_since = self._parts.clock.now()
            _log.error("tenant %s: the journal cannot be read: %s", self._parts.row.name, error)

    def _note_back(self) -> None:
        if self.away_since is not None:
            self.away_since = None
            _log.warning("tenant %s: the journal can be read again", self._parts.row.name)


def _jitter() -> float:
    """Return how much longer or shorter a wait is, so that processes do not try in step."""
    return random.uniform(0.8, 1.2)  # noqa: S311 -- nothing secret depends on it

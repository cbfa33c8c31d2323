"""The leader's lock: getting a tenant's lock, noticing its loss, and telling others who leads."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.database import Database, DatabaseAwayError
from campaign_service.database import schema as db
from campaign_service.engine import LeaderUncertainError
from campaign_service.journal.sql import TenantRow
from campaign_service.serving.locks import Lock

__all__ = ["LeaderLock", "LeadershipLostError", "TakeoverDelay"]

_log = logging.getLogger(__name__)

_LOOKS_EVERY_S = 0.5
_PATIENCE_S = 3.0
_MORE_PER_LED_S, _MORE_MAX_S = 0.5, 2.0

T = TypeVar("T")


class LeadershipLostError(Exception):
    """Another process has the lock: it leads."""


class TakeoverDelay:
    """How tenants come to be spread over processes: who leads more of them waits a little longer.

    A wait is bounded, so that whatever one process leaves is taken over within seconds.
    """

    def __init__(self) -> None:
        self.led = 0
        """How many tenants this process leads."""

    def seconds(self) -> float:
        """Return how long to wait before a lock is tried again."""
        return _LOOKS_EVERY_S + min(_MORE_MAX_S, self.led * _MORE_PER_LED_S)


class LeaderLock:
    """Takes, checks and releases a tenant's leader lock, and publishes who leads.

    Args:
        database: where leaders are told of.
        tenant: whose lock.
        lock: it.
        url: where this process listens, for others to be sent there.
    """

    def __init__(
        self, database: Database, tenant: TenantRow, lock: Lock, *, url: str | None
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._lock = lock
        self._url = url
        self._process = f"{socket.gethostname()}:{os.getpid()}"
        self._check: asyncio.Future[bool | None] | None = None
        # Its own: a database that hangs must not take the threads of those who ask.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadership")

    async def take(self) -> bool:
        """Return whether this process leads now.

        Raises:
            DatabaseAwayError: that cannot be known just now.
        """
        return await self._call(self._lock.take)

    async def confirm(self) -> None:
        """Return if this process still leads.

        Raises:
            LeadershipLostError: another one leads.
            LeaderUncertainError: nobody can know that just now.
        """
        # What was asked before a standstill may have been answered before it too.
        self._check = None
        if not await self._is_certain():
            raise LeaderUncertainError("whether this process leads cannot be known just now")

    async def hold(self, *, on_uncertain: Callable[[bool], None]) -> None:
        """Look at the lock for as long as this is not cancelled.

        Args:
            on_uncertain: is told whether it is uncertain that this process leads.

        Raises:
            LeadershipLostError: another one leads.
        """
        is_uncertain = False
        while True:
            await asyncio.sleep(_LOOKS_EVERY_S)
            if is_uncertain is await self._is_certain():
                is_uncertain = not is_uncertain
                on_uncertain(is_uncertain)

    async def release(self) -> None:
        """Let another process lead."""
        await self._call(self._lock.release)

    async def announce(self, now: Instant) -> None:
        """Tell the others that this process leads; whether they hear of it changes nothing."""
        insert = db.leadership.insert().values(
            tenant_id=self._tenant.id, process=self._process, url=self._url, since=now
        )
        await self._write(insert)

    async def renounce(self) -> None:
        """Tell the others that this process leads no more."""
        await self._write(None)

    async def leader_url(self) -> str | None:
        """Return where the leader listens; ``None``: not known.

        Raises:
            DatabaseAwayError: it cannot be read just now.
        """

        def read() -> str | None:
            mine = db.leadership.c.tenant_id == self._tenant.id
            with self._database.reading() as connection:
                return connection.execute(sa.select(db.leadership.c.url).where(mine)).scalar()

        return await self._call(read)

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=False)

    async def _write(self, insert: sa.Insert | None) -> None:
        mine = db.leadership.c.tenant_id == self._tenant.id
        delete = db.leadership.delete().where(mine)
        if insert is None:
            delete = delete.where(db.leadership.c.process == self._process)

        def write() -> None:
            with self._database.begin() as connection:
                connection.execute(delete)
                if insert is not None:
                    connection.execute(insert)

        try:
            await self._call(write)
        except DatabaseAwayError as error:
            _log.warning("others cannot be told who leads: %s", error)

    async def _is_certain(self) -> bool:
        """Return whether it is known that the lock is ours; an answer that comes late is none.

        Raises:
            LeadershipLostError: it is not.
        """
        if self._check is None or self._check.done():
            self._check = asyncio.ensure_future(self._call(self._is_ours))
        # Somebody else may ask anew while we wait.
        check = self._check
        done, _ = await asyncio.wait([check], timeout=_PATIENCE_S)
        is_ours = check.result() if done else None
        if is_ours is False:
            raise LeadershipLostError(f"another process leads tenant {self._tenant.name!r}")
        return is_ours is True

    def _is_ours(self) -> bool | None:
        """Return whether the lock is ours; ``None``: nobody can know that just now."""
        try:
            # A connection that broke freed the lock; the first process to take it has it then.
            return self._lock.is_held() or self._lock.take()
        except DatabaseAwayError:
            return None

    async def _call(self, do: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

"""The service host: all tenants that this process serves."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from campaign_core import ServiceId
from campaign_core.errors import JournalError, SettingsError
from campaign_drivers.clock import Clock, WallClock
from campaign_service.database import Database
from campaign_service.engine import DriverRequest, open_driver
from campaign_service.journal.sql import TenantRow, create_tenant, find_tenant
from campaign_service.serving.leader_lock import TakeoverDelay
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.tenant_service import TenantService
from campaign_service.vocabulary import ProcessRole

__all__ = ["ServiceHost"]

_log = logging.getLogger(__name__)

_SETTLES_WITHIN_S = 10.0


class ServiceHost:
    """What one process serves, from its start to its stop.

    Args:
        settings: which tenants, and where.
        clock: the time; ``None``: the machine's.
    """

    def __init__(self, settings: ServiceHostSettings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._database: Database | None = None
        self._tenants: dict[str, TenantService] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = asyncio.Event()
        self._hurry = asyncio.Event()

    @property
    def tenants(self) -> Mapping[str, TenantService]:
        """By name, in the order in which they were named."""
        return MappingProxyType(self._tenants)

    @property
    def database(self) -> Database:
        """Where they are kept; only once :meth:`start` has opened it."""
        assert self._database is not None, "not started"
        return self._database

    async def start(self) -> None:
        """Open the database, create tenants that are new, and begin to follow or lead each.

        Returns once it is known of each who leads it, or after some seconds.

        Raises:
            SettingsError: the address of the database, of a driver, or a tenant's name is bad.
            JournalError: what is stored of every tenant was written by a newer release, or is
                damaged.
            DatabaseAwayError: the database cannot be reached.
        """
        clock = self._clock or WallClock()
        _check_drivers(self._settings.tenants, clock)
        self._database = await asyncio.to_thread(Database.open, self._settings.database)
        takeover_delay = TakeoverDelay()
        for name in self._settings.tenants:
            row = await asyncio.to_thread(_row, self._database, name)
            self._tenants[name] = TenantService(
                row,
                database=self._database,
                clock=clock,
                settings=self._settings,
                takeover_delay=takeover_delay,
            )
        await self._recover()
        for tenant in self._tenants.values():
            run = tenant.supervisor.run(stopped=self._stopped, hurry=self._hurry)
            self._tasks.append(asyncio.create_task(run, name=f"tenant {tenant.name}"))
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLES_WITHIN_S):
                for tenant in self._tenants.values():
                    await tenant.supervisor.is_settled.wait()

    async def _recover(self) -> None:
        """Have each tenant read what there is; one that is damaged keeps no other from service."""
        damaged: list[JournalError] = []
        for rank, name in enumerate(_own_order(list(self._tenants))):
            try:
                await self._tenants[name].supervisor.recover(rank=rank)
            except JournalError as error:
                damaged.append(error)
                _log.critical("tenant %s cannot be served: %s", name, error)
        if damaged and len(damaged) == len(self._tenants):
            raise damaged[0]

    async def stop(self, *, at_once: bool = False) -> None:
        """Stop: no new calls; those in progress end, or are left to who leads next.

        May be called again while it runs, not to wait any longer.

        Args:
            at_once: do not wait for calls in progress.
        """
        self._stopped.set()
        if at_once:
            self._hurry.set()
        for found in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(found, Exception):
                _log.error("a tenant has not stopped well", exc_info=found)
        if self._database is not None:
            await asyncio.to_thread(self._database.close)

    async def prove_alive(self) -> None:
        """Return once every engine of this process has shown that it is alive."""
        for tenant in self._tenants.values():
            await tenant.prove_alive()

    def status(self) -> str:
        """Return the status of all tenants, in a line for a person."""
        led = [tenant for tenant in self._tenants.values() if tenant.role is ProcessRole.LEADING]
        healths = [tenant.health() for tenant in led]
        in_progress = sum(health.calls for health in healths)
        parts = [f"leads {len(led)} of {len(self._tenants)} tenants", f"{in_progress} calls"]
        if self._stopped.is_set():
            parts.append("being stopped: no new calls")
        if any(health.journal_away_since is not None for health in healths):
            parts.append("the journal is away")
        if any(not health.link_is_up for health in healths):
            parts.append("a telephony is out of reach")
        in_trouble = [name for name, one in self._tenants.items() if one.health().trouble]
        parts += [f"trouble with tenant {name}" for name in in_trouble]
        return ", ".join(parts)


def _row(database: Database, name: str) -> TenantRow:
    found = find_tenant(database, name)
    if found is not None:
        return found
    try:
        return create_tenant(database, name)
    except SettingsError:
        # Another process that starts at the same moment may have been first.
        found = find_tenant(database, name)
        if found is None:
            raise
        return found


def _check_drivers(tenants: Mapping[str, str], clock: Clock) -> None:
    """Refuse a bad address now, and not when the tenant is led for the first time."""
    for url in tenants.values():
        open_driver(DriverRequest(url=url, service_id=ServiceId("00000000"), clock=clock))


def _own_order(names: Sequence[str]) -> list[str]:
    """Return tenants in an order that is another one in each process.

    Two that start together try for different ones first, and so come to share them.
    """
    salt = secrets.token_hex(8)
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt}/{name}".encode()).digest())

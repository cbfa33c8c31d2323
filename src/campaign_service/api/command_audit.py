"""What was commanded with which token, put down a moment later in the record of administration.

The journal tells by whom each command was given, and is written before its answer; with which of
that one's tokens stands beside it. That takes a transaction of its own, which no command waits for:
many share one.
"""

from __future__ import annotations

import asyncio
import logging

from campaign_core.errors import JournalError
from campaign_service.access import AuditedAction, audit_actions
from campaign_service.api.throttled_warning import ThrottledWarning
from campaign_service.serving import ServiceHost

__all__ = ["CommandAudit"]

_EVERY_S = 0.5
_WAITING_MAX = 10_000
"""So many are kept while the database is away."""

_log = logging.getLogger(__name__)


class CommandAudit:
    """Commands on their way to the record."""

    def __init__(self, host: ServiceHost) -> None:
        self._host = host
        self._waiting: list[AuditedAction] = []
        self._has_some = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._lost = ThrottledWarning(_log, "the audit lacks what was commanded by %s")

    def start(self) -> None:
        """Put down from now on what is told."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Put down what was told."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        await self._write()

    def add(self, action: AuditedAction) -> None:
        """Have an action put down."""
        if len(self._waiting) >= _WAITING_MAX:
            self._lost.warn(action.by.name)
            return
        self._waiting.append(action)
        self._has_some.set()

    async def _run(self) -> None:
        while True:
            await self._has_some.wait()
            await self._write()
            await asyncio.sleep(_EVERY_S)

    async def _write(self) -> None:
        audit, self._waiting = self._waiting, []
        self._has_some.clear()
        if not audit:
            return
        try:
            await asyncio.to_thread(audit_actions, self._host.database, audit)
        except OSError:
            # It is away, which others tell of.
            self._waiting = [*audit, *self._waiting]
            self._has_some.set()
        except JournalError as error:
            # Its file is damaged: nothing will be written there again.
            self._lost.warn(f"{len(audit)} commands' users: {error}")

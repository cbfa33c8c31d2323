"""States of the past (R8.3), for queries with ``?at=``."""

from __future__ import annotations

import asyncio
import threading

import attrs

from campaign_core import Instant, State
from campaign_core.errors import JournalError, Problem
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.api.problems.errors import BusyError
from campaign_service.api.times import text_of
from campaign_service.journal import JournalAwayError, JournalDamagedError
from campaign_service.journal.sql import RecoveryResult
from campaign_service.schemas.conversion import BadValuesError
from campaign_service.serving import TenantService

__all__ = ["PastStates"]

_SETTLED_MS = 60_000
_WAITING_MAX = 50
_WAITING_EACH_MAX = 10

_StateKey = tuple[str, Instant]
"""A tenant's name, and the time that is asked about."""


@attrs.define(eq=False)
class _PendingState:
    """A state that is being made."""

    task: asyncio.Task[RecoveryResult]
    is_abandoned: threading.Event
    """Set once nobody waits for it."""
    waiting: int = 0


class PastStates:
    """Has states of the past made, of each tenant one at a time, and keeps the last few.

    To read a page of recipients as they were, a client asks several times about one instant; the
    state is made from the journal for the first of these, and of a later instant from that of an
    earlier one that is kept. Nobody waits for it but those who ask about the same tenant, and for a
    state that is not kept; of those, each user has a turn in his turn. When nobody waits for a
    state any more, it is made no further.

    Args:
        kept: how many states are kept.
    """

    def __init__(self, *, kept: int) -> None:
        self._kept_max = kept
        self._kept: dict[_StateKey, RecoveryResult] = {}
        """The one that was asked for last stands last; replaced, since other threads look at it."""
        self._pending: dict[_StateKey, _PendingState] = {}
        self._slots: dict[str, WorkerSlots] = {}

    async def state_of(self, tenant: TenantService, at: Instant, *, by: str) -> State:
        """Return the state of a tenant at an instant.

        Raises:
            BadValuesError: the instant is yet to come, or nothing had happened by then.
            BusyError: too many wait for states of this tenant, or too many questions of this user.
        """
        if at > tenant.now:
            rule = f"a time in the past; it is {text_of(tenant.now)} now"
            raise BadValuesError([Problem(field="at", value=text_of(at), rule=rule)])
        key = tenant.name, at
        kept = self._kept.get(key)
        if kept is not None:
            self._keep(key, kept)
            return kept.state
        pending = self._pending.get(key)
        if pending is None:
            pending = self._begin(tenant, at, by)
        pending.waiting += 1
        try:
            # Whoever gives up must not take the state from the others.
            return (await asyncio.shield(pending.task)).state
        finally:
            pending.waiting -= 1
            if not pending.waiting:
                pending.is_abandoned.set()
                pending.task.cancel()
                self._forget(key, pending)

    def close(self) -> None:
        """Give up all that waits."""
        for slots in self._slots.values():
            slots.close()

    def _begin(self, tenant: TenantService, at: Instant, by: str) -> _PendingState:
        is_abandoned = threading.Event()
        task = asyncio.create_task(self._make(tenant, at, by, is_abandoned))
        pending = _PendingState(task, is_abandoned)
        self._pending[tenant.name, at] = pending
        task.add_done_callback(lambda _: self._forget((tenant.name, at), pending))
        return pending

    def _forget(self, key: _StateKey, pending: _PendingState) -> None:
        if self._pending.get(key) is pending:
            del self._pending[key]

    async def _make(
        self, tenant: TenantService, at: Instant, by: str, is_abandoned: threading.Event
    ) -> RecoveryResult:
        slots = self._slots.get(tenant.name)
        if slots is None:
            slots = self._slots[tenant.name] = _slots_for(tenant)
        # Of what happened just now, more may be written yet.
        is_settled = at <= tenant.now - _SETTLED_MS

        def made() -> RecoveryResult:
            known = self._nearest(tenant.name, at)
            return _recovered(tenant, at, known, is_abandoned)

        recovered = await slots.run(by, made)
        if is_settled:
            self._keep((tenant.name, at), recovered)
        return recovered

    def _nearest(self, name: str, at: Instant) -> RecoveryResult | None:
        """Return the latest state that is kept of no later instant."""
        kept = self._kept
        before = [key for key in kept if key[0] == name and key[1] <= at]
        return kept[max(before)] if before else None

    def _keep(self, key: _StateKey, recovered: RecoveryResult) -> None:
        others = [one for one in self._kept.items() if one[0] != key]
        self._kept = dict([*others, (key, recovered)][-self._kept_max :])


def _slots_for(tenant: TenantService) -> WorkerSlots:
    return WorkerSlots(
        f"past-{tenant.name}",
        at_once=1,
        waiting_max=_WAITING_MAX,
        waiting_each_max=_WAITING_EACH_MAX,
        busy_error=lambda: BusyError("too many questions about the past wait already: come again"),
    )


def _recovered(
    tenant: TenantService, at: Instant, known: RecoveryResult | None, is_abandoned: threading.Event
) -> RecoveryResult:
    try:
        return tenant.history.recovered_at(
            at, known=known, is_wanted=lambda: not is_abandoned.is_set()
        )
    except (JournalDamagedError, JournalAwayError):
        raise
    except JournalError as error:
        # Nothing had happened yet; or a newer release wrote it, and then it says so.
        problem = Problem(field="at", value=text_of(at), rule=str(error))
        raise BadValuesError([problem]) from None

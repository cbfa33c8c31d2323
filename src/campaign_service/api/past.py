"""States of the past (R8.3), for queries with ``?at=``."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict

from campaign_core import Instant, State
from campaign_core.errors import JournalError, Problem
from campaign_service.api.shapes.building import BadValuesError
from campaign_service.api.times import text_of
from campaign_service.journal import JournalAwayError, JournalDamagedError
from campaign_service.serving import TenantService

__all__ = ["PastStates"]

_SETTLED_MS = 60_000


class PastStates:
    """Has states of the past made, of each tenant one at a time, and keeps the last few.

    To read a page of recipients as they were, a client asks several times about one instant; the
    state is made from the journal for the first of these. Nobody waits for it but those who ask
    about the same tenant, and for a state that is not kept.

    Args:
        kept: how many states are kept.
    """

    def __init__(self, *, kept: int) -> None:
        self._kept_max = kept
        self._kept: OrderedDict[tuple[str, Instant], State] = OrderedDict()
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def state_of(self, tenant: TenantService, at: Instant) -> State:
        """Return the state of a tenant at an instant.

        Raises:
            BadValuesError: the instant is yet to come, or nothing had happened by then.
        """
        if at > tenant.now:
            rule = f"a time in the past; it is {text_of(tenant.now)} now"
            raise BadValuesError([Problem(field="at", value=text_of(at), rule=rule)])
        state = self._found(tenant, at)
        if state is not None:
            return state
        async with self._making[tenant.name]:
            # Whoever was before us may have asked for the same.
            state = self._found(tenant, at)
            if state is not None:
                return state
            # Of what happened just now, more may be written yet.
            is_settled = at <= tenant.now - _SETTLED_MS
            state = await asyncio.to_thread(_state_at, tenant, at)
            if is_settled:
                self._keep(tenant, at, state)
            return state

    def _found(self, tenant: TenantService, at: Instant) -> State | None:
        state = self._kept.get((tenant.name, at))
        if state is not None:
            self._kept.move_to_end((tenant.name, at))
        return state

    def _keep(self, tenant: TenantService, at: Instant, state: State) -> None:
        self._kept[tenant.name, at] = state
        while len(self._kept) > self._kept_max:
            self._kept.popitem(last=False)


def _state_at(tenant: TenantService, at: Instant) -> State:
    try:
        return tenant.history.state_at(at)
    except (JournalDamagedError, JournalAwayError):
        raise
    except JournalError as error:
        # Nothing had happened yet; or a newer release wrote it, and then it says so.
        problem = Problem(field="at", value=text_of(at), rule=str(error))
        raise BadValuesError([problem]) from None

"""What makes a service of an engine: an id of its own, and that it is to go on for good."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

import attrs

from campaign_core import ServiceId
from campaign_service.journal import JournalEntry

__all__ = ["ServicePolicy", "new_service_id"]


async def _always_leads() -> None:
    """Return at once: no other process can lead a run from a file."""


@attrs.frozen(kw_only=True)
class ServicePolicy:
    """How the engine of a service differs from that of a single run: it is to go on for good."""

    is_recovered: bool = False
    """Whether the state is one to go on from: its driver was lost with the process before, and is
    connected only once that is durable (R9.3). The telephony is waited for, however long."""
    on_durable: Callable[[Sequence[JournalEntry]], None] = lambda _: None
    """Is told all events in order, once they are durable; must neither block nor raise."""
    confirm_leader: Callable[[], Awaitable[None]] = _always_leads
    """Asked after a standstill, before the process acts again: returns once it is certain that it
    leads. While it raises ``LeaderUncertainError``, no call is placed; it raises another error
    where another process leads."""
    is_held: bool = False
    """Whether every campaign of a recovered state is paused at first, for a user to resume."""
    waiting_max: int = 100_000
    """How many events may wait for a journal that is away; then calls in progress wait too."""


def new_service_id() -> ServiceId:
    """Return an id for a service: eight hex digits that no other has, as good as certainly."""
    return ServiceId(secrets.token_hex(4))

"""The interface of a running service, for those who command or watch it: the API above all.

::

    host.tenants["main"]                one PBX's service, whichever process leads it
    await tenant.give(command, key=...)   only where this process leads; durable when it returns
    tenant.follow(after=seq)            every event from there on, once it is durable

A *tenant* is one PBX's service in a database that may hold several. Of all processes that serve
a tenant one leads it: it alone writes the journal and has the driver. The others follow: they
read what the leader writes, answer questions from it, and take over when the leader is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Protocol

import attrs

from campaign_core import CampaignId, Instant, ServiceId, State
from campaign_core.commands import Command
from campaign_core.errors import PortableError
from campaign_core.events import Event
from campaign_drivers.pool import NodeStatus
from campaign_service.database import Database
from campaign_service.journal import JournalEntry
from campaign_service.journal.sql import History
from campaign_service.vocabulary import ProcessRole

__all__ = [
    "CommandResult",
    "Health",
    "KeyReusedError",
    "KeyedRequest",
    "NotLeadingError",
    "ProcessRole",
    "ServingError",
    "TenantService",
    "TenantServices",
    "UnknownNodeError",
]


class ServingError(PortableError):
    """A running service does not do what it was asked, though nothing of it was wrong in itself."""


class NotLeadingError(ServingError):
    """Another process leads this tenant, or none does yet: it is the one to command."""

    def __init__(self, tenant: str, leader_url: str | None) -> None:
        """Take the tenant's name and where its leader listens, as far as that is known."""
        self.tenant, self.leader_url = tenant, leader_url
        who = "no process leads it just now" if leader_url is None else f"{leader_url} does"
        super().__init__(f"this process does not lead tenant {tenant!r}: {who}")


class KeyReusedError(ServingError, ValueError):
    """An idempotency key came again with another request than the first time."""

    def __init__(self, key: str) -> None:
        """Take the key."""
        self.key = key
        super().__init__(f"idempotency key {key!r} was used before, for another request")


class UnknownNodeError(ServingError, LookupError):
    """The telephony has no node of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Take the name, and those that there are."""
        self.name = name
        super().__init__(f"there is no node {name!r}; there are {', '.join(known)}")


@attrs.frozen(kw_only=True)
class KeyedRequest:
    """A request that may safely be sent again: what it asks for is done once."""

    actor: str
    """Who sends it; a key is its sender's own."""
    key: str
    digest: str
    """Of all that was sent: it tells whether two requests ask for the same."""


@attrs.frozen(kw_only=True)
class CommandResult:
    """What came of a command."""

    seq: int
    """The number of its last event; where it changed nothing, of the last event before."""
    at: Instant
    """When it was taken."""
    events: tuple[Event, ...]
    """The command's own events, in order; the ids of what was created are read from them."""
    repeated: bool = False
    """Whether this is the answer to an earlier request with the same idempotency key."""


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


class TenantService(Protocol):
    """One PBX's service, as this process knows it."""

    @property
    def name(self) -> str:
        """The tenant's name."""

    @property
    def service_id(self) -> ServiceId:
        """Prefix of this tenant's call ids (8 hex digits)."""

    @property
    def role(self) -> ProcessRole:
        """Whether this process leads it."""

    @property
    def state(self) -> State:
        """The current state; on a follower, as of the last event read."""

    @property
    def now(self) -> Instant:
        """The time."""

    @property
    def history(self) -> History:
        """The past: log, attempts, states; asked in a thread, since it reads the database."""

    def health(self) -> Health:
        """Return the tenant's health in this process."""

    def nodes(self) -> tuple[NodeStatus, ...]:
        """Return what is so of each node of the telephony; of one that is no pool, none.

        Raises:
            NotLeadingError: another process has the driver.
        """

    def drain_node(self, name: str) -> None:
        """Place no new calls on a node; its calls go on. Not remembered beyond this driver.

        Raises:
            NotLeadingError: another process has the driver.
            CommandRefusedError: the telephony is no pool.
            UnknownNodeError: no node has this name.
        """

    def restore_node(self, name: str) -> None:
        """Take back :meth:`drain_node`; raises as that does."""

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

    async def give_once(
        self,
        make: Callable[[], Awaitable[Command]],
        *,
        request: KeyedRequest,
        provided: Callable[[State], None] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give the command that a request asks for, unless the request was taken before.

        Args:
            make: returns the command, with the request's actor. Not called for a request that
                was taken before: the state may have changed since, and what the command is
                about may be gone.
            request: who asks, under which key, and what tells the request from another.
            provided: as of :meth:`give`, which tells what is raised too.
            confirmed: likewise.
        """

    def follow(
        self, *, after: int, campaign_id: CampaignId | None = None
    ) -> AsyncIterator[JournalEntry]:
        """Yield the durable events behind one, in order, without gap or repeat, and those to come.

        A slow reader holds up nobody; it ends when the process stops.

        Args:
            after: the number of the last event that is known.
            campaign_id: only those of this campaign.
        """


class TenantServices(Protocol):
    """All tenants that this process serves."""

    @property
    def tenants(self) -> Mapping[str, TenantService]:
        """By name."""

    @property
    def database(self) -> Database:
        """Where they are kept."""

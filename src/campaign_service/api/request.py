"""What a handler is given, all of it checked before, and what it gives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs
from msgspec import UNSET, Struct, UnsetType

from campaign_core import CampaignId, Instant, ModelId, Position, State
from campaign_core.commands import Command
from campaign_service.access import (
    AccessAction,
    AuditedAction,
    NewSession,
    Passwords,
    Principal,
    audit_action,
    has_logged_in_from,
    login,
)
from campaign_service.access.login_limit import client_network
from campaign_service.api.browser import Browser
from campaign_service.api.context import ApiContext
from campaign_service.api.etags import etag_is_known, etag_matches
from campaign_service.api.idempotency import request_digest
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.api.problems.errors import (
    ClientGoneError,
    NotFoundError,
    PreconditionFailedError,
)
from campaign_service.api.times import instant_in, present
from campaign_service.database import Database
from campaign_service.schemas.fields import UtcTime
from campaign_service.schemas.responses import Taken
from campaign_service.serving import CommandResult, KeyedRequest, TenantService

__all__ = ["ApiRequest", "ApiResponse", "ShownState", "command_response"]

P = ParamSpec("P")
S = TypeVar("S", bound=Struct)
T = TypeVar("T")

_ID = re.compile(r"[1-9][0-9]{0,14}")
_POSITION_MAX = 2**32 - 1


@attrs.frozen(kw_only=True)
class ApiResponse:
    """A good response."""

    content: Struct | bytes | AsyncIterator[bytes] | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.define
class ShownState:
    """Of which state an answer is made."""

    seq: int | None = None
    """The number of its last event; ``None``: the answer is made of no state."""


@attrs.frozen(kw_only=True)
class ApiRequest:
    """A request whose query and body fit, by somebody who may ask it."""

    context: ApiContext
    operation: str
    """Its name in words."""
    method: str
    path: str
    """As its operation declares it, with names for the variable parts."""
    path_params: dict[str, str]
    """The variable parts of the path."""
    query_schema: Struct
    body_schema: Struct | None
    authorization: str | None
    """The header of that name, or what it would be for a browser's session."""
    browser: Browser
    address: str
    caller: Principal | None
    wait_for_disconnect: Callable[[], Coroutine[Any, Any, None]]
    """Returns when whoever asks does not wait for the answer any more."""
    idempotency_key: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    last_event_id: int | None = None
    shown: ShownState = attrs.field(factory=ShownState)
    """Noted by what hands out states; who answers shows it."""

    @property
    def principal(self) -> Principal:
        """The authenticated caller; only for operations that need one."""
        assert self.caller is not None
        return self.caller

    @property
    def tenant(self) -> TenantService:
        """The tenant that the path names; it was found before."""
        return self.context.host.tenants[self.path_params["tenant"]]

    @property
    def model_id(self) -> ModelId:
        """The model that the path names."""
        return ModelId(self._id("model_id"))

    @property
    def campaign_id(self) -> CampaignId:
        """The campaign that the path names."""
        return CampaignId(self._id("campaign_id"))

    @property
    def position(self) -> Position:
        """The recipient's position that the path names."""
        position = self._id("position")
        if position > _POSITION_MAX:
            raise NotFoundError(f"position = {position}: no list is so long")
        return Position(position)

    @property
    def seq(self) -> int:
        """The event's number that the path names."""
        return self._id("seq")

    async def state_at(self, at: datetime | UnsetType) -> tuple[State, Instant]:
        """Return the state and the time that a query is about: those of now, or of then (R8.3).

        Raises:
            BadValuesError: that time is yet to come, or nothing had happened by then.
        """
        if at is UNSET:
            return self.current_state()
        then = instant_in(at, "at")
        past = self.context.past_states
        state = await self.while_connected(past.state_of(self.tenant, then, by=self.principal.name))
        self.shown.seq = state.sequence
        return state, then

    def current_state(self) -> tuple[State, Instant]:
        """Return the state and the time of now.

        Of what is not durable yet nothing is shown: a stream that goes on behind the state tells
        all that it lacks, and nothing of it is ever taken back.
        """
        state = self.tenant.durable_state
        # That of a service which is only just being opened is not durable yet.
        self.shown.seq = min(state.sequence, self.tenant.last_seq)
        return state, self.tenant.now

    def is_known(self, tag: str) -> bool:
        """Return whether whoever asks has the answer with this tag already (If-None-Match)."""
        return self.if_none_match is not None and etag_is_known(self.if_none_match, tag)

    async def run_in(
        self, slots: WorkerSlots, work: Callable[P, T], /, *args: P.args, **more: P.kwargs
    ) -> T:
        """Return what some work comes to, when whoever asks has had a turn, and still waits.

        Raises:
            BusyError: too many wait.
            ClientGoneError: nobody waits for the answer any more.
        """
        taken = slots.run(self.principal.name, work, *args, **more)
        return await self.while_connected(taken)

    async def while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what is waited for, or give it up when whoever asks has gone.

        Raises:
            ClientGoneError: nobody waits for it any more.
        """
        waiting = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self.wait_for_disconnect())
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise ClientGoneError("nobody waits for the answer any more")
            return waiting.result()
        finally:
            waiting.cancel()
            gone.cancel()

    def query(self, kind: type[S]) -> S:
        """Return the query, of the schema that the operation declares."""
        assert isinstance(self.query_schema, kind)
        return self.query_schema

    def body(self, kind: type[S]) -> S:
        """Return the body, of the schema that the operation declares."""
        assert isinstance(self.body_schema, kind)
        return self.body_schema

    async def on_database(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Return what some work on the database comes to, in a thread."""
        return await asyncio.to_thread(work, self.context.host.database, *args, **more)

    async def with_passwords(
        self,
        work: Callable[Concatenate[Database, Passwords, P], T],
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        """Return what some work on the database and a password comes to, when it has its turn."""
        context = self.context
        slots = context.login_slots if self.caller is None else context.known_client_slots
        return await slots.run(
            client_network(self.address),
            work,
            context.host.database,
            context.passwords,
            *args,
            **more,
        )

    async def audit_export(self, **details: object) -> None:
        """Put down that names and numbers are given to whoever asks.

        First, for what cannot be put down shall not be given away.
        """
        if self.context.local_passwords is not None:
            await self.on_database(
                audit_action,
                AccessAction.EXPORTED,
                by=self.principal.actor,
                subject=self.tenant.name,
                now=present(),
                details=details,
            )

    async def log_in(
        self, name: str, password: str, *, now: Instant, is_browser: bool = False
    ) -> NewSession:
        """Begin a session, when a password has had its turn.

        Whoever has logged in from the same address before does not wait among strangers.
        """
        context, database = self.context, self.context.host.database
        slots = context.login_slots
        if not slots.is_idle and await self.on_database(
            has_logged_in_from, name=name, address=self.address, now=now
        ):
            slots = context.known_client_slots
        return await slots.run(
            client_network(self.address),
            login,
            database,
            context.passwords,
            name=name,
            password=password,
            address=self.address,
            now=now,
            is_browser=is_browser,
        )

    async def give(
        self,
        command: Command | Callable[[], Awaitable[Command]],
        *,
        tag: Callable[[State], str] | None = None,
        confirmed: bool = False,
    ) -> CommandResult:
        """Give a command of the core; see :meth:`TenantService.give`.

        Args:
            command: its actor is whoever asks. Where the state is looked at to make it, what makes
                it: that is not called for a request that was taken before under its key.
            tag: of what it changes, to be held against If-Match at the moment it is taken.
            confirmed: whether sounds that are missing do not matter (R6.18).

        Raises:
            PreconditionFailedError: somebody has changed it since it was read.
        """
        wanted = self.if_match

        def precondition(state: State) -> None:
            assert tag is not None
            found = tag(state)
            if wanted is not None and not etag_matches(wanted, found):
                raise PreconditionFailedError(found)

        checked = precondition if tag is not None and wanted is not None else None

        async def make() -> Command:
            return await command() if callable(command) else command

        if self.idempotency_key is None:
            taken = await self.tenant.give(await make(), provided=checked, confirmed=confirmed)
        else:
            request = await self._keyed_request(self.idempotency_key)
            taken = await self.tenant.give_once(
                make, request=request, provided=checked, confirmed=confirmed
            )
        self._audit_command(taken)
        return taken

    def _audit_command(self, taken: CommandResult) -> None:
        """Have it put down with which token a command was given."""
        if self.context.local_passwords is None or taken.repeated:
            return
        action = AuditedAction(
            action=AccessAction.COMMANDED,
            by=self.principal.actor,
            subject=self.tenant.name,
            at=present(),
            details={"command": self.operation, "seq": taken.seq},
        )
        self.context.command_audit.add(action)

    async def response_to(
        self,
        command: Command | Callable[[], Awaitable[Command]],
        *,
        tag: Callable[[State], str] | None = None,
        confirmed: bool = False,
    ) -> ApiResponse:
        """Give a command that makes nothing, and answer that it is taken."""
        return command_response(await self.give(command, tag=tag, confirmed=confirmed))

    async def _keyed_request(self, key: str) -> KeyedRequest:
        """Return what tells this request from another under the same key."""
        digest = await asyncio.to_thread(
            request_digest,
            method=self.method,
            path=self.path,
            names=self.path_params,
            query=self.query_schema,
            body=self.body_schema,
        )
        return KeyedRequest(actor=self.principal.name, key=key, digest=digest)

    def _id(self, name: str) -> int:
        text = self.path_params[name]
        if _ID.fullmatch(text) is None:
            raise NotFoundError(f"{name} = {text}: there is none such")
        return int(text)


def command_response(
    taken: CommandResult,
    *,
    model_id: ModelId | None = None,
    campaign_id: CampaignId | None = None,
    location: str | None = None,
    remarks: Sequence[str] = (),
) -> ApiResponse:
    """Return the response to a command that is durable."""
    body = Taken(
        seq=taken.seq,
        at=UtcTime.of(taken.at),
        repeated=taken.repeated,
        model_id=model_id,
        campaign_id=campaign_id,
        remarks=list(remarks),
    )
    headers = {} if location is None else {"Location": location}
    return ApiResponse(content=body, headers=headers)

"""Idempotency keys: a command that is given again under its key is taken once.

::

    the receipt is there, same request       what came of it then
    the receipt is there, other request      KeyReusedError
    no receipt                               the command is taken, its receipt durable with it
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs

from campaign_core import Instant
from campaign_core.codec import to_data
from campaign_core.commands import Command
from campaign_service.engine import CommandResult
from campaign_service.journal import Receipt
from campaign_service.journal.json_pieces import JsonWriter
from campaign_service.journal.sql import JournalQueries
from campaign_service.journal.sql.entries import event_of
from campaign_service.serving.errors import KeyReusedError

__all__ = ["IdempotencyKeys", "KeyedRequest", "digest_of"]

_WRITER = JsonWriter(sort_keys=True)


@attrs.frozen(kw_only=True)
class KeyedRequest:
    """A request that may safely be sent again: what it asks for is done once."""

    actor: str
    """Who sends it; a key is its sender's own."""
    key: str
    digest: str
    """Of all that was sent: it tells whether two requests ask for the same."""


def digest_of(command: Command) -> str:
    """Return what tells whether two requests ask for the same; to be asked in a thread."""
    digest = hashlib.sha256()
    for piece in _WRITER.pieces(to_data(command)):
        digest.update(piece.encode())
    return digest.hexdigest()


class IdempotencyKeys:
    """The keys of one tenant, while this process leads it; receipts are in its history."""

    def __init__(self, history: JournalQueries) -> None:
        self._history = history
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self._in_doubt: dict[tuple[str, str], int] = {}
        """Commands that were taken and not seen durable, and the state's last event then."""

    async def once(
        self,
        request: KeyedRequest,
        *,
        take: Callable[[str], Awaitable[CommandResult]],
        settled: Callable[[int], Awaitable[None]],
        sequence: Callable[[], int],
    ) -> CommandResult:
        """Take a command, or return what came of it when it was taken before.

        What the state says is not looked at for one that was taken before: it may have been
        changed since, by that very command above all.

        Args:
            request: who asks for what, under which key.
            take: takes it, with the digest that its receipt is to carry.
            settled: returns once all events up to a number are durable.
            sequence: returns the number of the state's last event.

        Raises:
            KeyReusedError: the key was used for another request.
        """
        name = (request.actor, request.key)
        async with self._turn(name):
            doubtful_seq = self._in_doubt.get(name)
            if doubtful_seq is not None:
                # Its receipt may still wait for the disk: to look for it now would be too early.
                await settled(doubtful_seq)
                del self._in_doubt[name]
            receipt = await asyncio.to_thread(self._history.receipt, *name)
            if receipt is not None:
                if receipt.request_digest != request.digest:
                    raise KeyReusedError(request.key)
                return await asyncio.to_thread(self._taken_before, receipt)
            try:
                return await take(request.digest)
            except (OSError, asyncio.CancelledError):
                self._in_doubt[name] = sequence()
                raise

    def _taken_before(self, receipt: Receipt) -> CommandResult:
        count = receipt.last_seq + 1 - receipt.first_seq
        limit = max(count, 1)
        entries = self._history.entries(after=receipt.last_seq - limit, limit=limit)
        events = tuple(event_of(entry) for entry in entries)
        return CommandResult(
            seq=receipt.last_seq,
            at=events[-1].at if events else Instant(0),
            events=events if count else (),
            repeated=True,
        )

    @asynccontextmanager
    async def _turn(self, name: tuple[str, str]) -> AsyncIterator[None]:
        """Have requests under one key taken one after the other."""
        lock = self._turns.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked() and self._turns.get(name) is lock:
                del self._turns[name]

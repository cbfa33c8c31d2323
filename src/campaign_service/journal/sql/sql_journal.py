"""The journal of one tenant in a database."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from campaign_core import CallId, Instant, State
from campaign_core.events import Event
from campaign_drivers.clock import present
from campaign_service.collector import paused_collector
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal.interface import (
    AppendConflictError,
    JournalAwayError,
    JournalDamagedError,
    JournalEntry,
    Receipt,
    check_numbers,
)
from campaign_service.journal.sql import append_statements, snapshots
from campaign_service.journal.sql.attempts import AttemptRow, changes_of, open_attempts
from campaign_service.journal.sql.chain import ChainHead, chain_values
from campaign_service.journal.sql.entries import entry_of, event_of
from campaign_service.journal.sql.recovery import RecoveryResult, recover_state
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction, write_transaction
from campaign_service.journal.sql.verified_entries import (
    read_head,
    verified_entries,
)

__all__ = ["SqlJournal"]

_RECEIPT_KEPT_MS = 7 * 86_400_000
_PRUNED_EVERY_MS = 3_600_000


class SqlJournal:
    """The journal of one tenant; see :class:`~campaign_service.journal.Journal`.

    One thread at a time may append; reading is for any number of them.

    Args:
        database: where.
        tenant: whose.
        on_append: is told where the journal ends, after each append, in the appending thread.
    """

    def __init__(
        self,
        database: Database,
        tenant: TenantRow,
        *,
        on_append: Callable[[ChainHead], None] | None = None,
    ) -> None:
        self.tenant = tenant
        self._on_append = on_append
        self._database = database
        self._lock = threading.Lock()
        self._writer = secrets.token_hex(16)
        self._head: ChainHead | None = None
        """As far as this has written, or read and found whole."""
        self._in_progress: dict[CallId, AttemptRow] | None = None
        """The attempts in progress at :attr:`_head`; ``None``: to be looked up."""
        self._head_in_doubt: ChainHead | None = None
        """Where the journal ends if an append that failed was taken all the same."""
        self._pruned_at = 0

    @property
    def last_seq(self) -> int:
        """The number of the last event that was written or read here; before that, of the last."""
        known = self._head
        return self.head().seq if known is None else known.seq

    def head(self) -> ChainHead:
        """Return where the journal ends now, whoever wrote it.

        Raises:
            JournalAwayError: it cannot be read just now.
        """
        with read_transaction(self._database) as connection:
            return read_head(connection, self.tenant)

    def append(
        self, events: Sequence[Event], *, expected: int, receipts: Sequence[Receipt] = ()
    ) -> tuple[JournalEntry, ...]:
        """Add events behind the others; see :class:`~campaign_service.journal.Journal`.

        Raises:
            JournalDamagedError: what is stored is not what was written.
        """
        check_numbers(events, expected=expected)
        if not events and not receipts:
            return ()
        with self._lock:
            entries = tuple(map(entry_of, events))
            before = self._head_before(expected)
            chains = chain_values(before.chain, (entry.data for entry in entries))
            known = self._head_behind_taken(events, chains, before)
            rest = known.seq - expected
            if rest < len(events) or receipts:
                self._write(events[rest:], entries[rest:], chains[rest:], receipts, before=known)
            self._head_in_doubt = None
            if self._on_append is not None and self._head is not None:
                self._on_append(self._head)
            return entries

    def read(self, *, after: int = 0, until: Instant | None = None) -> Iterator[Event]:
        """Yield the events in order; see :class:`~campaign_service.journal.Journal`.

        The chain is verified on the way: the first event that was altered, taken out or put in is
        named by a ``JournalDamagedError``.
        """
        known = self._head
        anchor = known if known is not None and known.seq == after else None
        for entry, head in verified_entries(
            self._database, self.tenant, after=after, anchor=anchor
        ):
            event = event_of(entry)
            if until is not None and event.at > until:
                return
            self._remember(head)
            yield event

    def keep_snapshot(self, state: State) -> None:
        """Keep a state, to be recovered from.

        Args:
            state: all its events are durable.

        Raises:
            JournalAwayError: it could not be kept; nothing is lost by that.
            JournalDamagedError: the journal has no event of its number.
        """
        snapshots.write_snapshot(self._database, self.tenant, state)

    def commanded_size(self, *, after: int, upto: int) -> int:
        """Return how long the events of a stretch are behind which users are, in characters.

        Lists of recipients are among them, and take as long to read as they are long.

        Raises:
            JournalAwayError: the journal cannot be read just now.
        """
        event = db.event.c
        size = sa.func.coalesce(sa.func.sum(sa.func.length(event.data)), 0)
        mine = (event.tenant_id == self.tenant.id) & (event.seq > after) & (event.seq <= upto)
        with read_transaction(self._database) as connection:
            found: int = connection.execute(sa.select(size).where(mine, db.BY_USERS)).scalar_one()
        return found

    def recover(self) -> RecoveryResult | None:
        """Return the state at the journal's end; ``None``: the journal is empty.

        From the latest snapshot that is whole, and the events behind it, whose chain is verified.
        The laws of a snapshot's state were looked at when it was kept, and are not once more.

        Raises:
            JournalDamagedError: an event behind the snapshot was altered, taken out or put in.
            JournalAwayError: the journal cannot be read just now.
            JournalError: a newer release wrote it.
        """
        with paused_collector():
            found = recover_state(self._database, self.tenant)
        if found is not None:
            self._remember(found.head)
        return found

    def close(self) -> None:
        """Do nothing: whoever opened the database closes it."""

    def _remember(self, head: ChainHead) -> None:
        """Remember how far this has read and found the chain whole."""
        with self._lock:
            # Who writes knows better, also what is written and not heard of.
            is_writing = self._in_progress is not None
            if not is_writing and (self._head is None or head.seq > self._head.seq):
                self._head = head

    # Appending -----------------------------------------------------------------------------

    def _head_before(self, expected: int) -> ChainHead:
        """Return the head that an append stands on."""
        known = self._head
        if known is not None and known.seq == expected and self._in_progress is not None:
            return known
        with read_transaction(self._database) as connection:
            found = read_head(connection, self.tenant)
            if found.seq != expected:
                raise AppendConflictError(expected=expected, found=found.seq)
            if known is not None and known.seq == expected and known.chain != found.chain:
                raise _altered(expected)
            self._in_progress = open_attempts(connection, self.tenant.id)
        self._head = found
        return found

    def _head_behind_taken(
        self, events: Sequence[Event], chains: Sequence[bytes], before: ChainHead
    ) -> ChainHead:
        """Return how far the journal has the events already.

        That is so when an append failed on its way back, and is given again, with more behind.
        """
        unclear, in_progress = self._head_in_doubt, self._in_progress
        assert in_progress is not None
        if unclear is None or not self._is_ours(unclear):
            return before
        count = unclear.seq - before.seq
        if count and (count > len(events) or chains[count - 1] != unclear.chain):
            raise AppendConflictError(expected=before.seq, found=unclear.seq)
        changes_of(in_progress, events[:count]).apply_to(in_progress)
        self._head = unclear
        return unclear

    def _is_ours(self, head: ChainHead) -> bool:
        """Return whether the journal ends at a head that this writer put there."""
        with read_transaction(self._database) as connection:
            is_there = read_head(connection, self.tenant) == head
            return is_there and self._wrote_last(connection)

    def _wrote_last(self, connection: sa.Connection) -> bool:
        # Another writer that thinks alike may have written the very same events.
        writer = sa.select(db.tenant.c.writer).where(db.tenant.c.id == self.tenant.id)
        return connection.execute(writer).scalar() == self._writer

    def _write(
        self,
        events: Sequence[Event],
        entries: Sequence[JournalEntry],
        chains: Sequence[bytes],
        receipts: Sequence[Receipt],
        *,
        before: ChainHead,
    ) -> None:
        in_progress = self._in_progress
        assert in_progress is not None
        changes = changes_of(in_progress, events)
        after = ChainHead(seq=before.seq + len(events), chain=chains[-1]) if chains else before
        try:
            with write_transaction(
                self._database, size=sum(len(one.data) for one in entries)
            ) as connection:
                self._move_head(connection, before=before, after=after)
                if entries:
                    append_statements.write_entries(connection, self.tenant.id, entries, chains)
                    append_statements.write_changes(connection, self.tenant.id, changes)
                if receipts:
                    self._write_receipts(connection, receipts)
        except JournalAwayError:
            self._head_in_doubt = after
            raise
        except IntegrityError as error:
            self._head = self._in_progress = None
            raise _clash(error, before) from error
        except BaseException:
            self._head = self._in_progress = None
            raise
        changes.apply_to(in_progress)
        self._head = after

    def _move_head(self, connection: sa.Connection, *, before: ChainHead, after: ChainHead) -> None:
        tenant_id = self.tenant.id
        if append_statements.move_head(
            connection, tenant_id, before=before, after=after, writer=self._writer
        ):
            return
        found = read_head(connection, self.tenant)
        if found.seq == before.seq:
            raise _altered(before.seq)
        if found == self._head_in_doubt and self._wrote_last(connection):
            # It was still on its way when we looked; whoever tries again will find it.
            raise JournalAwayError("an append is settled late; it may be given again")
        raise AppendConflictError(expected=before.seq, found=found.seq)

    def _write_receipts(self, connection: sa.Connection, receipts: Sequence[Receipt]) -> None:
        now = present()
        append_statements.write_receipts(
            connection,
            self.tenant.id,
            receipts,
            at=now,
            # Those of an append of which nobody heard may be there.
            is_repeated=self._head_in_doubt is not None,
        )
        if now - self._pruned_at >= _PRUNED_EVERY_MS:
            table = db.receipt
            mine = table.c.tenant_id == self.tenant.id
            connection.execute(table.delete().where(mine, table.c.at < now - _RECEIPT_KEPT_MS))
            self._pruned_at = now


def _altered(seq: int) -> JournalDamagedError:
    why = f"event {seq}, with which the journal ends, is not the one that was written"
    return JournalDamagedError(f"{why}: the journal was altered behind our back")


def _clash(error: IntegrityError, before: ChainHead) -> AppendConflictError | JournalDamagedError:
    said = str(error.orig)
    if "event" in said or "attempt" in said or "campaign" in said:
        return JournalDamagedError(
            f"there are rows behind event {before.seq}, with which the journal ends: {said}"
        )
    return AppendConflictError(expected=before.seq, found=before.seq)

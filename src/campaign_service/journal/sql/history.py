"""What has been: questions to one tenant's journal that no state can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import CampaignId, Instant, ModelId, Outcome, Position, State
from campaign_core.errors import JournalError
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.journal.interface import JournalEntry, Receipt
from campaign_service.journal.sql.attempts import attempt_of_row
from campaign_service.journal.sql.entries import storable
from campaign_service.journal.sql.recovery import RecoveryResult, recover_state
from campaign_service.journal.sql.tenants import TenantRow
from campaign_service.journal.sql.transactions import read_transaction
from campaign_service.journal.sql.verified_entries import ENTRY_COLUMNS, entry_of_row, read_head
from campaign_service.report.attempts import Attempt

__all__ = ["CampaignRecord", "JournalQueries"]

_ROWS = 100
"""Rows that are fetched at a time."""
_ID_MAX = (1 << 63) - 1
"""A database takes no larger number, not even to look for it."""
_e, _a, _c, _r = db.event.c, db.attempt.c, db.campaign.c, db.receipt.c


@attrs.frozen(kw_only=True)
class CampaignRecord:
    """A campaign that is or was there."""

    campaign_id: CampaignId
    name: str
    model_id: ModelId
    model_name: str
    created_seq: int
    """The event that created it, which has all its parameters."""
    created_at: Instant
    starts_at: Instant
    expires_at: Instant | None
    recipients: int
    """How many there are, those appended later included."""
    deleted_seq: int | None
    """The event that took it off the list; ``None``: it is on it."""
    deleted_at: Instant | None


_CAMPAIGNS = sa.select(
    _c.first_seq.label("created_seq"),
    *(_c[one.name] for one in attrs.fields(CampaignRecord) if one.name != "created_seq"),
)


class JournalQueries:
    """Read-only questions of one tenant; for any thread, and never for the event loop's own.

    Every method raises :class:`~campaign_service.journal.JournalAwayError` when the database
    cannot be read just now.

    Args:
        database: where.
        tenant: whose.
    """

    def __init__(self, database: Database, tenant: TenantRow) -> None:
        self.tenant = tenant
        self._database = database

    # The log -------------------------------------------------------------------------------

    def entries(
        self,
        *,
        after: int,
        limit: int,
        campaign_id: CampaignId | None = None,
        until: Instant | None = None,
        data_max: int | None = None,
        bytes_max: int | None = None,
    ) -> list[JournalEntry]:
        """Return a part of the log, in order (R9.2).

        An event with a million recipients has a hundred megabytes of data. Where they come to
        ``bytes_max`` and more, or where there are ``limit``, more may follow.

        Args:
            after: only those with a higher number.
            limit: so many at most.
            campaign_id: only those of this campaign and its calls.
            until: only those that happened by then.
            data_max: of those with longer data it is left out: empty.
            bytes_max: none behind the one with whose data they come to so much.
        """
        query = self._entries(data_max).where(_e.seq > after)
        if campaign_id is not None:
            query = query.where(_e.campaign_id == campaign_id)
        if until is not None:
            query = query.where(_e.at <= until)
        return self._fetch(query.order_by(_e.seq).limit(limit), bytes_max)

    def by_users(
        self,
        *,
        actor: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        after: int = 0,
        limit: int = 1_000,
        data_max: int | None = None,
        bytes_max: int | None = None,
    ) -> list[JournalEntry]:
        """Return what people and programs did, in order: the audit of commands (R9.1).

        Args:
            actor: only what this one did.
            since: only what was done then or later.
            until: only what was done by then.
            after: only those with a higher number.
            limit: so many at most.
            data_max: see :meth:`entries`.
            bytes_max: see :meth:`entries`.
        """
        query = self._entries(data_max).where(db.BY_USERS, _e.seq > after)
        if actor is not None:
            query = query.where(_e.actor == storable(actor))
        if since is not None:
            query = query.where(_e.at >= since)
        if until is not None:
            query = query.where(_e.at <= until)
        return self._fetch(query.order_by(_e.seq).limit(limit), bytes_max)

    def call_events(
        self, campaign_id: CampaignId, position: Position, attempt: int
    ) -> list[JournalEntry]:
        """Return everything that happened in the call of one attempt, in order (R5.4)."""
        mine = self._attempts(campaign_id).where(_a.position == position, _a.attempt == attempt)
        with read_transaction(self._database) as connection:
            row = connection.execute(mine).mappings().one_or_none()
            if row is None:
                return []
            query = self._entries().where(
                _e.campaign_id == campaign_id,
                _e.seq >= row["first_seq"],
                _e.data.contains(f'"call_id":"{row["call_id"]}"'),
            )
            if row["last_seq"] is not None:
                query = query.where(_e.seq <= row["last_seq"])
            return [entry_of_row(found) for found in connection.execute(query.order_by(_e.seq))]

    # Campaigns -----------------------------------------------------------------------------

    def campaigns(self) -> list[CampaignRecord]:
        """Return every campaign that there ever was, those deleted included (R9.2)."""
        query = _CAMPAIGNS.where(_c.tenant_id == self.tenant.id).order_by(_c.campaign_id)
        return [CampaignRecord(**row) for row in self._rows(query)]

    def campaign(self, campaign_id: CampaignId) -> CampaignRecord | None:
        """Return one campaign that is or was there."""
        if campaign_id > _ID_MAX:
            return None
        mine = (_c.tenant_id == self.tenant.id, _c.campaign_id == campaign_id)
        found = [CampaignRecord(**row) for row in self._rows(_CAMPAIGNS.where(*mine))]
        return found[0] if found else None

    def attempts(
        self,
        campaign_id: CampaignId,
        *,
        first: Position,
        last: Position,
        known_seq: int | None = None,
    ) -> list[Attempt]:
        """Return the attempts to reach some recipients, in order, without their events (R5.4).

        Args:
            campaign_id: the campaign.
            first: the first recipient's position.
            last: the last one's.
            known_seq: without those that were placed after this event.
        """
        query = self._attempts(campaign_id).where(_a.position >= first, _a.position <= last)
        if known_seq is not None:
            query = query.where(_a.first_seq <= known_seq)
        query = query.order_by(_a.position, _a.attempt)
        return [attempt_of_row(row) for row in self._rows(query)]

    def has_attempts(self) -> bool:
        """Return whether anybody was ever called."""
        return bool(
            self._rows(sa.select(_a.call_id).where(_a.tenant_id == self.tenant.id).limit(1))
        )

    def outcomes(self, campaign_id: CampaignId) -> Counter[Outcome]:
        """Return how often each outcome came of a campaign's attempts."""
        query = (
            sa.select(_a.outcome, sa.func.count().label("attempts"))
            .where(_a.tenant_id == self.tenant.id, _a.campaign_id == campaign_id)
            .where(_a.outcome.is_not(None))
            .group_by(_a.outcome)
        )
        return Counter({Outcome[row["outcome"]]: row["attempts"] for row in self._rows(query)})

    # States --------------------------------------------------------------------------------

    def state_at(self, at: Instant) -> State:
        """Return the state as it was at a time (R8.3).

        From the nearest snapshot before it; a time long before all of them takes a while.

        Raises:
            JournalError: the journal begins later, or cannot be read by this release.
            JournalDamagedError: an event on the way was altered, taken out or put in.
        """
        return self.recovered_at(at).state

    def recovered_at(
        self,
        at: Instant,
        *,
        known: RecoveryResult | None = None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> RecoveryResult:
        """Return the state as it was at a time, and where the journal was then.

        Args:
            at: the time.
            known: what was returned for an earlier time, from which it is not far.
            is_wanted: whether somebody still waits for it; asked from this thread.

        Raises:
            JournalError: as :meth:`state_at`.
            RecoveryCancelledError: nobody does.
        """
        found = recover_state(
            self._database, self.tenant, until=at, known=known, is_wanted=is_wanted
        )
        if found is None:
            raise JournalError("the journal begins later")
        return found

    def state_after(self, seq: int) -> State:
        """Return the state as it was after an event.

        Raises:
            JournalError: there is no event up to that number.
            JournalDamagedError: an event on the way was altered, taken out or put in.
        """
        found = recover_state(self._database, self.tenant, seq_max=seq)
        if found is None:
            raise JournalError(f"there is no event up to number {seq}")
        return found.state

    # Commands ------------------------------------------------------------------------------

    def receipt(self, actor: str, key: str) -> Receipt | None:
        """Return what came of an earlier command of an actor under an idempotency key."""
        query = sa.select(_r.request_digest, _r.first_seq, _r.last_seq).where(
            _r.tenant_id == self.tenant.id,
            _r.actor == storable(actor),
            _r.key == storable(key),
        )
        found = [Receipt(actor=actor, key=key, **row) for row in self._rows(query)]
        return found[0] if found else None

    def last_seq(self) -> int:
        """Return the number of the last durable event."""
        with read_transaction(self._database) as connection:
            return read_head(connection, self.tenant).seq

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        with read_transaction(self._database) as connection:
            return connection.execute(query).mappings().all()

    def _entries(
        self, data_max: int | None = None
    ) -> sa.Select[tuple[int, int, str, str, int | None, str]]:
        columns: tuple[Any, ...] = ENTRY_COLUMNS
        if data_max is not None:
            short = sa.case((sa.func.length(_e.data) <= data_max, _e.data), else_="")
            columns = (*ENTRY_COLUMNS[:-1], short.label(_e.data.name))
        return sa.select(*columns).where(_e.tenant_id == self.tenant.id)

    def _attempts(self, campaign_id: CampaignId) -> sa.Select[tuple[object, ...]]:
        return sa.select(db.attempt).where(
            _a.tenant_id == self.tenant.id, _a.campaign_id == campaign_id
        )

    def _fetch(
        self,
        query: sa.Select[tuple[int, int, str, str, int | None, str]],
        bytes_max: int | None,
    ) -> list[JournalEntry]:
        found, size = [], 0
        with read_transaction(self._database) as connection:
            rows = connection.execution_options(yield_per=_ROWS).execute(query)
            for row in rows:
                found.append(entry_of_row(row))
                size += len(found[-1].data)
                if bytes_max is not None and size >= bytes_max:
                    rows.close()
                    break
        return found

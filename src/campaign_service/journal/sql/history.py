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
from campaign_service.journal.sql.attempts import attempt_in, attempt_of_row
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

_TIME = (
    sa.select(_e.at)
    .where(_e.tenant_id == sa.bindparam("tenant"), _e.seq >= sa.bindparam("seq"))
    .order_by(_e.seq)
    .limit(1)
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
        is_newest_first: bool = False,
        campaign_id: CampaignId | None = None,
        until: Instant | None = None,
        data_max: int | None = None,
        bytes_max: int | None = None,
    ) -> list[JournalEntry]:
        """Return a part of the log, oldest first or newest first (R9.2).

        An event with a million recipients has a hundred megabytes of data. Where they come to
        ``bytes_max`` and more, or where there are ``limit``, more may follow.

        Args:
            after: only those with a higher number; newest first, with a lower one, and 0: from the
                newest on.
            limit: so many at most.
            is_newest_first: whether they are read backwards.
            campaign_id: only those of this campaign and its calls.
            until: only those that happened by then.
            data_max: of those with longer data it is left out: empty.
            bytes_max: none behind the one with whose data they come to so much.
        """
        query = self._entries(data_max).limit(limit)
        if campaign_id is not None:
            query = query.where(_e.campaign_id == campaign_id)
        numbers = self._numbers(after, is_newest_first=is_newest_first, until=until)
        return self._fetch(query, numbers, bytes_max)

    def by_users(
        self,
        *,
        actor: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        after: int = 0,
        limit: int = 1_000,
        is_newest_first: bool = False,
        data_max: int | None = None,
        bytes_max: int | None = None,
    ) -> list[JournalEntry]:
        """Return what people and programs did: the audit of commands (R9.1).

        Args:
            actor: only what this one did.
            since: only what was done then or later.
            until: only what was done by then.
            after: see :meth:`entries`.
            limit: so many at most.
            is_newest_first: see :meth:`entries`.
            data_max: see :meth:`entries`.
            bytes_max: see :meth:`entries`.
        """
        query = self._entries(data_max).where(db.BY_USERS).limit(limit)
        if actor is not None:
            query = query.where(_e.actor == storable(actor))
        numbers = self._numbers(after, is_newest_first=is_newest_first, since=since, until=until)
        return self._fetch(query, numbers, bytes_max)

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

    def campaigns(
        self, *, after: int = 0, limit: int | None = None, is_newest_first: bool = False
    ) -> list[CampaignRecord]:
        """Return the campaigns that there ever were, those deleted included (R9.2).

        Args:
            after: only those with a higher id; newest first, with a lower one, and 0: from the
                newest on.
            limit: so many at most; ``None``: all.
            is_newest_first: whether they are read backwards.
        """
        query = _CAMPAIGNS.where(_c.tenant_id == self.tenant.id).limit(limit)
        if is_newest_first:
            query = query.where(_c.campaign_id < (after or _ID_MAX)).order_by(_c.campaign_id.desc())
        else:
            query = query.where(_c.campaign_id > after).order_by(_c.campaign_id)
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

    def attempts_in(
        self, state: State, campaign_id: CampaignId, *, first: Position, last: Position
    ) -> list[Attempt]:
        """Return the attempts to reach some recipients as far as they had come in a state.

        Without what was dialled and played in a call that was in progress then: that its events
        alone tell.

        Args:
            state: of which every event is in the journal; more may follow there.
            campaign_id: the campaign.
            first: the first recipient's position.
            last: the last one's.
        """
        query = self._attempts(campaign_id).where(
            _a.position >= first, _a.position <= last, _a.first_seq <= state.sequence
        )
        rows = self._rows(query.order_by(_a.position, _a.attempt))
        return [attempt_in(state, row, self.call_events) for row in rows]

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

    def _numbers(
        self,
        after: int,
        *,
        is_newest_first: bool,
        since: Instant | None = None,
        until: Instant | None = None,
    ) -> range:
        """Return which events stand behind one and within times, in the order of reading."""
        first, last = (1, (after or _ID_MAX) - 1) if is_newest_first else (after + 1, _ID_MAX)
        if since is not None:
            first = max(first, self._last_by(Instant(since - 1)) + 1)
        if until is not None:
            last = min(last, self._last_by(until))
        return range(last, first - 1, -1) if is_newest_first else range(first, last + 1)

    def _last_by(self, at: Instant) -> int:
        """Return the number of the last event that happened by a time; 0: there is none.

        Times never fall along a journal (R8.3), and no index has them: of a million events twenty
        are looked at, where to compare each one's time would read all up to the first that fits.
        """
        with read_transaction(self._database) as connection:
            last, beyond = 0, read_head(connection, self.tenant).seq + 1
            while beyond - last > 1:
                middle = (last + beyond) // 2
                row = {"tenant": self.tenant.id, "seq": middle}
                found = connection.execute(_TIME, row).scalar()
                if found is not None and found <= at:
                    last = middle
                else:
                    beyond = middle
        return last

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
        numbers: range,
        bytes_max: int | None,
    ) -> list[JournalEntry]:
        """Return what a query finds of these events, in their order.

        It is asked with the bound where reading begins, and left at the other one. Of an order
        without that bound, and of two bounds, SQLite believes that it had better walk the journal
        itself than the index of a campaign or of commands.
        """
        begun = query.where(_e.seq >= numbers.start).order_by(_e.seq)
        if numbers.step < 0:
            begun = query.where(_e.seq <= numbers.start).order_by(_e.seq.desc())
        found, size = [], 0
        with read_transaction(self._database) as connection:
            rows = connection.execution_options(yield_per=_ROWS).execute(begun)
            for row in rows:
                entry = entry_of_row(row)
                is_within = entry.seq in numbers
                if is_within:
                    found.append(entry)
                    size += len(entry.data)
                if not is_within or (bytes_max is not None and size >= bytes_max):
                    rows.close()
                    break
        return found

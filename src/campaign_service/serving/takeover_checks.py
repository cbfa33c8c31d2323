"""Before a take-over: may a process go on from a journal, or has an operator to say so first?"""

from __future__ import annotations

import logging

from campaign_core import SIMULATED, State, link
from campaign_core.errors import JournalError
from campaign_service.database import Database
from campaign_service.journal.sql import ChainHead, JournalQueries, TenantRow
from campaign_service.journal.sql.transactions import read_transaction
from campaign_service.journal.sql.verified_entries import read_chain_value, read_head
from campaign_service.serving.high_water_mark import HighWaterMark

__all__ = ["JournalRolledBackError", "OtherTelephonyError", "check_mark", "check_telephony"]

_log = logging.getLogger(__name__)


class OtherTelephonyError(JournalError):
    """The calls of a journal were simulated and are to be real, or the other way."""

    def __init__(self, tenant: str, *, before: str, now: str) -> None:
        """Take the tenant's name, and the kinds of telephony."""
        self.tenant, self.before, self.now = tenant, before, now
        # Whoever forgot to name the telephony would have everybody reached in simulation.
        why = "was driver (CAMPAIGN_DRIVER) forgotten? " if now == SIMULATED else ""
        super().__init__(
            f"tenant {tenant}: the calls of this journal went to {before}, and the driver is {now}:"
            f" {why}if that is meant, say --other-telephony"
        )


def check_telephony(
    history: JournalQueries, state: State | None, telephony: str, *, may_change: bool
) -> None:
    """Return if calls may go to a kind of telephony from now on.

    Real ones may take each other's place; a simulated one and a real one only where that is said,
    or nobody was called yet. What an older release has written may go on either way.

    Args:
        history: the tenant's.
        state: at the journal's end; ``None``: the journal is empty.
        telephony: the kind that calls are to go to.
        may_change: whether the operator says that another kind is meant.

    Raises:
        OtherTelephonyError: they may not.
        JournalAwayError: the journal cannot be read just now.
    """
    before = None if state is None else link(state).telephony
    if may_change or before is None or (before == SIMULATED) is (telephony == SIMULATED):
        return
    if history.has_attempts():
        raise OtherTelephonyError(history.tenant.name, before=before, now=telephony)


class JournalRolledBackError(JournalError):
    """A journal ends earlier than it did, or is another one: whom it called since is not in it."""

    def __init__(
        self, tenant: str, *, noted: ChainHead, found: ChainHead, mark: HighWaterMark
    ) -> None:
        """Take the tenant's name, the head that was noted, where the journal ends, and the mark."""
        self.tenant, self.noted, self.found = tenant, noted, found
        what = f"ends with event {found.seq}"
        if found.seq >= noted.seq:
            what = f"has another event {noted.seq}"
        super().__init__(
            f"tenant {tenant}: the journal {what}, and {mark.path} notes {noted.seq} events of"
            " before: was a backup restored, or a write-ahead log lost? Whom it called since it"
            " does not know. To go on from it with every campaign held, say --restored"
        )


def check_mark(
    database: Database, tenant: TenantRow, mark: HighWaterMark | None, *, may_go_back: bool
) -> bool:
    """Return whether a journal has gone back behind its mark, where that may be.

    Args:
        database: where it is.
        tenant: whose.
        mark: how far it had come; ``None``: nobody noted it. Set to where the journal ends, where
            it may have gone back.
        may_go_back: whether the operator says that it is to be gone on from.

    Raises:
        JournalRolledBackError: it has, and may not.
        JournalAwayError: the journal cannot be read just now.
        JournalDamagedError: an event is missing.
    """
    noted = None if mark is None else mark.read()
    if mark is None or noted is None:
        return False
    with read_transaction(database) as connection:
        found = read_head(connection, tenant)
        is_there = noted.seq <= found.seq
        if is_there and read_chain_value(connection, tenant, noted.seq) == noted.chain:
            return False
    if not may_go_back:
        raise JournalRolledBackError(tenant.name, noted=noted, found=found, mark=mark)
    _log.warning(
        "tenant %s: going on from event %d, though event %d was there before; all is held",
        *(tenant.name, found.seq, noted.seq),
    )
    mark.note(found)
    return True

"""Fitness: whether a process may go on from a journal, or an operator has to say so first."""

from __future__ import annotations

from campaign_core import SIMULATED, State, link
from campaign_core.errors import JournalError
from campaign_service.journal.sql import History

__all__ = ["OtherTelephonyError", "check_telephony"]


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
    history: History, state: State | None, telephony: str, *, may_change: bool
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

"""Calls that the telephony says are up, and that are over for us (R7.11)."""

from __future__ import annotations

from collections.abc import Iterable

from campaign_core import reports as rp
from campaign_core._state.service import State
from campaign_core._values.identifiers import CallId

__all__ = ["strays"]


def strays(state: State, messages: Iterable[object]) -> tuple[CallId, ...]:
    """Return the calls of this service that reports say are up, though none is in progress.

    A telephony that stood still may carry out an order to call that was given up long since, when
    its number is called again already: whoever answers would hear silence. The state knows nothing
    of such a call, so nothing is decided of it; a host orders it to hang up, which is harmless for
    one that is over.

    Args:
        state: after the reports.
        messages: of which only what says that a call is up is looked at.
    """
    row = state._row
    named: dict[CallId, None] = {}
    for message in messages:
        if isinstance(message, rp.AnswerReport):
            named[message.call_id] = None
        elif isinstance(message, rp.CallsUpReport):
            named.update(dict.fromkeys(sorted(message.call_ids)))
    return tuple(
        call_id
        for call_id in named
        if call_id.startswith(row.service_id) and row.calls.get(call_id) is None
    )

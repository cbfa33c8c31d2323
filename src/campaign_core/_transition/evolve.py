"""``evolve(state, event) -> state``: the only function that changes a state.

``apply`` is the same on a draft, for many events in one moment. Each event has one function, in
the tables ``OF_...``; the three state machines decide what becomes of a campaign, a recipient, a
call, and these functions keep facts, counts and lines in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from campaign_core import events as ev
from campaign_core._state.index import rebuild_lines
from campaign_core._state.link import Link
from campaign_core._state.service import Draft, ServiceRow, State
from campaign_core._transition.call_events import OF_CALL
from campaign_core._transition.campaign_events import OF_CAMPAIGN
from campaign_core._transition.service_events import OF_SERVICE
from campaign_core._values.instants import Instant
from campaign_core.errors import JournalError

__all__ = ["APPLY", "apply", "evolve", "open_draft", "replay"]

APPLY: dict[type[Any], Callable[[Draft, Any], object]] = {**OF_SERVICE, **OF_CAMPAIGN, **OF_CALL}
"""What each event changes."""


def evolve(state: State | None, event: ev.Event) -> State:
    """Return the state after an event.

    Args:
        state: the state before; ``None`` before the first event.
        event: the next event: its sequence number follows the state's.

    Raises:
        JournalError: the event does not follow from the state.
    """
    return replay([event], state)


def replay(
    events: Iterable[ev.Event], state: State | None = None, *, until: Instant | None = None
) -> State:
    """Return the state after some events: ``evolve`` folded over them (R8.3).

    Args:
        events: in order; the first one is ``ServiceOpened`` where no state is given.
        state: the state before them.
        until: events later than this are left out.

    Raises:
        JournalError: there is no first event, or an event does not follow from those before.
    """
    draft = None if state is None else open_draft(state, state.now)
    for event in events:
        if until is not None and event.at > until:
            break
        if draft is None:
            draft = _opened(event)
        elif event.seq != draft.sequence + 1:
            raise JournalError(f"event {event.seq} follows event {draft.sequence}")
        elif event.at < draft.now:
            raise JournalError(f"event {event.seq} is earlier than the one before it")
        else:
            try:
                apply(draft, event)
            except (KeyError, IndexError, ValueError) as error:
                kind = type(event).__name__
                raise JournalError(f"event {event.seq}, {kind}, cannot happen here") from error
    if draft is None:
        raise JournalError("there is no event to begin with")
    return draft.sealed()


def _opened(event: ev.Event) -> Draft:
    if not isinstance(event, ev.ServiceOpened) or event.seq != 1:
        found = f"{type(event).__name__}, numbered {event.seq}"
        raise JournalError(f"the first event must be ServiceOpened, numbered 1; it is {found}")
    row = ServiceRow(service_id=event.service_id, settings=event.settings, now=event.at)
    if event.telephony is not None:
        row.link = Link().with_telephony(event.telephony, event.at)
    return Draft(row)


def open_draft(state: State, now: int) -> Draft:
    """Return a draft of a state, its lines as they are at ``now``."""
    draft = Draft(state._row)
    if now < draft.indexed_at:
        rebuild_lines(draft, now)
    return draft


def apply(draft: Draft, event: ev.Event) -> None:
    """Change a draft by an event that follows from it."""
    APPLY[type(event)](draft, event)
    draft.sequence = event.seq
    draft.now = event.at

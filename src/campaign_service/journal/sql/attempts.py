"""The rows of attempts and of campaigns: a projection kept up in the transaction of the events.

So the status panel (R5.4) and an export (R9.2) need no scan of the journal. What is in progress is
kept in memory while the journal is written; a crash loses none of it, since rows and events become
durable together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import CallId, CampaignId, Line, Outcome, Position, Purpose, State
from campaign_core import events as ev
from campaign_service.database import schema as db
from campaign_service.journal.interface import JournalEntry
from campaign_service.journal.sql.entries import event_of, storable
from campaign_service.report.attempts import Attempt, as_of, attempt_of

__all__ = [
    "ATTEMPT_COLUMNS",
    "AttemptChanges",
    "AttemptRow",
    "attempt_in",
    "attempt_of_row",
    "changes_of",
    "open_attempts",
    "rows_by_call",
    "select_in_progress",
]

_CAUSE_BOUND = 1 << 63
_MOMENTS = (
    "answered_at",
    "answer_confirmed_at",
    "message_started_at",
    "listening_confirmed_at",
    "ended_at",
)

Value = str | int | None
AttemptRow = dict[str, Value]
"""A row of the table ``attempt`` by the names of its columns, without the tenant."""

ATTEMPT_COLUMNS = tuple(one.name for one in db.attempt.columns if one.name != "tenant_id")
_EMPTY: AttemptRow = dict.fromkeys(ATTEMPT_COLUMNS)
_TRANSLATED = {"line", "outcome", "given_back", "events"}
_ALIKE = tuple(one.name for one in attrs.fields(Attempt) if one.name not in _TRANSLATED)
"""Fields of an attempt that a row holds as they are, under their names."""

Open = Mapping[CallId, AttemptRow]
"""The attempts in progress by their calls."""


@attrs.frozen(kw_only=True)
class AttemptChanges:
    """What some events change in the rows."""

    placed: list[AttemptRow]
    """New attempts, as the last of the events left them."""
    changed: list[AttemptRow]
    """Those that were there before."""
    campaigns: list[ev.CampaignScheduled | ev.RecipientsAppended | ev.CampaignDeleted]
    """What changes the rows of campaigns, in order."""

    def ended(self) -> Iterable[AttemptRow]:
        """Return those that are over."""
        return (row for row in (*self.placed, *self.changed) if row["last_seq"] is not None)

    def apply_to(self, in_progress: dict[CallId, AttemptRow]) -> None:
        """Keep up what is in progress, once the changes are durable."""
        for row in (*self.placed, *self.changed):
            call_id = CallId(str(row["call_id"]))
            if row["last_seq"] is None:
                in_progress[call_id] = row
            else:
                in_progress.pop(call_id, None)


def changes_of(in_progress: Open, events: Sequence[ev.Event]) -> AttemptChanges:
    """Return what events change; what is in progress stays as it is until they are durable."""
    placed: dict[CallId, AttemptRow] = {}
    changed: dict[CallId, AttemptRow] = {}
    campaigns: list[ev.CampaignScheduled | ev.RecipientsAppended | ev.CampaignDeleted] = []
    for event in events:
        if isinstance(event, ev.CallPlaced):
            placed[event.call_id] = _row_of(event)
        elif isinstance(event, ev.CallEvent):
            row = placed.get(event.call_id) or changed.get(event.call_id)
            now = _changed_by(event, row or in_progress.get(event.call_id))
            if now is None:
                continue
            if row is None:
                row = changed[event.call_id] = dict(in_progress[event.call_id])
            row.update(now)
        elif isinstance(event, ev.CampaignScheduled | ev.RecipientsAppended | ev.CampaignDeleted):
            campaigns.append(event)
    return AttemptChanges(
        placed=list(placed.values()), changed=list(changed.values()), campaigns=campaigns
    )


def _row_of(event: ev.CallPlaced) -> AttemptRow:
    return {
        **_EMPTY,
        "campaign_id": event.campaign_id,
        "position": event.position,
        "attempt": event.attempt,
        "call_id": event.call_id,
        "first_seq": event.seq,
        "number": storable(event.number),
        "line": event.line.name,
        "is_retry": event.is_retry,
        "placed_at": event.at,
        "messages_played": 0,
        "digits": "",
        "detail": "",
    }


def _changed_by(event: ev.CallEvent, row: AttemptRow | None) -> AttemptRow | None:
    """Return the columns that an event of a call in progress sets; ``None``: none."""
    if row is None or row["last_seq"] is not None:
        return None
    match event:
        case ev.CallAnswered():
            return {"answered_at": event.at}
        case ev.AnswerConfirmed():
            return {"answer_confirmed_at": event.at}
        case ev.ListeningConfirmed():
            return {"listening_confirmed_at": event.at}
        case ev.PlaybackStarted(purpose=Purpose.MESSAGE):
            played = int(row["messages_played"] or 0)
            first_at = event.at if played == 0 else row["message_started_at"]
            return {"message_started_at": first_at, "messages_played": played + 1}
        case ev.DigitDialled():
            return {"digits": f"{row['digits']}{storable(event.digit)}"}
        case ev.CallEnded():
            return {
                "last_seq": event.seq,
                "ended_at": event.at,
                "outcome": event.outcome.name,
                "hangup_cause": _storable_cause(event.hangup_cause),
                "detail": storable(event.detail),
            }
        case ev.CallGivenBack():
            return {"last_seq": event.seq, "ended_at": event.at, "given_back": event.reason.name}
        case _:
            return None


def _storable_cause(cause: int | None) -> int | None:
    """Return a cause that a column has room for; the event keeps whatever the telephony said."""
    return cause if cause is None or abs(cause) < _CAUSE_BOUND else None


def open_attempts(connection: sa.Connection, tenant_id: int) -> dict[CallId, AttemptRow]:
    """Return the attempts in progress, as they are kept."""
    return rows_by_call(connection.execute(select_in_progress(tenant_id)))


def select_in_progress(tenant_id: int) -> sa.Select[tuple[Any, ...]]:
    """Return the query for a tenant's attempts in progress."""
    # The sign keeps SQLite from the primary key, by which it would look through all attempts
    # that there ever were; what is left is the index of those in progress.
    is_mine = sa.literal_column("+attempt.tenant_id", sa.Integer) == tenant_id
    return sa.select(db.attempt).where(is_mine, db.attempt.c.last_seq.is_(None))


def rows_by_call(found: sa.CursorResult[Any]) -> dict[CallId, AttemptRow]:
    """Return rows of the table by their calls."""
    rows = [dict(row) for row in found.mappings()]
    for row in rows:
        del row["tenant_id"]
    return {CallId(row["call_id"]): row for row in rows}


def attempt_of_row(row: sa.RowMapping) -> Attempt:
    """Return a kept attempt as the report has it, without its events."""
    outcome, given_back = row["outcome"], row["given_back"]
    return Attempt(
        **{name: row[name] for name in _ALIKE},
        line=Line[row["line"]],
        outcome=None if outcome is None else Outcome[outcome],
        given_back=None if given_back is None else ev.GiveBackReason[given_back],
        events=(),
    )


def attempt_in(
    state: State,
    row: sa.RowMapping,
    call_events: Callable[[CampaignId, Position, int], Iterable[JournalEntry]],
) -> Attempt:
    """Return a kept attempt as far as it had come in a state, in which it was placed.

    Args:
        state: see above.
        row: more may have happened since.
        call_events: tells all that happened in the call of one attempt.
    """
    attempt = attempt_of_row(row)
    if row["last_seq"] is not None and row["last_seq"] <= state.sequence:
        return attempt
    if state.now in [row[name] for name in _MOMENTS]:
        # It may be the next event of the same millisecond, of which the state knows nothing.
        entries = call_events(attempt.campaign_id, attempt.position, attempt.attempt)
        known = [event_of(entry) for entry in entries if entry.seq <= state.sequence]
        attempt = attempt_of([event for event in known if isinstance(event, ev.CallEvent)])
    return as_of(attempt, state.now)

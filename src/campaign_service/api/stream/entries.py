"""Entries of the journal as answers and streams show them.

An event with a million recipients in it is a hundred megabytes of text: in pages and streams it
is abridged, and shown whole where it is asked for by its number.
"""

from __future__ import annotations

import msgspec

from campaign_service.journal import JournalEntry
from campaign_service.schemas.fields import UtcTime, verbatim
from campaign_service.schemas.records import LogEntry
from campaign_service.schemas.wire import encoded

__all__ = ["WHOLE_MAX", "log_entry", "stream_text"]

WHOLE_MAX = 64 << 10
"""Characters of an event that are shown everywhere."""


def log_entry(entry: JournalEntry, *, is_whole: bool = False) -> LogEntry:
    """Return an entry as a page shows it, or whole; one that was read without data is abridged."""
    is_abridged = not entry.data or (not is_whole and len(entry.data) > WHOLE_MAX)
    data = _abridged(entry) if is_abridged else entry.data
    return LogEntry(
        seq=entry.seq,
        at=UtcTime.of(entry.at),
        actor=entry.actor,
        kind=entry.kind,
        campaign_id=entry.campaign_id,
        event=verbatim(data),
        is_abridged=is_abridged,
    )


def stream_text(entry: JournalEntry) -> str:
    """Return an entry as a message of a stream of server-sent events."""
    data = encoded(log_entry(entry)).decode()
    return f"id: {entry.seq}\nevent: {entry.kind}\ndata: {data}\n\n"


def _abridged(entry: JournalEntry) -> str:
    data: dict[str, object] = {
        "format": 1,
        "type": entry.kind,
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
    }
    if entry.campaign_id is not None:
        data["campaign_id"] = entry.campaign_id
    return msgspec.json.encode(data).decode()

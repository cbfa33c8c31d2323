"""Events as a journal keeps them, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from campaign_core import CampaignId
from campaign_core.codec import from_data, to_data, to_json
from campaign_core.errors import CampaignError, JournalError
from campaign_core.events import CallEvent, Event, ServiceOpened
from campaign_service.journal.event_checks import checked_event
from campaign_service.journal.interface import JournalDamagedError, JournalEntry
from campaign_service.journal.json_pieces import PIECE_BYTES, JsonWriter, decode_in_pieces
from campaign_service.journal.sql.chain import ChainHead, genesis, next_chain_value

__all__ = ["entry_of", "event_of", "heads_of", "storable"]

_write_long = JsonWriter(separators=(",", ":")).text


def entry_of(event: Event) -> JournalEntry:
    """Return an event as it is kept."""
    return JournalEntry(
        seq=event.seq,
        at=event.at,
        actor=storable(event.actor),
        kind=type(event).__name__,
        campaign_id=_campaign_of(event),
        data=_text_of(event),
    )


def _text_of(event: Event) -> str:
    # Events of calls are many and short; any other may hold a million recipients.
    is_short = isinstance(event, CallEvent)
    return to_json(event, is_ascii=True) if is_short else _write_long(to_data(event))


def event_of(entry: JournalEntry) -> Event:
    """Return the event that is kept.

    Raises:
        JournalDamagedError: it is none, or what is kept beside it says something else.
        JournalError: a newer release wrote it.
    """
    try:
        event: object = from_data(_read(entry.data))
    except CampaignError as error:
        raise JournalError(f"event {entry.seq}: {error}") from None
    except ValueError:
        event = None
    found = checked_event(
        event, where=f"event {entry.seq} is altered", no_event="it is no event any more"
    )
    told = (
        found.seq,
        found.at,
        storable(found.actor),
        type(found).__name__,
        _campaign_of(found),
    )
    if told != (entry.seq, entry.at, entry.actor, entry.kind, entry.campaign_id):
        raise JournalDamagedError(f"event {entry.seq} is altered: its columns say something else")
    return found


def _read(data: str) -> object:
    if len(data) > PIECE_BYTES:
        try:
            return decode_in_pieces(data.encode())
        except ValueError:
            # Half a surrogate pair, perhaps, which it does not take.
            pass
    return json.loads(data)


def storable(text: str) -> str:
    """Return a text without the characters that not every database takes in a column.

    The event itself is kept as JSON, where each character has an escape.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _campaign_of(event: Event) -> CampaignId | None:
    if isinstance(event, CallEvent):
        # Service, campaign, position and attempt, eight hex digits each.
        return CampaignId(int(event.call_id[8:16], 16))
    found: CampaignId | None = getattr(event, "campaign_id", None)
    return found


def heads_of(events: Iterable[Event]) -> Iterator[tuple[Event, ChainHead]]:
    """Yield events from the first one on, each with the head of the journal behind it.

    Raises:
        JournalError: the first event does not tell whose journal it is.
    """
    last: ChainHead | None = None
    for event in events:
        if last is None:
            if not isinstance(event, ServiceOpened):
                raise JournalError("the first event is not the opening of a service")
            last = genesis(event.service_id)
        last = ChainHead(seq=event.seq, chain=next_chain_value(last.chain, entry_of(event).data))
        yield event, last

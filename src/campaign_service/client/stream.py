"""The stream of events of a running service, gone on with after every interruption."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import cast

import attrs

from campaign_service.client.connection import Connection
from campaign_service.client.errors import ProblemError, ResponseError, UnreachableError
from campaign_service.client.json_data import Json

__all__ = ["StreamedEvent", "follow"]

_AWAY = 503
_PAUSE_S, _PAUSE_MAX_S = 0.2, 2.0


@attrs.frozen(kw_only=True)
class StreamedEvent:
    """One message of the stream."""

    id: str
    """To go on from; of the journal, the event's number."""
    name: str
    data: Json


def follow(
    connection: Connection,
    path: str,
    *,
    after: int | None,
    parameters: dict[str, str | int],
    patience_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[StreamedEvent]:
    """Yield events as they come, without gap or repeat, whatever becomes of the connection.

    Args:
        connection: to the service.
        path: of the stream.
        after: the number of the last event that is known; ``None``: none is.
        parameters: what else is asked for.
        patience_s: a service that is away for longer ends the stream.
        sleep: waits so many seconds.

    Raises:
        ClientError: the service is away for too long, or says no.
    """
    last_id = "" if after is None else str(after)
    away_since, pause_s = None, _PAUSE_S
    while True:
        try:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            asked = {**parameters, "after": last_id} if last_id else parameters
            with connection.stream(path, asked, headers) as lines:
                for event in read_events(lines):
                    away_since, pause_s = None, _PAUSE_S
                    last_id = event.id or last_id
                    yield event
        except (UnreachableError, ProblemError) as error:
            if isinstance(error, ProblemError) and error.status != _AWAY:
                raise
            away_since = away_since or time.monotonic()
            if time.monotonic() + pause_s > away_since + patience_s:
                raise
        except json.JSONDecodeError:
            raise ResponseError(connection.url, "an event that is no JSON") from None
        # Also where the stream ended well: the process stopped, and another takes over.
        sleep(pause_s)
        pause_s = min(2 * pause_s, _PAUSE_MAX_S)


def read_events(lines: Iterator[str]) -> Iterator[StreamedEvent]:
    """Yield the events that lines of a stream tell; one cut short by its end is none."""
    event_id, name, data = "", "message", list[str]()
    for line in lines:
        if not line:
            if data:
                text = "\n".join(data)
                yield StreamedEvent(id=event_id, name=name, data=cast("Json", json.loads(text)))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            event_id = value

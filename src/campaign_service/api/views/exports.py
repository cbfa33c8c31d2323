"""Exports: a campaign's recipients, attempts or log as CSV or JSON, written while it is read.

The columns are those of the report of ``campaign run``; times are in the campaign's zone.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator

from campaign_core import (
    CampaignId,
    Position,
    RecipientList,
    State,
    campaign,
    campaign_ids,
    link,
    recipient,
)
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.instants import TimeWriter, zone_of
from campaign_service.journal.json_pieces import PIECE_BYTES
from campaign_service.journal.sql import CampaignRecord
from campaign_service.report import Attempt
from campaign_service.report.panel import row_from_attempts
from campaign_service.report.rows import (
    ATTEMPT_COLUMNS,
    RECIPIENT_COLUMNS,
    Row,
    attempt_row,
    csv_row,
    recipient_row,
)
from campaign_service.schemas.requests import ExportQuery
from campaign_service.serving import TenantService

__all__ = ["export"]

_PAGE = 500
_PAGE_BYTES = 4 << 20
LOG_COLUMNS = ("seq", "at", "actor", "kind", "data")
"""The columns of the log: the event itself stands in ``data``, as JSON."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


async def export(
    tenant: TenantService,
    record: CampaignRecord,
    query: ExportQuery,
    *,
    slots: WorkerSlots,
    by: str,
) -> AsyncIterator[bytes]:
    """Return an export, piece by piece; each is read and written when it has its turn.

    The first piece is read at once: what keeps it from being read can still be told.

    Raises:
        BusyError: too many wait.
    """
    pages = _ExportPages(tenant, record)
    rows, columns = {
        "recipients": (pages.recipients, RECIPIENT_COLUMNS),
        "attempts": (pages.attempts, ATTEMPT_COLUMNS),
        "log": (pages.log, LOG_COLUMNS),
    }[query.what]
    texts = _csv(rows(), columns) if query.format == "csv" else _json(rows(), query.what)
    first = await slots.run(by, _next, texts)
    return _rest(first, texts, slots, by)


async def _rest(
    text: str | None, texts: Iterator[str], slots: WorkerSlots, by: str
) -> AsyncIterator[bytes]:
    while text is not None:
        yield text.encode()
        text = await slots.run_more(by, _next, texts)


def _next(texts: Iterator[str]) -> str | None:
    return next(texts, None)


def _csv(pages: Iterator[list[Row]], columns: tuple[str, ...]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    for page in pages:
        writer.writerows(csv_row(row) for row in page)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _json(pages: Iterator[list[Row]], what: str) -> Iterator[str]:
    yield f'{{"{what}": ['
    is_first = True
    for page in pages:
        if page:
            before = "\n" if is_first else ",\n"
            yield before + ",\n".join(map(_written, page))
            is_first = False
    yield "\n]}\n"


def _written(row: Row) -> str:
    data = row.get("data")
    if not isinstance(data, str):
        return _encode({**row})
    if len(data) <= PIECE_BYTES:
        return _encode({**row, "data": json.loads(data)})
    # It is JSON already: to read a long one and write it anew would keep all others waiting.
    rest = {name: value for name, value in row.items() if name != "data"}
    return f'{_encode(rest)[:-1]}, "data": {data}}}'


class _ExportPages:
    """A campaign's rows, a page at a time."""

    def __init__(self, tenant: TenantService, record: CampaignRecord) -> None:
        self._tenant = tenant
        self._record = record
        self._campaign_id: CampaignId = record.campaign_id

    def recipients(self) -> Iterator[list[Row]]:
        """Yield the rows of all recipients, in list order."""
        state, everybody, text = self._state_and_recipients()
        for first, last in _page_ranges(len(everybody)):
            attempts = self._attempts(first, last)
            rows = (
                row_from_attempts(
                    position,
                    everybody.at(position),
                    recipient(state, self._campaign_id, position),
                    attempts[position],
                )
                for position in map(Position, range(first, last + 1))
            )
            yield [recipient_row(row, text, link(state).was_simulated) for row in rows]

    def attempts(self) -> Iterator[list[Row]]:
        """Yield the rows of all attempts, by recipient."""
        state, everybody, text = self._state_and_recipients()
        simulated = link(state).was_simulated
        for first, last in _page_ranges(len(everybody)):
            attempts = self._attempts(first, last)
            yield [
                attempt_row(attempt, everybody.at(position).name, text, simulated)
                for position in range(first, last + 1)
                for attempt in attempts[position]
            ]

    def log(self) -> Iterator[list[Row]]:
        """Yield the events, in order."""
        text = TimeWriter(zone_of("UTC"))
        after = 0
        while True:
            entries = self._tenant.history.entries(
                after=after, limit=_PAGE, campaign_id=self._campaign_id, bytes_max=_PAGE_BYTES
            )
            yield [
                {**{name: getattr(entry, name) for name in LOG_COLUMNS}, "at": text(entry.at)}
                for entry in entries
            ]
            if not entries:
                return
            after = entries[-1].seq

    def _state_and_recipients(self) -> tuple[State, RecipientList, TimeWriter]:
        """Return the state that still has the campaign, its recipients, and its clock."""
        state = self._tenant.state
        if self._campaign_id not in campaign_ids(state):
            gone = self._record.deleted_seq
            # A follower may not have heard of it yet: then it is in the journal, at its end.
            seq = self._tenant.history.last_seq() if gone is None else gone - 1
            state = self._tenant.history.state_after(seq)
        found = campaign(state, self._campaign_id, state.now)
        return state, found.recipients, TimeWriter(zone_of(found.parameters.time_zone))

    def _attempts(self, first: int, last: int) -> defaultdict[int, list[Attempt]]:
        found: defaultdict[int, list[Attempt]] = defaultdict(list)
        for attempt in self._tenant.history.attempts(
            self._campaign_id, first=Position(first), last=Position(last)
        ):
            found[attempt.position].append(attempt)
        return found


def _page_ranges(count: int) -> Iterator[tuple[int, int]]:
    for first in range(1, count + 1, _PAGE):
        yield first, min(count, first + _PAGE - 1)

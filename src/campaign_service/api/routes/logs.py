"""What happened: logs, past campaigns, the audit of commands, exports (R9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from campaign_core import CampaignId, Instant
from campaign_core.codec import from_data
from campaign_core.events import CampaignScheduled
from campaign_service.api.operations import OF_TENANT, OperationTable
from campaign_service.api.problems.errors import NotFoundError
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.api.stream.entries import WHOLE_MAX, log_entry
from campaign_service.api.times import instant_in
from campaign_service.api.views.exports import export
from campaign_service.journal import JournalEntry
from campaign_service.journal.sql import CampaignRecord
from campaign_service.schemas import records
from campaign_service.schemas.conversion import schema_of
from campaign_service.schemas.fields import given
from campaign_service.schemas.pages import HistoryQuery
from campaign_service.schemas.requests import AuditQuery, ExportQuery, LogQuery
from campaign_service.schemas.wire import encoded
from campaign_service.serving import TenantService

__all__ = ["LOGS"]

LOGS = OperationTable("What happened", below=OF_TENANT)

Page = TypeVar("Page", records.LogPage, records.AuditPage)

_PAGE_BYTES = 4 << 20
"""Of events; a page with more of them is short."""


@LOGS.query("/log", query=LogQuery, response=records.LogPage)
async def read_log(request: ApiRequest) -> records.LogPage:
    """Read the journal: everything that happened, oldest or newest first (R9.1)."""
    return await _log(request, None)


@LOGS.query("/log/{seq}", response=records.LogEntry)
async def read_log_entry(request: ApiRequest) -> ApiResponse:
    """Read one event of the journal, whole however long it is."""
    seq = request.seq

    def written() -> bytes:
        entries = request.tenant.history.entries(after=seq - 1, limit=1)
        if not entries or entries[0].seq != seq:
            raise NotFoundError(f"seq = {seq}: there is no such event")
        return encoded(log_entry(entries[0], is_whole=True))

    text = await request.run_in(request.context.long_query_slots, written)
    return ApiResponse(content=text)


@LOGS.query("/campaigns/{campaign_id}/log", query=LogQuery, response=records.LogPage)
async def read_campaign_log(request: ApiRequest) -> records.LogPage:
    """Read the log of a campaign, also of one that was deleted (R9.2).

    The first event has all its parameters as they were.
    """
    await _campaign_record(request)
    return await _log(request, request.campaign_id)


async def _log(request: ApiRequest, campaign_id: CampaignId | None) -> records.LogPage:
    query, history = request.query(LogQuery), request.tenant.history
    until = _instant(query.until, "until")
    read = partial(history.entries, campaign_id=campaign_id, until=until)
    return await _page(request, records.LogPage, query, read)


async def _page(
    request: ApiRequest,
    kind: type[Page],
    query: HistoryQuery,
    read: Callable[..., list[JournalEntry]],
) -> Page:
    limit = query.limit

    def page() -> Page:
        entries = read(
            after=query.after,
            is_newest_first=query.is_newest_first,
            limit=limit + 1,
            data_max=WHOLE_MAX,
            bytes_max=_PAGE_BYTES,
        )
        items = [log_entry(entry) for entry in entries[:limit]]
        is_cut = sum(len(entry.data) for entry in entries) >= _PAGE_BYTES
        return kind(items=items, next=items[-1].seq if is_cut or len(entries) > limit else None)

    return await request.run_in(request.context.page_slots, page)


@LOGS.query("/past-campaigns", query=HistoryQuery, response=records.PastCampaignPage)
async def list_past_campaigns(request: ApiRequest) -> records.PastCampaignPage:
    """List every campaign that ever was, those deleted included (R9.2)."""
    query = request.query(HistoryQuery)
    read = partial(
        request.tenant.history.campaigns,
        after=query.after,
        is_newest_first=query.is_newest_first,
        limit=query.limit + 1,
    )
    found = await request.run_in(request.context.page_slots, read)
    page = found[: query.limit]
    return records.PastCampaignPage(
        items=[
            schema_of(one, records.PastCampaign, recipient_count=one.recipients) for one in page
        ],
        next=page[-1].campaign_id if len(found) > query.limit else None,
    )


@LOGS.query("/past-campaigns/{campaign_id}", response=records.PastCampaignDetail)
async def read_past_campaign(request: ApiRequest) -> records.PastCampaignDetail:
    """Read a campaign that is or was: its parameters as they were, and how its calls ended (R9.2).

    Changes of settings, of its model, or its being deleted have not touched them.
    """
    record = await _campaign_record(request)
    return await request.run_in(request.context.page_slots, _detail, request.tenant, record)


@LOGS.query("/audit", query=AuditQuery, response=records.AuditPage)
async def read_audit(request: ApiRequest) -> records.AuditPage:
    """Read what people and programs did to this tenant: who, what, when (R9.1)."""
    query, history = request.query(AuditQuery), request.tenant.history
    since, until = _instant(query.since, "since"), _instant(query.until, "until")
    read = partial(history.by_users, actor=given(query.actor), since=since, until=until)
    return await _page(request, records.AuditPage, query, read)


@LOGS.query(
    "/campaigns/{campaign_id}/export",
    query=ExportQuery,
    response=None,
    media=("text/csv", "application/json"),
)
async def export_campaign(request: ApiRequest) -> ApiResponse:
    """Export the recipients, the attempts or the log of a campaign, as CSV or JSON (R9.2).

    The answer is written while it is read, so that a large one needs no memory. Also of a
    campaign that was deleted: its recipients are as they were just before.
    """
    query = request.query(ExportQuery)
    record = await _campaign_record(request)
    name = f"campaign-{record.campaign_id}-{query.what}.{query.format}"
    await request.audit_export(campaign_id=record.campaign_id, what=query.what, format=query.format)
    return ApiResponse(
        content=await request.while_connected(
            export(
                request.tenant,
                record,
                query,
                slots=request.context.long_query_slots,
                by=request.principal.name,
            )
        ),
        # The framework adds the charset.
        media="text/csv" if query.format == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _campaign_record(request: ApiRequest) -> CampaignRecord:
    found = await asyncio.to_thread(request.tenant.history.campaign, request.campaign_id)
    if found is None:
        raise NotFoundError(f"campaign_id = {request.campaign_id}: there never was such a campaign")
    return found


def _detail(tenant: TenantService, record: CampaignRecord) -> records.PastCampaignDetail:
    entries = tenant.history.entries(after=record.created_seq - 1, limit=1)
    made = from_data(_without_recipients(entries[0].data))
    assert isinstance(made, CampaignScheduled)
    return schema_of(
        record,
        records.PastCampaignDetail,
        made,
        recipient_count=record.recipients,
        outcomes=tenant.history.outcomes(record.campaign_id),
    )


def _without_recipients(text: str) -> object:
    """Return the data of an event that made a campaign; a million rows are nothing to be read."""
    data = msgspec.json.decode(text, type=dict[str, Raw])
    parameters = msgspec.json.decode(data["parameters"], type=dict[str, Raw])
    parameters["recipients"] = Raw(b"[]")
    data["parameters"] = Raw(msgspec.json.encode(parameters))
    return {name: msgspec.json.decode(raw) for name, raw in data.items()}


def _instant(moment: datetime | UnsetType, field: str) -> Instant | None:
    return None if moment is UNSET else instant_in(moment, field)

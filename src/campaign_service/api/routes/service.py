"""The service itself: tenants, status, calls in progress, forecasts, the stream of events."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

from msgspec import UNSET

from campaign_core import (
    CampaignId,
    Instant,
    Line,
    State,
    campaign_ids,
    campaigns,
    link,
    starvation,
    unknown_time_zones,
)
from campaign_core import calls as calls_of
from campaign_core.errors import Problem
from campaign_service.access import AccessError, ServicePermission
from campaign_service.api.operations import OF_TENANT, PREFIX, OperationTable, RequiredCaller
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.api.stream.server_sent_events import HEARTBEAT_EVENT, listen
from campaign_service.api.views.forecasts import forecast_of
from campaign_service.api.views.responses import call_schema, waiting_schema
from campaign_service.schemas import explanations, records, responses
from campaign_service.schemas.conversion import BadValuesError, schema_of, schema_with
from campaign_service.schemas.digests import ViewDigest
from campaign_service.schemas.fields import given
from campaign_service.schemas.requests import (
    CallsQuery,
    EventsQuery,
    ForecastQuery,
    StatusQuery,
    ViewQuery,
)
from campaign_service.serving import ProcessRole, TenantService

__all__ = ["SERVICE", "TENANTS"]

TENANTS = OperationTable("Service", below=PREFIX)
SERVICE = OperationTable("Service", below=OF_TENANT)


@TENANTS.query("/tenants", response=records.TenantList, needs=RequiredCaller.AUTHENTICATED)
async def list_tenants(request: ApiRequest) -> records.TenantList:
    """List the tenants of this process that one may see."""
    seen = [
        tenant
        for name, tenant in sorted(request.context.host.tenants.items())
        if request.principal.may(ServicePermission.VIEW, tenant=name)
    ]
    items = [
        schema_of(
            tenant,
            records.Tenant,
            leader=tenant.health().leader_url,
            is_simulated=link(tenant.state).is_simulated,
        )
        for tenant in seen
    ]
    return records.TenantList(items=items)


@SERVICE.query("/status", query=StatusQuery, response=records.ServiceStatus, shows_state=True)
async def read_status(request: ApiRequest) -> records.ServiceStatus:
    """Read how the service fares: link, capacity, counts.

    With `waiting`, also who has waited longest in each active campaign, and behind what (R8.5).
    """
    has_waiting = request.query(StatusQuery).waiting
    # Cheap without: it is asked every second, and shall not wait for what others ask.
    state, now = request.current_state()
    status = partial(_status, request.tenant, state, now, has_waiting=has_waiting)
    if not has_waiting:
        return await asyncio.to_thread(status)
    return await request.run_in(request.context.long_query_slots, status)


def _status(
    tenant: TenantService, state: State, now: Instant, *, has_waiting: bool
) -> records.ServiceStatus:
    health = tenant.health()
    lines = Counter(call.placement.line for call in calls_of(state))
    telephony = link(state)
    deferred = telephony.deferred_until
    return schema_of(
        health,
        records.ServiceStatus,
        tenant,
        state,
        tenant=tenant.name,
        now=now,
        leader=health.leader_url,
        is_draining=health.draining,
        link=schema_of(
            telephony,
            records.LinkStatus,
            is_up=health.link_is_up,
            deferred_until=deferred if deferred > now else None,
        ),
        calls=schema_with(
            records.CallsInUse,
            internal=lines[Line.INTERNAL],
            external=lines[Line.EXTERNAL],
            limits=state.settings.call_limits,
        ),
        campaigns=Counter(one.status for one in campaigns(state, now)),
        unknown_time_zones=unknown_time_zones(state),
        waiting=[waiting_schema(one) for one in starvation(state, now)] if has_waiting else None,
    )


@SERVICE.query("/calls", query=CallsQuery, response=responses.CallPage, shows_state=True)
async def list_calls(request: ApiRequest) -> responses.CallPage:
    """List the calls in progress, by campaign and position; with `at`, those of then (R8.3)."""
    query = request.query(CallsQuery)
    state, _ = await request.state_at(query.at)
    found = [
        call for call in calls_of(state) if query.campaign_id in (UNSET, call.placement.campaign_id)
    ]
    behind = [call for call in found if call.placement.call_id > query.after]
    page = behind[: query.limit]
    return responses.CallPage(
        items=[call_schema(call) for call in page],
        next=page[-1].placement.call_id if len(behind) > query.limit else None,
    )


@SERVICE.query(
    "/campaigns/{campaign_id}/forecast",
    query=ForecastQuery,
    response=explanations.CampaignForecast,
    shows_state=True,
    problems=("refused",),
)
async def forecast_campaign(request: ApiRequest) -> explanations.CampaignForecast:
    """Forecast how a campaign will end, with what was seen of the callees so far (R8.2).

    The present state is played on several times, with the core's own scheduler. Where that takes
    long, fewer runs are played than were asked for: `runs` tells how many.
    """
    context, settings = request.context, request.context.settings
    state, now = request.current_state()
    gone = asyncio.ensure_future(request.wait_for_disconnect())
    try:
        found, played = await request.run_in(
            context.forecast_slots,
            forecast_of,
            request.tenant,
            request.campaign_id,
            state,
            now,
            runs=request.query(ForecastQuery).runs,
            calls_max=settings.forecast_calls_max,
            within_s=settings.forecast_s,
            is_wanted=lambda: not gone.done(),
        )
    finally:
        gone.cancel()
    return schema_of(found, explanations.CampaignForecast, runs=played)


@SERVICE.query("/events", query=EventsQuery, response=None, media=("text/event-stream",))
async def follow_events(request: ApiRequest) -> ApiResponse:
    """Follow the events as they become durable, as server-sent events.

    `id` is the event's number, `event` its kind, `data` the entry of the log. Sent back as
    Last-Event-ID (or as `after`), the number makes the stream go on without gap or repeat. A
    comment comes every fifteen seconds in which nothing else does.
    """
    query = request.query(EventsQuery)
    feed = request.context.feeds.of(request.tenant.name)
    campaign_id = None if query.campaign_id is UNSET else CampaignId(query.campaign_id)
    return ApiResponse(
        content=listen(
            feed.listen(after=_last_known(request), campaign_id=campaign_id),
            settings=request.context.settings,
            may_listen=partial(_may_listen, request),
        ),
        media="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@SERVICE.query(
    "/view",
    query=ViewQuery,
    response=None,
    media=("text/event-stream",),
    message=ViewDigest,
)
async def follow_view(request: ApiRequest) -> ApiResponse:
    """Follow what screens show as it changes, in short, as server-sent events.

    First comes a `reset` with every campaign: what was read before may be out of date. Then come
    `digest`s with the campaigns that changed, at most ten a second and 5 KB a second; `data` of
    both is a `ViewDigest`. `id` is the number of the last event before it: sent back as
    Last-Event-ID (or as `after`), it makes the stream go on with what changed since, or begin with
    a `reset` where that is too long ago. A `heartbeat` comes every fifteen seconds in which nothing
    else does.
    """
    query, tenant = request.query(ViewQuery), request.tenant
    after = given(query.after) if request.last_event_id is None else request.last_event_id
    campaign_id = None if query.campaign_id is UNSET else CampaignId(query.campaign_id)
    # It may have been deleted while who comes back was away: that is told by the stream.
    if campaign_id is not None and after is None and campaign_id not in campaign_ids(tenant.state):
        rule = "a campaign of the list"
        raise BadValuesError([Problem(field="campaign_id", value=campaign_id, rule=rule)])
    feed = request.context.view_feeds.of(tenant.name)
    return ApiResponse(
        content=listen(
            feed.listen(after=after, campaign_id=campaign_id),
            settings=request.context.settings,
            may_listen=partial(_may_listen, request),
            heartbeat=HEARTBEAT_EVENT,
        ),
        media="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def _last_known(request: ApiRequest) -> int | None:
    """Return the last event that a listener knows; ``None``: it asks for those to come.

    Raises:
        BadValuesError: there is no such event yet. It listened to another journal, or to this one
            before a backup was put back: it would hear nothing for long, and then miss some.
    """
    field, after = "after", given(request.query(EventsQuery).after)
    if request.last_event_id is not None:
        # A client that goes on says so in the header, whatever its URL was at first.
        field, after = "Last-Event-ID", request.last_event_id
    health = request.tenant.health()
    # Whoever follows may not have read yet what another process has told.
    if after is not None and health.role is ProcessRole.LEADING and after > health.last_seq:
        rule = f"the number of an event; the last one is {health.last_seq}"
        raise BadValuesError([Problem(field=field, value=after, rule=rule)])
    return after


async def _may_listen(request: ApiRequest) -> bool:
    """Return whether the token that the stream began with may still be listened with."""
    try:
        principal = await request.context.authenticator.authenticate(
            authorization=request.authorization, address=request.address
        )
    except AccessError:
        return False
    except OSError:
        # It cannot be found out just now; whoever was let in stays until it can.
        return True
    return principal.may(ServicePermission.VIEW, tenant=request.tenant.name)

"""Campaigns: start, list, view, pause, resume, stop, delete (R4), and trials (R8.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct, structs

from campaign_core import CampaignId, State, campaign, campaigns, what_if
from campaign_core.commands import (
    DeleteCampaign,
    PauseCampaign,
    ResumeCampaign,
    StartCampaign,
    StartNow,
    StopCampaign,
)
from campaign_core.errors import (
    CommandRefusedError,
    SettingsError,
    UnknownCampaignError,
    UnknownModelError,
    UnknownRecipientError,
)
from campaign_core.events import CampaignScheduled
from campaign_service.access import ServicePermission
from campaign_service.api.commands import (
    remarks_on,
    rerun_command,
    start_command,
    times_as_sent,
    tried_command,
)
from campaign_service.api.etags import campaign_tag
from campaign_service.api.operations import (
    OF_TENANT,
    IfMatch,
    OperationTable,
    ResponseForm,
    operation_name,
)
from campaign_service.api.problems.responses import refused_by_field
from campaign_service.api.request import ApiRequest, ApiResponse, command_response
from campaign_service.api.views.campaign_list import campaign_page
from campaign_service.api.views.responses import campaign_schema, what_if_schema
from campaign_service.schemas import explanations, requests, responses, tried_commands
from campaign_service.schemas.requests import CampaignsQuery, NoQuery, SoundsConfirmation, ThenQuery
from campaign_service.schemas.responses import Taken
from campaign_service.serving import CommandResult

__all__ = ["CAMPAIGNS"]

CAMPAIGNS = OperationTable("Campaigns", below=OF_TENANT)

_DONE = ResponseForm(schema=Taken)


@CAMPAIGNS.query(
    "/campaigns", query=CampaignsQuery, response=responses.CampaignPage, shows_state=True
)
async def list_campaigns(request: ApiRequest) -> responses.CampaignPage:
    """List the campaigns, searched and sorted as asked for (R4.8).

    The status may be `BLOCKED` (R4.4). With `at`, as the list was then.
    """
    query = request.query(CampaignsQuery)
    state, now = await request.state_at(query.at)
    return await asyncio.to_thread(lambda: campaign_page(campaigns(state, now), query))


@CAMPAIGNS.command(
    "POST",
    "/campaigns",
    gives=StartCampaign,
    body=requests.StartCampaign,
    has_list=True,
    response=ResponseForm(schema=Taken, status=201, has_location=True),
)
async def start_campaign(request: ApiRequest) -> ApiResponse:
    """Start or schedule a campaign from an enabled model (R4.1, R4.2).

    Immediately, after a delay in minutes, or at a date and time; with a name, a sound or
    recipients for this run alone.
    """
    body = request.body(requests.StartCampaign)

    async def command() -> StartCampaign:
        return await asyncio.to_thread(
            start_command, body, request.tenant.state, actor=request.principal.name
        )

    try:
        done = await request.give(command, confirmed=body.confirmed)
    except UnknownModelError as error:
        raise refused_by_field(error, "model_id", body.model_id) from None
    except SettingsError as error:
        raise times_as_sent(error, body) from None
    return await _started_response(request, done)


async def _started_response(request: ApiRequest, done: CommandResult) -> ApiResponse:
    scheduled = next(event for event in done.events if isinstance(event, CampaignScheduled))
    campaign_id, listed = scheduled.campaign_id, scheduled.parameters.recipients
    remarks = await asyncio.to_thread(remarks_on, listed, request.tenant.state)
    location = f"{OF_TENANT.format(tenant=request.tenant.name)}/campaigns/{campaign_id}"
    return command_response(done, campaign_id=campaign_id, location=location, remarks=remarks)


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/rerun",
    gives=StartCampaign,
    body=requests.Rerun,
    body_may_be_missing=True,
    response=ResponseForm(schema=Taken, status=201, has_location=True),
)
async def rerun_campaign(request: ApiRequest) -> ApiResponse:
    """Call the rest again: start a campaign with those of this one who were not reached.

    By the model as it is now, with the name and the sound of this campaign; all of them are to be
    reached. Refused while this campaign still calls.
    """
    body, campaign_id = request.body(requests.Rerun), request.campaign_id

    async def command() -> StartCampaign:
        state, actor = request.tenant.state, request.principal.name
        return await asyncio.to_thread(rerun_command, body, state, campaign_id, actor=actor)

    try:
        return await _started_response(
            request, await request.give(command, confirmed=body.confirmed)
        )
    except UnknownModelError as error:
        why = f"{error.why}: its campaign cannot be run again by it"
        raise CommandRefusedError("Rerun", why) from None
    except SettingsError as error:
        raise times_as_sent(error, body) from None


@CAMPAIGNS.query(
    "/campaigns/{campaign_id}",
    query=ThenQuery,
    response=responses.CampaignDetail,
    has_etag=True,
    tag_tells_all=False,
    shows_state=True,
)
async def read_campaign(request: ApiRequest) -> ApiResponse:
    """Read a campaign with its own copy of all parameters (R4.8).

    With `at`, as it was then (R8.3). The tag is of what people do to it, and of no call.
    """
    state, now = await request.state_at(request.query(ThenQuery).at)
    found = await asyncio.to_thread(campaign, state, request.campaign_id, now)
    return ApiResponse(
        content=campaign_schema(found, responses.CampaignDetail),
        headers={"ETag": campaign_tag(found)},
    )


def _declare(
    gives: type[DeleteCampaign | StartNow | PauseCampaign | ResumeCampaign | StopCampaign],
    path: str,
    about: str,
    *,
    method: str = "POST",
    name: str | None = None,
    body: type[Struct] | None = None,
    starts_calls: bool = False,
) -> None:
    """Declare a command to one campaign; a body has the fields that the command has besides."""

    async def handler(request: ApiRequest) -> ApiResponse:
        fields = {} if body is None else structs.asdict(request.body(body))
        campaign_id = request.campaign_id
        return await request.response_to(
            gives(actor=request.principal.name, campaign_id=campaign_id, **fields),
            tag=campaign_tag_in(campaign_id),
            confirmed=starts_calls and request.query(SoundsConfirmation).confirmed,
        )

    handler.__name__, handler.__doc__ = name or operation_name(gives), about
    CAMPAIGNS.command(
        method,
        f"/campaigns/{{campaign_id}}{path}",
        gives=gives,
        query=SoundsConfirmation if starts_calls else NoQuery,
        body=body,
        body_may_be_missing=body is not None,
        response=_DONE,
        if_match=IfMatch.OPTIONAL,
    )(handler)


_declare(
    DeleteCampaign,
    "",
    "Take a scheduled or final campaign off the list; its log stays (R4.9).",
    method="DELETE",
)
_declare(
    StartNow,
    "/start-now",
    "Start a scheduled campaign before its time (R4.3).",
    name="start_campaign_now",
    starts_calls=True,
)
_declare(PauseCampaign, "/pause", "Place no new calls; those in progress go on and count (R4.7).")
_declare(ResumeCampaign, "/resume", "Place calls again (R4.7).", starts_calls=True)
_declare(
    StopCampaign,
    "/stop",
    """Close a campaign for good (R4.7).

    Calls in progress go on to their end, or are hung up. That may also be asked for when it is
    closed already.
    """,
    body=requests.StopCampaign,
)


@CAMPAIGNS.change(
    "POST",
    "/what-if",
    needs=ServicePermission.VIEW,
    body=tried_commands.WhatIf,
    has_list=True,
    response=ResponseForm(schema=explanations.WhatIfAnswer, shows_state=True),
    problems=("refused",),
)
async def try_command(request: ApiRequest) -> explanations.WhatIfAnswer:
    """Try a command: tell what it would do now, and do nothing (R8.5)."""
    trial = request.body(tried_commands.WhatIf).trial
    state, now = request.current_state()

    def tried() -> explanations.WhatIfAnswer:
        command = tried_command(trial, state, actor=request.principal.name)
        return what_if_schema(what_if(state, command, now))

    try:
        return await request.run_in(request.context.long_query_slots, tried)
    except UnknownModelError as error:
        raise refused_by_field(error, "trial.model_id", getattr(trial, "model_id", 0)) from None
    except UnknownCampaignError as error:
        given = getattr(trial, "campaign_id", 0)
        raise refused_by_field(error, "trial.campaign_id", given) from None
    except UnknownRecipientError as error:
        given = getattr(trial, "positions", [])
        unknown = error.unknown
        raise refused_by_field(error, "trial.positions", given, unknown=unknown) from None


def campaign_tag_in(campaign_id: CampaignId) -> Callable[[State], str]:
    """Return what tells a campaign's tag in a state.

    Raises:
        UnknownCampaignError: there is none such.
    """
    return lambda state: campaign_tag(campaign(state, campaign_id, state.now))

"""Campaigns: start, list, view, pause, resume, stop, delete (R4), and trials (R8.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from campaign_core import Campaign, CampaignId, State, campaign, campaigns, what_if
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
from campaign_service.api.answer import Answer, taken_answer
from campaign_service.api.asked import Asked
from campaign_service.api.etags import campaign_tag
from campaign_service.api.operations import OF_TENANT, IfMatch, Register, Reply
from campaign_service.api.problems import refused_by_field
from campaign_service.api.shapes import answers, requests, shown, trials
from campaign_service.api.shapes.requests import (
    CampaignsQuery,
    SoundsConfirmation,
    ThenQuery,
)
from campaign_service.api.shapes.shown import Taken
from campaign_service.api.trials import (
    command_of,
    remarks_on,
    rerun_command,
    start_command,
    times_as_sent,
)
from campaign_service.api.views.answers import campaign_detail, campaign_row, what_if_answer
from campaign_service.serving import Taken as Done

__all__ = ["CAMPAIGNS"]

CAMPAIGNS = Register("Campaigns", below=OF_TENANT)

_DONE = Reply(shape=Taken)


@CAMPAIGNS.query("/campaigns", query=CampaignsQuery, reply=shown.CampaignPage)
async def list_campaigns(asked: Asked) -> Answer:
    """List the campaigns, in the order of their creation (R4.8).

    The status may be `BLOCKED` (R4.4). With `at`, as the list was then.
    """
    query = asked.query(CampaignsQuery)
    state, now = await asked.moment(query.at)

    def found() -> list[Campaign]:
        return [
            one
            for one in campaigns(state, now)
            if one.campaign_id > query.after and (not query.status or one.status in query.status)
        ]

    behind = await asyncio.to_thread(found)
    page = behind[: query.limit]
    return Answer(
        content=shown.CampaignPage(
            items=[campaign_row(one) for one in page],
            next=page[-1].campaign_id if len(behind) > query.limit else None,
        )
    )


@CAMPAIGNS.command(
    "POST",
    "/campaigns",
    gives=StartCampaign,
    body=requests.StartCampaign,
    has_list=True,
    reply=Reply(shape=Taken, status=201, has_location=True),
)
async def start_campaign(asked: Asked) -> Answer:
    """Start or schedule a campaign from an enabled model (R4.1, R4.2).

    Immediately, after a delay in minutes, or at a date and time; with a name, a sound or
    recipients for this run alone.
    """
    body = asked.body(requests.StartCampaign)

    async def command() -> StartCampaign:
        return await asyncio.to_thread(
            start_command, body, asked.tenant.state, actor=asked.principal.name
        )

    try:
        done = await asked.give(command, confirmed=body.confirmed)
    except UnknownModelError as error:
        raise refused_by_field(error, "model_id", body.model_id) from None
    except SettingsError as error:
        raise times_as_sent(error, body) from None
    return await _started(asked, done)


async def _started(asked: Asked, done: Done) -> Answer:
    scheduled = next(event for event in done.events if isinstance(event, CampaignScheduled))
    campaign_id, listed = scheduled.campaign_id, scheduled.parameters.recipients
    remarks = await asyncio.to_thread(remarks_on, listed, asked.tenant.state)
    location = f"{OF_TENANT.format(tenant=asked.tenant.name)}/campaigns/{campaign_id}"
    return taken_answer(
        done, status=201, campaign_id=campaign_id, location=location, remarks=remarks
    )


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/rerun",
    gives=StartCampaign,
    body=requests.Rerun,
    body_may_be_missing=True,
    reply=Reply(shape=Taken, status=201, has_location=True),
)
async def rerun_campaign(asked: Asked) -> Answer:
    """Call the rest again: start a campaign with those of this one who were not reached.

    By the model as it is now, with the name and the sound of this campaign; all of them are to be
    reached. Refused while this campaign still calls.
    """
    body, campaign_id = asked.body(requests.Rerun), asked.campaign_id

    async def command() -> StartCampaign:
        state, actor = asked.tenant.state, asked.principal.name
        return await asyncio.to_thread(rerun_command, body, state, campaign_id, actor=actor)

    try:
        return await _started(asked, await asked.give(command, confirmed=body.confirmed))
    except UnknownModelError as error:
        why = f"{error.why}: its campaign cannot be run again by it"
        raise CommandRefusedError("Rerun", why) from None
    except SettingsError as error:
        raise times_as_sent(error, body) from None


@CAMPAIGNS.query(
    "/campaigns/{campaign_id}", query=ThenQuery, reply=shown.CampaignDetail, has_etag=True
)
async def read_campaign(asked: Asked) -> Answer:
    """Read a campaign with its own copy of all parameters (R4.8).

    With `at`, as it was then (R8.3). The tag is of what people do to it, and of no call.
    """
    state, now = await asked.moment(asked.query(ThenQuery).at)
    found = await asyncio.to_thread(campaign, state, asked.campaign_id, now)
    return Answer(content=campaign_detail(found), headers={"ETag": campaign_tag(found)})


@CAMPAIGNS.command(
    "DELETE",
    "/campaigns/{campaign_id}",
    gives=DeleteCampaign,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def delete_campaign(asked: Asked) -> Answer:
    """Take a scheduled or final campaign off the list; its log stays (R4.9)."""
    command = DeleteCampaign(actor=asked.principal.name, campaign_id=asked.campaign_id)
    return await asked.give_plainly(command, tag=tag_of(asked.campaign_id))


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/start-now",
    gives=StartNow,
    query=SoundsConfirmation,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def start_campaign_now(asked: Asked) -> Answer:
    """Start a scheduled campaign before its time (R4.3)."""
    command = StartNow(actor=asked.principal.name, campaign_id=asked.campaign_id)
    return await asked.give_plainly(
        command,
        tag=tag_of(asked.campaign_id),
        confirmed=asked.query(SoundsConfirmation).confirmed,
    )


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/pause",
    gives=PauseCampaign,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def pause_campaign(asked: Asked) -> Answer:
    """Place no new calls; those in progress go on and count (R4.7)."""
    command = PauseCampaign(actor=asked.principal.name, campaign_id=asked.campaign_id)
    return await asked.give_plainly(command, tag=tag_of(asked.campaign_id))


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/resume",
    gives=ResumeCampaign,
    query=SoundsConfirmation,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def resume_campaign(asked: Asked) -> Answer:
    """Place calls again (R4.7)."""
    command = ResumeCampaign(actor=asked.principal.name, campaign_id=asked.campaign_id)
    return await asked.give_plainly(
        command,
        tag=tag_of(asked.campaign_id),
        confirmed=asked.query(SoundsConfirmation).confirmed,
    )


@CAMPAIGNS.command(
    "POST",
    "/campaigns/{campaign_id}/stop",
    gives=StopCampaign,
    body=requests.StopCampaign,
    body_may_be_missing=True,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def stop_campaign(asked: Asked) -> Answer:
    """Close a campaign for good (R4.7).

    Calls in progress go on to their end, or are hung up. That may also be asked for when it is
    closed already.
    """
    command = StopCampaign(
        actor=asked.principal.name,
        campaign_id=asked.campaign_id,
        hang_up=asked.body(requests.StopCampaign).hang_up,
    )
    return await asked.give_plainly(command, tag=tag_of(asked.campaign_id))


@CAMPAIGNS.change(
    "POST",
    "/what-if",
    needs=ServicePermission.VIEW,
    body=trials.WhatIf,
    has_list=True,
    reply=Reply(shape=answers.WhatIfAnswer),
    problems=("refused",),
)
async def try_command(asked: Asked) -> Answer:
    """Try a command: tell what it would do now, and do nothing (R8.5)."""
    tenant, trial = asked.tenant, asked.body(trials.WhatIf).trial
    state, now = tenant.state, tenant.now

    def tried() -> answers.WhatIfAnswer:
        command = command_of(trial, asked.tenant.state, actor=asked.principal.name)
        return what_if_answer(what_if(state, command, now))

    try:
        return Answer(content=await asked.in_turn(asked.premises.long, tried))
    except UnknownModelError as error:
        raise refused_by_field(error, "trial.model_id", getattr(trial, "model_id", 0)) from None
    except UnknownCampaignError as error:
        given = getattr(trial, "campaign_id", 0)
        raise refused_by_field(error, "trial.campaign_id", given) from None
    except UnknownRecipientError as error:
        given = getattr(trial, "positions", [])
        unknown = error.unknown
        raise refused_by_field(error, "trial.positions", given, unknown=unknown) from None


def tag_of(campaign_id: CampaignId) -> Callable[[State], str]:
    """Return what tells a campaign's tag in a state.

    Raises:
        UnknownCampaignError: there is none such.
    """
    return lambda state: campaign_tag(campaign(state, campaign_id, state.now))

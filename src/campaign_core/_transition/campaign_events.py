"""What events of a campaign and of its recipients change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core._model.statuses import Status
from campaign_core._state import record as rec
from campaign_core._state.campaign import CampaignRow, rank_of
from campaign_core._state.lines import line_up_all
from campaign_core._state.listing import strike
from campaign_core._state.pacing import Placements
from campaign_core._state.service import Draft
from campaign_core._state.timers import TimerKind
from campaign_core._transition.campaign import next_status
from campaign_core._transition.recipient import Context
from campaign_core._transition.shared import arm, change_recipient, disarm
from campaign_core._values.vector import Vector

__all__ = ["OF_CAMPAIGN"]

_NO_CONTEXT = Context()


def _campaign_scheduled(draft: Draft, event: ev.CampaignScheduled) -> None:
    count = len(event.parameters.recipients)
    campaign = CampaignRow(
        campaign_id=event.campaign_id,
        model_id=event.model_id,
        model_name=event.model_name,
        parameters=event.parameters,
        status=Status.SCHEDULED,
        pause_reason=None,
        starts_at=event.starts_at,
        expires_at=event.expires_at,
        is_expired=False,
        recipients=event.parameters.recipients,
        records=Vector.repeated(rec.fresh(event.parameters.attempts_max), count),
        placements=Placements(),
        breaker_bits=0,
        breaker_calls=0,
        sounds_missing=0,
    )
    campaign.idle = count
    draft.next_campaign_id = event.campaign_id + 1
    draft.add(campaign)
    line_up_all(draft, campaign, range(1, count + 1), event.at)
    arm(draft, draft.time_of(event.starts_at), TimerKind.START, event.campaign_id)
    if event.expires_at is not None:
        arm(draft, draft.time_of(event.expires_at), TimerKind.EXPIRY, event.campaign_id)
    draft.touched_now.add(event.campaign_id)


def _with_campaign(draft: Draft, event: ev.CampaignEvent) -> CampaignRow:
    campaign = draft.campaign(event.campaign_id)
    campaign.status = next_status(campaign, event)
    if campaign.status is not Status.PAUSED:
        # However the pause ended.
        campaign.pause_reason = None
    draft.touched_now.add(event.campaign_id)
    return campaign


def _campaign_started(draft: Draft, event: ev.CampaignStarted) -> None:
    campaign = _with_campaign(draft, event)
    disarm(draft, draft.time_of(campaign.starts_at), TimerKind.START, event.campaign_id)
    campaign.starts_at = event.starts_at
    campaign.rank = rank_of(campaign.parameters.priority, event.starts_at, event.campaign_id)


def _campaign_paused(draft: Draft, event: ev.CampaignPaused) -> None:
    _with_campaign(draft, event).pause_reason = event.reason


def _campaign_resumed(draft: Draft, event: ev.CampaignResumed) -> None:
    campaign = _with_campaign(draft, event)
    campaign.breaker_bits, campaign.breaker_calls, campaign.sounds_missing = 0, 0, 0


def _campaign_stopped(draft: Draft, event: ev.CampaignStopped) -> None:
    _settle_for_good(draft, _with_campaign(draft, event))


def _campaign_ended(draft: Draft, event: ev.CampaignEnded) -> None:
    campaign = _with_campaign(draft, event)
    if campaign.status.is_final:
        _settle_for_good(draft, campaign)


def _settle_for_good(draft: Draft, campaign: CampaignRow) -> None:
    strike(draft, campaign)
    disarm(draft, draft.time_of(campaign.starts_at), TimerKind.START, campaign.campaign_id)
    if campaign.expires_at is not None:
        disarm(draft, draft.time_of(campaign.expires_at), TimerKind.EXPIRY, campaign.campaign_id)


def _campaign_expired(draft: Draft, event: ev.CampaignExpired) -> None:
    campaign = _with_campaign(draft, event)
    assert campaign.expires_at is not None
    disarm(draft, draft.time_of(campaign.expires_at), TimerKind.EXPIRY, event.campaign_id)
    campaign.is_expired = True


def _campaign_deleted(draft: Draft, event: ev.CampaignDeleted) -> None:
    _settle_for_good(draft, draft.campaign(event.campaign_id))
    draft.remove(event.campaign_id)


def _recipients_appended(draft: Draft, event: ev.RecipientsAppended) -> None:
    campaign = _with_campaign(draft, event)
    before, added = len(campaign.recipients), len(event.recipients)
    campaign.recipients = campaign.recipients.appended(event.recipients, may_repeat=True)
    campaign.records = campaign.records.extended(
        [rec.fresh(campaign.parameters.attempts_max)] * added
    )
    campaign.idle += added
    line_up_all(draft, campaign, range(before + 1, before + added + 1), event.at)


def _recipients_changed(
    draft: Draft, event: ev.AttemptsAdded | ev.AttemptsStopped | ev.RecipientsFailed
) -> None:
    campaign = _with_campaign(draft, event)
    for position in event.positions:
        change_recipient(draft, campaign, position, event, _NO_CONTEXT)


OF_CAMPAIGN: dict[type[Any], Callable[[Draft, Any], object]] = {
    ev.CampaignScheduled: _campaign_scheduled,
    ev.CampaignStarted: _campaign_started,
    ev.CampaignPaused: _campaign_paused,
    ev.CampaignResumed: _campaign_resumed,
    ev.CampaignStopped: _campaign_stopped,
    ev.CampaignExpired: _campaign_expired,
    ev.CampaignEnded: _campaign_ended,
    ev.CampaignDeleted: _campaign_deleted,
    ev.RecipientsAppended: _recipients_appended,
    ev.AttemptsAdded: _recipients_changed,
    ev.AttemptsStopped: _recipients_changed,
    ev.RecipientsFailed: _recipients_changed,
}

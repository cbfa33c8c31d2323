"""Commands on campaigns (R4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import commands as cm
from campaign_core import events as ev
from campaign_core._decision.call_context import CallContext
from campaign_core._decision.call_flow import hang_up
from campaign_core._decision.model_commands import model_named, refuse_repeats
from campaign_core._decision.recorder import Recorder
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.service import Draft
from campaign_core._values.identifiers import CampaignId
from campaign_core._values.instants import MINUTE_MS, Instant
from campaign_core._values.validators import with_changes
from campaign_core.errors import CommandRefusedError, Problem, SettingsError, UnknownCampaignError

__all__ = [
    "OF_CAMPAIGNS",
    "OPEN",
    "campaign_in",
]


def _campaign(draft: Draft, command: cm.Command, campaign_id: CampaignId) -> CampaignRow:
    campaign = draft.campaigns.get(campaign_id)
    if campaign is None:
        raise UnknownCampaignError(
            command, f"campaign_id = {campaign_id}: there is no such campaign"
        )
    return campaign


def campaign_in(draft: Draft, command: Any, verb: str, *allowed: Status) -> CampaignRow:
    campaign = _campaign(draft, command, command.campaign_id)
    if campaign.status not in allowed:
        names = " or ".join(status.name for status in allowed)
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} is {campaign.status.name}: "
            f"only one that is {names} can be {verb}",
        )
    return campaign


OPEN = tuple(status for status in Status if not status.is_final and status is not Status.BLOCKED)


def _start_campaign(draft: Draft, command: cm.StartCampaign, record: Recorder) -> None:
    model = model_named(draft, command, command.model_id)
    if not model.enabled:
        raise CommandRefusedError(
            command, f"model {command.model_id} is disabled: nothing is started from it"
        )
    own = {"name": command.name, "sound": command.sound, "recipients": command.recipients}
    changes: dict[str, object] = {name: value for name, value in own.items() if value is not None}
    if command.needs_all:
        changes["threshold"] = None
    parameters = with_changes(model, **changes)
    if command.recipients is not None:
        refuse_repeats(draft, parameters)
    today = draft.calendar_at(record.at)
    starts_at = _starts_at(command, today)
    _refuse_unstartable(parameters, command, starts_at)
    campaign_id = CampaignId(draft.next_campaign_id)
    record(
        ev.CampaignScheduled,
        campaign_id=campaign_id,
        model_id=command.model_id,
        model_name=model.name,
        parameters=parameters,
        starts_at=starts_at,
        expires_at=command.expires_at,
    )
    if starts_at <= today:
        record(ev.CampaignStarted, campaign_id=campaign_id, starts_at=starts_at)


def _starts_at(command: cm.StartCampaign, now: Instant) -> Instant:
    """Return when a campaign starts, by the calendar, which shows ``now`` (R4.2)."""
    match command.when:
        case cm.StartImmediately():
            return now
        case cm.StartAfter(minutes):
            return Instant(now + minutes * MINUTE_MS)
        case cm.StartAt(at):
            if at < now:
                raise SettingsError(
                    [
                        Problem.at_instant(
                            field="when.at",
                            value=at,
                            rule_at="a time not past; it is {at} now",
                            instant=now,
                        )
                    ]
                )
            return at


def _refuse_unstartable(
    parameters: CampaignModel, command: cm.StartCampaign, starts_at: Instant
) -> None:
    problems = []
    count, threshold = len(parameters.recipients), parameters.threshold
    if not count:
        problems.append(Problem(field="recipients", value=(), rule="at least one recipient"))
    if parameters.sound is None:
        problems.append(Problem(field="sound", value=None, rule="a sound to play"))
    if threshold is not None and count and threshold > count:
        rule = f"at most the number of recipients ({count})"
        problems.append(Problem(field="threshold", value=threshold, rule=rule))
    if command.expires_at is not None and command.expires_at <= starts_at:
        problems.append(
            Problem.at_instant(
                field="expires_at",
                value=command.expires_at,
                rule_at="later than the start ({at})",
                instant=starts_at,
            )
        )
    if problems:
        raise SettingsError(problems)


def _start_now(draft: Draft, command: cm.StartNow, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "started now", Status.SCHEDULED)
    record(
        ev.CampaignStarted, campaign_id=campaign.campaign_id, starts_at=draft.calendar_at(record.at)
    )


def _pause(draft: Draft, command: cm.PauseCampaign, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "paused", Status.ACTIVE)
    record(ev.CampaignPaused, campaign_id=campaign.campaign_id, reason=PauseReason.USER)


def _resume(draft: Draft, command: cm.ResumeCampaign, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "resumed", Status.PAUSED)
    record(ev.CampaignResumed, campaign_id=campaign.campaign_id)


def _stop(draft: Draft, command: cm.StopCampaign, record: Recorder) -> None:
    allowed = list(OPEN)
    known = draft.campaigns.get(command.campaign_id)
    if command.hang_up and known is not None and known.calls:
        allowed.append(Status.TERMINATED)
    campaign = campaign_in(draft, command, "stopped", *allowed)
    record(ev.CampaignStopped, campaign_id=campaign.campaign_id)
    if command.hang_up:
        for call in calls_of(draft, campaign):
            hang_up(CallContext(call, record), Outcome.CANCELLED)


def calls_of(draft: Draft, campaign: CampaignRow) -> list[Call]:
    """Return a campaign's calls in progress, by position."""
    return [
        call
        for call in draft.calls.in_order()
        if call.placement.campaign_id == campaign.campaign_id
    ]


def _delete(draft: Draft, command: cm.DeleteCampaign, record: Recorder) -> None:
    campaign = campaign_in(
        draft, command, "deleted", Status.SCHEDULED, Status.COMPLETED, Status.TERMINATED
    )
    if campaign.calls:
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} has {campaign.calls} calls in progress: "
            "it can be deleted when they have ended",
        )
    record(ev.CampaignDeleted, campaign_id=campaign.campaign_id)


OF_CAMPAIGNS: dict[type[Any], Callable[[Draft, Any, Recorder], None]] = {
    cm.StartCampaign: _start_campaign,
    cm.StartNow: _start_now,
    cm.PauseCampaign: _pause,
    cm.ResumeCampaign: _resume,
    cm.StopCampaign: _stop,
    cm.DeleteCampaign: _delete,
}

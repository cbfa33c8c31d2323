"""Whether a command is taken, and the events it brings about (R2 to R5).

One function a command, in the table at the end. Each looks at the draft and raises before it
returns anything: a command is taken whole or refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from campaign_core import commands as cm
from campaign_core import events as ev
from campaign_core._decision.call_flow import Scene, hang_up
from campaign_core._decision.stamp import Stamp
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.statuses import FailureReason, PauseReason, Status
from campaign_core._state import record as rec
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.service import Draft
from campaign_core._values.identifiers import CampaignId, ModelId, Position
from campaign_core._values.instants import MINUTE_MS, Instant
from campaign_core._values.validators import refuse
from campaign_core.errors import (
    CommandRefusedError,
    Problem,
    SettingsError,
    UnknownCampaignError,
    UnknownModelError,
    UnknownRecipientError,
)

__all__ = ["COMMANDS"]

Events = tuple[ev.Event, ...]

_NOT_REVIVED = frozenset(
    {FailureReason.DO_NOT_CALL, FailureReason.OPTED_OUT, FailureReason.EXPIRED}
)


def _model(draft: Draft, command: cm.Command, model_id: ModelId) -> CampaignModel:
    model = draft.models.get(model_id)
    if model is None:
        raise UnknownModelError(command, f"model_id = {model_id}: there is no such model")
    return model


def _campaign(draft: Draft, command: cm.Command, campaign_id: CampaignId) -> CampaignRow:
    campaign = draft.campaigns.get(campaign_id)
    if campaign is None:
        raise UnknownCampaignError(
            command, f"campaign_id = {campaign_id}: there is no such campaign"
        )
    return campaign


def _in_status(draft: Draft, command: Any, verb: str, *allowed: Status) -> CampaignRow:
    campaign = _campaign(draft, command, command.campaign_id)
    if campaign.status not in allowed:
        names = " or ".join(status.name for status in allowed)
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} is {campaign.status.name}: "
            f"only one that is {names} can be {verb}",
        )
    return campaign


_OPEN = tuple(status for status in Status if not status.is_final and status is not Status.BLOCKED)


# General settings --------------------------------------------------------------------------


def _change_settings(_: Draft, command: cm.ChangeSettings, stamp: Stamp) -> Events:
    return (stamp(ev.SettingsChanged, settings=command.settings),)


def _add_to_do_not_call(_: Draft, command: cm.AddToDoNotCall, stamp: Stamp) -> Events:
    return (stamp(ev.NumbersBarred, numbers=command.numbers),)


def _remove_from_do_not_call(_: Draft, command: cm.RemoveFromDoNotCall, stamp: Stamp) -> Events:
    return (stamp(ev.NumbersUnbarred, numbers=command.numbers),)


# Models ------------------------------------------------------------------------------------


def _refuse_taken_name(
    draft: Draft, command: cm.Command, name: str, but: ModelId | None = None
) -> None:
    for model_id, model in draft.models.items():
        if model.name == name and model_id != but:
            raise CommandRefusedError(
                command, f"name = {name!r}: model {model_id} has it; names of models are unique"
            )


def _add_model(draft: Draft, command: cm.AddModel, stamp: Stamp) -> Events:
    _refuse_taken_name(draft, command, command.model.name)
    model_id = ModelId(draft.next_model_id)
    return (stamp(ev.ModelAdded, model_id=model_id, model=command.model),)


def _edit_model(draft: Draft, command: cm.EditModel, stamp: Stamp) -> Events:
    _model(draft, command, command.model_id)
    _refuse_taken_name(draft, command, command.model.name, command.model_id)
    _ask_confirmation(draft, command, (command.model_id,))
    return (stamp(ev.ModelEdited, model_id=command.model_id, model=command.model),)


def _clone_model(draft: Draft, command: cm.CloneModel, stamp: Stamp) -> Events:
    model = _model(draft, command, command.model_id)
    _refuse_taken_name(draft, command, command.name)
    clone = attrs.evolve(model, name=command.name)
    return (stamp(ev.ModelAdded, model_id=ModelId(draft.next_model_id), model=clone),)


def _delete_models(draft: Draft, command: cm.DeleteModels, stamp: Stamp) -> Events:
    if not command.model_ids:
        raise CommandRefusedError(command, "model_ids = (): name at least one model")
    for model_id in command.model_ids:
        _model(draft, command, model_id)
    _ask_confirmation(draft, command, command.model_ids)
    model_ids = tuple(dict.fromkeys(command.model_ids))
    return (stamp(ev.ModelsDeleted, model_ids=model_ids),)


def _ask_confirmation(
    draft: Draft, command: cm.EditModel | cm.DeleteModels, model_ids: Iterable[ModelId]
) -> None:
    wanted = set(model_ids)
    started = [row for row in draft.rows() if row.model_id in wanted]
    if started and not command.confirmed:
        listed = ", ".join(f"{row.campaign_id} ({row.parameters.name})" for row in started)
        raise CommandRefusedError(
            command,
            f"confirmed = False: campaigns were started or scheduled from it: {listed}; "
            "they keep their copy; give confirmed=True to go on",
        )


def _enable_model(draft: Draft, command: cm.EnableModel, stamp: Stamp) -> Events:
    _model(draft, command, command.model_id)
    return (stamp(ev.ModelEnabled, model_id=command.model_id),)


def _disable_model(draft: Draft, command: cm.DisableModel, stamp: Stamp) -> Events:
    _model(draft, command, command.model_id)
    return (stamp(ev.ModelDisabled, model_id=command.model_id),)


# Campaigns ---------------------------------------------------------------------------------


def _start_campaign(draft: Draft, command: cm.StartCampaign, stamp: Stamp) -> Events:
    model = _model(draft, command, command.model_id)
    if not model.enabled:
        raise CommandRefusedError(
            command, f"model {command.model_id} is disabled: nothing is started from it"
        )
    parameters = attrs.evolve(
        model,
        name=model.name if command.name is None else command.name,
        sound=model.sound if command.sound is None else command.sound,
        recipients=model.recipients if command.recipients is None else command.recipients,
    )
    starts_at = _starts_at(command, stamp.at)
    _refuse_unstartable(parameters, command, starts_at)
    campaign_id = CampaignId(draft.next_campaign_id)
    scheduled = stamp(
        ev.CampaignScheduled,
        campaign_id=campaign_id,
        model_id=command.model_id,
        model_name=model.name,
        parameters=parameters,
        starts_at=starts_at,
        expires_at=command.expires_at,
    )
    if starts_at > stamp.at:
        return (scheduled,)
    return scheduled, stamp(ev.CampaignStarted, campaign_id=campaign_id, starts_at=starts_at)


def _starts_at(command: cm.StartCampaign, now: Instant) -> Instant:
    match command.when:
        case cm.StartImmediately():
            return now
        case cm.StartAfter(minutes):
            return Instant(now + minutes * MINUTE_MS)
        case cm.StartAt(at):
            if at < now:
                raise refuse("when.at", at, f"a time not past; it is {now} now")
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
        rule = f"later than the start ({starts_at})"
        problems.append(Problem(field="expires_at", value=command.expires_at, rule=rule))
    if problems:
        raise SettingsError(problems)


def _start_now(draft: Draft, command: cm.StartNow, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "started now", Status.SCHEDULED)
    return (stamp(ev.CampaignStarted, campaign_id=campaign.campaign_id, starts_at=stamp.at),)


def _pause(draft: Draft, command: cm.PauseCampaign, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "paused", Status.ACTIVE)
    return (stamp(ev.CampaignPaused, campaign_id=campaign.campaign_id, reason=PauseReason.USER),)


def _resume(draft: Draft, command: cm.ResumeCampaign, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "resumed", Status.PAUSED)
    return (stamp(ev.CampaignResumed, campaign_id=campaign.campaign_id),)


def _stop(draft: Draft, command: cm.StopCampaign, stamp: Stamp) -> Events:
    allowed = list(_OPEN)
    known = draft.campaigns.get(command.campaign_id)
    if command.hang_up and known is not None and known.calls:
        allowed.append(Status.TERMINATED)
    campaign = _in_status(draft, command, "stopped", *allowed)
    stopped: ev.Event = stamp(ev.CampaignStopped, campaign_id=campaign.campaign_id)
    if not command.hang_up:
        return (stopped,)
    orders: list[ev.Event] = []
    for call in calls_of(draft, campaign):
        scene = Scene(call, campaign.parameters, draft.settings, stamp)
        orders.extend(hang_up(scene, Outcome.CANCELLED))
        stamp.seq = scene.seq
    return stopped, *orders


def calls_of(draft: Draft, campaign: CampaignRow) -> list[Call]:
    """Return a campaign's calls in progress, by position."""
    return [
        call
        for call in draft.calls.in_order()
        if call.placement.campaign_id == campaign.campaign_id
    ]


def _delete(draft: Draft, command: cm.DeleteCampaign, stamp: Stamp) -> Events:
    campaign = _in_status(
        draft, command, "deleted", Status.SCHEDULED, Status.COMPLETED, Status.TERMINATED
    )
    if campaign.calls:
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} has {campaign.calls} calls in progress: "
            "it can be deleted when they have ended",
        )
    return (stamp(ev.CampaignDeleted, campaign_id=campaign.campaign_id),)


def _append(draft: Draft, command: cm.AppendRecipients, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "given more recipients", *_OPEN)
    if campaign.is_expired:
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} expired at {campaign.expires_at}: "
            "recipients would not be called",
        )
    # A number listed already is refused with both its positions.
    campaign.recipients.appended(command.recipients)
    return (
        stamp(
            ev.RecipientsAppended,
            campaign_id=campaign.campaign_id,
            recipients=command.recipients,
        ),
    )


# Recipients --------------------------------------------------------------------------------


def _add_attempts(draft: Draft, command: cm.AddAttempts, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "given more attempts", *_OPEN)
    positions: tuple[Position, ...]
    if command.positions is cm.ALL_FAILED:
        positions = tuple(
            Position(position)
            for position, record in enumerate(campaign.records, 1)
            if rec.status_of(record) == rec.FAILED and rec.reason_of(record) not in _NOT_REVIVED
        )
        if not positions:
            raise CommandRefusedError(
                command,
                f"campaign {campaign.campaign_id} has no failed recipient "
                "to which attempts may be added",
            )
    else:
        positions = command.positions
    _refuse_each(
        campaign, command, positions, lambda record: _why_not_more(record, command.attempts)
    )
    return (
        stamp(
            ev.AttemptsAdded,
            campaign_id=campaign.campaign_id,
            positions=positions,
            attempts=command.attempts,
        ),
    )


def _why_not_more(record: int, attempts: int) -> str | None:
    if rec.status_of(record) == rec.CONTACTED:
        return "contacted"
    if rec.status_of(record) == rec.FAILED and rec.reason_of(record) in _NOT_REVIVED:
        return f"failed for good ({rec.reason_of(record).name})"
    if max(rec.allowed_of(record), rec.counted_of(record)) + attempts > rec.ALLOWED_MAX:
        return f"at most {rec.ALLOWED_MAX} attempts in all"
    return None


def _stop_attempts(draft: Draft, command: cm.StopAttempts, stamp: Stamp) -> Events:
    campaign = _in_status(draft, command, "told to try recipients no more", *_OPEN)
    _refuse_each(campaign, command, command.positions, _why_not_stopped)
    return (
        stamp(ev.AttemptsStopped, campaign_id=campaign.campaign_id, positions=command.positions),
    )


def _why_not_stopped(record: int) -> str | None:
    if rec.status_of(record) == rec.CONTACTED:
        return "contacted"
    if rec.status_of(record) == rec.FAILED:
        return f"failed already ({rec.reason_of(record).name})"
    return None


def _refuse_each(
    campaign: CampaignRow,
    command: cm.Command,
    positions: tuple[Position, ...],
    why: Callable[[int], str | None],
) -> None:
    """Refuse a selection whole, naming each recipient for which it is refused (R5.2)."""
    count = len(campaign.recipients)
    unknown = [position for position in positions if position > count]
    if unknown:
        listed = ", ".join(str(position) for position in unknown)
        raise UnknownRecipientError(
            command, f"positions = {listed}: the campaign has {count} recipients"
        )
    refused = [
        f"{position} ({reason})"
        for position in positions
        if (reason := why(campaign.record(position))) is not None
    ]
    if refused:
        raise CommandRefusedError(command, f"refused for recipients {', '.join(refused)}")


COMMANDS: dict[type[Any], Callable[[Draft, Any, Stamp], Events]] = {
    cm.ChangeSettings: _change_settings,
    cm.AddToDoNotCall: _add_to_do_not_call,
    cm.RemoveFromDoNotCall: _remove_from_do_not_call,
    cm.AddModel: _add_model,
    cm.EditModel: _edit_model,
    cm.CloneModel: _clone_model,
    cm.DeleteModels: _delete_models,
    cm.EnableModel: _enable_model,
    cm.DisableModel: _disable_model,
    cm.StartCampaign: _start_campaign,
    cm.StartNow: _start_now,
    cm.PauseCampaign: _pause,
    cm.ResumeCampaign: _resume,
    cm.StopCampaign: _stop,
    cm.DeleteCampaign: _delete,
    cm.AppendRecipients: _append,
    cm.AddAttempts: _add_attempts,
    cm.StopAttempts: _stop_attempts,
}
"""What each command brings about, or why it is refused."""

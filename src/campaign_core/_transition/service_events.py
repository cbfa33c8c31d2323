"""What events of the service and of its models change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from campaign_core import events as ev
from campaign_core._model.limits import CallLimits, CallRate, FrequencyCap
from campaign_core._model.number_plan import canonical_form, spellings
from campaign_core._state import record as rec
from campaign_core._state.index import of_campaign, rebuild_lines, rebuild_numbers
from campaign_core._state.lines import leave, line_up
from campaign_core._state.link import SURVEYS
from campaign_core._state.pacing import Placements
from campaign_core._state.service import EVERY, Draft
from campaign_core._transition.shared import disarm_digit
from campaign_core._values.identifiers import ModelId
from campaign_core._values.instants import BEGINNING, Instant
from campaign_core._values.sorted_map import SortedMap
from campaign_core._values.validators import with_changes

__all__ = ["OF_SERVICE", "change_do_not_call"]


def _settings_changed(draft: Draft, event: ev.SettingsChanged) -> None:
    before, after = draft.settings, event.settings
    draft.settings = after
    draft.pass_due_at = 0
    if event.keeps_past:
        _switch_rate(draft, before.call_rate, after.call_rate, event.at)
        _switch_cap(draft, before.frequency_cap, after.frequency_cap, event.at)
    else:
        # So did release 0.1; where nothing is switched there is nothing to be forgotten.
        if after.call_rate is None:
            draft.placements = Placements()
        if after.frequency_cap is None:
            draft.attempt_times = SortedMap()
    if before.number_plan != after.number_plan:
        rebuild_numbers(draft)
        rebuild_lines(draft, event.at)
        return
    # Who was set aside by the old cap, or for a busy number, stands in line again.
    if (before.frequency_cap, before.one_call_per_number) != (
        after.frequency_cap,
        after.one_call_per_number,
    ):
        draft.capped_now.add(EVERY)
        for campaign_id in [row.campaign_id for row in draft.rows() if row.held]:
            campaign = draft.campaign(campaign_id)
            for position in list(campaign.held):
                record = campaign.record(position)
                leave(draft, campaign, position, record)
                line_up(draft, campaign, position, record, event.at)
            draft.touched_now.add(campaign_id)


def _switch_rate(
    draft: Draft, before: CallRate | None, after: CallRate | None, at: Instant
) -> None:
    """R2.4: a rate that is switched on again within its window counts on."""
    if before is not None and after is None:
        draft.rate_kept_until = at + before.window_ms
    elif before is None and after is not None:
        if at >= draft.rate_kept_until:
            draft.placements = Placements()
        draft.rate_kept_until = 0


def _switch_cap(
    draft: Draft, before: FrequencyCap | None, after: FrequencyCap | None, at: Instant
) -> None:
    """R6.15: likewise; calls in progress that it does not count take nothing out of it."""
    if before is not None and after is None:
        draft.cap_kept_until = at + before.window_ms
    elif before is None and after is not None:
        if at >= draft.cap_kept_until:
            draft.attempt_times = SortedMap()
            for call_id, call in list(draft.calls.items()):
                uncounted = attrs.evolve(call, is_uncounted=True)
                draft.calls = draft.calls.with_item(call_id, uncounted, draft.owner)
        draft.cap_kept_until = 0


def _numbers_barred(draft: Draft, event: ev.NumbersBarred) -> None:
    change_do_not_call(draft, event.numbers, event.at, barred=True)


def _numbers_unbarred(draft: Draft, event: ev.NumbersUnbarred) -> None:
    change_do_not_call(draft, event.numbers, event.at, barred=False)


def change_do_not_call(
    draft: Draft, numbers: tuple[str, ...], at: Instant, *, barred: bool
) -> None:
    before, plan = draft.barred, draft.settings.number_plan
    # Under a number plan a number is taken off in every way it may have been written (R3.7).
    written = [each for number in numbers for each in spellings(number, plan)]
    listed = [
        (row.campaign_id, position)
        for row in draft.rows()
        if row.idle and not row.status.is_final
        for number in written
        for position in row.recipients.positions_of(number)
        if rec.status_of(row.record(position)) == rec.IDLE
    ]
    listed = list(dict.fromkeys(listed))
    # A place in line depends on which numbers are barred: out by the old list, in by the new.
    for campaign_id, position in listed:
        campaign = draft.campaign(campaign_id)
        leave(draft, campaign, position, campaign.record(position))
        draft.touched_now.add(campaign_id)
    touched = numbers if barred else written
    draft.do_not_call = _changed(draft, draft.do_not_call, touched, barred=barred)
    draft.barred = draft.do_not_call
    if plan is not None:
        forms = [canonical_form(number, plan) for number in numbers]
        draft.barred = _changed(draft, before, forms, barred=barred)
    for campaign_id, position in listed:
        campaign = draft.campaign(campaign_id)
        line_up(draft, campaign, position, campaign.record(position), at)


def _changed(
    draft: Draft, listed: SortedMap[str, None], numbers: Iterable[str], *, barred: bool
) -> SortedMap[str, None]:
    for number in numbers:
        listed = (
            listed.with_item(number, None, draft.owner)
            if barred
            else listed.without(number, draft.owner)
        )
    return listed


def _calendar_shifted(draft: Draft, event: ev.CalendarShifted) -> None:
    """R7.12: starts, expiries and calling hours are the calendar's; nothing else moves."""
    owner = draft.owner
    for row in list(draft.rows()):
        for entry in of_campaign(draft, row):
            draft.timers = draft.timers.without(entry, owner)
    draft.calendar_ahead_ms = event.ahead_ms
    for row in list(draft.rows()):
        for entry in of_campaign(draft, row):
            draft.timers = draft.timers.with_item(entry, None, owner)
        if row.parameters.calling_hours and not row.status.is_final:
            draft.campaign(row.campaign_id).zones.clear()
            draft.touched_now.add(row.campaign_id)


def _telephony_named(draft: Draft, event: ev.TelephonyNamed) -> None:
    draft.link = draft.link.with_telephony(event.telephony, event.at)


def _driver_went_down(draft: Draft, event: ev.DriverWentDown) -> None:
    # R5.5: what counts is when it was heard last, not when its loss was noticed.
    heard_at = Instant(max(event.at - event.silent_ms, BEGINNING))
    draft.link = attrs.evolve(draft.link, is_up=False, went_down_at=heard_at, surveys_due=0)
    for call_id, call in list(draft.calls.items()):
        disarm_digit(draft, call)
        adrift = attrs.evolve(call, is_adrift=True)
        draft.calls = draft.calls.with_item(call_id, adrift, draft.owner)


def _driver_came_up(draft: Draft, _: ev.DriverCameUp) -> None:
    # What it takes it says anew: this may be another telephony.
    draft.link = attrs.evolve(draft.link, is_up=True, surveys_due=SURVEYS, call_limits=CallLimits())
    draft.pass_due_at = 0


def _calls_up_reported(draft: Draft, _: ev.CallsUpReported) -> None:
    draft.link = attrs.evolve(draft.link, surveys_due=draft.link.surveys_due - 1)


def _driver_deferred(draft: Draft, event: ev.DriverDeferred) -> None:
    until = max(event.until, draft.link.deferred_until)
    draft.link = attrs.evolve(draft.link, deferred_until=until)


def _driver_capacity_changed(draft: Draft, event: ev.DriverCapacityChanged) -> None:
    draft.link = attrs.evolve(draft.link, call_limits=event.call_limits)
    draft.pass_due_at = 0


def _model_added(draft: Draft, event: ev.ModelAdded) -> None:
    _model_edited(draft, event)
    draft.next_model_id = event.model_id + 1


def _model_edited(draft: Draft, event: ev.ModelAdded | ev.ModelEdited) -> None:
    draft.models = draft.models.with_item(event.model_id, event.model, draft.owner)


def _models_deleted(draft: Draft, event: ev.ModelsDeleted) -> None:
    for model_id in event.model_ids:
        draft.models = draft.models.without(model_id, draft.owner)


def _model_enabled(draft: Draft, event: ev.ModelEnabled) -> None:
    _switch_model(draft, event.model_id, enabled=True)


def _model_disabled(draft: Draft, event: ev.ModelDisabled) -> None:
    _switch_model(draft, event.model_id, enabled=False)


def _switch_model(draft: Draft, model_id: ModelId, *, enabled: bool) -> None:
    model = with_changes(draft.models[model_id], enabled=enabled)
    draft.models = draft.models.with_item(model_id, model, draft.owner)


OF_SERVICE: dict[type[Any], Callable[[Draft, Any], object]] = {
    ev.SettingsChanged: _settings_changed,
    ev.NumbersBarred: _numbers_barred,
    ev.NumbersUnbarred: _numbers_unbarred,
    ev.CalendarShifted: _calendar_shifted,
    ev.TelephonyNamed: _telephony_named,
    ev.DriverWentDown: _driver_went_down,
    ev.DriverCameUp: _driver_came_up,
    ev.CallsUpReported: _calls_up_reported,
    ev.DriverDeferred: _driver_deferred,
    ev.DriverCapacityChanged: _driver_capacity_changed,
    ev.ModelAdded: _model_added,
    ev.ModelEdited: _model_edited,
    ev.ModelsDeleted: _models_deleted,
    ev.ModelEnabled: _model_enabled,
    ev.ModelDisabled: _model_disabled,
}

"""What events of a call change: its step, what it uses, its recipient's record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core._model.outcomes import TECHNICAL, Outcome
from campaign_core._model.recipients import FURTHER_NUMBERS_MAX, Recipient
from campaign_core._model.retry import Breaker
from campaign_core._model.statuses import PauseReason
from campaign_core._state import timers
from campaign_core._state.call import Call, Placement, Silent
from campaign_core._state.campaign import CampaignRow, form_key, number_key
from campaign_core._state.lines import attempts_to, leave, leave_ready, uncap, unpark
from campaign_core._state.pacing import attempts_with, cap_frees_at
from campaign_core._state.service import Draft
from campaign_core._state.timers import GRACE_MS, TimerKind
from campaign_core._transition.call import new_call, next_call
from campaign_core._transition.recipient import Context, next_record
from campaign_core._transition.service_events import change_do_not_call
from campaign_core._transition.shared import arm, change_recipient, disarm, disarm_digit
from campaign_core._values.identifiers import CallKey
from campaign_core._values.instants import HOUR_MS, SECOND_MS, Instant
from campaign_core._values.makers import maker_of

__all__ = ["OF_CALL"]

_new_placement = maker_of(Placement)

# On Python 3.11 an enumeration is asked for a member at each look.
_DEADLINE = TimerKind.DEADLINE
_REACHED = Outcome.REACHED

_CAP_HORIZON_MS = 8_760 * HOUR_MS
_SOUNDS_MISSING_MAX = 3
_DEADLINE_RESERVE_MS = 10 * SECOND_MS
_CALLED = tuple(Context(number_index=index) for index in range(FURTHER_NUMBERS_MAX + 1))


def _call_placed(draft: Draft, event: ev.CallPlaced) -> None:
    owner, campaign = draft.owner, draft.campaign(event.campaign_id)
    position, line, at = event.position, event.line, event.at
    parameters, settings = campaign.parameters, draft.settings
    recipient = campaign.recipients.at(position)
    index = _index_of(recipient, event) if recipient.further_numbers else 0
    before = campaign.records.at(position - 1)
    after = next_record(before, event, _CALLED[index])
    # The number called is the next one, so its line is where the recipient stood, as a rule.
    key_in_line = campaign.ready_key(position, before)
    if not leave_ready(draft, campaign, campaign.line_key(recipient, line), key_in_line):
        leave(draft, campaign, position, before)
    campaign.records = campaign.records.with_item(position - 1, after, owner)
    campaign.idle -= 1
    campaign.in_use[line] += 1
    draft.in_use[line] += 1
    draft.touched_now.add(campaign.campaign_id)
    key = CallKey(campaign.campaign_id << 32 | position)
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    deadline_at = Instant(at + lasts_s * SECOND_MS + _DEADLINE_RESERVE_MS)
    placement = _new_placement(
        call_id=event.call_id,
        key=key,
        campaign_id=event.campaign_id,
        position=position,
        attempt=event.attempt,
        number=event.number,
        number_index=index,
        line=line,
        placed_at=at,
        record_before=before,
    )
    call = new_call(placement=placement, deadline_at=deadline_at)
    draft.calls = draft.calls.with_item(event.call_id, call, owner)
    draft.timers = draft.timers.with_item(timers.last_of_call(call), None, owner)
    form = form_key(event.number, line, settings.number_plan)
    draft.busy = draft.busy.with_item(form, (draft.busy.get(form) or 0) + 1, owner)
    if settings.call_rate is not None or at < draft.rate_kept_until:
        draft.placements = draft.placements.with_one(at, owner)
    if parameters.call_rate is not None:
        campaign.placements = campaign.placements.with_one(at, owner)
    if settings.frequency_cap is not None or at < draft.cap_kept_until:
        number = number_key(event.number, line)
        times = draft.attempt_times.get(number) or ()
        draft.attempt_times = draft.attempt_times.with_item(
            number, attempts_with(times, at, _CAP_HORIZON_MS), owner
        )
        cap = settings.frequency_cap
        if cap is not None and cap_frees_at(attempts_to(draft, form), cap) > at:
            draft.note_capped(number)


def _index_of(recipient: Recipient, event: ev.CallPlaced) -> int:
    called = (event.number, event.line)
    return [(number.number, number.line) for number in recipient.numbers].index(called)


def _call_changed(draft: Draft, event: ev.CallEvent) -> Call:
    """Change the call an event is about by its table, and return it as it was before."""
    call = draft.calls[event.call_id]
    script = draft.campaign(call.placement.campaign_id).parameters.script
    after = next_call(call, event, script)
    if after is not call:
        if isinstance(call.step, Silent):
            disarm_digit(draft, call)
        draft.calls = draft.calls.with_item(event.call_id, after, draft.owner)
    return call


def _silence_started(draft: Draft, event: ev.SilenceStarted) -> None:
    call = _call_changed(draft, event)
    if not call.is_adrift:
        arm(draft, event.until, TimerKind.DIGIT, call.placement.key)


def _call_transferred(draft: Draft, event: ev.CallTransferred) -> None:
    before = _call_changed(draft, event)
    key = before.placement.key
    _disarm_deadline(draft, before)
    arm(draft, event.deadline_at, _DEADLINE, key)


def _deadline_passed(draft: Draft, event: ev.DeadlinePassed) -> None:
    call = _call_changed(draft, event)
    disarm(draft, call.deadline_at, _DEADLINE, call.placement.key)
    arm(draft, call.deadline_at + GRACE_MS, TimerKind.GRACE, call.placement.key)


def _disarm_deadline(draft: Draft, call: Call) -> None:
    draft.timers = draft.timers.without(timers.last_of_call(call), draft.owner)


def _call_ended(draft: Draft, event: ev.CallEnded) -> None:
    call, campaign = _close(draft, event)
    placement, parameters = call.placement, campaign.parameters
    if parameters.breaker is not None:
        _count_for_breaker(draft, campaign, parameters.breaker, event)
    campaign.sounds_missing = event.sounds_missing
    if event.sounds_missing >= _SOUNDS_MISSING_MAX:
        # R6.18: no repeat call helps anybody.
        draft.tripped.append((campaign.campaign_id, PauseReason.SOUND_MISSING))
    context = _CALLED[placement.number_index]
    if event.outcome is not _REACHED:
        context = Context(parameters.retry, placement.number_index)
    change_recipient(draft, campaign, placement.position, event, context)


def _count_for_breaker(
    draft: Draft, campaign: CampaignRow, breaker: Breaker, event: ev.CallEnded
) -> None:
    kept = (1 << breaker.calls) - 1
    bit = event.outcome in TECHNICAL
    campaign.breaker_bits = (campaign.breaker_bits << 1 | bit) & kept
    campaign.breaker_calls += 1
    failed = campaign.breaker_bits.bit_count()
    if (
        campaign.breaker_calls >= breaker.calls
        and failed * 100 > breaker.failed_percent * breaker.calls
    ):
        draft.tripped.append((campaign.campaign_id, PauseReason.BREAKER))


def _call_given_back(draft: Draft, event: ev.CallGivenBack) -> None:
    call, campaign = _close(draft, event)
    placement = call.placement
    if draft.attempt_times and not call.is_uncounted:
        number = number_key(placement.number, placement.line)
        times = list(draft.attempt_times.get(number) or ())
        if placement.placed_at in times:
            times.remove(placement.placed_at)
        draft.attempt_times = (
            draft.attempt_times.with_item(number, tuple(times), draft.owner)
            if times
            else draft.attempt_times.without(number, draft.owner)
        )
        uncap(draft, placement.number, placement.line, event.at)
    context = Context(number_index=placement.number_index, record_before=placement.record_before)
    change_recipient(draft, campaign, placement.position, event, context)


def _close(draft: Draft, event: ev.CallEvent) -> tuple[Call, CampaignRow]:
    """Take a call out of the calls in progress, and free what it used."""
    owner = draft.owner
    call = draft.calls[event.call_id]
    placement = call.placement
    line = placement.line
    draft.calls = draft.calls.without(event.call_id, owner)
    _disarm_deadline(draft, call)
    if isinstance(call.step, Silent):
        disarm_digit(draft, call)
    campaign = draft.campaign(placement.campaign_id)
    draft.in_use[line] -= 1
    campaign.in_use[line] -= 1
    number = form_key(placement.number, line, draft.settings.number_plan)
    others = draft.busy[number] - 1
    if others:
        draft.busy = draft.busy.with_item(number, others, owner)
    else:
        draft.busy = draft.busy.without(number, owner)
        if draft.parked:
            unpark(draft, number, event.at)
    draft.touched_now.add(campaign.campaign_id)
    return call, campaign


def _opted_out(draft: Draft, event: ev.OptedOut) -> None:
    _call_changed(draft, event)
    change_do_not_call(draft, (event.number,), event.at, barred=True)


OF_CALL: dict[type[Any], Callable[[Draft, Any], object]] = {
    ev.CallPlaced: _call_placed,
    ev.CallGivenBack: _call_given_back,
    ev.CallAnswered: _call_changed,
    ev.PlaybackStarted: _call_changed,
    ev.PlaybackEnded: _call_changed,
    ev.SilenceStarted: _silence_started,
    ev.DigitDialled: _call_changed,
    ev.DigitTimedOut: _call_changed,
    ev.AnswerConfirmed: _call_changed,
    ev.ListeningConfirmed: _call_changed,
    ev.OptedOut: _opted_out,
    ev.CallTransferred: _call_transferred,
    ev.DeadlinePassed: _deadline_passed,
    ev.HangUpOrdered: _call_changed,
    ev.CallWentAdrift: _call_changed,
    ev.CallTakenOver: _call_changed,
    ev.CallEnded: _call_ended,
}

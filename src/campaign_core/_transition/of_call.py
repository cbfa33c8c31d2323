"""What events of a call change: its step, what it uses, its recipient's record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core._model.outcomes import TECHNICAL
from campaign_core._state.call import Call, Placement, Silent
from campaign_core._state.campaign import CampaignRow, number_key
from campaign_core._state.lines import unpark
from campaign_core._state.pacing import attempts_with
from campaign_core._state.service import Draft
from campaign_core._state.timers import GRACE_MS, Due
from campaign_core._transition.call import next_call
from campaign_core._transition.of_service import change_do_not_call
from campaign_core._transition.recipient import Context
from campaign_core._transition.shared import arm, change_recipient, disarm, disarm_digit
from campaign_core._values.identifiers import CallKey, CampaignId, read_call_id
from campaign_core._values.instants import HOUR_MS, SECOND_MS, Instant

__all__ = ["OF_CALL"]

_CAP_HORIZON_MS = 8_760 * HOUR_MS


def _call_placed(draft: Draft, event: ev.CallPlaced) -> None:
    owner, campaign = draft.owner, draft.campaign(event.campaign_id)
    position, line, at = event.position, event.line, event.at
    parameters = campaign.parameters
    record = campaign.records[position - 1]
    index = _index_of(campaign, event)
    change_recipient(draft, campaign, position, event, Context(number_index=index))
    lasts_s = parameters.ring_timeout_s + parameters.script.call_duration_max_s
    deadline_at = Instant(at + lasts_s * SECOND_MS + GRACE_MS)
    key = campaign.key_of(position)
    placement = Placement(
        call_id=event.call_id,
        key=key,
        attempt=event.attempt,
        number=event.number,
        number_index=index,
        line=line,
        placed_at=at,
        record_before=record,
    )
    draft.calls = draft.calls.with_item(
        key, Call(placement=placement, deadline_at=deadline_at), owner
    )
    arm(draft, deadline_at, Due.DEADLINE, key)
    draft.in_use[line] += 1
    campaign.in_use[line] += 1
    number = number_key(event.number, line)
    draft.busy = draft.busy.with_item(number, (draft.busy.get(number) or 0) + 1, owner)
    settings = draft.settings
    if settings.call_rate is not None:
        draft.placements = draft.placements.with_one(at, owner)
    if parameters.call_rate is not None:
        campaign.placements = campaign.placements.with_one(at, owner)
    if settings.frequency_cap is not None:
        times = draft.attempt_times.get(number) or ()
        draft.attempt_times = draft.attempt_times.with_item(
            number, attempts_with(times, at, _CAP_HORIZON_MS), owner
        )
    draft.touched_now.add(event.campaign_id)


def _index_of(campaign: CampaignRow, event: ev.CallPlaced) -> int:
    recipient = campaign.recipients.at(event.position)
    if not recipient.further_numbers:
        return 0
    called = (event.number, event.line)
    return [(number.number, number.line) for number in recipient.numbers].index(called)


def _with_call(draft: Draft, event: ev.CallEvent) -> Call:
    """Change the call an event is about by its table, and return it as it was before."""
    key = _key_of(draft, event)
    call = draft.calls[key]
    script = draft.campaign(CampaignId(key >> 32)).parameters.script
    after = next_call(call, event, script)
    if after is not call:
        if isinstance(call.step, Silent):
            disarm_digit(draft, call)
        _put(draft, key, after)
    return call


def _key_of(draft: Draft, event: ev.CallEvent) -> CallKey:
    known = read_call_id(draft.service_id, event.call_id)
    if known is None:
        raise KeyError(event.call_id)
    return known[0]


def _put(draft: Draft, key: CallKey, call: Call) -> None:
    draft.calls = draft.calls.with_item(key, call, draft.owner)


def _call_changed(draft: Draft, event: ev.CallEvent) -> None:
    _with_call(draft, event)


def _silence_started(draft: Draft, event: ev.SilenceStarted) -> None:
    if not _with_call(draft, event).is_adrift:
        arm(draft, event.until, Due.DIGIT, _key_of(draft, event))


def _call_transferred(draft: Draft, event: ev.CallTransferred) -> None:
    before = _with_call(draft, event)
    key = before.placement.key
    disarm(draft, before.deadline_at, Due.DEADLINE, key)
    disarm(draft, before.deadline_at + GRACE_MS, Due.GRACE, key)
    arm(draft, event.deadline_at, Due.DEADLINE, key)


def _deadline_passed(draft: Draft, event: ev.DeadlinePassed) -> None:
    call = _with_call(draft, event)
    disarm(draft, call.deadline_at, Due.DEADLINE, call.placement.key)
    arm(draft, call.deadline_at + GRACE_MS, Due.GRACE, call.placement.key)


def _call_ended(draft: Draft, event: ev.CallEnded) -> None:
    call, campaign = _close(draft, event)
    if campaign.parameters.breaker is not None:
        kept = (1 << campaign.parameters.breaker.calls) - 1
        bit = event.outcome in TECHNICAL
        campaign.breaker_bits = (campaign.breaker_bits << 1 | bit) & kept
        campaign.breaker_calls += 1
    context = Context(campaign.parameters.retry, call.placement.number_index)
    change_recipient(draft, campaign, call.placement.position, event, context)


def _call_given_back(draft: Draft, event: ev.CallGivenBack) -> None:
    call, campaign = _close(draft, event)
    placement = call.placement
    if draft.settings.frequency_cap is not None:
        number = number_key(placement.number, placement.line)
        times = list(draft.attempt_times.get(number) or ())
        if placement.placed_at in times:
            times.remove(placement.placed_at)
        draft.attempt_times = (
            draft.attempt_times.with_item(number, tuple(times), draft.owner)
            if times
            else draft.attempt_times.without(number, draft.owner)
        )
    context = Context(number_index=placement.number_index, record_before=placement.record_before)
    change_recipient(draft, campaign, placement.position, event, context)


def _close(draft: Draft, event: ev.CallEvent) -> tuple[Call, CampaignRow]:
    """Take a call out of the calls in progress, and free what it used."""
    key, owner = _key_of(draft, event), draft.owner
    call = draft.calls[key]
    placement = call.placement
    line = placement.line
    draft.calls = draft.calls.without(key, owner)
    disarm(draft, call.deadline_at, Due.DEADLINE, key)
    if call.is_overdue:
        disarm(draft, call.deadline_at + GRACE_MS, Due.GRACE, key)
    disarm_digit(draft, call)
    campaign = draft.campaign(CampaignId(key >> 32))
    draft.in_use[line] -= 1
    campaign.in_use[line] -= 1
    number = number_key(placement.number, line)
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
    _with_call(draft, event)
    change_do_not_call(draft, (event.number,), event.at, barred=True)


OF_CALL: dict[type[Any], Callable[[Draft, Any], None]] = {
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
    ev.CallTakenOver: _call_changed,
    ev.CallEnded: _call_ended,
}

"""Why is nobody calling? Answers from the scheduler's own code (R8.1, R8.5).

``explain`` lets a tick happen on a private draft: whoever is called by it has no reason against
it, and for everyone else the reasons are read off where the pass left them. So it cannot lie.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from campaign_core import events as ev
from campaign_core._decision.moment import Moment
from campaign_core._decision.queries import row_of
from campaign_core._decision.reasons import Explanation, Reason, ReasonKind
from campaign_core._model.calling_hours import is_known_zone, local_time
from campaign_core._model.limits import CallLimits
from campaign_core._model.recipients import Line, Recipient
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._schedule.plan import rate_window_start
from campaign_core._state import record as rec
from campaign_core._state.campaign import CampaignRow, read_number_key
from campaign_core._state.lines import (
    capped_until,
    is_busy,
    key_of_number,
    line_of,
    next_number,
    obstacle,
    zone_is_open,
)
from campaign_core._state.pacing import cap_frees_at
from campaign_core._state.service import Draft, State
from campaign_core._transition.evolve import open_draft
from campaign_core._values.identifiers import CampaignId, Position
from campaign_core._values.instants import Instant
from campaign_core.errors import UnknownRecipientError

__all__ = ["explain"]


def explain(state: State, campaign_id: CampaignId, position: Position, now: Instant) -> Explanation:
    """Return why a recipient is not being called, or what happens to it (R8.1).

    Costs a pass of the scheduler on a private draft and, to count who is ahead, up to O(n).

    Args:
        state: the state; not changed.
        campaign_id: the campaign.
        position: the recipient, counted from 1.
        now: the time; an earlier one than the last event's is taken as that.

    Raises:
        UnknownCampaignError: there is no such campaign.
        UnknownRecipientError: the campaign has no recipient at this position.
    """
    count = len(row_of(state, campaign_id).recipients)
    if not 1 <= position <= count:
        why = f"position = {position}: the campaign has {count} recipients"
        raise UnknownRecipientError(None, why, (position,))
    at = max(now, state.now)
    moment = Moment(open_draft(state, at), at)
    moment.take_due()
    moment.conclude()
    is_called = any(
        isinstance(event, ev.CallPlaced)
        and event.campaign_id == campaign_id
        and event.position == position
        for event in moment.events
    )
    context = _RecipientContext(moment.draft, moment.draft.campaign(campaign_id), position, at)
    reasons = () if is_called else tuple(_reasons(context))
    return Explanation(campaign_id=campaign_id, position=position, reasons=reasons)


@attrs.frozen
class _RecipientContext:
    draft: Draft
    campaign: CampaignRow
    position: Position
    now: Instant

    @property
    def record(self) -> int:
        return self.campaign.record(self.position)

    @property
    def recipient(self) -> Recipient:
        return self.campaign.recipients.at(self.position)


def _reasons(context: _RecipientContext) -> Iterator[Reason]:
    status = rec.status_of(context.record)
    if status != rec.IDLE:
        yield _settled(context, status)
        return
    yield from _of_campaign(context)
    index = next_number(context.draft, context.recipient, context.record)
    if index is None:
        # Only in a campaign that is final are those without a number left as they were.
        return
    yield from _of_person(context, index)
    if not (context.campaign.status.is_final or context.campaign.is_satisfied):
        # Also of a campaign that is paused: to resume it is not enough then.
        yield from _of_capacity(context, index)


def _settled(context: _RecipientContext, status: int) -> Reason:
    if status == rec.CONTACTED:
        return Reason(kind=ReasonKind.CONTACTED, sentence="reached already", change="")
    if status == rec.ACTIVE:
        return Reason(
            kind=ReasonKind.IN_CALL, sentence="in a call now", change="when the call ends"
        )
    why = rec.reason_of(context.record)
    text = why.name.lower().replace("_", " ")
    return Reason(kind=ReasonKind.FAILED, sentence=f"failed: {text}", change=_REVIVED[why.name])


_REVIVED = {
    "ATTEMPTS_USED_UP": "when attempts are added",
    "STOPPED": "when attempts are added",
    "NO_NUMBER_LEFT": "when attempts are added",
    "DO_NOT_CALL": "",
    "OPTED_OUT": "",
    "EXPIRED": "",
}


def _of_campaign(context: _RecipientContext) -> Iterator[Reason]:
    campaign = context.campaign
    match campaign.status:
        case Status.SCHEDULED:
            starts_at = context.draft.time_of(campaign.starts_at)
            yield Reason(
                kind=ReasonKind.SCHEDULED,
                sentence=f"the campaign starts {_at(context.draft, starts_at, 'UTC')}",
                change=f"{_at(context.draft, starts_at, 'UTC')}, or when it is started now",
                until=starts_at,
            )
        case Status.PAUSED:
            assert campaign.pause_reason is not None
            yield Reason(
                kind=ReasonKind.PAUSED,
                sentence=f"the campaign is paused ({_PAUSED_BY[campaign.pause_reason]})",
                change="when the campaign is resumed",
            )
        case Status.ACTIVE:
            if campaign.is_satisfied:
                yield Reason(
                    kind=ReasonKind.THRESHOLD_REACHED,
                    sentence=f"the threshold is reached ({campaign.required}) "
                    "and the campaign stops there",
                    change="",
                )
        case _:
            name = campaign.status.name.lower()
            yield Reason(kind=ReasonKind.ENDED, sentence=f"the campaign is {name}", change="")


_PAUSED_BY = {
    PauseReason.USER: "by the user",
    PauseReason.BREAKER: "by the breaker",
    PauseReason.HELD: "the service was started with every campaign held",
    PauseReason.SOUND_MISSING: "its sound could not be played in three calls running",
}


def _of_person(context: _RecipientContext, index: int) -> Iterator[Reason]:
    campaign, now = context.campaign, context.now
    due_at = Instant(rec.due_at_of(context.record))
    zone = context.recipient.time_zone or campaign.parameters.time_zone
    if due_at > now:
        yield Reason(
            kind=ReasonKind.RETRY_DELAY,
            sentence=f"to be tried again only {_at(context.draft, due_at, zone)}",
            change=_at(context.draft, due_at, zone),
            until=due_at,
        )
    hours = campaign.parameters.calling_hours
    if hours and not is_known_zone(zone):
        yield Reason(
            kind=ReasonKind.UNKNOWN_TIME_ZONE,
            sentence=f"calling hours are in {zone}, a time zone that this machine does not know",
            change="when the service is started with time zone data (tzdata) that have it",
        )
    elif not zone_is_open(context.draft, campaign, zone if hours else "", now):
        _, opens_at = campaign.zones[zone]
        yield Reason(
            kind=ReasonKind.OUTSIDE_CALLING_HOURS,
            sentence=f"outside the calling hours in {zone}",
            change="" if opens_at is None else _at(context.draft, opens_at, zone),
            until=None if opens_at is None else Instant(opens_at),
        )
    number = key_of_number(context.draft, context.recipient, index)
    cap, frees_at = context.draft.settings.frequency_cap, capped_until(context.draft, number)
    if cap is not None and frees_at > now:
        yield Reason(
            kind=ReasonKind.FREQUENCY_CAP,
            sentence=f"the number was called {cap.attempts} times in {cap.per_h} h",
            change=_at(context.draft, frees_at, zone),
            until=Instant(frees_at),
            count=cap.attempts,
            limit=cap.attempts,
        )
    if is_busy(context.draft, number):
        yield Reason(
            kind=ReasonKind.NUMBER_BUSY,
            sentence="the number is in another call",
            change="when that call ends",
        )


def _of_capacity(context: _RecipientContext, index: int) -> Iterator[Reason]:
    draft, campaign, now = context.draft, context.campaign, context.now
    line = line_of(campaign, context.recipient, index)[0]
    yield from _of_driver(draft, now)
    rate = campaign.parameters.call_rate
    free_from = campaign.placements.free_from(rate) if rate is not None else 0
    if rate is not None and free_from > now:
        yield Reason(
            kind=ReasonKind.CAMPAIGN_RATE,
            sentence=f"call rate of this campaign reached ({rate.calls} in {rate.per_s} s)",
            change=_at(draft, free_from, "UTC"),
            until=Instant(free_from),
            count=rate.calls,
            limit=rate.calls,
        )
    settings = draft.settings
    yield from _full(
        ReasonKind.SERVICE_LIMIT, "of the service", settings.call_limits, draft.in_use, line
    )
    yield from _full(
        ReasonKind.DRIVER_LIMIT, "of the telephony", draft.link.call_limits, draft.in_use, line
    )
    limits = campaign.parameters.call_limits
    yield from _full(ReasonKind.CAMPAIGN_LIMIT, "of this campaign", limits, campaign.in_use, line)
    last = rate_window_start(draft)
    if last is not None and campaign.rank > last:
        most = settings.active_campaigns_max
        yield Reason(
            kind=ReasonKind.ACTIVE_CAMPAIGNS,
            sentence=f"campaigns before it hold the {most} places of active campaigns",
            change="when one of them has nobody to call",
            count=most,
            limit=most,
        )
    ahead = _ahead(context, line)
    if ahead:
        plural = "recipient" if ahead == 1 else "recipients"
        yield Reason(
            kind=ReasonKind.QUEUED_BEHIND,
            sentence=f"waiting: {ahead} {plural} of this campaign ahead on the same line",
            change="when they have been called",
            count=ahead,
        )


def _of_driver(draft: Draft, now: int) -> Iterator[Reason]:
    link = draft.link
    if not link.is_up:
        yield Reason(
            kind=ReasonKind.DRIVER_DOWN,
            sentence="the telephony is not connected",
            change="when it is connected again",
        )
    if link.deferred_until > now:
        yield Reason(
            kind=ReasonKind.DRIVER_DEFERRED,
            sentence="the telephony takes no call now",
            change=_at(draft, link.deferred_until, "UTC"),
            until=link.deferred_until,
        )
    rate = draft.settings.call_rate
    free_from = draft.placements.free_from(rate) if rate is not None else 0
    if rate is not None and free_from > now:
        yield Reason(
            kind=ReasonKind.SERVICE_RATE,
            sentence=f"call rate of the service reached ({rate.calls} in {rate.per_s} s)",
            change=_at(draft, free_from, "UTC"),
            until=Instant(free_from),
            count=rate.calls,
            limit=rate.calls,
        )


def _full(
    kind: ReasonKind, whose: str, limits: CallLimits, in_use: dict[Line, int], line: Line
) -> Iterator[Reason]:
    name = line.name.lower()
    for what, limit, used in (
        ("total", limits.total, sum(in_use.values())),
        (name, limits.on(line), in_use[line]),
    ):
        if limit is not None and used >= limit:
            call = "a call" if what == "total" else f"an {what} call"
            yield Reason(
                kind=kind,
                sentence=f"{what} limit {whose} reached ({used} of {limit})",
                change=f"when {call} {whose} ends, or the limit is raised",
                count=used,
                limit=limit,
            )


def _ahead(context: _RecipientContext, line: Line) -> int:
    """Count who would be called before: not who is outside its hours, capped or in another call."""
    draft, campaign, now = context.draft, context.campaign, context.now
    key = campaign.ready_key(context.position, context.record)
    queues = [
        queue
        for (other, zone), queue in campaign.ready.items()
        if other is line and zone_is_open(draft, campaign, zone, now)
    ]
    ahead = sum(queue.count_before(key) for queue in queues)
    if not ahead:
        return 0
    # In line still, for nobody has looked: there was no room for a call.
    for position in _kept_back(draft, campaign, now):
        record = campaign.record(position)
        own_key = campaign.ready_key(position, record)
        index = next_number(draft, campaign.recipients.at(position), record)
        if index is None or own_key >= key or not any(own_key in queue for queue in queues):
            continue
        number = key_of_number(draft, campaign.recipients.at(position), index)
        ahead -= obstacle(draft, number, now) is not None
    return ahead


def _kept_back(draft: Draft, campaign: CampaignRow, now: int) -> set[int]:
    """Return who may be kept back by a number that is capped or in a call."""
    cap, plan = draft.settings.frequency_cap, draft.settings.number_plan
    keys = list(draft.busy)
    if cap is not None:
        # Under a number plan, attempts that were written otherwise count together.
        keys += [
            key
            for key, times in draft.attempt_times.items()
            if plan is not None or cap_frees_at(times, cap) > now
        ]
    return {
        position
        for number, line in map(read_number_key, keys)
        for position in campaign.recipients.positions_of(number, line, plan)
    }


def _at(draft: Draft, at: int, zone: str) -> str:
    """Return what the calendar will show at an instant of the service's time (R7.12)."""
    shown = zone if is_known_zone(zone) else "UTC"
    return f"at {local_time(shown, draft.calendar_at(at)):%Y-%m-%d %H:%M:%S} {shown}"

"""Every law that a state must keep, whatever happened to it.

For tests after each step, for a service before it writes a snapshot, and for who verifies one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from campaign_core._model.number_plan import canonical_form
from campaign_core._model.recipients import LINES
from campaign_core._model.statuses import Status
from campaign_core._state import record as rec
from campaign_core._state import timers
from campaign_core._state.campaign import POSITION_BITS, CampaignRow, form_key
from campaign_core._state.index import of_campaign
from campaign_core._state.lines import idle_positions, line_of, next_number
from campaign_core._state.service import ServiceRow, State

__all__ = ["check"]

_POSITION_MASK = 0xFFFFFFFF


def check(state: State) -> tuple[str, ...]:
    """Return the laws that a state breaks, one sentence each; empty for a sound state."""
    row = state._row
    return (
        *_calls(row),
        *_barred(row),
        *_timers(row),
        *(law for campaign in row.campaigns.values() for law in _pause(campaign)),
        *(law for campaign in row.campaigns.values() for law in _campaign(row, campaign)),
    )


def _calls(row: ServiceRow) -> Iterator[str]:
    by_line = Counter(call.placement.line for call in row.calls.in_order())
    if {line: by_line[line] for line in LINES} != row.in_use:
        yield f"R7.9: {row.in_use} calls are counted, {dict(by_line)} are in progress"
    busy = Counter(
        form_key(call.placement.number, call.placement.line, row.settings.number_plan)
        for call in row.calls.in_order()
    )
    if dict(busy) != dict(row.busy.items()):
        yield "R6.14: the numbers in calls are not those that are kept as busy"
    for call_id, call in row.calls.items():
        campaign = row.campaigns.get(call.placement.campaign_id)
        if campaign is None or call_id != call.placement.call_id:
            yield f"a call is kept under a wrong id: {call}"
        elif rec.status_of(campaign.record(call.placement.position)) != rec.ACTIVE:
            yield f"R5: a call is in progress to a recipient that is not active: {call}"
        elif rec.attempts_of(campaign.record(call.placement.position)) != call.placement.attempt:
            yield f"a call is not its recipient's last attempt: {call}"


def _barred(row: ServiceRow) -> Iterator[str]:
    plan = row.settings.number_plan
    if {canonical_form(number, plan) for number in row.do_not_call} != set(row.barred):
        yield "R3.7: the forms of the do-not-call list are not those of its numbers"


def _timers(row: ServiceRow) -> Iterator[str]:
    wanted = {entry for call in row.calls.in_order() for entry in timers.of_call(call)}
    wanted |= {entry for campaign in row.campaigns.values() for entry in of_campaign(row, campaign)}
    if wanted != set(row.timers):
        yield "R6.6: what is due is not what calls and campaigns ask for"


def _pause(campaign: CampaignRow) -> Iterator[str]:
    if (campaign.pause_reason is not None) is not (campaign.status is Status.PAUSED):
        yield (
            f"R4.3: campaign {campaign.campaign_id} is {campaign.status.name}, "
            f"its reason to be paused is {campaign.pause_reason}"
        )


def _campaign(row: ServiceRow, campaign: CampaignRow) -> Iterator[str]:
    name = f"campaign {campaign.campaign_id}"
    statuses = Counter(map(rec.status_of, campaign.records))
    if statuses[rec.IDLE] != campaign.idle or statuses[rec.CONTACTED] != campaign.contacted:
        yield f"{name}: the counts of recipients are wrong"
    own = Counter(
        call.placement.line
        for call in row.calls.in_order()
        if call.placement.campaign_id == campaign.campaign_id
    )
    if {line: own[line] for line in LINES} != campaign.in_use:
        yield f"{name}: the count of its calls is wrong"
    if sum(own.values()) != statuses[rec.ACTIVE]:
        yield f"{name}: active recipients and calls in progress do not match"
    for position, record in enumerate(campaign.records, 1):
        if rec.counted_of(record) > rec.allowed_of(record):
            yield f"R6.8: {name}: recipient {position} was called more often than allowed"
    is_over = statuses[rec.IDLE] == statuses[rec.ACTIVE] == 0
    is_running = campaign.status in (Status.ACTIVE, Status.PAUSED)
    if is_over and is_running and campaign.campaign_id not in row.touched:
        yield f"R4.5: {name} has nobody left and has not ended"
    yield from _lines(row, campaign, name)


def _lines(row: ServiceRow, campaign: CampaignRow, name: str) -> Iterator[str]:
    # Plain lists and a byte a recipient: of a million, each is looked at in no time.
    records, recipients = list(campaign.records), list(campaign.recipients)
    places = bytearray(len(records))
    for position in idle_positions(campaign):
        places[position - 1] += 1
    may_stand = not campaign.status.is_final
    if places != bytes(may_stand and rec.status_of(record) == rec.IDLE for record in records):
        yield f"{name}: an idle recipient stands in no line, or another in one"
    for standing, queue in campaign.ready.items():
        for key in queue:
            position = key & _POSITION_MASK
            recipient, record = recipients[position - 1], records[position - 1]
            index = next_number(row, recipient, record)
            if index is None or line_of(campaign, recipient, index) != standing:
                yield f"{name}: recipient {position} stands in a wrong line"
            # After a replay no pass has looked at the lines, but events have put people in them.
            if rec.due_at_of(record) > max(row.indexed_at, row.now):
                yield f"R6.10: {name}: recipient {position} stands in line before its time"
            if campaign.ready_key(position, record) != key:
                yield f"R6.4: {name}: recipient {position} stands at a wrong place"
    if campaign.campaign_id in row.touched:
        return
    listed = (
        row.contenders.get(campaign.rank) == campaign.campaign_id,
        *(row.placeable[line].get(campaign.rank) == campaign.campaign_id for line in LINES),
    )
    if listed != campaign.listed:
        yield f"{name}: it is not listed where it says"
    first = campaign.waiting.first()
    if first is not None and campaign.may_call:
        wake_at = campaign.wake_at
        if wake_at is None or wake_at > first >> POSITION_BITS:
            yield f"R6.6: {name}: nobody looks when the first who waits may be called"
    total, *by_line = campaign.room()
    for is_listed, left in zip(campaign.listed[1:], by_line, strict=True):
        if is_listed and (total <= 0 or left <= 0):
            yield f"R6.3: {name} is listed as able to call on a line that is full"

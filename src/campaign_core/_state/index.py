"""The index made anew from the facts: after decoding, or where an earlier time is taken."""

from __future__ import annotations

from collections import Counter

from campaign_core._model.number_plan import canonical_form
from campaign_core._model.recipients import LINES
from campaign_core._model.statuses import Status
from campaign_core._state import record as rec
from campaign_core._state import timers
from campaign_core._state.campaign import CampaignRow, form_key
from campaign_core._state.lines import line_up_all
from campaign_core._state.service import Draft, ServiceRow
from campaign_core._state.timers import TimerKind
from campaign_core._values.hash_map import HashMap
from campaign_core._values.sorted_map import SortedMap

__all__ = ["of_campaign", "rebuild", "rebuild_lines", "rebuild_numbers"]


def rebuild(draft: Draft, now: int) -> None:
    """Make counts, timers and lines anew."""
    calls = draft.calls.in_order()
    draft.in_use = dict.fromkeys(LINES, 0)
    for campaign_id in list(draft.campaigns):
        campaign = draft.campaign(campaign_id)
        statuses = Counter(map(rec.status_of, campaign.records))
        campaign.idle, campaign.contacted = statuses[rec.IDLE], statuses[rec.CONTACTED]
        campaign.in_use = dict.fromkeys(LINES, 0)
    for call in calls:
        placement = call.placement
        draft.in_use[placement.line] += 1
        draft.campaign(placement.campaign_id).in_use[placement.line] += 1
    entries = [entry for call in calls for entry in timers.of_call(call)]
    entries += [entry for row in draft.rows() for entry in of_campaign(draft, row)]
    draft.timers = SortedMap.of_keys(entries)
    rebuild_numbers(draft)
    rebuild_lines(draft, now)


def rebuild_numbers(draft: Draft) -> None:
    """Make anew what goes by the forms of numbers, as the number plan now has them (R3.7)."""
    plan = draft.settings.number_plan
    busy = Counter(
        form_key(call.placement.number, call.placement.line, plan)
        for call in draft.calls.in_order()
    )
    draft.busy = HashMap(busy.items())
    draft.barred = (
        draft.do_not_call
        if plan is None
        else SortedMap.of_keys({canonical_form(number, plan) for number in draft.do_not_call})
    )


def of_campaign(row: ServiceRow, campaign: CampaignRow) -> list[int]:
    """Return the timers that a campaign asks for; what it names is a moment of the calendar."""
    entries = []
    if campaign.status is Status.SCHEDULED:
        entries.append(
            timers.entry(row.time_of(campaign.starts_at), TimerKind.START, campaign.campaign_id)
        )
    is_over = campaign.status.is_final or campaign.is_expired
    if campaign.expires_at is not None and not is_over:
        entries.append(
            timers.entry(row.time_of(campaign.expires_at), TimerKind.EXPIRY, campaign.campaign_id)
        )
    return entries


def rebuild_lines(draft: Draft, now: int) -> None:
    """Make the lines anew, as they are at ``now``."""
    draft.parked = SortedMap()
    draft.contenders, draft.wakes = SortedMap(), SortedMap()
    draft.placeable = {line: SortedMap() for line in LINES}
    for campaign_id in list(draft.campaigns):
        campaign = draft.campaign(campaign_id)
        campaign.held, campaign.listed, campaign.wake_at = SortedMap(), (False, False, False), None
        campaign.ready, campaign.zones = {}, {}
        campaign.waiting, campaign.stranded = SortedMap(), SortedMap()
        if not campaign.status.is_final:
            line_up_all(draft, campaign, range(1, len(campaign.recipients) + 1), now)
        draft.touched_now.add(campaign_id)
    draft.indexed_at = now
    draft.pass_due_at = 0

"""What every transition shares: timers armed and disarmed, a recipient's record replaced."""

from __future__ import annotations

from campaign_core import events as ev
from campaign_core._state import record as rec
from campaign_core._state import timers
from campaign_core._state.call import Call, Silent
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.lines import leave, line_up
from campaign_core._state.service import Draft
from campaign_core._state.timers import Due
from campaign_core._transition.recipient import Context, next_record

__all__ = ["arm", "change_recipient", "disarm", "disarm_digit"]


def change_recipient(
    draft: Draft, campaign: CampaignRow, position: int, event: ev.Event, context: Context
) -> int:
    """Change a recipient by its table, and return its record as it was before."""
    before = campaign.records[position - 1]
    after = next_record(before, event, context)
    was, now_is = before & 3, after & 3
    # Nobody stands in the lines of a campaign that is final.
    has_lines = not campaign.status.is_final
    if was == rec.IDLE:
        if has_lines:
            leave(draft, campaign, position, before)
        campaign.idle -= 1
    campaign.records = campaign.records.with_item(position - 1, after, draft.owner)
    if now_is == rec.IDLE:
        if has_lines:
            line_up(draft, campaign, position, after, event.at)
        campaign.idle += 1
    elif now_is == rec.CONTACTED:
        campaign.contacted += 1
    return before


def arm(draft: Draft, at: int, kind: Due, key: int) -> None:
    draft.timers = draft.timers.with_item(timers.entry(at, kind, key), None, draft.owner)


def disarm(draft: Draft, at: int, kind: Due, key: int) -> None:
    draft.timers = draft.timers.without(timers.entry(at, kind, key), draft.owner)


def disarm_digit(draft: Draft, call: Call) -> None:
    if isinstance(call.step, Silent):
        disarm(draft, call.step.until, Due.DIGIT, call.placement.key)

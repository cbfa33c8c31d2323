"""What every transition shares: timers armed and disarmed, a recipient's record replaced."""

from __future__ import annotations

from campaign_core import events as ev
from campaign_core._state import record as rec
from campaign_core._state import timers
from campaign_core._state.call import Call, Silent
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.lines import leave, line_up
from campaign_core._state.service import Draft
from campaign_core._state.timers import TimerKind
from campaign_core._transition.recipient import Context, next_record

__all__ = ["arm", "change_recipient", "disarm", "disarm_digit"]


def change_recipient(
    draft: Draft, campaign: CampaignRow, position: int, event: ev.Event, context: Context
) -> None:
    """Change a recipient by its table, and where it stands."""
    before = campaign.records.at(position - 1)
    after = next_record(before, event, context)
    now_is = after & 3
    # Nobody stands in the lines of a campaign that is final.
    if before & 3 == rec.IDLE:
        if not campaign.status.is_final:
            leave(draft, campaign, position, before)
        campaign.idle -= 1
    campaign.records = campaign.records.with_item(position - 1, after, draft.owner)
    if now_is == rec.CONTACTED:
        campaign.contacted += 1
    elif now_is == rec.IDLE:
        if not campaign.status.is_final:
            line_up(draft, campaign, position, after, event.at)
        campaign.idle += 1


def arm(draft: Draft, at: int, kind: TimerKind, key: int) -> None:
    """Note what becomes due, and when."""
    draft.timers = draft.timers.with_item(timers.entry(at, kind, key), None, draft.owner)


def disarm(draft: Draft, at: int, kind: TimerKind, key: int) -> None:
    """Forget what was to become due."""
    draft.timers = draft.timers.without(timers.entry(at, kind, key), draft.owner)


def disarm_digit(draft: Draft, call: Call) -> None:
    """Forget the end of a silence, if the call is in one."""
    if isinstance(call.step, Silent):
        disarm(draft, call.step.until, TimerKind.DIGIT, call.placement.key)

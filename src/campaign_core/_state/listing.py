"""Listing: which campaigns compete, which can place a call, and when to look again (R6.1, R6.2)."""

from __future__ import annotations

from campaign_core._model.recipients import LINES
from campaign_core._model.statuses import Status
from campaign_core._state.campaign import POSITION_BITS, CampaignRow
from campaign_core._state.lines import line_of, next_number, open_lines, release, zone_is_open
from campaign_core._state.service import Draft, ServiceRow
from campaign_core._values.sorted_map import SortedMap

__all__ = [
    "is_parked_open",
    "list_campaign",
    "strike",
]

_INTERNAL, _ = LINES

# On Python 3.11 an enumeration is asked for a member at each look.
_ACTIVE = Status.ACTIVE


def is_parked_open(draft: ServiceRow, campaign: CampaignRow, now: int) -> bool:
    """Return whether somebody waits for nothing but a busy number (R6.14)."""
    if not campaign.held.size:
        return False
    for position, held in campaign.held.items():
        if isinstance(held, str):
            recipient = campaign.recipients.at(position)
            index = next_number(draft, recipient, campaign.record(position))
            assert index is not None
            if zone_is_open(draft, campaign, line_of(campaign, recipient, index)[1], now):
                return True
    return False


def list_campaign(draft: Draft, campaign: CampaignRow, now: int) -> None:
    """List a campaign among those that compete and those that can place a call, or strike it."""
    may_call = campaign.may_call
    lines = open_lines(draft, campaign, now) if may_call else []
    rate = campaign.parameters.call_rate
    free_from = campaign.placements.free_from(rate) if rate and lines else 0
    internal = external = False
    if lines and free_from <= now:
        total, on_internal, on_external = campaign.room()
        for line, _ in lines:
            if line is _INTERNAL:
                internal = total > 0 and on_internal > 0
            else:
                external = total > 0 and on_external > 0
    competes = campaign.status is _ACTIVE and bool(
        lines or campaign.calls or (may_call and is_parked_open(draft, campaign, now))
    )
    listed = competes, internal, external
    if listed != campaign.listed:
        _relist(draft, campaign, listed)
    wake_at = _wake_at(campaign, now, free_from) if may_call else None
    if wake_at != campaign.wake_at:
        _set_wake(draft, campaign, wake_at)


def _relist(draft: Draft, campaign: CampaignRow, listed: tuple[bool, bool, bool]) -> None:
    owner, rank, campaign_id = draft.owner, campaign.rank, campaign.campaign_id
    if listed[0] is not campaign.listed[0]:
        tree = draft.contenders
        draft.contenders = (
            tree.with_item(rank, campaign_id, owner) if listed[0] else tree.without(rank, owner)
        )
    for place, line in enumerate(LINES, 1):
        if listed[place] is not campaign.listed[place]:
            tree = draft.placeable[line]
            draft.placeable[line] = (
                tree.with_item(rank, campaign_id, owner)
                if listed[place]
                else tree.without(rank, owner)
            )
    campaign.listed = listed


def _wake_at(campaign: CampaignRow, now: int, free_from: int) -> int | None:
    key = campaign.waiting.first()
    wake_at = None if key is None else key >> POSITION_BITS
    if free_from > now and (wake_at is None or free_from < wake_at):
        wake_at = free_from
    for _, until in campaign.zones.values():
        if until is not None and (wake_at is None or until < wake_at):
            wake_at = until
    return wake_at


def _set_wake(draft: Draft, campaign: CampaignRow, wake_at: int | None) -> None:
    owner, campaign_id = draft.owner, campaign.campaign_id
    if campaign.wake_at is not None:
        old = campaign.wake_at << POSITION_BITS | campaign_id
        draft.wakes = draft.wakes.without(old, owner)
    if wake_at is not None:
        draft.wakes = draft.wakes.with_item(wake_at << POSITION_BITS | campaign_id, None, owner)
    campaign.wake_at = wake_at


def strike(draft: Draft, campaign: CampaignRow) -> None:
    """Take a campaign out of every index of the service."""
    for position, held in list(campaign.held.items()):
        release(draft, campaign, position, held)
    _relist(draft, campaign, (False, False, False))
    _set_wake(draft, campaign, None)
    campaign.ready, campaign.zones = {}, {}
    campaign.waiting, campaign.held, campaign.stranded = SortedMap(), SortedMap(), SortedMap()

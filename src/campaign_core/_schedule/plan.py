"""One pass of the scheduler (R6.1 to R6.9): the calls to place now, one by one.

Theory of operation. Campaigns are listed by rank in two kinds of order, kept in step by
``list_campaign``: those that compete, and, for each phone line, those that can place a call by
their own limits and lines. A pass asks for the first campaign on a line with global room, lets it
place calls until it can place no more, and asks again; campaigns and recipients that cannot call
are never looked at.

What wins when two rules meet: the number of active campaigns is looked at before each campaign,
because a call placed by one may leave another without anybody to call (a cap), and the next one
moves up (R6.2, R6.9). So a number that is called as often as its cap allows is looked up in every
campaign that competes, and who has nobody else to call is struck at once.
"""

from __future__ import annotations

from typing import Protocol

from campaign_core._model.recipients import LINES, Recipient
from campaign_core._state.campaign import CampaignRow, LineKey, read_number_key
from campaign_core._state.lines import (
    hold,
    key_of_number,
    move_on,
    next_number,
    obstacle,
    open_lines,
)
from campaign_core._state.listing import is_parked_open, list_campaign
from campaign_core._state.service import EVERY, Draft, ServiceRow, least
from campaign_core._values.identifiers import CampaignId, Position

__all__ = [
    "Place",
    "bring_up_to",
    "capacity_free_from",
    "has_candidate",
    "place_calls",
    "rate_window_start",
]

_INTERNAL, _EXTERNAL = LINES
_POSITION_MASK = 0xFFFFFFFF
_NEVER = 1 << 62


class Place(Protocol):
    """Places a call: the draft has it when this returns."""

    def __call__(
        self,
        campaign: CampaignRow,
        position: Position,
        recipient: Recipient,
        number_index: int,
        rank: int,
    ) -> None:
        """Place a call to one of a recipient's numbers, counted from 0."""


def bring_up_to(draft: Draft, now: int) -> None:
    """Move lines and lists on to ``now``: no fact changes."""
    due = []
    is_capped = draft.settings.frequency_cap is not None
    if draft.wakes.size:
        for key in draft.wakes:
            if key >> 32 > now:
                break
            due.append(CampaignId(key & 0xFFFFFFFF))
    for campaign_id in (*due, *draft.touched_now):
        campaign = draft.campaign(campaign_id)
        if campaign.may_call:
            move_on(draft, campaign, now)
        list_campaign(draft, campaign, now)
        if is_capped:
            has_candidate(draft, campaign, now)
    draft.touched_now.clear()
    if draft.capped_now:
        _settle_capped(draft, now)
    draft.indexed_at = now


def capacity_free_from(row: ServiceRow) -> int:
    """Return the instant from which the driver and the global rate allow a call (R5.5, R2.4)."""
    link = row.link
    if not link.is_up:
        return _NEVER
    rate = row.settings.call_rate
    free_from = row.placements.free_from(rate) if rate is not None else 0
    return max(free_from, link.deferred_until)


def place_calls(draft: Draft, now: int, place: Place) -> None:
    """Place every call that the rules allow now, in their order.

    Args:
        draft: worked on; with every call placed the draft has it.
        now: the time.
        place: places one call.
    """
    wake = draft.wakes.first()
    is_woken = wake is not None and wake >> 32 <= now
    is_touched = bool(draft.touched_now or draft.capped_now)
    if not (is_woken or is_touched or draft.pass_due_at <= now):
        # The last pass placed all it could, and nothing has happened since that frees a place.
        return
    bring_up_to(draft, now)
    free_from = _pass(draft, now, place)
    draft.pass_due_at = free_from if free_from > now else _NEVER


def _pass(draft: Draft, now: int, place: Place) -> int:
    """Let campaigns place calls; return from when the driver and the global rate allow one."""
    placeable = draft.placeable
    while (free_from := capacity_free_from(draft)) <= now:
        total, internal, external = room = draft.room()
        if total <= 0:
            break
        rank = placeable[_INTERNAL].first() if internal > 0 else None
        other = placeable[_EXTERNAL].first() if external > 0 else None
        if rank is None or (other is not None and other < rank):
            rank = other
        if rank is None:
            break
        last = rate_window_start(draft)
        if last is not None and rank > last:
            break
        campaign_id = draft.contenders.get(rank)
        assert campaign_id is not None, "who can place a call competes"
        _let_place(draft, draft.campaign(campaign_id), room, now, place)
    return free_from


def rate_window_start(draft: Draft) -> int | None:
    """Return the rank of the last campaign that may place calls (R6.2); ``None``: all may."""
    most = draft.settings.active_campaigns_max
    if most is None:
        return None
    return draft.contenders.nth(most - 1) if most else -1


def _settle_capped(draft: Draft, now: int) -> None:
    """See whether campaigns still compete that have a number whose cap is reached (R6.2)."""
    numbers, draft.capped_now = draft.capped_now, set()
    every, plan = EVERY in numbers, draft.settings.number_plan
    capped = [] if every else list(map(read_number_key, numbers))
    for campaign_id in list(draft.contenders.values()):
        recipients = draft.campaigns[campaign_id].recipients
        if every or any(recipients.positions_of(number, line, plan) for number, line in capped):
            has_candidate(draft, draft.campaign(campaign_id), now)


def has_candidate(draft: Draft, campaign: CampaignRow, now: int) -> bool:
    """Return whether a recipient could be called now were there no capacity limits (R4.4).

    Who is capped at the head of a line is set aside, so that it is known when the cap ends.
    """
    if not campaign.may_call:
        return False
    is_found = set_aside = False
    for line in open_lines(draft, campaign, now):
        while not is_found and (key := campaign.ready[line].first()) is not None:
            held = _obstacle_of(draft, campaign, key, now)
            is_found = not isinstance(held, int)
            if isinstance(held, int):
                hold(draft, campaign, line, key, held)
                set_aside = True
    if set_aside:
        # Also where somebody on another line was found: a line may be empty now.
        list_campaign(draft, campaign, now)
    return is_found or is_parked_open(draft, campaign, now)


def _obstacle_of(draft: Draft, campaign: CampaignRow, key: int, now: int) -> int | str | None:
    position = key & _POSITION_MASK
    recipient = campaign.recipients.at(position)
    index = next_number(draft, recipient, campaign.record(position))
    assert index is not None, "who has no number to call stands in no line"
    return obstacle(draft, key_of_number(draft, recipient, index), now)


def _let_place(
    draft: Draft, campaign: CampaignRow, room: tuple[int, int, int], now: int, place: Place
) -> None:
    """Let one campaign place calls, within the room there is, until it can place no more."""
    rank = _rank(draft, campaign)
    total, internal, external = least(room, campaign.room())
    heads = _queue_heads(draft, campaign, now)
    rate = campaign.parameters.call_rate
    is_rated = rate is not None or draft.settings.call_rate is not None
    while total > 0 and (head := _head(heads, internal=internal > 0, external=external > 0)):
        line, key = head
        position = Position(key & _POSITION_MASK)
        recipient = campaign.recipients.at(position)
        index = 0
        if recipient.further_numbers:
            next_index = next_number(draft, recipient, campaign.record(position))
            assert next_index is not None, "who has no number to call stands in no line"
            index = next_index
        held = obstacle(draft, key_of_number(draft, recipient, index), now)
        if held is None:
            place(campaign, position, recipient, index, rank)
            total -= 1
            if line[0] is _INTERNAL:
                internal -= 1
            else:
                external -= 1
        else:
            hold(draft, campaign, line, key, held)
        heads[line] = campaign.ready[line].first()
        if draft.capped_now:
            # Others, and this one too, may have nobody to call any more.
            _settle_capped(draft, now)
            rank = _rank(draft, campaign)
            heads = _queue_heads(draft, campaign, now)
        if is_rated and held is None:
            own_free_from = 0 if rate is None else campaign.placements.free_from(rate)
            if own_free_from > now or capacity_free_from(draft) > now:
                break
    list_campaign(draft, campaign, now)
    if draft.settings.frequency_cap is not None:
        has_candidate(draft, campaign, now)
    draft.touched_now.discard(campaign.campaign_id)


def _queue_heads(draft: Draft, campaign: CampaignRow, now: int) -> dict[LineKey, int | None]:
    ready = campaign.ready
    return {line: ready[line].first() for line in open_lines(draft, campaign, now)}


def _rank(draft: Draft, campaign: CampaignRow) -> int:
    """Return a campaign's place among those that compete, from 1 (R8.4)."""
    contenders = draft.contenders
    is_first = contenders.first() == campaign.rank
    return 1 if is_first else contenders.count_before(campaign.rank) + 1


def _head(
    heads: dict[LineKey, int | None], *, internal: bool, external: bool
) -> tuple[LineKey, int] | None:
    """Return who is next among the lines with room everywhere (R6.3, R6.4)."""
    best: tuple[LineKey, int] | None = None
    for line, key in heads.items():
        has_room = internal if line[0] is _INTERNAL else external
        if has_room and key is not None and (best is None or key < best[1]):
            best = line, key
    return best

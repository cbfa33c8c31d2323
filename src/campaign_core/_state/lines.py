"""Lining up: where an idle recipient stands, and which campaigns can place a call (R6).

Every function here moves recipients and campaigns within the index; none changes a fact. The
index is what makes a step cost O(log n): the scheduler looks at heads of lines, never through
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from campaign_core._model.calling_hours import is_open, next_change
from campaign_core._model.number_plan import spellings
from campaign_core._model.recipients import Line, Recipient
from campaign_core._model.statuses import FailureReason
from campaign_core._state import record as rec
from campaign_core._state.campaign import (
    POSITION_BITS,
    CampaignRow,
    LineKey,
    form_key,
    number_key,
)
from campaign_core._state.pacing import cap_frees_at
from campaign_core._state.service import Draft, ServiceRow
from campaign_core._values.identifiers import CampaignId
from campaign_core._values.sorted_map import SortedMap

__all__ = [
    "capped_until",
    "hold",
    "idle_positions",
    "is_busy",
    "key_of_number",
    "leave",
    "leave_ready",
    "line_of",
    "line_up",
    "line_up_all",
    "move_on",
    "next_number",
    "obstacle",
    "open_lines",
    "release",
    "stranded_because",
    "uncap",
    "unpark",
    "zone_is_open",
]

_POSITION_MASK = (1 << POSITION_BITS) - 1
_FEW = 64
"""Times as many stand in a line already: to put one in costs as much as to build so many anew."""
_EMPTY: SortedMap[int, None] = SortedMap()
_INTERNAL = number_key("", Line.INTERNAL)


def next_number(row: ServiceRow, recipient: Recipient, record: int) -> int | None:
    """Return which number of a recipient is called next, from 0; ``None``: none may be (R5.6).

    The one after the number of the last counted attempt, round again, without those barred.
    """
    if not recipient.further_numbers:
        is_barred = rec.barred_numbers_of(record) or (
            row.do_not_call and row.is_barred(recipient.number, recipient.line)
        )
        return None if is_barred else 0
    numbers = recipient.numbers
    never = _never(row, recipient, record)
    first = rec.used_of(record)
    for step in range(len(numbers)):
        index = (first + step) % len(numbers)
        number = numbers[index]
        if not never >> index & 1 and not row.is_barred(number.number, number.line):
            return index
    return None


def _never(row: ServiceRow, recipient: Recipient, record: int) -> int:
    """Return the numbers never tried again (R6.10), with those that are the same by the plan."""
    never, plan = rec.barred_numbers_of(record), row.settings.number_plan
    if not never or plan is None:
        return never
    keys = [form_key(number.number, number.line, plan) for number in recipient.numbers]
    gone = {key for index, key in enumerate(keys) if never >> index & 1}
    return sum(1 << index for index, key in enumerate(keys) if key in gone)


def stranded_because(row: ServiceRow, recipient: Recipient) -> FailureReason:
    """Return why a recipient without a number to call has failed (R6.12, R5.6)."""
    listed = any(row.is_barred(number.number, number.line) for number in recipient.numbers)
    return FailureReason.DO_NOT_CALL if listed else FailureReason.NO_NUMBER_LEFT


def line_of(campaign: CampaignRow, recipient: Recipient, index: int) -> LineKey:
    """Return the line for one of a recipient's numbers."""
    line = recipient.line if index == 0 else recipient.further_numbers[index - 1].line
    return campaign.line_key(recipient, line)


def line_up(draft: Draft, campaign: CampaignRow, position: int, record: int, now: int) -> None:
    """Put an idle recipient where it belongs now."""
    owner = draft.owner
    recipient = campaign.recipients.at(position)
    index = next_number(draft, recipient, record)
    if index is None:
        campaign.stranded = campaign.stranded.with_item(position, None, owner)
    elif rec.due_at_of(record) > now:
        key = rec.due_at_of(record) << POSITION_BITS | position
        campaign.waiting = campaign.waiting.with_item(key, None, owner)
    else:
        line = line_of(campaign, recipient, index)
        queue = campaign.ready.get(line, _EMPTY)
        key = campaign.ready_key(position, record)
        campaign.ready[line] = queue.with_item(key, None, owner)


def leave(draft: Draft, campaign: CampaignRow, position: int, record: int) -> None:
    """Take an idle recipient out of wherever it stands."""
    owner = draft.owner
    held = campaign.held.get(position)
    if held is not None:
        release(draft, campaign, position, held)
        return
    recipient = campaign.recipients.at(position)
    index = next_number(draft, recipient, record)
    if index is None:
        campaign.stranded = campaign.stranded.without(position, owner)
        return
    line = line_of(campaign, recipient, index)
    if not leave_ready(draft, campaign, line, campaign.ready_key(position, record)):
        key = rec.due_at_of(record) << POSITION_BITS | position
        campaign.waiting = campaign.waiting.without(key, owner)


def leave_ready(draft: Draft, campaign: CampaignRow, line: LineKey, ready_key: int) -> bool:
    """Take a recipient out of a line, and return whether it stood there."""
    queue = campaign.ready.get(line)
    if queue is None:
        return False
    size = queue.size
    queue = queue.without(ready_key, draft.owner)
    if queue.size == size:
        return False
    campaign.ready[line] = queue
    return True


def hold(
    draft: Draft, campaign: CampaignRow, line: LineKey, ready_key: int, until: int | str
) -> None:
    """Move a recipient from the head of its line aside: capped until an instant, or busy."""
    owner = draft.owner
    position = ready_key & _POSITION_MASK
    campaign.ready[line] = campaign.ready[line].without(ready_key, owner)
    campaign.held = campaign.held.with_item(position, until, owner)
    if isinstance(until, str):
        waiters = draft.parked.get(until) or ()
        waiters = (*waiters, campaign.key_of(position))
        draft.parked = draft.parked.with_item(until, waiters, owner)
    else:
        key = until << POSITION_BITS | position
        campaign.waiting = campaign.waiting.with_item(key, None, owner)


def release(draft: Draft, campaign: CampaignRow, position: int, held: int | str) -> None:
    """Take a recipient back that was set aside; it stands nowhere then."""
    owner = draft.owner
    campaign.held = campaign.held.without(position, owner)
    if isinstance(held, str):
        waiters = draft.parked[held]
        others = tuple(key for key in waiters if key != campaign.key_of(position))
        if others:
            draft.parked = draft.parked.with_item(held, others, owner)
        else:
            draft.parked = draft.parked.without(held, owner)
    else:
        key = held << POSITION_BITS | position
        campaign.waiting = campaign.waiting.without(key, owner)


def unpark(draft: Draft, number: str, now: int) -> None:
    """Let those who waited for a number stand in line again."""
    for key in draft.parked.get(number) or ():
        campaign = draft.campaign(_campaign_of(key))
        position = key & _POSITION_MASK
        release(draft, campaign, position, number)
        line_up(draft, campaign, position, campaign.record(position), now)
        draft.touched_now.add(campaign.campaign_id)


def uncap(draft: Draft, number: str, line: Line, now: int) -> None:
    """Let those who wait for the cap of a number stand in line again (R5.5: one given back)."""
    for row in list(draft.rows()):
        if not row.held or row.status.is_final:
            continue
        plan = draft.settings.number_plan
        for position in row.recipients.positions_of(number, line, plan):
            held = row.held.get(position)
            if isinstance(held, int):
                campaign = draft.campaign(row.campaign_id)
                release(draft, campaign, position, held)
                line_up(draft, campaign, position, campaign.record(position), now)
                draft.touched_now.add(campaign.campaign_id)


def _campaign_of(key: int) -> CampaignId:
    return CampaignId(key >> POSITION_BITS)


def move_on(draft: Draft, campaign: CampaignRow, now: int) -> None:
    """Let those whose time has come stand in their lines, and open or close the calling hours."""
    owner = draft.owner
    waiting = campaign.waiting
    while (key := waiting.first()) is not None and key >> POSITION_BITS <= now:
        waiting = waiting.without(key, owner)
        position = key & _POSITION_MASK
        if campaign.held.size:
            campaign.held = campaign.held.without(position, owner)
        campaign.waiting = waiting
        line_up(draft, campaign, position, campaign.record(position), now)
        waiting = campaign.waiting
    campaign.waiting = waiting
    if campaign.parameters.calling_hours:
        for _, zone in campaign.ready:
            zone_is_open(draft, campaign, zone, now)


def zone_is_open(row: ServiceRow, campaign: CampaignRow, zone: str, now: int) -> bool:
    """Return whether a campaign calls in a time zone now: hours are the calendar's (R6.11)."""
    if not zone:
        return True
    known = campaign.zones.get(zone)
    if known is None or (known[1] is not None and known[1] <= now):
        hours = campaign.parameters.calling_hours
        today = row.calendar_at(now)
        changes_at = next_change(hours, zone, today)
        until = None if changes_at is None else row.time_of(changes_at)
        known = is_open(hours, zone, today), until
        campaign.zones[zone] = known
    return known[0]


def open_lines(row: ServiceRow, campaign: CampaignRow, now: int) -> list[LineKey]:
    """Return the lines with somebody in them whose calling hours are open."""
    lines = []
    for line, queue in campaign.ready.items():
        if queue.size and (not line[1] or zone_is_open(row, campaign, line[1], now)):
            lines.append(line)
    return lines


def idle_positions(campaign: CampaignRow) -> Iterator[int]:
    """Yield every idle recipient of a campaign that is not final, in no particular order."""
    for queue in campaign.ready.values():
        for key in queue:
            yield key & _POSITION_MASK
    for key in campaign.waiting:
        yield key & _POSITION_MASK
    for position, held in campaign.held.items():
        if isinstance(held, str):
            yield position
    yield from campaign.stranded


def line_up_all(draft: Draft, campaign: CampaignRow, positions: range, now: int) -> None:
    """Line up every idle recipient of a stretch: one sorted build instead of many steps."""
    ready: dict[LineKey, list[int]] = {}
    waiting: list[int] = []
    stranded: list[int] = []
    records = campaign.records.items_from(positions.start - 1)
    recipients = campaign.recipients.from_position(positions.start)
    for position, record, recipient in zip(positions, records, recipients, strict=False):
        if rec.status_of(record) != rec.IDLE:
            continue
        index = next_number(draft, recipient, record)
        if index is None:
            stranded.append(position)
        elif (due_at := rec.due_at_of(record)) > now:
            waiting.append(due_at << POSITION_BITS | position)
        else:
            line = line_of(campaign, recipient, index)
            ready.setdefault(line, []).append(campaign.ready_key(position, record))
    owner = draft.owner
    for line, keys in ready.items():
        campaign.ready[line] = _with_keys(campaign.ready.get(line, _EMPTY), keys, owner)
    campaign.waiting = _with_keys(campaign.waiting, waiting, owner)
    campaign.stranded = _with_keys(campaign.stranded, stranded, owner)


def _with_keys(queue: SortedMap[int, None], keys: list[int], owner: object) -> SortedMap[int, None]:
    if len(keys) * _FEW > len(queue):
        return SortedMap.of_keys([*queue, *keys]) if keys else queue
    # A few behind many: what each costs does not depend on how many there are.
    for key in keys:
        queue = queue.with_item(key, None, owner)
    return queue


def obstacle(row: ServiceRow, number: str, now: int) -> int | str | None:
    """Return what keeps a number from being called now: when its cap frees, or its busy key."""
    if row.settings.frequency_cap is not None:
        frees_at = capped_until(row, number)
        if frees_at > now:
            return frees_at
    return number if is_busy(row, number) else None


def capped_until(row: ServiceRow, number: str) -> int:
    """Return the instant from which a number's cap allows a call (R6.15); 0: at any time."""
    cap, times = row.settings.frequency_cap, attempts_to(row, number)
    return cap_frees_at(times, cap) if cap is not None and times else 0


def is_busy(row: ServiceRow, number: str) -> bool:
    """Return whether a number is in another call, and may be in one alone (R6.14)."""
    return row.settings.one_call_per_number and bool(row.busy.get(number))


def attempts_to(row: ServiceRow, key: str) -> tuple[int, ...]:
    """Return the instants of the attempts under a number's key, however it was written."""
    plan = row.settings.number_plan
    if plan is None or key[0] == _INTERNAL:
        return row.attempt_times.get(key) or ()
    found = [
        times
        for number in spellings(key[1:], plan)
        if (times := row.attempt_times.get(number_key(number, Line.EXTERNAL)))
    ]
    return found[0] if len(found) == 1 else tuple(sorted(chain.from_iterable(found)))


def key_of_number(row: ServiceRow, recipient: Recipient, index: int) -> str:
    """Return the key of one of a recipient's numbers on its line, by its form."""
    plan = row.settings.number_plan
    if index == 0:
        return form_key(recipient.number, recipient.line, plan)
    further = recipient.further_numbers[index - 1]
    return form_key(further.number, further.line, plan)

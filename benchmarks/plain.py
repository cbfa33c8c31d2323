"""A plain mutable scheduler with heapq, written for the comparison and for nothing else.

It does the core's job for the default rules: limits total, internal and external, global and of
each campaign, priorities (R6.1 to R6.3), those never called first and then the longest ago
(R6.4), attempts (R5.1), one call per number (R6.14), the deadline of each call and its grace
(R7.9), and the end of a campaign (R4.5). The same reports come in, naming calls by their id, and
orders with the same fields go out. That it places the very calls that the core places, in their
order, is asserted wherever the two are timed.

What it does without is what is being priced: nobody can keep an earlier state, or ask for the
next wake-up, there are no events, and it cannot be replayed. Its orders are plain tuples.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from operator import attrgetter

from campaign_core import CallLimits, CampaignModel, Line, Outcome, Settings
from campaign_core.reports import AnswerReport, EndReport, PlaybackReport, Report

__all__ = ["Order", "PlainScheduler"]

Order = tuple[object, ...]
"""The kind (``"place"``, ``"play"``, ``"hang up"``), the call's id, and the rest."""

IDLE, ACTIVE, CONTACTED, FAILED = range(4)
_GRACE_MS = 10_000
_POSITION_BITS = 32
_POSITION_MASK = (1 << _POSITION_BITS) - 1
_SPARE = 256
"""Entries of ended calls that the heap of deadlines may hold beyond those in progress."""


class _Limits:
    """Limits with the calls that count against them."""

    __slots__ = ("external", "in_use", "internal", "total")

    def __init__(self, limits: CallLimits) -> None:
        self.total = inf if limits.total is None else limits.total
        self.internal = inf if limits.internal is None else limits.internal
        self.external = inf if limits.external is None else limits.external
        self.in_use = [0, 0]

    def room(self) -> tuple[bool, bool]:
        """Return whether one more call fits, on the internal and on the external line."""
        internal, external = self.in_use
        if internal + external >= self.total:
            return False, False
        return internal < self.internal, external < self.external


class _Queue:
    """Who can be called on one line of a campaign; a key is time last placed, and position."""

    __slots__ = ("again", "fresh")

    def __init__(self, fresh: list[int]) -> None:
        # Never called: keys are bare positions, the next one last. A list pops there for nothing.
        fresh.reverse()
        self.fresh = fresh
        # Called before, or once set aside: a heap.
        self.again: list[int] = []

    def head(self) -> int | None:
        """Return the least key."""
        if self.fresh:
            key = self.fresh[-1]
            return key if not self.again or key < self.again[0] else self.again[0]
        return self.again[0] if self.again else None

    def pop(self, key: int) -> None:
        """Take the head out."""
        if self.fresh and self.fresh[-1] == key:
            self.fresh.pop()
        else:
            heappop(self.again)


class _Campaign:
    __slots__ = (
        "active",
        "attempts",
        "campaign_id",
        "contacted",
        "dead_man_s",
        "idle",
        "lasts_ms",
        "limits",
        "model",
        "queues",
        "rank",
        "recipients",
        "status",
    )

    def __init__(self, campaign_id: int, model: CampaignModel, now: int) -> None:
        self.campaign_id = campaign_id
        self.model = model
        self.rank = (-model.priority, now, campaign_id)
        self.recipients = list(model.recipients)
        self.attempts = bytearray(len(self.recipients))
        self.status = bytearray(len(self.recipients))
        self.limits = _Limits(model.call_limits)
        self.idle = len(self.recipients)
        self.active = 0
        self.contacted = 0
        lasts_s = model.ring_timeout_s + model.script.call_duration_max_s
        self.lasts_ms = lasts_s * 1_000 + _GRACE_MS
        self.dead_man_s = lasts_s + 15
        fresh: tuple[list[int], list[int]] = [], []
        for position, recipient in enumerate(self.recipients, 1):
            fresh[recipient.line is Line.EXTERNAL].append(position)
        self.queues = _Queue(fresh[0]), _Queue(fresh[1])


class _Call:
    __slots__ = (
        "answered",
        "call_id",
        "campaign",
        "deadline_at",
        "line",
        "number",
        "outcome",
        "placed_at",
        "position",
    )

    def __init__(
        self, call_id: str, campaign: _Campaign, position: int, number: str, line: int, now: int
    ) -> None:
        self.call_id = call_id
        self.campaign = campaign
        self.position = position
        self.number = number
        self.line = line
        self.placed_at = now
        self.deadline_at = now + campaign.lasts_ms
        self.answered = False
        self.outcome: Outcome | None = None


class PlainScheduler:
    """Mutable from end to end."""

    def __init__(self, service_id: str, settings: Settings) -> None:
        self._service_id = service_id
        self._limits = _Limits(settings.call_limits)
        self._active_max = settings.active_campaigns_max
        self._campaigns: list[_Campaign] = []
        self._campaign_count = 0
        self._calls: dict[str, _Call] = {}
        self._busy: tuple[set[str], set[str]] = set(), set()
        self._parked: dict[tuple[str, int], list[tuple[_Campaign, int]]] = {}
        self._deadlines: list[tuple[int, str, _Call]] = []
        self._clean_at = _SPARE
        self.ended: list[tuple[int, bool]] = []
        """Campaigns that ended, and whether enough were reached."""

    def start(self, model: CampaignModel, now: int) -> list[Order]:
        """Start a campaign."""
        self._campaign_count += 1
        campaign = _Campaign(self._campaign_count, model, now)
        insort(self._campaigns, campaign, key=attrgetter("rank"))
        orders: list[Order] = []
        self._pass(now, orders)
        return orders

    def take(self, reports: Iterable[Report], now: int) -> list[Order]:
        """Take reports at one moment, and let the scheduler pass where one freed something."""
        orders: list[Order] = []
        calls = self._calls
        freed = bool(self._deadlines) and self._due(now, orders)
        for report in reports:
            if isinstance(report, EndReport):
                call = calls.get(report.call_id)
                if call is not None:
                    self._end(call, report.unanswered_as)
                    freed = True
            elif isinstance(report, AnswerReport):
                call = calls.get(report.call_id)
                if call is not None and not call.answered:
                    call.answered = True
                    orders.append(("play", call.call_id, 1, call.campaign.model.sound, ""))
            elif isinstance(report, PlaybackReport):
                call = calls.get(report.call_id)
                if call is not None and call.outcome is None:
                    call.outcome = Outcome.REACHED
                    orders.append(("hang up", call.call_id))
        if freed:
            self._pass(now, orders)
        return orders

    def _end(self, call: _Call, unanswered_as: Outcome) -> None:
        """Free what a call used, and settle its recipient."""
        del self._calls[call.call_id]
        campaign, position, line = call.campaign, call.position, call.line
        self._limits.in_use[line] -= 1
        campaign.limits.in_use[line] -= 1
        campaign.active -= 1
        self._busy[line].discard(call.number)
        if self._parked:
            for other, key in self._parked.pop((call.number, line), ()):
                heappush(other.queues[line].again, key)
        # By the default rules whoever answers is reached, however the call ends.
        outcome = call.outcome or (Outcome.REACHED if call.answered else unanswered_as)
        if outcome is Outcome.REACHED:
            campaign.status[position - 1] = CONTACTED
            campaign.contacted += 1
        elif campaign.attempts[position - 1] < campaign.model.attempts_max:
            campaign.status[position - 1] = IDLE
            campaign.idle += 1
            heappush(campaign.queues[line].again, call.placed_at << _POSITION_BITS | position)
        else:
            campaign.status[position - 1] = FAILED
        if not campaign.idle and not campaign.active:
            self._campaigns.remove(campaign)
            threshold = campaign.model.threshold or len(campaign.recipients)
            self.ended.append((campaign.campaign_id, campaign.contacted >= threshold))

    def _due(self, now: int, orders: list[Order]) -> bool:
        """Hang up calls past their deadline, and free those past their grace (R7.9)."""
        deadlines = self._deadlines
        freed = False
        while deadlines and deadlines[0][0] <= now:
            due_at, call_id, call = heappop(deadlines)
            if self._calls.get(call_id) is not call:
                continue
            if due_at > call.deadline_at:
                self._end(call, Outcome.LOST)
                freed = True
                continue
            if call.outcome is None:
                call.outcome = Outcome.REACHED if call.answered else Outcome.NO_ANSWER
            orders.append(("hang up", call_id))
            heappush(deadlines, (due_at + _GRACE_MS, call_id, call))
        return freed

    def _pass(self, now: int, orders: list[Order]) -> None:
        """Place calls, campaign by campaign (R6.2 to R6.5)."""
        # Whatever is on this list competes: it has a call in progress or somebody to call.
        for campaign in self._campaigns[: self._active_max]:
            room = self._limits.room()
            if not (room[0] or room[1]):
                return
            self._place_from(campaign, now, orders)

    def _place_from(self, campaign: _Campaign, now: int, orders: list[Order]) -> None:
        """Place calls of one campaign until a limit is met or nobody is left."""
        internal, external = campaign.queues
        while campaign.idle:
            everywhere, own = self._limits.room(), campaign.limits.room()
            on_internal = internal.head() if everywhere[0] and own[0] else None
            on_external = external.head() if everywhere[1] and own[1] else None
            if on_internal is not None and (on_external is None or on_internal < on_external):
                line, key = 0, on_internal
            elif on_external is not None:
                line, key = 1, on_external
            else:
                return
            campaign.queues[line].pop(key)
            position = key & _POSITION_MASK
            number = campaign.recipients[position - 1].number
            if number in self._busy[line]:
                self._parked.setdefault((number, line), []).append((campaign, key))
                continue
            self._place(campaign, position, number, line, now, orders)

    def _place(
        self,
        campaign: _Campaign,
        position: int,
        number: str,
        line: int,
        now: int,
        orders: list[Order],
    ) -> None:
        attempt = campaign.attempts[position - 1] + 1
        campaign.attempts[position - 1] = attempt
        campaign.status[position - 1] = ACTIVE
        campaign.idle -= 1
        campaign.active += 1
        campaign.limits.in_use[line] += 1
        self._limits.in_use[line] += 1
        self._busy[line].add(number)
        minted = campaign.campaign_id << 64 | position << 32 | attempt
        call_id = f"{self._service_id}{minted:024x}"
        call = _Call(call_id, campaign, position, number, line, now)
        self._calls[call_id] = call
        if len(self._deadlines) > self._clean_at:
            self._clean()
        heappush(self._deadlines, (call.deadline_at, call_id, call))
        model = campaign.model
        orders.append(
            (
                "place",
                call_id,
                number,
                line,
                model.routing_class,
                model.caller_number,
                model.name,
                model.ring_timeout_s,
                campaign.dead_man_s,
            )
        )

    def _clean(self) -> None:
        """Forget the deadlines of ended calls: O(1) for each entry, and the heap stays small."""
        calls = self._calls
        self._deadlines = [entry for entry in self._deadlines if calls.get(entry[1]) is entry[2]]
        heapify(self._deadlines)
        self._clean_at = 2 * len(self._deadlines) + _SPARE


def placed(orders: Sequence[Order]) -> list[str]:
    """Return the ids of the calls that orders place."""
    return [order[1] for order in orders if order[0] == "place"]  # type: ignore[misc]

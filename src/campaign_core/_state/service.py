"""The service as it is now: the root of the state, and the draft on which a moment is worked.

A :class:`State` is immutable. Work is done on a :class:`Draft`: a copy of the root whose owner may
change in place what it has copied, and nobody else sees it until it is sealed into a state again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

from typing_extensions import override

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.number_plan import canonical_form
from campaign_core._model.recipients import LINES, Line
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import PauseReason
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.link import Link
from campaign_core._state.pacing import Placements
from campaign_core._values.hash_map import HashMap
from campaign_core._values.identifiers import CallId, CallKey, CampaignId, ModelId, ServiceId
from campaign_core._values.instants import Instant
from campaign_core._values.sorted_map import SortedMap

__all__ = ["EVERY", "Draft", "ServiceRow", "State", "least"]

_INTERNAL, _ = LINES
EVERY = "*"
"""Stands for every number: there is no line of this letter."""
_CAPPED_MAX = 64


def least(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the less of two, place by place."""
    a, b, c = one
    d, e, f = other
    return min(d, a), min(e, b), min(f, c)


class ServiceRow:
    """The root: facts first, then the index over them."""

    FACTS = (
        "service_id",
        "settings",
        "now",
        "sequence",
        "models",
        "next_model_id",
        "campaigns",
        "next_campaign_id",
        "do_not_call",
        "link",
        "calls",
        "placements",
        "attempt_times",
        "calendar_ahead_ms",
        "rate_kept_until",
        "cap_kept_until",
    )

    def __init__(self, *, service_id: ServiceId, settings: Settings, now: Instant) -> None:
        """Take what the first event tells."""
        self.service_id = service_id
        self.settings = settings
        self.now = now
        """The time of the last event."""
        self.sequence = 1
        """The last event's sequence number."""
        self.models: SortedMap[ModelId, CampaignModel] = SortedMap()
        self.next_model_id = 1
        self.campaigns: SortedMap[CampaignId, CampaignRow] = SortedMap()
        self.next_campaign_id = 1
        self.do_not_call: SortedMap[str, None] = SortedMap()
        self.link: Link = Link()
        self.calls: HashMap[CallId, Call] = HashMap()
        self.placements: Placements = Placements()
        self.attempt_times: SortedMap[str, tuple[int, ...]] = SortedMap()
        """Instants of the counted attempts to a number on its line, while a cap is set."""
        self.rate_kept_until = 0
        """Until when the placements are kept of a rate that was switched off; 0: of none."""
        self.cap_kept_until = 0
        """Until when the attempts are kept of a cap that was switched off; 0: of none."""

        self.calendar_ahead_ms = 0
        """How far the calendar stands ahead of the service's time (R7.12); negative: behind it."""

        # Counts cached, and the index.
        self.barred: SortedMap[str, None] = SortedMap()
        """The do-not-call list by the canonical forms of its numbers; without a number plan the
        list itself (R3.7)."""
        self.in_use: dict[Line, int] = {Line.INTERNAL: 0, Line.EXTERNAL: 0}
        self.busy: HashMap[str, int] = HashMap()
        """Calls in progress to a number on its line, by the form of the number."""
        self.parked: SortedMap[str, tuple[CallKey, ...]] = SortedMap()
        """Recipients that wait for a number to be free."""
        self.timers: SortedMap[int, None] = SortedMap()
        """What is due when: see ``timers``."""
        self.wakes: SortedMap[int, None] = SortedMap()
        """Instants at which a campaign's lines change, and the campaign."""
        self.contenders: SortedMap[int, CampaignId] = SortedMap()
        """Campaigns that compete, by rank (R6.2)."""
        self.placeable: dict[Line, SortedMap[int, CampaignId]] = {
            Line.INTERNAL: SortedMap(),
            Line.EXTERNAL: SortedMap(),
        }
        """Campaigns with a recipient to call and room of their own, by line and rank."""
        self.capped: frozenset[str] = frozenset()
        """Numbers whose cap is reached since the last pass, by form and line: of campaigns that
        have one it is to be seen whether they still compete. ``EVERY``: of all campaigns."""
        self.touched: frozenset[CampaignId] = frozenset()
        """Campaigns whose standing in the two above is to be looked at again."""
        self.pass_due_at: int = 0
        """The instant from which a pass may place a call though no campaign was touched."""
        self.indexed_at: int = now
        """The instant up to which the lines have been moved on."""

    def facts(self) -> tuple[Any, ...]:
        """Return the facts, in the order of ``FACTS``."""
        return tuple(getattr(self, name) for name in self.FACTS)

    def is_barred(self, number: str, line: Line) -> bool:
        """Return whether a number is on the do-not-call list (R6.12, R3.7)."""
        plan = self.settings.number_plan
        if plan is None or line is _INTERNAL:
            return number in self.do_not_call
        return canonical_form(number, plan) in self.barred

    def calendar_at(self, at: int) -> Instant:
        """Return what the calendar shows at an instant of the service's time (R7.12)."""
        return Instant(at + self.calendar_ahead_ms)

    def time_of(self, moment: int) -> Instant:
        """Return the service's time at a moment of the calendar; 0, where that was before it."""
        return Instant(max(0, moment - self.calendar_ahead_ms))

    def room(self) -> tuple[int, int, int]:
        """Return how many more calls settings and telephony let in: in all, by line (R6.3)."""
        in_use = self.in_use
        return least(self.settings.call_limits.left(in_use), self.link.call_limits.left(in_use))


@final
class State:
    """The whole state of a service at one moment: immutable, comparable, hashable.

    Two states are equal when the same facts hold in them. Read it through
    :mod:`campaign_core` queries: :func:`~campaign_core.campaign`, ``explain`` and their kin.
    """

    __slots__ = ("_row",)

    def __init__(self, row: ServiceRow) -> None:
        """Take a root that nobody will change any more."""
        self._row = row

    @property
    def service_id(self) -> ServiceId:
        """The id that makes this service's call ids its own."""
        return self._row.service_id

    @property
    def settings(self) -> Settings:
        """The general settings in force."""
        return self._row.settings

    @property
    def now(self) -> Instant:
        """The time of the last event; no message is taken as earlier (R6.13)."""
        return self._row.now

    @property
    def calendar_ahead_ms(self) -> int:
        """How far the calendar stands ahead of the service's time (R7.12); negative: behind it."""
        return self._row.calendar_ahead_ms

    @property
    def sequence(self) -> int:
        """The last event's sequence number."""
        return self._row.sequence

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        mine, theirs = self._row, other._row
        if mine is theirs:
            return True
        plain = [name for name in ServiceRow.FACTS if name != "campaigns"]
        return all(getattr(mine, name) == getattr(theirs, name) for name in plain) and [
            row.facts() for row in mine.campaigns.values()
        ] == [row.facts() for row in theirs.campaigns.values()]

    @override
    def __hash__(self) -> int:
        row = self._row
        return hash((row.service_id, row.sequence, row.now, row.settings))

    @override
    def __repr__(self) -> str:
        row = self._row
        return (
            f"State(service_id={row.service_id!r}, sequence={row.sequence}, now={row.now}, "
            f"campaigns={len(row.campaigns)}, calls={len(row.calls)})"
        )


class Draft(ServiceRow):
    """A root in the making, private to whoever opened it."""

    def __init__(self, row: ServiceRow) -> None:
        """Open a root for changes; the root itself is not touched."""
        self.__dict__.update(row.__dict__)
        self.owner = object()
        self.in_use = row.in_use.copy()
        self.placeable = row.placeable.copy()
        self.touched_now = set(row.touched)
        self.capped_now = set(row.capped)
        self._opened: dict[CampaignId, CampaignRow] = {}
        self.tripped: list[tuple[CampaignId, PauseReason]] = []
        """Campaigns to be paused by the system, and why (R6.17, R6.18)."""

    def campaign(self, campaign_id: CampaignId) -> CampaignRow:
        """Return a campaign that may be changed.

        Raises:
            KeyError: there is none such.
        """
        row = self._opened.get(campaign_id)
        if row is None:
            row = self.campaigns[campaign_id].copied_for(self.owner)
            self._opened[campaign_id] = row
            self.campaigns = self.campaigns.with_item(campaign_id, row, self.owner)
        return row

    def add(self, row: CampaignRow) -> None:
        """Add a campaign."""
        row.owner = self.owner
        self._opened[row.campaign_id] = row
        self.campaigns = self.campaigns.with_item(row.campaign_id, row, self.owner)

    def remove(self, campaign_id: CampaignId) -> None:
        """Take a campaign off."""
        self._opened.pop(campaign_id, None)
        self.touched_now.discard(campaign_id)
        self.campaigns = self.campaigns.without(campaign_id, self.owner)

    def note_capped(self, number: str) -> None:
        """Note that a number's cap is reached."""
        # Where nobody takes them up, as in a replay, all is looked at in the end.
        self.capped_now.add(number if len(self.capped_now) < _CAPPED_MAX else EVERY)

    def rows(self) -> Iterator[CampaignRow]:
        """Yield every campaign, to be read."""
        yield from self.campaigns.values()

    def sealed(self) -> State:
        """Return the state; the draft must not be used again."""
        row = ServiceRow.__new__(ServiceRow)
        row.__dict__.update(self.__dict__)
        row.touched = frozenset(self.touched_now)
        row.capped = frozenset(self.capped_now)
        for name in ("owner", "_opened", "touched_now", "capped_now", "tripped"):
            del row.__dict__[name]
        return State(row)

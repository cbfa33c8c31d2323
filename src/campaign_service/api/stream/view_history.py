"""Views of a tenant, one after the other, and what changed between one of them and the newest.

A view is the state as of its last durable event, and each campaign's status at that time: whether
one is ``BLOCKED`` follows from the time too. The last views are kept, so that whoever has seen one
is told what changed since; states share what they have in common, so they cost little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from itertools import islice, pairwise

import attrs

from campaign_core import (
    CampaignId,
    Instant,
    Position,
    State,
    Status,
    campaigns,
    changed_positions,
    link,
    recipient_count,
)
from campaign_service.schemas.conversion import schema_of
from campaign_service.schemas.digests import CampaignDigest, ViewDigest
from campaign_service.schemas.fields import UtcTime
from campaign_service.schemas.wire import encoded

__all__ = ["View", "ViewHistory", "ranges_of", "view_of"]

_KEPT_MAX = 300
"""Half a minute at ten views a second."""
_RANGES_MAX = 32
_POSITIONS_MAX = 10_000
"""Where more have changed, everybody is said to have."""
_DERIVED = (Status.ACTIVE.name, Status.BLOCKED.name)

Rows = Mapping[CampaignId, CampaignDigest]


@attrs.frozen(kw_only=True, eq=False)
class View:
    """What is so at a time."""

    state: State
    at: Instant
    rows: Rows


def view_of(state: State, now: Instant) -> View:
    """Return what is so of a state at a time."""
    rows = {
        one.campaign_id: schema_of(one, CampaignDigest, recipient_count=len(one.recipients))
        for one in campaigns(state, now)
    }
    return View(state=state, at=now, rows=rows)


@attrs.frozen(kw_only=True, eq=False)
class _Kept:
    """A view of which is kept what can be asked for later."""

    state: State
    changed: frozenset[CampaignId]
    """Campaigns that are not as they were in the view before."""


class ViewHistory:
    """The last views of one tenant. They are numbered from 1."""

    def __init__(self) -> None:
        self.number = 0
        """Of the newest; 0: there is none."""
        self._newest: View | None = None
        self._kept: deque[_Kept] = deque(maxlen=_KEPT_MAX)
        self._texts: dict[tuple[int, CampaignId | None, bool], bytes] = {}

    def take(self, view: View) -> bool:
        """Take the next view; return whether it shows something that the last one does not."""
        before, self._newest = self._newest, view
        rows: Rows = {} if before is None else before.rows
        changed = frozenset(
            campaign_id
            for campaign_id in view.rows.keys() | rows.keys()
            if view.rows.get(campaign_id) != rows.get(campaign_id)
        )
        if before is not None and not changed and view.state.sequence == before.state.sequence:
            return False
        self.number += 1
        self._kept.append(_Kept(state=view.state, changed=changed))
        self._texts.clear()
        return True

    def forget(self) -> None:
        """Keep the newest view alone."""
        while len(self._kept) > 1:
            self._kept.popleft()

    def number_as_of(self, seq: int) -> int:
        """Return the number of the first view as of an event; 0: none is kept.

        Whoever has seen that event in another process's view has seen the same, but for statuses
        that follow from the time.
        """
        first = self.number - len(self._kept) + 1
        for index, kept in enumerate(self._kept):
            if kept.state.sequence == seq:
                return first + index
        return 0

    def text_since(
        self, number: int, campaign_id: CampaignId | None, *, is_resumed: bool = False
    ) -> bytes:
        """Return the message that tells what changed since a view; made once for all who ask.

        Args:
            number: of that view; where it is not kept, the message is a `reset`.
            campaign_id: whose recipients' changes are told too.
            is_resumed: whether the view may have been another process's.
        """
        key = number, campaign_id, is_resumed
        text = self._texts.get(key)
        if text is None:
            digest, name = self._digest_since(number, campaign_id, is_resumed=is_resumed)
            data = encoded(digest)
            text = b"id: %d\nevent: %s\ndata: %s\n\n" % (digest.seq, name, data)
            self._texts[key] = text
        return text

    def _digest_since(
        self, number: int, campaign_id: CampaignId | None, *, is_resumed: bool
    ) -> tuple[ViewDigest, bytes]:
        newest = self._newest
        assert newest is not None
        behind = self.number - number
        if not 0 <= behind < len(self._kept):
            return _digest(newest, newest.rows), b"reset"
        since = list(islice(self._kept, len(self._kept) - behind, None))
        told = frozenset[CampaignId]().union(*(kept.changed for kept in since))
        if is_resumed:
            told |= {key for key, row in newest.rows.items() if row.status in _DERIVED}
        positions: list[list[int]] = []
        if campaign_id is not None and campaign_id in newest.rows:
            before = self._kept[-1 - behind].state
            positions = _changed_ranges(before, newest.state, campaign_id)
        return _digest(newest, told, positions), b"digest"


def _digest(
    view: View, told: Iterable[CampaignId], positions: list[list[int]] | None = None
) -> ViewDigest:
    in_order = sorted(told)
    return ViewDigest(
        seq=view.state.sequence,
        at=UtcTime.of(view.at),
        link_is_up=link(view.state).is_up,
        internal_calls=sum(row.internal_calls for row in view.rows.values()),
        external_calls=sum(row.external_calls for row in view.rows.values()),
        campaigns=[view.rows[one] for one in in_order if one in view.rows],
        deleted=[one for one in in_order if one not in view.rows],
        positions=positions or [],
    )


def _changed_ranges(before: State, after: State, campaign_id: CampaignId) -> list[list[int]]:
    changed: Iterator[Position] = changed_positions(before, after, campaign_id)
    positions = list(islice(changed, _POSITIONS_MAX + 1))
    if len(positions) > _POSITIONS_MAX:
        return [[1, recipient_count(after, campaign_id)]]
    return ranges_of(positions)


def ranges_of(positions: list[Position]) -> list[list[int]]:
    """Return the ranges, few enough, that hold some positions in order, and least beside them."""
    gaps = (gap for gap in pairwise(positions) if gap[1] - gap[0] > 1)
    widest = sorted(nlargest(_RANGES_MAX - 1, gaps, key=lambda gap: gap[1] - gap[0]))
    starts = [*positions[:1], *(after for _, after in widest)]
    ends = [*(before for before, _ in widest), *positions[-1:]]
    return [[start, end] for start, end in zip(starts, ends, strict=True)]

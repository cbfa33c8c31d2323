"""The registry: which call is on which node, and what the nodes carry."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from campaign_core import CallId
from campaign_core.decisions import PlaceCall
from campaign_drivers.pool._call import LONGEST_MS, PoolCall, gone_by
from campaign_drivers.pool._node import NodeState

__all__ = ["CallRegistry"]

_OVER_KEPT_MS = 60_000
"""How long a call that is over is remembered: a node might list it still, or again."""

_IN_TRANSIT_MS = 5_000
"""R5.5: a call placed this shortly before the connection went may be unknown at first."""


class CallRegistry:
    """Calls by id, each on one node.

    Args:
        nodes: the nodes of the pool, none of which has a call.
    """

    def __init__(self, nodes: Iterable[NodeState]) -> None:
        self.nodes = {node.name: node for node in nodes}
        self._calls: dict[CallId, PoolCall] = {}
        self._ends: list[tuple[int, CallId]] = []
        """A heap of when calls are gone for certain; an entry may be out of date."""
        self._over: dict[CallId, int] = {}
        """When calls were struck out, those of the last minute, in order."""

    def call(self, call_id: CallId) -> PoolCall | None:
        """Return a call, ``None`` where it is not known."""
        return self._calls.get(call_id)

    def is_over(self, call_id: CallId) -> bool:
        """Return whether a call was struck out lately."""
        return call_id in self._over

    def place(
        self, order: PlaceCall, node: NodeState, now: int, before: PoolCall | None = None
    ) -> None:
        """Take down a call that is placed on a node; ``before``: as it was on another one."""
        node.note_placed(now)
        self._add(
            PoolCall(
                call_id=order.call_id,
                node=node.name,
                line=order.line,
                gone_by=gone_by(now, order.dead_man_s),
                order=order,
                placed_at=now if before is None else before.placed_at,
                tried=frozenset() if before is None else before.tried | {before.node},
            )
        )

    def take_over(self, call_id: CallId, node: NodeState, now: int) -> None:
        """Take down a call that a node has from before."""
        self._add(PoolCall(call_id=call_id, node=node.name, line=None, gone_by=now + LONGEST_MS))

    def prolong(self, call_id: CallId, dead_man_s: int, now: int) -> None:
        """Have a call last longer: it was transferred."""
        call = self._calls[call_id]
        call.gone_by = gone_by(now, dead_man_s)
        heappush(self._ends, (call.gone_by, call_id))

    def remove(self, call: PoolCall, now: int) -> None:
        """Strike out a call that is over, or is on this node no more."""
        del self._calls[call.call_id]
        self.nodes[call.node].remove(call)
        over = self._over
        over.pop(call.call_id, None)
        over[call.call_id] = now
        while over[oldest := next(iter(over))] + _OVER_KEPT_MS <= now:
            del over[oldest]

    def drop_expired(self, now: int) -> None:
        """Strike out calls that are gone for certain, though no end was heard: no room leaks."""
        ends = self._ends
        while ends and ends[0][0] <= now:
            _, call_id = heappop(ends)
            call = self._calls.get(call_id)
            if call is not None and call.gone_by <= now:
                self.remove(call, now)

    def mark_adrift(self, node: NodeState, since: int) -> frozenset[CallId]:
        """Take it that a node is out of reach, and return the calls that are adrift by that.

        Args:
            node: the node.
            since: when it was heard last.
        """
        adrift = [call for call in node.calls.values() if call.adrift_since is None]
        for call in adrift:
            call.adrift_since = since
        return frozenset(call.call_id for call in adrift)

    def adrift(self, node: NodeState) -> frozenset[CallId]:
        """Return the node's calls whose fate is unknown."""
        return frozenset(
            call_id for call_id, call in node.calls.items() if call.adrift_since is not None
        )

    def drop_missing(
        self, node: NodeState, up: frozenset[CallId], now: int, *, is_first: bool
    ) -> frozenset[CallId]:
        """Strike out the node's calls that were adrift and are not up, and return them (R5.5)."""
        gone = [
            call
            for call in node.calls.values()
            if call.adrift_since is not None
            and call.call_id not in up
            and not (is_first and call.adrift_since - call.placed_at < _IN_TRANSIT_MS)
        ]
        for call in gone:
            self.remove(call, now)
        return frozenset(call.call_id for call in gone)

    def reachable(self) -> frozenset[CallId]:
        """Return the calls that are on nodes in reach."""
        return frozenset(
            call_id for call_id, call in self._calls.items() if call.adrift_since is None
        )

    @property
    def has_adrift(self) -> bool:
        """Whether the fate of any call is unknown."""
        return any(call.adrift_since is not None for call in self._calls.values())

    def _add(self, call: PoolCall) -> None:
        self._calls[call.call_id] = call
        self._over.pop(call.call_id, None)
        self.nodes[call.node].add(call)
        heappush(self._ends, (call.gone_by, call.call_id))

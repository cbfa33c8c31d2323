"""The choice of a node for a call.

Smooth weighted round robin. At each choice every node that can take the call gains its weight in
credit, the one with the most credit takes the call, and pays what all have gained together. ::

    weights 3, 1:   first, first, second, first,   first, first, second, first, ...

Among nodes that can always take calls the shares follow the weights from the first calls on, not
only in the long run, and calls alternate instead of coming in rows. A node that could not take any
gains nothing meanwhile, so that it is not flooded when it is back.

The alternative would be the node with the fewest calls for its weight. But a node whose trunk is
broken ends each call at once, is always the emptiest, and would draw all calls to itself: it would
burn everyone's attempts. And while there are few calls, one node would carry them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from campaign_core import Line
from campaign_drivers.pool._node import NodeState

__all__ = ["choose_node", "free_from"]

_FULL_MS = 1_000
"""R5.5: the least that a deferral lasts; a call may end at any moment."""
_NOBODY_MS = 10_000
"""Where no node that takes such calls is there, or all are drained: it may last."""


def choose_node(
    nodes: Iterable[NodeState], line: Line, now: int, *, but: frozenset[str] = frozenset()
) -> NodeState | None:
    """Return the node that takes a call now, ``None`` where none can.

    Args:
        nodes: in the order in which equal ones come.
        line: of the call.
        now: the time.
        but: names of nodes that did not take it.
    """
    able = [node for node in nodes if node.name not in but and node.takes(line, now)]
    if not able:
        return None
    for node in able:
        node.credit += node.weight
    chosen = max(able, key=lambda node: node.credit)
    chosen.credit -= sum(node.weight for node in able)
    return chosen


def free_from(nodes: Sequence[NodeState], line: Line, now: int) -> int:
    """Return until when a call that no node can take is best deferred."""
    there = [node.free_from() for node in nodes if node.may_take(line)]
    return max(now + _FULL_MS, min(there)) if there else now + _NOBODY_MS

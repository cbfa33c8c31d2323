"""What several nodes have and lack, as one telephony has and lacks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaign_core import CallLimits, Line
from campaign_drivers._driver import Capacity, Missing, Need
from campaign_drivers.pool._limits import least_of, strictest_limits, sum_of
from campaign_drivers.pool._node import NodeState, ever_takes

__all__ = ["merged_capacity", "merged_missing", "needed", "own_capacity"]


def needed(found: Iterable[Missing], limits: CallLimits) -> tuple[Missing, ...]:
    """Return what a node lacks that calls within its limits ask for."""
    takes_internal = ever_takes(limits, Line.INTERNAL)
    return tuple(m for m in found if takes_internal or m.need is not Need.INTERNAL_ROUTE)


def merged_missing(found: Mapping[str, tuple[Missing, ...]]) -> tuple[Missing, ...]:
    """Return what any node lacks: a call may go to any of them.

    Args:
        found: by the name of the node.
    """
    by_need: dict[tuple[Need, str | None], dict[str, list[str]]] = {}
    for node, missing in found.items():
        for entry in missing:
            advices = by_need.setdefault((entry.need, entry.name), {})
            advices.setdefault(entry.advice, []).append(node)
    return tuple(
        Missing(need=need, name=name, advice=_advice(advices))
        for (need, name), advices in by_need.items()
    )


def _advice(advices: Mapping[str, Iterable[str]]) -> str:
    return "; ".join(f"on {', '.join(nodes)}: {advice}" for advice, nodes in advices.items())


def own_capacity(node: NodeState, known: Capacity) -> Capacity:
    """Return what one node takes: the least of its limits and of what its telephony says."""
    return Capacity(
        calls_max=least_of([strictest_limits(node.call_limits).total, known.calls_max]),
        calls_per_s=least_of([node.calls_per_s, known.calls_per_s]),
    )


def merged_capacity(nodes: Iterable[Capacity]) -> Capacity:
    """Return what nodes take together; unknown, where it is of one of them."""
    known = tuple(nodes)
    return Capacity(
        calls_max=sum_of(node.calls_max for node in known),
        calls_per_s=sum_of(node.calls_per_s for node in known),
    )

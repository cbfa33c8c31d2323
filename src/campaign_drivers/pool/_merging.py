"""What several nodes have and lack, as one telephony has and lacks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaign_core import Line
from campaign_drivers._driver import Capacity, Missing, Need
from campaign_drivers.pool._node import NodeLimits

__all__ = ["merged_capacity", "merged_missing", "needed"]


def needed(found: Iterable[Missing], limits: NodeLimits) -> tuple[Missing, ...]:
    """Return what a node lacks that calls within its limits ask for."""
    takes_internal = limits.ever_take(Line.INTERNAL)
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


def merged_capacity(nodes: Iterable[tuple[NodeLimits, Capacity]]) -> Capacity:
    """Return what nodes take together: of each the least of its limits and its telephony's."""
    calls: float | None = 0
    per_s: float | None = 0
    for limits, own in nodes:
        calls = _sum(calls, _least(limits.calls_at_once, own.calls_max))
        per_s = _sum(per_s, _least(limits.calls_per_s, own.calls_per_s))
    return Capacity(calls_max=None if calls is None else int(calls), calls_per_s=per_s)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _least(one: float | None, other: float | None) -> float | None:
    known = [most for most in (one, other) if most is not None]
    return min(known, default=None)

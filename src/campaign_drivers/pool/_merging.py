"""What several nodes have and lack, as one telephony has and lacks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from campaign_core import CallLimits, Line
from campaign_drivers._driver import Capacity, Missing, Need
from campaign_drivers.pool._node import NodeState, ever_takes

__all__ = ["merged_capacity", "merged_missing", "needed", "own_capacity"]

_Number = TypeVar("_Number", int, float)


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
    limits = node.call_limits
    on_lines = None
    if limits.internal is not None and limits.external is not None:
        on_lines = limits.internal + limits.external
    return Capacity(
        calls_max=_least([limits.total, on_lines, known.calls_max]),
        calls_per_s=_least([node.calls_per_s, known.calls_per_s]),
    )


def merged_capacity(nodes: Iterable[Capacity]) -> Capacity:
    """Return what nodes take together; unknown, where it is of one of them."""
    known = tuple(nodes)
    return Capacity(
        calls_max=_sum([node.calls_max for node in known]),
        calls_per_s=_sum([node.calls_per_s for node in known]),
    )


def _sum(given: Sequence[_Number | None]) -> _Number | None:
    known = [number for number in given if number is not None]
    return sum(known) if len(known) == len(given) else None


def _least(given: Iterable[_Number | None]) -> _Number | None:
    return min((number for number in given if number is not None), default=None)

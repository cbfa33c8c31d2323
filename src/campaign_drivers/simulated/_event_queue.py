"""What is due when, in total order of time and of being put down."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Protocol, TypeVar

from campaign_core import Instant

__all__ = ["EventQueue", "Owner", "Slots"]

Slots = list[int]
"""The entries of one owner that still hold: in each slot the number of one, or 0 for none.
Writing another number there drops the entry, which costs nothing and leaves it in the heap."""


class Owner(Protocol):
    """Whoever has entries in the queue."""

    @property
    def slots(self) -> Slots:
        """Its entries that still hold."""


_Owner = TypeVar("_Owner", bound=Owner)

# Owner and action stand apart, since a closure an entry would cost as much as the heap does.
_Entry = tuple[Instant, int, Any, int, Callable[[Any, Instant], None]]

_SPARE = 1_000
"""How many dropped entries are not worth a cleaning."""


class EventQueue:
    """A heap of timed entries; entries of one instant come in the order they were put down."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._number = 0
        self._clean_at = _SPARE

    def put(
        self, at: Instant, owner: _Owner, slot: int, do: Callable[[_Owner, Instant], None]
    ) -> None:
        """Put down what is to be done with its owner, instead of what the slot held."""
        number = self._number = self._number + 1
        owner.slots[slot] = number
        heap = self._heap
        heappush(heap, (at, number, owner, slot, do))
        if len(heap) > self._clean_at:
            self._clean()

    def next_at(self) -> Instant | None:
        """Return the first instant at which something is due."""
        heap = self._heap
        while heap:
            at, number, owner, slot, _ = heap[0]
            if owner.slots[slot] == number:
                return at
            heappop(heap)
        return None

    def run_until(self, now: Instant) -> None:
        """Do everything due by now, in order, and what that puts down too."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            at, number, owner, slot, do = heappop(heap)
            if owner.slots[slot] == number:
                owner.slots[slot] = 0
                do(owner, at)

    def _clean(self) -> None:
        # Long stops that were never needed would make the heap many times as deep as the calls
        # in progress warrant. Twice what is left: the cost is O(1) an entry.
        self._heap[:] = [entry for entry in self._heap if entry[2].slots[entry[3]] == entry[1]]
        heapify(self._heap)
        self._clean_at = 2 * len(self._heap) + _SPARE

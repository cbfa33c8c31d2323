"""Where a number stands in a list: positions by the number's hash, eight bytes a number."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from zlib import crc32

__all__ = ["NumberIndex", "entry_of"]

_POSITION_BITS = 32
_POSITION_MASK = (1 << _POSITION_BITS) - 1
_BUCKET_BITS = 6
_BUCKET_SHIFT = 64 - _BUCKET_BITS


def entry_of(number: str, position: int) -> int:
    """Return the index's entry for a number at a position: 32 bits of hash, 32 of position."""
    return crc32(number.encode()) << _POSITION_BITS | position


class NumberIndex:
    """An immutable index from number to positions; ``with_entries`` returns a larger one.

    Sorted runs of entries, few and of falling size. It tells where a number may stand: another
    number can have the same hash.
    """

    __slots__ = ("_runs",)

    def __init__(self, runs: Iterable[array[int]] = ()) -> None:
        """Take the runs."""
        self._runs = tuple(runs)

    def with_entries(self, entries: list[int]) -> NumberIndex:
        """Return the index with more entries."""
        if not entries:
            return self
        runs = [*self._runs, _sorted_run(entries)]
        # Merging neighbours of like size keeps the runs few at O(log n) a number appended.
        while len(runs) > 1 and len(runs[-2]) <= 2 * len(runs[-1]):
            small = runs.pop()
            runs[-1] = array("Q", sorted(chain(runs[-1], small)))
        return NumberIndex(runs)

    def up_to(self, position: int) -> NumberIndex:
        """Return the index without the positions behind another."""
        return NumberIndex(
            array("Q", [entry for entry in run if entry & _POSITION_MASK <= position])
            for run in self._runs
        )

    def candidates(self, number: str) -> Iterator[int]:
        """Yield the positions where a number may stand, in no particular order."""
        least = entry_of(number, 0)
        for run in self._runs:
            for at in range(bisect_left(run, least), len(run)):
                if run[at] > least | _POSITION_MASK:
                    break
                yield run[at] & _POSITION_MASK

    def doubtful(self) -> set[int]:
        """Return the positions whose number may stand twice in the same run."""
        return {
            entry & _POSITION_MASK
            for run in self._runs
            for pair in pairwise(run)
            if pair[0] ^ pair[1] <= _POSITION_MASK
            for entry in pair
        }


def _sorted_run(entries: list[int]) -> array[int]:
    """Return entries in order: put into buckets by their first bits, and sorted in each.

    Short sorts are faster than one long one, and let other threads run in between.
    """
    if len(entries) < 1 << 2 * _BUCKET_BITS:
        return array("Q", sorted(entries))
    buckets: list[list[int]] = [[] for _ in range(1 << _BUCKET_BITS)]
    for entry in entries:
        buckets[entry >> _BUCKET_SHIFT].append(entry)
    run = array("Q")
    for bucket in buckets:
        run.extend(sorted(bucket))
    return run

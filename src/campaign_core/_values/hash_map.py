"""A persistent hash map for some thousands of entries that come and go quickly.

A shared dict that nobody changes any more, and a small dict of changes over it. A changed copy
copies the changes alone; when they have grown past the square root of the whole, they are merged
into a new shared dict. So a change costs O(sqrt n) with the constant of a C copy: less than the
path through a tree for anything that fits into calls in progress. With an ``owner``, as in
:class:`~campaign_core._values.sorted_map.SortedMap`, it costs what a dict costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from typing_extensions import override

__all__ = ["HashMap"]

K = TypeVar("K")
V = TypeVar("V")

_GONE: Any = object()
_CHANGES_MIN = 32


class HashMap(Generic[K, V]):
    """An immutable map; ``with_item`` and ``without`` return changed ones."""

    __slots__ = ("_changes", "_owner", "_shared")

    def __init__(self, items: Iterable[tuple[K, V]] = ()) -> None:
        """Take the items; of a key given twice, the last one."""
        self._shared: dict[K, V] = dict(items)
        self._changes: dict[K, V] = {}
        self._owner: object = None

    def _opened(self, owner: object) -> HashMap[K, V]:
        opened: HashMap[K, V] = HashMap.__new__(HashMap)
        changes = self._changes
        if len(changes) > _CHANGES_MIN and len(changes) ** 2 > len(self._shared):
            opened._shared, opened._changes = self._merged(), {}
        else:
            opened._shared, opened._changes = self._shared, changes.copy()
        opened._owner = owner
        return opened

    def _merged(self) -> dict[K, V]:
        merged = self._shared | self._changes
        for key in [key for key, value in self._changes.items() if value is _GONE]:
            del merged[key]
        return merged

    def with_item(self, key: K, value: V, owner: object = None) -> HashMap[K, V]:
        """Return the map with this item added or replaced."""
        opened = self if self._owner is owner and owner is not None else self._opened(owner)
        opened._changes[key] = value
        return opened

    def without(self, key: K, owner: object = None) -> HashMap[K, V]:
        """Return the map without this key, which it need not have."""
        opened = self if self._owner is owner and owner is not None else self._opened(owner)
        if key in opened._shared:
            opened._changes[key] = _GONE
        else:
            opened._changes.pop(key, None)
        return opened

    def get(self, key: K) -> V | None:
        """Return the value of a key, or ``None``."""
        value = self._changes.get(key)
        if value is None:
            return self._shared.get(key)
        return None if value is _GONE else value

    def __getitem__(self, key: K) -> V:
        value = self._changes.get(key)
        if value is None:
            return self._shared[key]
        if value is _GONE:
            raise KeyError(key)
        return value

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield the items, in no particular order."""
        changes = self._changes
        for key, value in self._shared.items():
            if key not in changes:
                yield key, value
        for key, value in changes.items():
            if value is not _GONE:
                yield key, value

    def in_order(self) -> list[V]:
        """Return the values in the order of their keys."""
        return [value for _, value in sorted(self.items(), key=lambda item: item[0])]  # type: ignore[arg-type, return-value]

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.items())

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HashMap):
            return NotImplemented
        return dict(self.items()) == dict(other.items())

    @override
    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    @override
    def __repr__(self) -> str:
        return f"HashMap({list(self.items())!r})"

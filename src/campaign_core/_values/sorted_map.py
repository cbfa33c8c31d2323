"""A persistent ordered map: sorted, immutable, a changed copy shares almost all.

A B+ tree with blocks of up to 64 entries. As with :class:`~campaign_core._values.vector.Vector`,
a change copies the blocks on its path, except those made for the same ``owner``, which are changed
in place. A block is split where it is full and dropped where it is empty; sparse blocks are left
alone, which is what a queue wants: entries leave at the front and come at the back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from typing_extensions import override

__all__ = ["SortedMap"]

K = TypeVar("K")
V = TypeVar("V")

_WIDTH = 64


class _Leaf:
    __slots__ = ("keys", "owner", "values")

    def __init__(self, keys: list[Any], values: list[Any], owner: object) -> None:
        self.keys = keys
        self.values = values
        self.owner = owner


class _Branch:
    __slots__ = ("children", "firsts", "owner")

    def __init__(self, firsts: list[Any], children: list[Any], owner: object) -> None:
        # firsts[i] is a lower bound of what stands in children[i]; the first one is not looked at.
        self.firsts = firsts
        self.children = children
        self.owner = owner


class SortedMap(Generic[K, V]):
    """An immutable map in the order of its keys; ``None`` values make it an ordered set."""

    __slots__ = ("_depth", "_owner", "_root", "size")

    size: int
    """How many items it has, to be read alone: what ``len`` gives, for less."""

    def __init__(self, items: Iterable[tuple[K, V]] = ()) -> None:
        """Take the items in any order; of a key given twice, the last one."""
        pairs = sorted(dict(items).items())
        self._build([key for key, _ in pairs], [value for _, value in pairs])

    def _build(self, keys: list[Any], values: list[Any]) -> None:
        """Take keys in order, no two equal, and their values."""
        self._owner: object = None
        self.size = len(keys)
        self._depth = 0
        starts = range(0, max(len(keys), 1), _WIDTH)
        blocks: list[Any] = [
            _Leaf(keys[at : at + _WIDTH], values[at : at + _WIDTH], None) for at in starts
        ]
        firsts: list[Any] = keys[::_WIDTH]
        while len(blocks) > 1:
            self._depth += 1
            starts = range(0, len(blocks), _WIDTH)
            blocks = [
                _Branch(firsts[at : at + _WIDTH], blocks[at : at + _WIDTH], None) for at in starts
            ]
            firsts = firsts[::_WIDTH]
        self._root: Any = blocks[0]

    @classmethod
    def of_keys(cls, keys: Iterable[K]) -> SortedMap[K, None]:
        """Return an ordered set."""
        listed: list[Any] = sorted(dict.fromkeys(keys))
        made: SortedMap[K, None] = SortedMap.__new__(SortedMap)
        made._build(listed, [None] * len(listed))
        return made

    def _opened(self, owner: object) -> SortedMap[K, V]:
        opened: SortedMap[K, V] = SortedMap.__new__(SortedMap)
        opened._root, opened.size, opened._depth = self._root, self.size, self._depth
        opened._owner = owner
        return opened

    def _way_to(self, key: K, owner: object) -> tuple[SortedMap[K, V], _Leaf]:
        """Return a tree that an owner may change, and its leaf for a key, likewise."""
        tree = self if self._owner is owner else self._opened(owner)
        block = tree._root
        if block.owner is not owner:
            block = tree._root = _copied(block, owner, tree._depth)
        depth = tree._depth
        while depth:
            depth -= 1
            slot = bisect_right(block.firsts, key, 1) - 1
            below = block.children[slot]
            if below.owner is not owner:
                below = block.children[slot] = _copied(below, owner, depth)
            block = below
        return tree, block

    def with_item(self, key: K, value: V, owner: object = None) -> SortedMap[K, V]:
        """Return the map with this item added or replaced."""
        tree, block = self._way_to(key, object() if owner is None else owner)
        keys = block.keys
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            block.values[at] = value
            return tree
        keys.insert(at, key)
        block.values.insert(at, value)
        tree.size += 1
        if len(keys) > _WIDTH:
            tree._split(block, at, tree._path_to(key))
        return tree

    def _path_to(self, key: K) -> list[tuple[_Branch, int]]:
        """Return the branches above a key's leaf, each with the slot that leads there."""
        path = []
        block = self._root
        for _ in range(self._depth):
            slot = bisect_right(block.firsts, key, 1) - 1
            path.append((block, slot))
            block = block.children[slot]
        return path

    def _split(self, leaf: _Leaf, at: int, path: list[tuple[_Branch, int]]) -> None:
        owner = self._owner
        # Keys that come in ascending order, as times do, leave full blocks behind them.
        middle = at if at == len(leaf.keys) - 1 else len(leaf.keys) // 2
        right: Any = _Leaf(leaf.keys[middle:], leaf.values[middle:], owner)
        del leaf.keys[middle:], leaf.values[middle:]
        first = right.keys[0]
        left: Any = leaf
        for branch, slot in reversed(path):
            branch.firsts.insert(slot + 1, first)
            branch.children.insert(slot + 1, right)
            if len(branch.children) <= _WIDTH:
                return
            last = slot + 1 == len(branch.children) - 1
            middle = len(branch.children) - 1 if last else len(branch.children) // 2
            right = _Branch(branch.firsts[middle:], branch.children[middle:], owner)
            del branch.firsts[middle:], branch.children[middle:]
            first = right.firsts[0]
            left = branch
        self._root = _Branch([None, first], [left, right], owner)
        self._depth += 1

    def without(self, key: K, owner: object = None) -> SortedMap[K, V]:
        """Return the map without this key; the map itself where it has none such."""
        tree, block = self._way_to(key, object() if owner is None else owner)
        keys = block.keys
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            return self
        del keys[at], block.values[at]
        tree.size -= 1
        if not keys and tree._depth:
            tree._drop(tree._path_to(key))
        return tree

    def _drop(self, path: list[tuple[_Branch, int]]) -> None:
        for branch, slot in reversed(path):
            del branch.firsts[slot], branch.children[slot]
            if branch.children:
                break
        while self._depth and len(self._root.children) == 1:
            self._root = self._root.children[0]
            self._depth -= 1

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the value of a key, or a default."""
        block, depth = self._root, self._depth
        while depth:
            block = block.children[bisect_right(block.firsts, key, 1) - 1]
            depth -= 1
        keys = block.keys
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            return block.values[at]  # type: ignore[no-any-return]
        return default

    def __getitem__(self, key: K) -> V:
        found = self.get(key, _ABSENT)
        if found is _ABSENT:
            raise KeyError(key)
        return found  # type: ignore[return-value]

    def __contains__(self, key: K) -> bool:
        return self.get(key, _ABSENT) is not _ABSENT

    def first(self) -> K | None:
        """Return the least key, or ``None`` where the map is empty."""
        block, depth = self._root, self._depth
        while depth:
            block = block.children[0]
            depth -= 1
        return block.keys[0] if block.keys else None

    def nth(self, count: int) -> K | None:
        """Return the key before which ``count`` others stand, or ``None``."""
        for leaf in self._leaves():
            if count < len(leaf.keys):
                return leaf.keys[count]  # type: ignore[no-any-return]
            count -= len(leaf.keys)
        return None

    def count_before(self, key: K) -> int:
        """Return how many keys are less than another."""
        count = 0
        for leaf in self._leaves():
            if leaf.keys and leaf.keys[-1] >= key:
                return count + bisect_left(leaf.keys, key)
            count += len(leaf.keys)
        return count

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield the items in the order of the keys."""
        for leaf in self._leaves():
            yield from zip(leaf.keys, leaf.values, strict=True)

    def values(self) -> Iterator[V]:
        """Yield the values in the order of the keys."""
        for leaf in self._leaves():
            yield from leaf.values

    def _leaves(self) -> Iterator[_Leaf]:
        return _leaves(self._root, self._depth)

    def __iter__(self) -> Iterator[K]:
        for leaf in self._leaves():
            yield from leaf.keys

    def __len__(self) -> int:
        return self.size

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SortedMap):
            return NotImplemented
        if self._root is other._root:
            return True
        return self.size == other.size and all(
            mine == theirs for mine, theirs in zip(self.items(), other.items(), strict=True)
        )

    @override
    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    @override
    def __repr__(self) -> str:
        return f"SortedMap({list(self.items())!r})"


_ABSENT: Any = object()


def _copied(block: Any, owner: object, depth: int) -> Any:
    if depth:
        return _Branch(block.firsts.copy(), block.children.copy(), owner)
    return _Leaf(block.keys.copy(), block.values.copy(), owner)


def _leaves(block: Any, depth: int) -> Iterator[_Leaf]:
    if depth == 0:
        yield block
        return
    for child in block.children:
        yield from _leaves(child, depth - 1)

"""A persistent vector: an immutable sequence of which a changed copy shares almost all.

Three levels of plain lists: leaves of 128 items, branches of 128 leaves, and a top as long as need
be, of 62 branches for a million items. So an item is found by three look-ups without a loop. A
change copies the lists on its path; a caller who makes many changes passes an ``owner``, and what
the vector has copied for that owner is then changed in place. Owners are fresh objects that are
dropped when the work is done, so nothing can be changed once its owner is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Generic, TypeVar, overload

from typing_extensions import override

__all__ = ["Vector"]

T = TypeVar("T")

_BITS = 7
_WIDTH = 1 << _BITS
_MASK = _WIDTH - 1


class Vector(Sequence[T], Generic[T]):
    """An immutable sequence; ``with_item`` and ``extended`` return changed ones."""

    __slots__ = ("_owned", "_owner", "_size", "_top")

    def __init__(self, items: Iterable[T] = ()) -> None:
        """Take the items in order."""
        listed = list(items)
        self._size = len(listed)
        self._top: list[list[list[T]]] = _blocks(_blocks(listed))
        self._owner: object = None
        self._owned: set[int] = set()
        """What was copied for the owner: a leaf's number, a branch's as ``~number``."""

    @classmethod
    def repeated(cls, item: T, count: int) -> Vector[T]:
        """Return ``count`` times the same item."""
        return cls([item] * count)

    def with_item(self, index: int, item: T, owner: object = None) -> Vector[T]:
        """Return the vector with another item at ``index`` (0 to length - 1)."""
        vector = self
        if owner is None or self._owner is not owner:
            vector = self._with_top(self._top.copy(), self._size, owner)
        leaf = index >> _BITS
        if leaf not in vector._owned:
            vector._own(leaf)
        vector._top[leaf >> _BITS][leaf & _MASK][index & _MASK] = item
        return vector

    def _with_top(self, top: list[list[list[T]]], size: int, owner: object) -> Vector[T]:
        vector: Vector[T] = Vector.__new__(Vector)
        vector._top, vector._size, vector._owner, vector._owned = top, size, owner, set()
        return vector

    def _own(self, leaf: int) -> None:
        """Copy a leaf, and the branch that it hangs on."""
        number = leaf >> _BITS
        branch = self._top[number]
        if ~number not in self._owned:
            branch = self._top[number] = branch.copy()
            self._owned.add(~number)
        branch[leaf & _MASK] = branch[leaf & _MASK].copy()
        self._owned.add(leaf)

    def extended(self, items: Iterable[T]) -> Vector[T]:
        """Return the vector with items behind; whole blocks are shared."""
        added = list(items)
        if not added:
            return self
        top = self._top.copy()
        leaves = top.pop().copy() if top else []
        tail = leaves.pop() if leaves and len(leaves[-1]) < _WIDTH else []
        top += _blocks(leaves + _blocks(tail + added))
        return self._with_top(top, self._size + len(added), None)

    def at(self, index: int) -> T:
        """Return the item at an index from 0 to length - 1, which is not checked."""
        return self._top[index >> 2 * _BITS][index >> _BITS & _MASK][index & _MASK]

    def items_from(self, index: int) -> Iterator[T]:
        """Return an iterator over the items from an index on."""
        if index >= self._size:
            return iter(())
        number, slot = index >> 2 * _BITS, index >> _BITS & _MASK
        branch = self._top[number]
        behind = chain(branch[slot + 1 :], chain.from_iterable(self._top[number + 1 :]))
        return chain(branch[slot][index & _MASK :], chain.from_iterable(behind))

    def changed_since(self, before: Vector[T]) -> Iterator[int]:
        """Yield the indices at which another item stands than before, or none did, in order.

        Lists that both share are not looked into.
        """
        for number, branch in enumerate(self._top):
            old_branch = before._top[number] if number < len(before._top) else []
            if branch is old_branch:
                continue
            for slot, leaf in enumerate(branch):
                old_leaf = old_branch[slot] if slot < len(old_branch) else []
                if leaf == old_leaf:
                    continue
                first = (number << _BITS | slot) << _BITS
                for index, item in enumerate(leaf):
                    if index >= len(old_leaf) or item != old_leaf[index]:
                        yield first + index

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    @override
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(self._size)))
        if index < 0:
            index += self._size
        if not 0 <= index < self._size:
            raise IndexError(index)
        return self.at(index)

    @override
    def __len__(self) -> int:
        return self._size

    @override
    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(chain.from_iterable(self._top))

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vector):
            return NotImplemented
        # Lists that are one and the same are not looked into.
        return self._size == other._size and self._top == other._top

    @override
    def __hash__(self) -> int:
        return hash(tuple(self))

    @override
    def __repr__(self) -> str:
        return f"Vector({list(self)!r})"


B = TypeVar("B")


def _blocks(items: list[B]) -> list[list[B]]:
    """Return items in lists of 128, the last one shorter."""
    return [items[at : at + _WIDTH] for at in range(0, len(items), _WIDTH)]

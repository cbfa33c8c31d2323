"""A persistent vector: an immutable sequence of which a changed copy shares almost all.

A tree of blocks of 128, so that a million entries are three blocks deep. A change copies the
blocks on its path; a caller who makes many changes passes an ``owner``, and blocks made for that
owner are then changed in place. Owners are fresh objects that are dropped when the work is done,
so a block can never be changed once its owner is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, overload

from typing_extensions import override

__all__ = ["Vector"]

T = TypeVar("T")

_BITS = 7
_WIDTH = 1 << _BITS
_MASK = _WIDTH - 1


class _Block:
    __slots__ = ("items", "owner")

    def __init__(self, items: list[Any], owner: object) -> None:
        self.items = items
        self.owner = owner


class Vector(Sequence[T], Generic[T]):
    """An immutable sequence; ``with_item`` and ``extended`` return changed ones."""

    __slots__ = ("_owner", "_root", "_shift", "_size")

    def __init__(self, items: Iterable[T] = ()) -> None:
        """Take the items in order."""
        self._owner: object = None
        self._set(list(items))

    def _set(self, items: list[T]) -> None:
        self._size = len(items)
        self._shift = 0
        blocks: list[Any] = [
            _Block(items[at : at + _WIDTH], None) for at in range(0, len(items), _WIDTH)
        ] or [_Block([], None)]
        while len(blocks) > 1:
            self._shift += _BITS
            blocks = [
                _Block(blocks[at : at + _WIDTH], None) for at in range(0, len(blocks), _WIDTH)
            ]
        self._root: _Block = blocks[0]

    @classmethod
    def repeated(cls, item: T, count: int) -> Vector[T]:
        """Return ``count`` times the same item."""
        return cls([item]).extended([item] * (count - 1)) if count else cls()

    def with_item(self, index: int, item: T, owner: object = None) -> Vector[T]:
        """Return the vector with another item at ``index`` (0 to length - 1)."""
        if owner is None:
            owner = object()
        vector = self
        if self._owner is not owner:
            vector = Vector.__new__(Vector)
            vector._size, vector._shift, vector._owner = self._size, self._shift, owner
            vector._root = self._root
        block = vector._root
        if block.owner is not owner:
            block = vector._root = _Block(block.items.copy(), owner)
        shift = vector._shift
        while shift:
            slot = index >> shift & _MASK
            below = block.items[slot]
            if below.owner is not owner:
                below = block.items[slot] = _Block(below.items.copy(), owner)
            block = below
            shift -= _BITS
        block.items[index & _MASK] = item
        return vector

    def extended(self, items: Iterable[T]) -> Vector[T]:
        """Return the vector with items behind; whole blocks are shared."""
        added = list(items)
        if not added:
            return self
        vector: Vector[T] = Vector.__new__(Vector)
        vector._owner = None
        if self._shift == 0:
            vector._set(self._root.items + added)
            return vector
        vector._size, vector._shift, vector._root = self._size, self._shift, self._root
        if len(added) <= self._size >> _BITS:
            # A few behind many: only the blocks at the right edge are copied.
            while added:
                room = _WIDTH - (vector._size & _MASK)
                vector._push(added[:room])
                added = added[room:]
            return vector
        # Rebuilding the upper levels costs a block for each 128 items.
        leaves = list(self._leaves())
        last = leaves.pop() if len(leaves[-1].items) < _WIDTH else None
        tail = (last.items if last is not None else []) + added
        leaves += [_Block(tail[at : at + _WIDTH], None) for at in range(0, len(tail), _WIDTH)]
        vector._size = self._size + len(added)
        vector._shift = 0
        while len(leaves) > 1:
            vector._shift += _BITS
            leaves = [
                _Block(leaves[at : at + _WIDTH], None) for at in range(0, len(leaves), _WIDTH)
            ]
        vector._root = leaves[0]
        return vector

    def _push(self, items: list[T]) -> None:
        """Put items into the last leaf, which has room for them, of a vector in the making."""
        if self._size == 1 << self._shift + _BITS:
            self._root = _Block([self._root], None)
            self._shift += _BITS
        block = self._root = _Block(self._root.items.copy(), None)
        shift = self._shift
        while shift:
            slot = self._size >> shift & _MASK
            is_new = slot == len(block.items)
            below = _Block([] if is_new else block.items[slot].items.copy(), None)
            block.items[slot : slot + 1] = [below]
            block = below
            shift -= _BITS
        block.items.extend(items)
        self._size += len(items)

    def _leaves(self) -> Iterator[_Block]:
        yield from _leaves_of([self._root], self._shift)

    def at(self, index: int) -> T:
        """Return the item at an index from 0 to length - 1, which is not checked."""
        items = self._root.items
        shift = self._shift
        while shift:
            items = items[index >> shift & _MASK].items
            shift -= _BITS
        return items[index & _MASK]  # type: ignore[no-any-return]

    def items_from(self, index: int) -> Iterator[T]:
        """Return an iterator over the items from an index on."""
        if index >= self._size:
            return iter(())
        block, shift = self._root, self._shift
        behind: list[tuple[list[_Block], int]] = []
        while shift:
            slot = index >> shift & _MASK
            shift -= _BITS
            behind.append((block.items[slot + 1 :], shift))
            block = block.items[slot]
        leaves = (
            leaf.items for blocks, below in reversed(behind) for leaf in _leaves_of(blocks, below)
        )
        return chain(block.items[index & _MASK :], chain.from_iterable(leaves))

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
        return chain.from_iterable(block.items for block in self._leaves())

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vector):
            return NotImplemented
        if self._size != other._size:
            return False
        pairs = zip(self._leaves(), other._leaves(), strict=True)
        return all(mine is theirs or mine.items == theirs.items for mine, theirs in pairs)

    @override
    def __hash__(self) -> int:
        return hash(tuple(self))

    @override
    def __repr__(self) -> str:
        return f"Vector({list(self)!r})"


def _leaves_of(blocks: list[_Block], shift: int) -> list[_Block]:
    """Return the leaves below some blocks of one level."""
    for _ in range(shift // _BITS):
        blocks = [below for block in blocks for below in block.items]
    return blocks

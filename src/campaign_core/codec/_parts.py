"""The container of a snapshot: parts of text, numbers and JSON, each compressed on its own.

::

    campaign snapshot 1
    <SHA-256 of all that follows> <how many parts: 4 bytes> <which one is the root: 4 bytes>
    <size: 4 bytes, the highest bit for "compressed"> <part>   and so on

A part is written once however often it is put in, so that what is constant, or belongs to two,
costs nothing; and no part is large, so that no step of writing one keeps other threads waiting.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

from campaign_core.errors import JournalError

__all__ = ["SNAPSHOT_FORMAT", "PartReader", "PartWriter", "slices"]

SNAPSHOT_FORMAT = 1
"""The number of the layout of snapshots that this release writes."""

T = TypeVar("T")

_FIRST_LINE = re.compile(rb"campaign snapshot ([1-9][0-9]{0,8})\n")
_DIGEST_SIZE = sha256().digest_size
_HEAD = struct.Struct("<II")
_SIZE = struct.Struct("<I")
_COMPRESSED = 1 << 31
_SMALL = 128
"""Bytes that are not worth compressing."""
_ROWS = 1 << 14
"""Entries of a part at most."""
_WORD = 8


def slices(values: Iterable[T], most: int = _ROWS) -> Iterator[list[T]]:
    """Yield values in the lists that make one part each."""
    remaining = iter(values)
    while part := list(islice(remaining, most)):
        yield part


class PartWriter:
    """Takes parts, and gives the number of each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[bytes, int] = {}
        self._written: list[bytes] = []

    def put(self, part: bytes) -> int:
        """Put in some bytes."""
        digest = sha256(part).digest()
        number = self._numbers.get(digest)
        if number is None:
            number = self._numbers[digest] = len(self._numbers)
            is_small = len(part) < _SMALL
            packed = part if is_small else zlib.compress(part, 1)
            self._written += [_SIZE.pack(len(packed) | (0 if is_small else _COMPRESSED)), packed]
        return number

    def data(self, data: Any) -> int:
        """Put in plain JSON data."""
        return self.put(json.dumps(data, separators=(",", ":")).encode())

    def texts(self, texts: Sequence[str]) -> int:
        """Put in a column of texts without line breaks."""
        return self.put("\n".join(texts).encode())

    def numbers(self, numbers: Sequence[int]) -> int:
        """Put in a column of whole numbers from 0 on, of up to 64 bits.

        The lowest bytes of all come first, then the next ones: of instants, which differ little,
        most bytes are equal, and what is equal stands together.
        """
        raw = struct.pack(f"<{len(numbers)}Q", *numbers)
        width = (max(numbers, default=0).bit_length() + _WORD - 1) // _WORD
        return self.put(b"".join(raw[place::_WORD] for place in range(width)))

    def choices(self, values: Sequence[Hashable], as_data: Callable[[Any], Any]) -> list[Any]:
        """Put in a column of few different values, and return it with what they are."""
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
        column = self.numbers([codes[value] for value in values])
        return [column, *map(as_data, codes)]

    def sealed(self, root: int) -> bytes:
        """Return the snapshot; reading it begins at the root."""
        head = _HEAD.pack(len(self._numbers), root)
        digest = sha256(head)
        for piece in self._written:
            digest.update(piece)
        first_line = f"campaign snapshot {SNAPSHOT_FORMAT}\n".encode()
        return b"".join([first_line, digest.digest(), head, *self._written])


class PartReader:
    """Gives the parts of a snapshot by their numbers.

    Raises:
        JournalError: it is damaged, or none, or a newer release wrote it.
    """

    def __init__(self, snapshot: bytes) -> None:
        """Look whether the snapshot is whole."""
        content = _content_of(snapshot)
        count, self.root = _HEAD.unpack_from(content)
        at = _HEAD.size
        self._parts: list[bytes] = []
        for _ in range(count):
            (size,) = _SIZE.unpack_from(content, at)
            at += _SIZE.size
            part = content[at : at + (size & ~_COMPRESSED)]
            at += len(part)
            self._parts.append(zlib.decompress(part) if size & _COMPRESSED else bytes(part))

    def data(self, number: int) -> Any:
        """Return plain JSON data."""
        return json.loads(self._parts[number])

    def texts(self, number: int) -> list[str]:
        """Return a column of texts."""
        return self._parts[number].decode().split("\n")

    def numbers(self, number: int, count: int) -> list[int]:
        """Return a column of whole numbers."""
        part = self._parts[number]
        if not part:
            return [0] * count
        raw = bytearray(count * _WORD)
        for place in range(len(part) // count):
            raw[place::_WORD] = part[place * count : (place + 1) * count]
        return list(struct.unpack(f"<{count}Q", raw))

    def choices(self, written: list[Any], of_data: Callable[[Any], T], count: int) -> list[T]:
        """Return a column of few different values."""
        column, *values = written
        found = [of_data(value) for value in values]
        if len(found) == 1:
            return found * count
        return [found[code] for code in self.numbers(column, count)]


def _content_of(snapshot: bytes) -> memoryview:
    first_line = _FIRST_LINE.match(snapshot)
    if first_line is None:
        raise JournalError("not a snapshot: its first line does not say so")
    written = int(first_line[1])
    if written > SNAPSHOT_FORMAT:
        raise JournalError(
            f"snapshot format {written} is of a newer release; this one reads up to "
            f"{SNAPSHOT_FORMAT}"
        )
    start = first_line.end() + _DIGEST_SIZE
    content = memoryview(snapshot)[start:]
    if sha256(content).digest() != snapshot[first_line.end() : start]:
        raise JournalError("the snapshot is damaged: its digest is not that of its content")
    return content

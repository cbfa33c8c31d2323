"""Large JSON, written and read piece by piece.

An event with 300,000 recipients is forty megabytes of text. To write or read it in one call takes a
second and more in which no other thread runs, the event loop's neither; between the pieces all do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
from msgspec import Raw
from typing_extensions import Buffer

__all__ = ["PIECE_BYTES", "JsonWriter", "begins_with", "decode_in_pieces"]

PIECE_BYTES = 256 << 10
"""Bytes that are read in one go: it takes some milliseconds."""
_ROWS = 1_000
"""Entries of a list that are written in one go."""


class JsonWriter:
    """Writes plain values as :func:`json.dumps` would, to the last character.

    Args:
        separators: between entries, and between a name and its value.
        sort_keys: whether the members of objects are sorted by their names.
    """

    def __init__(
        self, *, separators: tuple[str, str] = (", ", ": "), sort_keys: bool = False
    ) -> None:
        self._comma, self._colon = separators
        self._is_sorted = sort_keys
        self._encode = json.JSONEncoder(
            check_circular=False, separators=separators, sort_keys=sort_keys
        ).encode

    def pieces(self, data: object) -> Iterator[str]:
        """Yield the text piece by piece."""
        if isinstance(data, dict) and data:
            yield from self._members(data)
        elif isinstance(data, list) and len(data) > _ROWS:
            before = "["
            for first in range(0, len(data), _ROWS):
                yield before + self._encode(data[first : first + _ROWS])[1:-1]
                before = self._comma
            yield "]"
        else:
            yield self._encode(data)

    def text(self, data: object) -> str:
        """Return the whole text."""
        return "".join(self.pieces(data))

    def _members(self, data: dict[str, object]) -> Iterator[str]:
        before = "{"
        for name in sorted(data) if self._is_sorted else data:
            yield before + self._encode(name) + self._colon
            yield from self.pieces(data[name])
            before = self._comma
        yield "}"


def decode_in_pieces(data: Buffer) -> object:
    """Return JSON as plain values, whatever it holds.

    Raises:
        DecodeError: it is no JSON.
    """
    if memoryview(data).nbytes > PIECE_BYTES:
        if begins_with(b"[", data):
            rows = msgspec.json.decode(data, type=list[Raw])
            return [decode_in_pieces(raw) for raw in rows]
        if begins_with(b"{", data):
            parts = msgspec.json.decode(data, type=dict[str, Raw])
            return {name: decode_in_pieces(raw) for name, raw in parts.items()}
    return msgspec.json.decode(data)


def begins_with(mark: bytes, data: Buffer) -> bool:
    """Return whether JSON begins with a mark, behind what means nothing."""
    view = memoryview(data)
    start = 0
    while start < view.nbytes and view[start] in b" \t\r\n":
        start += 1
    return bytes(view[start : start + 1]) == mark

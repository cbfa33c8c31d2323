"""Digests of many parts, made piece by piece: of a long list too, while other threads go on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["chunks", "digest_of"]

_CHUNK = 1_000

T = TypeVar("T")


def digest_of(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of some parts, as hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        # With its length, so that no part can pass for another's beginning.
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def chunks(entries: Iterable[T]) -> Iterator[list[T]]:
    """Yield entries, at most a thousand at a time."""
    rest = iter(entries)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk

"""What tells whether two requests under one idempotency key ask for the same.

It is made of what the client sent: method, path, query and body. What a handler makes of these
may depend on the state, which changes between a request and its being sent again.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from campaign_service.api.digests import chunks, digest_of

__all__ = ["request_digest"]


def request_digest(
    *, method: str, path: str, names: dict[str, str], query: Struct, body: Struct | None
) -> str:
    """Return the digest of a request; of one with a long list, to be asked in a thread.

    Args:
        path: with its variable parts as variables.
        names: what those are here.
        query: as it was read; a parameter that is left out has its default.
        body: as it was read, so that spaces and the order of members do not matter.
    """
    return digest_of([_encoded([method, path, names, query]), *_body(body)])


def _body(body: Struct | None) -> Iterator[bytes]:
    """Yield a body in pieces: while a long list is written in one go no other thread runs."""
    if body is None:
        return
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, list):
            yield _encoded([name, len(value)])
            yield from map(_encoded, chunks(value))
        elif value is not msgspec.UNSET:
            yield _encoded([name, value])


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")

"""Compression of answers (gzip, RFC 9110, 8.4.1.3): beside the event loop, piece by piece.

What is compressed tells by its length what is in it. So an answer in which something secret stands
beside what its reader chose is left as it is: no answer to a change is compressed (a log-in, a new
token, a one-time password), but only what is read. Nor is a stream of events, of which each is to
arrive at once.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator

from campaign_service.api.limits.worker_slots import WorkerSlots

__all__ = ["COMPRESSED_FROM", "compressed", "compressed_pieces", "takes_gzip"]

COMPRESSED_FROM = 1_400
"""Bytes of an answer from which on it is compressed: a shorter one is one packet anyway."""
_LEVEL = 5
"""Of JSON hardly larger than at the usual 6, in two thirds of the time."""
_GZIP = 16 + zlib.MAX_WBITS
_NAMES = ("gzip", "x-gzip")
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Return whether a client would rather have an answer compressed (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for one in (accept_encoding or "").split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        weights[name.lower()] = _weight(parameters)
    named = [weights[name] for name in _NAMES if name in weights]
    wanted = max(named, default=weights.get("*", 0.0))
    return wanted > 0 and wanted >= weights.get("identity", 0.0)


def _weight(parameters: list[str]) -> float:
    if not parameters:
        return 1.0
    found = _WEIGHT.fullmatch(parameters[0])
    # What is not understood is no wish: uncompressed an answer can be read by all.
    return float(found[1]) if found is not None and len(parameters) == 1 else 0.0


def compressed(body: bytes) -> bytes:
    """Return a body compressed, the same for the same body."""
    coder = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return coder.compress(body) + coder.flush()


async def compressed_pieces(
    pieces: AsyncIterator[bytes], *, slots: WorkerSlots, by: str
) -> AsyncIterator[bytes]:
    """Yield a body compressed while its pieces come, each in its turn.

    Args:
        pieces: of the body.
        slots: in which they are compressed.
        by: whose answer it is.
    """
    coder = zlib.compressobj(_LEVEL, wbits=_GZIP)
    async for piece in pieces:
        coded = await slots.run_more(by, coder.compress, piece)
        if coded:
            yield coded
    yield await slots.run_more(by, coder.flush)

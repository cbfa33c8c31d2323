"""The chain of checksums that runs through a journal, so that nothing in it can be altered unseen.

::

    chain(0) = SHA-256("call-campaign journal" || service_id)
    chain(n) = SHA-256(chain(n-1) || data(n))

Whoever notes the chain's value at one event, somewhere else than in the database, can tell at any
later time whether that event or one before it was changed, taken out or put in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate

import attrs
from typing_extensions import override

from campaign_core import ServiceId

__all__ = ["ChainHead", "chain_values", "genesis", "head_of_text", "next_chain_value"]

_TEXT = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@attrs.frozen(kw_only=True)
class ChainHead:
    """A place in a journal: an event's number, and the chain's value there."""

    seq: int
    """0 before the first event."""
    chain: bytes

    @override
    def __str__(self) -> str:
        """Return it as it is noted: ``SEQ:HEX``."""
        return f"{self.seq}:{self.chain.hex()}"


def genesis(service_id: ServiceId) -> ChainHead:
    """Return the head of a journal that is still empty."""
    return ChainHead(seq=0, chain=sha256(b"call-campaign journal" + service_id.encode()).digest())


def next_chain_value(chain: bytes, data: str) -> bytes:
    """Return the chain's value behind one more event."""
    return sha256(chain + data.encode()).digest()


def chain_values(chain: bytes, data: Iterable[str]) -> list[bytes]:
    """Return the chain's value behind each of some more events."""
    return list(accumulate(data, next_chain_value, initial=chain))[1:]


def head_of_text(text: str) -> ChainHead | None:
    """Return the head that somebody noted; ``None``: it is none."""
    found = _TEXT.fullmatch(text.strip().lower())
    return None if found is None else ChainHead(seq=int(found[1]), chain=bytes.fromhex(found[2]))

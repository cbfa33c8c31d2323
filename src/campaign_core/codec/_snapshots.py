"""Snapshots: a whole state as bytes, to be opened again quickly.

A snapshot is a first line with the number of its layout, a digest of all that follows, and the
state, compressed. The digest tells a snapshot that was damaged from one that was not.
"""

from __future__ import annotations

import json
import re
import zlib
from hashlib import sha256

from campaign_core._state.service import State
from campaign_core.codec._states import state_from_data, state_to_data
from campaign_core.errors import JournalError, SettingsError

__all__ = ["SNAPSHOT_FORMAT", "snapshot_of", "state_of"]

SNAPSHOT_FORMAT = 1
"""The number of the layout of snapshots that this release writes."""

_FIRST_LINE = re.compile(rb"campaign snapshot ([1-9][0-9]{0,8})\n")
_DIGEST_SIZE = sha256().digest_size
_GARBLED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, zlib.error)


def snapshot_of(state: State) -> bytes:
    """Return a state as bytes."""
    content = zlib.compress(json.dumps(state_to_data(state)).encode(), 1)
    first_line = f"campaign snapshot {SNAPSHOT_FORMAT}\n".encode()
    return b"".join((first_line, sha256(content).digest(), content))


def state_of(snapshot: bytes) -> State:
    """Return the state of a snapshot.

    Raises:
        JournalError: it is damaged, or none, or a newer release wrote it.
    """
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
    content = snapshot[start:]
    if sha256(content).digest() != snapshot[first_line.end() : start]:
        raise JournalError("the snapshot is damaged: its digest is not that of its content")
    try:
        return state_from_data(json.loads(zlib.decompress(content)))
    except SettingsError as error:
        raise JournalError(f"not a snapshot of the core: {error}") from error
    except _GARBLED as error:
        raise JournalError(
            f"not a snapshot of the core: {type(error).__name__}: {error}"
        ) from error

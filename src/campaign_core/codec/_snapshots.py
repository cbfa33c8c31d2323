"""Snapshots: a whole state as bytes, to be opened again quickly."""

from __future__ import annotations

import struct
import zlib

from campaign_core._state.service import State
from campaign_core.codec._apart import ApartReader, ApartWriter
from campaign_core.codec._parts import PartReader, PartWriter
from campaign_core.codec._states import state_from_data, state_to_data
from campaign_core.errors import JournalError

__all__ = ["snapshot_of", "state_of"]

_GARBLED = (
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    AssertionError,
    struct.error,
    zlib.error,
)


def snapshot_of(state: State) -> bytes:
    """Return a state as bytes.

    May be called in a thread of its own while others go on with later states: no step of it keeps
    the interpreter for long.
    """
    parts = PartWriter()
    return parts.sealed(parts.data(state_to_data(state, ApartWriter(parts))))


def state_of(snapshot: bytes) -> State:
    """Return the state of a snapshot.

    Raises:
        JournalError: it is damaged, or none, or a newer release wrote it.
    """
    try:
        parts = PartReader(snapshot)
        return state_from_data(parts.data(parts.root), ApartReader(parts))
    except JournalError:
        raise
    except _GARBLED as error:
        why = f"{type(error).__name__}: {error}"
        raise JournalError(f"not a snapshot of the core: {why}") from error

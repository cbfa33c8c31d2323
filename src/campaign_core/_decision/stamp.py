"""Numbering events as they are decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from campaign_core import events as ev
from campaign_core._values.instants import Instant

__all__ = ["Events", "Stamp"]

Events = tuple[ev.Event, ...]
"""What a message brings about, in order."""

E = TypeVar("E")


class Stamp:
    """Makes events that follow each other: same time, same actor, rising numbers."""

    __slots__ = ("actor", "at", "seq")

    def __init__(self, seq: int, at: Instant, actor: str) -> None:
        """Take the last event's number, the time and the actor."""
        self.seq = seq
        self.at = at
        self.actor = actor

    def __call__(self, kind: Callable[..., E], **fields: Any) -> E:
        """Return the next event."""
        self.seq += 1
        return kind(seq=self.seq, at=self.at, actor=self.actor, **fields)

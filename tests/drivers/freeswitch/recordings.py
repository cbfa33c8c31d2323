"""Recorded sessions: what each side sent, and what a driver needs to live through one again."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import attrs

from campaign_drivers.freeswitch._wire import Event, Frame, Reader

FOLDER = Path(__file__).parents[2] / "wire" / "freeswitch"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))

_FRAME = re.compile(rb"===== (C->S|S->C) t=([\d.]+) (\d+) bytes =====\n")


@attrs.frozen
class Part:
    """What one side sent at once."""

    is_ours: bool
    at_ms: float
    data: bytes


@cache
def parts(name: str) -> tuple[Part, ...]:
    """Return a recording by the stem of its file's name."""
    data = (FOLDER / f"{name}.txt").read_bytes()
    found = []
    for match in _FRAME.finditer(data):
        size = int(match[3])
        block = data[match.end() : match.end() + size]
        found.append(Part(match[1] == b"C->S", float(match[2]) * 1_000, block))
    return tuple(found)


def frames(data: bytes) -> list[Frame]:
    """Return the frames of what a server sent."""
    return Reader().feed(data)


def said(name: str) -> list[Frame]:
    """Return all frames that the server of a recording sent."""
    return frames(b"".join(part.data for part in parts(name) if not part.is_ours))


def events(name: str) -> list[Event]:
    """Return all events of a recording."""
    return [Event.parse(frame.body) for frame in said(name) if frame.kind == "text/event-plain"]

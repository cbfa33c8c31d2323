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
    return _parts((FOLDER / f"{name}.txt").read_bytes())


def _parts(data: bytes) -> tuple[Part, ...]:
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


@attrs.frozen
class Connection:
    """One connection of a recording in which there are several, or that was cut."""

    begins_ms: float
    ends_ms: float
    parts: tuple[Part, ...]
    """What arrived at the other side."""


@cache
def connections(name: str) -> tuple[Connection, ...]:
    """Return the connections of a recording, in order; what was lost on the way is left out."""
    data = (FOLDER / f"{name}.txt").read_bytes()
    at = [match.start() for match in re.finditer(rb"##### connection", data)]
    return tuple(
        Connection(*_ends(data[start:end]), _parts(data[start:end]))
        for start, end in zip(at, [*at[1:], len(data)], strict=True)
    )


def _ends(data: bytes) -> tuple[float, float]:
    notes = re.findall(rb"##### NOTE t=([\d.]+) (?:connected|[CS]->[CS] ended)", data)
    return float(notes[0]) * 1_000, float(notes[-1]) * 1_000

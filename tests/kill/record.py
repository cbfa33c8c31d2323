"""What a telephony wrote down itself, in one form whichever telephony it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from campaign_core import Line

__all__ = ["Connection", "Moment", "PbxCall", "PbxRecord", "Sound", "from_lines"]


@attrs.frozen(order=True)
class Moment:
    """When something happened at the telephony."""

    order: int
    """Its place in the record: what is written first happened first."""
    wall: int
    """Milliseconds since 1970, by the clock of the machine."""


@attrs.define
class Sound:
    """One playback."""

    name: str
    began: Moment
    ended: Moment | None = None
    is_whole: bool = False
    """Played to its end."""


@attrs.define
class PbxCall:
    """A call as the telephony saw it."""

    call_id: str
    number: str
    line: Line
    began: Moment
    answered: Moment | None = None
    ended: Moment | None = None
    digits: list[tuple[Moment, str]] = attrs.field(factory=list)
    sounds: list[Sound] = attrs.field(factory=list)


@attrs.define
class Connection:
    """A time in which somebody listened to what the telephony told."""

    began: Moment
    ended: Moment | None = None

    def had(self, when: Moment) -> bool:
        """Return whether it was there at a moment."""
        return self.began < when and (self.ended is None or when < self.ended)


@attrs.define
class PbxRecord:
    """All that a telephony saw."""

    calls: dict[str, PbxCall] = attrs.field(factory=dict)
    """By id, in the order of their beginning."""
    orders: Counter[str] = attrs.field(factory=Counter)
    """How often each id was ordered to be called, whatever came of it."""
    connections: list[Connection] = attrs.field(factory=list)
    peaks: Counter[str] = attrs.field(factory=Counter)
    """Most calls at one time: ``total``, and by kind of line."""


_PROBE = "-probe-"
LINES = {"user": Line.INTERNAL, "sofia": Line.EXTERNAL}
"""By kind of endpoint, as the routes of these tests have them."""


def from_lines(lines: Iterable[Mapping[str, Any]]) -> PbxRecord:
    """Return what a telephony wrote down, in the words of the emulated FreeSWITCH's record."""
    record = PbxRecord()
    connections: dict[int, Connection] = {}
    for order, line in enumerate(lines):
        _take(record, connections, line, Moment(order, line["wall"]))
    return record


def _take(
    record: PbxRecord,
    connections: dict[int, Connection],
    line: Mapping[str, Any],
    when: Moment,
) -> None:
    if _PROBE in str(line.get("id", "")):
        # What looks for sounds rings no telephone, and is no call of a campaign.
        return
    call = record.calls.get(line.get("id", ""))
    match line["what"]:
        case "connected":
            connections[line["client"]] = Connection(when)
            record.connections.append(connections[line["client"]])
        case "cut":
            connections.pop(line["client"]).ended = when
        case "originate":
            record.orders[line["id"]] += 1
        case "call":
            kind = LINES[line["leg"].partition("/")[0]]
            record.calls[line["id"]] = PbxCall(line["id"], line["number"], kind, when)
            for name, up in line["up"].items():
                record.peaks[name] = max(record.peaks[name], up)
        case "answer":
            assert call is not None
            call.answered = when
        case "digit":
            assert call is not None
            call.digits.append((when, line["digit"]))
        case "play":
            assert call is not None
            call.sounds.append(Sound(line["sound"], when))
        case "played":
            assert call is not None
            sound = next(one for one in reversed(call.sounds) if one.ended is None)
            sound.ended, sound.is_whole = when, line["status"] == "done"
        case "end":
            assert call is not None
            call.ended = when
        case _:
            raise AssertionError(line)

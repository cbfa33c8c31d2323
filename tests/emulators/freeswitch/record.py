"""The server's own record of what it did: one JSON object a line, in the order of happening.

Written by the server, whoever commands it and whatever they believe. Every line has ``at``
(milliseconds of the server's time), ``wall`` (milliseconds since 1970) and ``what``:

============  ==============================================================================
connected     a client has subscribed to events: ``client``
cut           a client that had is gone: ``client``
originate     an order to call was received, whatever came of it: ``id``, ``leg``
call          a channel was made for it: ``id``, ``leg``, ``number``, ``up`` (calls by kind of
              endpoint, this one counted)
answer, end   of a channel: ``id``; an end has its ``cause``
digit         was dialled: ``id``, ``digit``
play, played  a sound began, and ended: ``id``, ``sound``, and ``status`` at its end
============  ==============================================================================
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TextIO


class Record:
    """What the server writes down.

    Args:
        file: where to, line by line.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._kinds: dict[str, str] = {}
        """Of the calls that are up: the kind of endpoint."""

    def write(self, at: float, what: str, **fields: object) -> None:
        line = {"at": round(at, 3), "wall": time.time_ns() // 1_000_000, "what": what, **fields}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()

    def event(self, at: float, event: str, headers: dict[str, str]) -> None:
        """Take an event as the server fires it, whether or not anyone listens."""
        uuid = headers.get("Unique-ID", "")
        match event:
            case "CHANNEL_CREATE" if headers["Channel-Name"].startswith("null/"):
                # A call to nobody, on which sounds are looked for: no telephone rings.
                pass
            case "CHANNEL_CREATE":
                leg = headers["Channel-Name"]
                self._kinds[uuid] = leg.partition("/")[0]
                up = {"total": len(self._kinds), **Counter(self._kinds.values())}
                number = headers["Caller-Destination-Number"]
                self.write(at, "call", id=uuid, leg=leg, number=number, up=up)
            case _ if uuid not in self._kinds:
                pass
            case "CHANNEL_ANSWER":
                self.write(at, "answer", id=uuid)
            case "DTMF":
                self.write(at, "digit", id=uuid, digit=headers["DTMF-Digit"])
            case "PLAYBACK_START":
                self.write(at, "play", id=uuid, sound=headers.get("Playback-File-Path", ""))
            case "PLAYBACK_STOP":
                sound, status = headers.get("Playback-File-Path", ""), headers["Playback-Status"]
                self.write(at, "played", id=uuid, sound=sound, status=status)
            case "CHANNEL_HANGUP_COMPLETE":
                del self._kinds[uuid]
                self.write(at, "end", id=uuid, cause=headers["Hangup-Cause"])
            case _:
                pass

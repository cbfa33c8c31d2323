"""Sentences of the core on one clock."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from campaign_core import is_known_zone
from campaign_service.instants import zone_of

__all__ = ["in_zone"]

_TIME = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<zone>[A-Za-z][\w+/-]*)")


def in_zone(sentence: str, zone: ZoneInfo) -> str:
    """Return a sentence of the core with its times on the clock that all others are on."""

    def moved(found: re.Match[str]) -> str:
        if not is_known_zone(found["zone"]):
            return found[0]
        moment = datetime.fromisoformat(found["time"]).replace(tzinfo=zone_of(found["zone"]))
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"

    return _TIME.sub(moved, sentence)

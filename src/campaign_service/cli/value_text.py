"""Values in words, and sentences of the core on one clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from campaign_core import CallLimits, is_known_zone
from campaign_service.instants import zone_of
from campaign_service.schemas import core_values

__all__ = [
    "SIMULATED_TEXT",
    "counted",
    "echo_lines",
    "in_zone",
    "lacked_text",
    "limits_text",
    "paused_by",
    "within",
]

SIMULATED_TEXT = "SIMULATED: nobody is really called"
"""Of a campaign, or of a service, whose telephony is a simulated one."""
_TIME = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<zone>[A-Za-z][\w+/-]*)")


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: ``1 campaign``, ``2 campaigns``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def limits_text(limits: CallLimits | core_values.CallLimits) -> str:
    """Return limits of calls at one time as a sentence fragment."""
    each = {"in all": limits.total, "internal": limits.internal, "external": limits.external}
    parts = [f"{limit} {name}" for name, limit in each.items() if limit is not None]
    return f"at most {', '.join(parts)}" if parts else "no limit"


def paused_by(reason: str) -> str:
    """Return who or what paused a campaign, as it stands behind ``PAUSED by``."""
    return {"SOUND_MISSING": "a missing sound", "HELD": "the start with every campaign held"}.get(
        reason, reason.lower()
    )


def within(advice: str) -> str:
    """Return what to do as it stands in a list: its further lines under the first."""
    first, *further = advice.split("\n")
    return "\n".join([first, *(f"    {line}" if line else "" for line in further)])


def lacked_text(sounds: Sequence[tuple[str, str]]) -> str:
    """Return what a telephony lacks, by the sound's name and what to do about it."""
    lines = [f"  {name}: {within(advice)}" for name, advice in sounds]
    return "\n".join(["the telephony lacks sounds of this campaign:", *lines])


def in_zone(sentence: str, zone: ZoneInfo) -> str:
    """Return a sentence of the core with its times on the clock that all others are on."""

    def moved(found: re.Match[str]) -> str:
        if not is_known_zone(found["zone"]):
            return found[0]
        moment = datetime.fromisoformat(found["time"]).replace(tzinfo=zone_of(found["zone"]))
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"

    return _TIME.sub(moved, sentence)


def echo_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)

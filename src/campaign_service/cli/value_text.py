"""Values in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["SIMULATED_TEXT", "counted", "lacked_text", "limits_text", "paused_by", "within"]

SIMULATED_TEXT = "SIMULATED: nobody is really called"
"""Of a campaign, or of a service, whose telephony is a simulated one."""


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: ``1 campaign``, ``2 campaigns``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


class _Limits(Protocol):
    """Limits of the core, or as an answer shows them."""

    @property
    def total(self) -> int | None: ...
    @property
    def internal(self) -> int | None: ...
    @property
    def external(self) -> int | None: ...


def limits_text(limits: _Limits) -> str:
    """Return limits of calls at one time as a sentence fragment."""
    parts = [
        f"{limit} {name}"
        for name, limit in (
            ("in all", limits.total),
            ("internal", limits.internal),
            ("external", limits.external),
        )
        if limit is not None
    ]
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

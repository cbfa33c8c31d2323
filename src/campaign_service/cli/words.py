"""Values in words."""

from __future__ import annotations

from campaign_core import CallLimits

__all__ = ["counted", "limits_text"]


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: ``1 campaign``, ``2 campaigns``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def limits_text(limits: CallLimits) -> str:
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

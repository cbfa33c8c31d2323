"""Values in words."""

from __future__ import annotations

from campaign_core import CallLimits

__all__ = ["limits_text"]


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

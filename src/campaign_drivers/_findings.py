"""What an examination of a telephony found, in words that any driver's doctor uses."""

from __future__ import annotations

from enum import Enum

import attrs

__all__ = ["Finding", "Severity", "fine", "note", "wrong"]


class Severity(Enum):
    """What a finding means for whoever starts a campaign."""

    FINE = "FINE"
    NOTE = "NOTE"
    """Works, and could be better."""
    WRONG = "WRONG"
    """Calls will fail, or be reported wrongly."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    severity: Severity
    says: str
    """What was found, as a sentence."""
    advice: str = ""
    """What to write, and into which file."""


def fine(what: str, says: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(what=what, severity=Severity.FINE, says=says)


def note(what: str, says: str, advice: str = "") -> Finding:
    """Return a finding that works and could be better."""
    return Finding(what=what, severity=Severity.NOTE, says=says, advice=advice)


def wrong(what: str, says: str, advice: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(what=what, severity=Severity.WRONG, says=says, advice=advice)

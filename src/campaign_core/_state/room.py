"""How many more calls limits leave room for (R6.3, R5.5)."""

from __future__ import annotations

from collections.abc import Mapping

from campaign_core._model.limits import CallLimits
from campaign_core._model.recipients import LINES, Line

__all__ = ["Room"]

_INTERNAL, _EXTERNAL = LINES
_BOUNDLESS = 1 << 62


class Room:
    """Room for calls: in all, and on each line. Boundless until limits are put on it."""

    __slots__ = ("external", "internal", "total")

    def __init__(self) -> None:
        """Begin without a limit."""
        self.total: int = _BOUNDLESS
        self.internal: int = _BOUNDLESS
        self.external: int = _BOUNDLESS

    def within(self, limits: CallLimits, in_use: Mapping[Line, int]) -> Room:
        """Put limits on it that some calls take up a part of, and return it."""
        internal, external = in_use[_INTERNAL], in_use[_EXTERNAL]
        if limits.total is not None and limits.total - internal - external < self.total:
            self.total = limits.total - internal - external
        if limits.internal is not None and limits.internal - internal < self.internal:
            self.internal = limits.internal - internal
        if limits.external is not None and limits.external - external < self.external:
            self.external = limits.external - external
        return self

    def has(self, line: Line) -> bool:
        """Return whether one more call fits on a line."""
        return self.total > 0 and (self.internal if line is _INTERNAL else self.external) > 0

    def take(self, line: Line) -> None:
        """Count a call placed on a line."""
        self.total -= 1
        if line is _INTERNAL:
            self.internal -= 1
        else:
            self.external -= 1

"""What would be logged with every request is told now and then, with how often it came."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

__all__ = ["ThrottledWarning"]

_EVERY_S = 10.0


class ThrottledWarning:
    """A warning that is told at most so often.

    Args:
        log: where.
        text: the warning, with a place for what it is about.
        every_s: seconds between one telling and the next.
        clock: tells the time in seconds.
    """

    def __init__(
        self,
        log: logging.Logger,
        text: str,
        *,
        every_s: float = _EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._text = text
        self._every_s = every_s
        self._clock = clock
        self._warned_at: float | None = None
        self._suppressed = 0

    def warn(self, what: object) -> None:
        """Tell it, unless that was done a moment ago."""
        now = self._clock()
        if self._warned_at is not None and now - self._warned_at < self._every_s:
            self._suppressed += 1
            return
        more = f" (and {self._suppressed} more since it was last told)" if self._suppressed else ""
        self._log.warning(f"{self._text}%s", what, more)
        self._warned_at, self._suppressed = now, 0

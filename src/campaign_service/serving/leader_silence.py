"""Silence: whether the process that has a lock still lives, as one sees it who waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

__all__ = ["SILENT_S", "LeaderSilence"]

_log = logging.getLogger(__name__)

SILENT_S = 10.0
"""A holder that gave no sign of life for so long loses its lock. It gives one twice a second, and
has asked whether it leads after a standstill of 2 s."""
_LOOK_COUNTS_S = 3.0
"""Who waits looks more often than this, unless it stood still itself."""


class LeaderSilence:
    """For how long whoever has a lock gave no sign of life, as one sees it who waits for it.

    By its own looks alone: no clocks of two machines are compared, and while it stood still itself,
    no time passes.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take what tells the seconds."""
        self._clock = clock
        self._sign: object = None
        self._looked_at = 0.0
        self._lasts_s = 0.0

    def is_too_long(self, sign: object) -> bool:
        """Return whether nothing has changed for too long.

        Args:
            sign: what changes with each sign of life; ``None``: nobody is to be watched.
        """
        now = self._clock()
        if sign is None or sign != self._sign:
            self._lasts_s = 0.0
        else:
            self._lasts_s += min(now - self._looked_at, _LOOK_COUNTS_S)
        self._sign, self._looked_at = sign, now
        return self._lasts_s >= SILENT_S

    def log(self, name: str) -> None:
        """Tell the operator whose lock is taken away."""
        _log.error(
            "%s: the process that leads gave no sign of life for %g s: its lock is taken away",
            *(name, SILENT_S),
        )

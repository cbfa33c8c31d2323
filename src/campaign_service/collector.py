"""Python's collector of cyclic garbage: paused while states are made, rare while they are served.

A state of a million recipients is millions of objects, none of them garbage, and what the core and
a simulation leave behind is freed without it. To look through them all again and again takes the
collector a quarter to a third of the time; and while it looks no thread runs, with some hundred
thousand recipients for a second.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["paused_collector", "rare_collections"]

_THRESHOLDS = (5_000, 20, 200)
"""Objects until the youngest are looked through; how often, until the next older ones are."""


class _Pause:
    """How many want it paused; threads read states side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._was_enabled = False

    def begin(self) -> None:
        with self._lock:
            if self._count == 0:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._count += 1

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0 and self._was_enabled:
                gc.enable()


_pause = _Pause()


@contextmanager
def paused_collector() -> Iterator[None]:
    """Have no garbage collected within a block, in the whole process."""
    _pause.begin()
    try:
        yield
    finally:
        _pause.end()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Have everything looked through rarely, within; what is young is, as ever, in milliseconds."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)

"""Python's collector of cyclic garbage, which looks through everything rarely.

While it does, no thread runs: with some hundred thousand recipients in memory for a second. It does
so by itself as often as many objects are made, and a list of recipients is many objects. What is
young is looked through as ever, in a few milliseconds.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["rare_collections"]

_THRESHOLDS = (5_000, 20, 200)
"""Objects until the youngest are looked through; how often, until the next older ones are."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Have everything looked through rarely, within."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)

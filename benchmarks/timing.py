"""How things are measured: side by side, in turn, and the median of what was seen."""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import process_time
from typing import TypeVar

__all__ = ["clock", "interleaved", "machine", "medians", "undisturbed"]

K = TypeVar("K")

clock = process_time
"""Seconds of this process's own computing: what other programs do meanwhile does not count."""


def interleaved(sides: Mapping[K, Callable[[], float]], rounds: int) -> dict[K, list[float]]:
    """Run each side once a round, each round beginning with another, and return what they gave.

    In turn, so that a machine which is slow for a while is slow for all.
    """
    seen: dict[K, list[float]] = {side: [] for side in sides}
    order = list(sides)
    for _ in range(rounds):
        for side in order:
            seen[side].append(sides[side]())
        order.append(order.pop(0))
    return seen


def medians(seen: Mapping[K, list[float]]) -> dict[K, float]:
    """Return the median of each side."""
    return {side: median(values) for side, values in seen.items()}


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from what was there before, and let it look at all that comes.

    It stays on, for an embedding program has it on. But the recipients of the largest world would
    otherwise be looked through at the cost of the smallest.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def machine() -> dict[str, str | int]:
    """Return what the figures were taken on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

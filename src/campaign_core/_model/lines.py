"""The two lines on which numbers are called."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import ClassVar

__all__ = ["LINES", "Line"]


class Line(Enum):
    """Whether a number is called inside the exchange or through a trunk."""

    INTERNAL = "INTERNAL"
    EXTERNAL = "EXTERNAL"

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


LINES = (Line.INTERNAL, Line.EXTERNAL)
"""The closed list of lines, in the order in which counts by line are kept."""

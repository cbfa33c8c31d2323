"""An application that runs, or waits to run, in a channel."""

from __future__ import annotations

import attrs

__all__ = ["POLL_MS", "Running"]

POLL_MS = 20
"""The server's own step: an application starts and a break is seen so much later."""


@attrs.define
class Running:
    """An application in a parked channel."""

    name: str
    argument: str
    uuid: str
    left_ms: float = 0
    since: float = 0
    token: int = 0

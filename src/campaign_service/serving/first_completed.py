"""Waiting for the first of several things."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

__all__ = ["completes_before", "first_completed"]


async def first_completed(*work: Awaitable[object]) -> int:
    """Return which of several ended first, by its place; the others are cancelled.

    Raises:
        Exception: what the first one raised.
    """
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return min(tasks.index(task) for task in done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def completes_before(event: asyncio.Event, work: Awaitable[object]) -> bool:
    """Return whether some work ended before an event was set; otherwise it is cancelled."""
    return await first_completed(work, event.wait()) == 0

"""One listener's stream of server-sent events (the WHATWG's ``text/event-stream``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from campaign_service.api.settings import ApiSettings

__all__ = ["HEARTBEAT_COMMENT", "HEARTBEAT_EVENT", "listen"]

_RETRY_MS = 2_000
HEARTBEAT_COMMENT = b": still here\n\n"
HEARTBEAT_EVENT = b"event: heartbeat\ndata: {}\n\n"
"""For screens: a browser's EventSource shows no comments to its page."""


async def listen(
    texts: AsyncGenerator[bytes, None],
    *,
    settings: ApiSettings,
    may_listen: Callable[[], Awaitable[bool]],
    heartbeat: bytes = HEARTBEAT_COMMENT,
) -> AsyncIterator[bytes]:
    """Yield what a listener is told, until there is no more or it may not listen any longer.

    Args:
        texts: messages of the stream, and empty ones now and then.
        settings: how often a sign of life is given, and the listener's right looked at again.
        may_listen: whether that right holds.
        heartbeat: the sign of life.
    """
    loop = asyncio.get_running_loop()
    told_at = checked_at = loop.time()
    yield f"retry: {_RETRY_MS}\n\n".encode()
    async with aclosing(texts):
        async for text in texts:
            now = loop.time()
            if now - checked_at >= settings.recheck_s:
                checked_at = now
                if not await may_listen():
                    return
            if text:
                told_at = now
                yield text
            elif now - told_at >= settings.heartbeat_s:
                told_at = now
                yield heartbeat

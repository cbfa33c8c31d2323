"""The view feed: what screens show of a tenant, made once for all who listen.

Views are made while somebody listens: at most ten a second, and so far apart that their messages
stay under a rate of bytes and their making under a share of a processor. A listener who is slow
is told next what changed since the last view that he was told of; nobody is waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Mapping

from campaign_core import CampaignId
from campaign_service.api.stream.view_history import View, ViewHistory, view_of
from campaign_service.serving import TenantService

__all__ = ["ViewFeed", "ViewFeeds", "pause_s"]

_log = logging.getLogger(__name__)

_EVERY_S = 0.1
_CALM_S = 1.0
"""So often a view is made though nothing happened: a status follows from the time too."""
_PAUSE_MAX_S = 10.0
_BYTES_PER_S = 4_500
_LINGER_S = 60.0
"""For so long earlier views are kept for the last listener to come back."""
_SHARE = 20
"""A view is not made again before so many times as long have passed as it took."""


def pause_s(*, size: int, took_s: float) -> float:
    """Return how long to wait before the next view.

    Args:
        size: bytes of the messages about the last one, of the longest.
        took_s: how long it took to make.
    """
    return min(_PAUSE_MAX_S, max(_EVERY_S, size / _BYTES_PER_S, took_s * _SHARE))


class ViewFeed:
    """What changed for screens, of one tenant, for all listeners of this process.

    Args:
        tick_s: how often listeners look at the time though nothing happens.
    """

    def __init__(self, tenant: TenantService, *, tick_s: float) -> None:
        self.tenant = tenant
        self.is_closed = False
        self._tick_s = tick_s
        self._history = ViewHistory()
        self._asked: Counter[CampaignId | None] = Counter()
        """How many listen, by the campaign whose recipients they ask for."""
        self._maker: asyncio.Task[None] | None = None
        self._next: asyncio.Future[None] | None = None
        """Is done with the next view."""

    @property
    def listeners(self) -> int:
        """How many listen."""
        return self._asked.total()

    async def listen(
        self, *, after: int | None, campaign_id: CampaignId | None
    ) -> AsyncGenerator[bytes, None]:
        """Yield what changed since what was told last; nothing, now and then.

        Args:
            after: as of which event the listener knows all; ``None``, or too long ago: it is
                told all anew, in a `reset`.
            campaign_id: whose recipients' changes are told too.
        """
        loop = asyncio.get_running_loop()
        self._asked[campaign_id] += 1
        try:
            if self._maker is None or self._maker.done():
                self._next = loop.create_future()
                self._maker = loop.create_task(self._make())
                self._maker.add_done_callback(self._log_failure)
            while not (self._history.number or self.is_closed or self._maker.done()):
                await self._wait_for_view()
                yield b""
            number = 0 if after is None else self._history.number_as_of(after)
            is_resumed = True
            while not self.is_closed and not self._maker.done():
                if number != self._history.number or is_resumed:
                    text = self._history.text_since(number, campaign_id, is_resumed=is_resumed)
                    number, is_resumed = self._history.number, False
                    yield text
                else:
                    await self._wait_for_view()
                    yield b""
        finally:
            self._asked[campaign_id] -= 1
            # What is 0 is let go.
            self._asked = +self._asked

    async def _wait_for_view(self) -> None:
        assert self._next is not None
        assert self._maker is not None
        await asyncio.wait(
            (self._next, self._maker),
            timeout=self._tick_s,
            return_when=asyncio.FIRST_COMPLETED,
        )

    async def _make(self) -> None:
        """Make views for as long as somebody listens, or may come back."""
        loop = asyncio.get_running_loop()
        made_at, seq, listened_at = loop.time() - _CALM_S, 0, loop.time()
        while loop.time() < listened_at + _LINGER_S:
            began, state = loop.time(), self.tenant.durable_state
            pause = _EVERY_S
            if self.listeners:
                listened_at = began
                if state.sequence != seq or began >= made_at + _CALM_S:
                    view = await asyncio.to_thread(view_of, state, self.tenant.now)
                    size = self._tell(view)
                    made_at, seq = loop.time(), state.sequence
                    pause = pause_s(size=size, took_s=made_at - began)
            await asyncio.sleep(pause)
        self._history.forget()

    def _tell(self, view: View) -> int:
        """Have listeners tell a view, and return how long the longest message about it is."""
        before = self._history.number
        if not self._history.take(view):
            return 0
        self._wake()
        texts = (self._history.text_since(before, one) for one in self._asked)
        return max(map(len, texts), default=0)

    def _log_failure(self, done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            _log.error("views of %s: streams end", self.tenant.name, exc_info=done.exception())

    def _wake(self) -> None:
        assert self._next is not None
        self._next.set_result(None)
        self._next = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Have every listener's stream end."""
        self.is_closed = True
        if self._maker is not None:
            self._maker.cancel()

    async def stop(self) -> None:
        """Close, and make no more."""
        self.close()
        if self._maker is not None:
            await asyncio.gather(self._maker, return_exceptions=True)


class ViewFeeds:
    """Those of all tenants of a process.

    Args:
        tenants: by name.
        tick_s: see :class:`ViewFeed`.
    """

    def __init__(self, tenants: Mapping[str, TenantService], *, tick_s: float) -> None:
        self._tenants = tenants
        self._tick_s = tick_s
        self._feeds: dict[str, ViewFeed] = {}
        self._is_closed = False

    def of(self, name: str) -> ViewFeed:
        """Return a tenant's feed, which works while somebody listens."""
        feed = self._feeds.get(name)
        if feed is None:
            feed = self._feeds[name] = ViewFeed(self._tenants[name], tick_s=self._tick_s)
            feed.is_closed = self._is_closed
        return feed

    def listeners(self) -> Counter[str]:
        """Return how many listen, by tenant."""
        return Counter({name: feed.listeners for name, feed in self._feeds.items()})

    def close(self) -> None:
        """Have every stream end, as before a stop: a server waits for its connections."""
        self._is_closed = True
        for feed in self._feeds.values():
            feed.close()

    async def stop(self) -> None:
        """Close, and make no more."""
        self.close()
        await asyncio.gather(*(feed.stop() for feed in self._feeds.values()))

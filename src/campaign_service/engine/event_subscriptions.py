"""The feed: an engine's events, as they become durable, for tasks of the same program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Self

from typing_extensions import override

from campaign_core.events import Event

__all__ = ["EventSubscription", "EventSubscriptions"]


class EventSubscription(AsyncIterator[Event]):
    """Events from when this was made on, in order; it ends when the engine does."""

    def __init__(self, feed: EventSubscriptions) -> None:
        """Take where they come from."""
        self._feed = feed
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def put(self, event: Event | None) -> None:
        """Have one waiting more; ``None``: there will be no other."""
        self._waiting.put_nowait(event)

    def close(self) -> None:
        """Follow no longer; what waits is dropped."""
        self._feed.forget(self)

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Event:
        event = await self._waiting.get()
        if event is None:
            # Whoever asks again is told so again.
            self.put(None)
            raise StopAsyncIteration
        return event


class EventSubscriptions:
    """All that follow one engine."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._followed: set[EventSubscription] = set()
        self._has_ended = False

    def follow(self) -> EventSubscription:
        """Return the events from now on."""
        followed = EventSubscription(self)
        if self._has_ended:
            followed.put(None)
        else:
            self._followed.add(followed)
        return followed

    def forget(self, followed: EventSubscription) -> None:
        """Tell one of them no more."""
        self._followed.discard(followed)

    def tell(self, events: Sequence[Event]) -> None:
        """Pass events on that are durable."""
        for followed in self._followed:
            for event in events:
                followed.put(event)

    def end(self) -> None:
        """Let all of them end."""
        self._has_ended = True
        for followed in self._followed:
            followed.put(None)
        self._followed.clear()

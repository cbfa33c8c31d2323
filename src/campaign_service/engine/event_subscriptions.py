"""An engine's events, as they become durable, for tasks of the same program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Self

from typing_extensions import override

from campaign_core.events import Event

__all__ = ["EventSubscription", "EventSubscriptions"]


class EventSubscription(AsyncIterator[Event]):
    """Events from when this was made on, in order; it ends when the engine does."""

    def __init__(self, subscriptions: EventSubscriptions) -> None:
        self._subscriptions = subscriptions
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue()

    def put(self, event: Event | None) -> None:
        """Have one waiting more; ``None``: there will be no other."""
        self._waiting.put_nowait(event)

    def close(self) -> None:
        """Follow no longer; what waits is dropped."""
        self._subscriptions.remove(self)

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
        self._open: set[EventSubscription] = set()
        self._has_ended = False

    def add(self) -> EventSubscription:
        """Return the events from now on."""
        subscription = EventSubscription(self)
        if self._has_ended:
            subscription.put(None)
        else:
            self._open.add(subscription)
        return subscription

    def remove(self, subscription: EventSubscription) -> None:
        """Tell one of them no more."""
        self._open.discard(subscription)

    def tell(self, events: Sequence[Event]) -> None:
        """Pass events on that are durable."""
        for subscription in self._open:
            for event in events:
                subscription.put(event)

    def end(self) -> None:
        """Let all of them end."""
        self._has_ended = True
        for subscription in self._open:
            subscription.put(None)
        self._open.clear()

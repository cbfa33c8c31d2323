"""Requests that are being answered, by who asks: so many of one user at one time.

A request that is answered keeps its connection, for as long as the answer takes: a stream of events
for ever, an export for as long as its reader likes. Of connections there are only so many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from campaign_service.api.problems.errors import BusyError

__all__ = ["RequestCounts"]

_KEY = "campaign.on_done"


class RequestCounts:
    """Counts the requests of each user, from when it is known who asks to the answer's last byte.

    Args:
        each_max: so many of one user at one time.
    """

    def __init__(self, each_max: int) -> None:
        self._each_max = each_max
        self._count: Counter[str] = Counter()

    def count(self, scope: Scope, name: str) -> None:
        """Count a request.

        Raises:
            BusyError: as many of this user are being answered as may be.
        """
        if self._count[name] >= self._each_max:
            raise BusyError(f"{self._each_max} requests of yours are being answered: come again")
        self._count[name] += 1
        self.on_done(scope, partial(self._leave, name))

    def on_done(self, scope: Scope, call: Callable[[], None]) -> None:
        """Have something called when a request is done: its answer sent, or its client gone."""
        _more(scope).setdefault(_KEY, []).append(call)

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose requests are counted no more when they are done."""

        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            finally:
                for call in _more(scope).pop(_KEY, ()):
                    call()

        return middleware

    def _leave(self, name: str) -> None:
        self._count[name] -= 1
        if not self._count[name]:
            del self._count[name]


def _more(scope: Scope) -> MutableMapping[str, Any]:
    """Return what is known of a request: its own members, and what else was put there."""
    return cast("MutableMapping[str, Any]", scope)

"""A short connection of its own, to ask questions and to hear what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from typing_extensions import override

from campaign_drivers._board import Reply
from campaign_drivers._probe import Probe as SharedProbe
from campaign_drivers._shell import monotonic_ms
from campaign_drivers.asterisk._session import Ready, Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, Message

__all__ = ["DENIED", "Probe"]

DENIED = "Permission denied"
"""What Asterisk says of an action that the user may not take."""


class Probe(SharedProbe[Message, Message, Ready]):
    """A connection on which one asks Asterisk and waits for the answer."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Nothing is connected before ``async with``."""
        self.settings = settings
        self.may_ask = True
        """Whether :meth:`value` is answered, as far as is known."""
        self.heard: list[Message] = []
        """All events so far."""
        self._came = asyncio.Event()
        self._session = Session(settings, monotonic_ms())
        super().__init__(
            self._session, address=settings.address, answer_within_s=settings.answer_within_s
        )

    @property
    def uptime_s(self) -> int | None:
        """Seconds since the server booted; ``None``: it does not tell."""
        return None if self.ready is None else self.ready.uptime_s

    @property
    def is_filtered(self) -> bool:
        """Whether the server sends the events of our own calls alone."""
        return self._session.filtered is True

    async def ask(
        self, name: str, *headers: tuple[str, str], action_id: str | None = None
    ) -> Reply[Message]:
        """Send an action; return its reply.

        Raises:
            LinkLostError: there will be none.
        """
        action = Action(name, headers)
        return await self._ask(
            lambda key: self._session.ask(
                action, ("probe", key), monotonic_ms(), action_id=action_id
            ),
            name,
        )

    async def value(self, variable: str, channel_id: str | None = None) -> str:
        """Return what a variable or a dialplan function is worth.

        Empty where it is worth nothing, where there is no such function, or where the user may
        not ask (``write`` lacks ``call``).
        """
        channel = () if channel_id is None else (("Channel", channel_id),)
        reply = await self.ask("Getvar", *channel, ("Variable", variable))
        if reply.message["message"] == DENIED:
            self.may_ask = False
        return reply.message["value"] if reply.message.is_success else ""

    async def is_so(self, function: str) -> bool | None:
        """Return what a dialplan function says that gives 1 or 0; ``None``: it does not say."""
        return {"1": True, "0": False}.get(await self.value(function))

    async def is_loaded(self, module: str) -> bool | None:
        """Return whether a module is loaded; ``None``: that cannot be asked."""
        return await self.is_so(f"IFMODULE({module}.so)")

    async def until(
        self, is_wanted: Callable[[Message], bool], *, within_s: float, since: int = 0
    ) -> Message | None:
        """Return the first event of a kind, or ``None`` if there is none in time.

        Args:
            is_wanted: tells the kind.
            within_s: seconds to wait, if it has not come yet.
            since: the number of events that are not looked at.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for message in self.heard[since:]:
                        if is_wanted(message):
                            return message
                    since = max(since, len(self.heard))
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return None

    @override
    def _heard(self, event: Message) -> None:
        self.heard.append(event)
        self._came.set()

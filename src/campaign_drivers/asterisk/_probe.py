"""A short connection of its own, to ask questions, and a call to nobody, to try things on.

The call goes through a Local channel into our own two lines of dialplan, which answer by
themselves: no telephone rings. On it sounds are looked for, and it is seen which events come. It
goes by the replies to our actions alone: an event that does not come is something to be found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from itertools import count
from secrets import token_hex

import attrs
from typing_extensions import override

from campaign_drivers._telephony.probe import Probe as SharedProbe
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers._telephony.socket_driver import monotonic_ms
from campaign_drivers.asterisk._session import Ready, Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, AgiResult, Message

__all__ = ["DENIED", "Failure", "Probe", "ProbeCall", "Trouble"]

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

        The first events, as many as ``since`` says, are not looked at.
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


_CALL_S = 60
_STEP_S = 5.0
_POLL_S = 0.1
_GONE_S = 2.0
"""A channel that is not there by then will not come."""
_EVENT_S = 2.0
"""An event comes within milliseconds, if it does."""
_START_S = 0.3
"""A call that answers by itself has begun by then; where no event says so, it is tried."""


class Trouble(Enum):
    """How far a call to nobody came."""

    REFUSED = auto()
    """Asterisk did not take the order."""
    OVER = auto()
    """It was over at once."""
    NOT_HANDED_OVER = auto()
    """It is up, and takes no AGI commands."""
    UNHEARD = auto()
    """It takes commands, and what comes of them is not told."""


@attrs.frozen
class Failure:
    """Why a call to nobody cannot be used."""

    trouble: Trouble
    says: str


class ProbeCall:
    """A call to nobody, through a context that hands calls over."""

    def __init__(self, asker: Probe, context: str | None = None) -> None:
        """Nothing is placed before :meth:`place`; by default it goes where internal calls go."""
        settings = asker.settings
        self.context = context or settings.internal.context or settings.context
        self.is_heard = False
        """Whether the results of commands come, once it is placed."""
        self._asker = asker
        self._serial = count(1)
        # Not 32 hex digits: no call of a campaign, but seen by the same filter.
        self.channel_id = f"{asker.settings.service_id}-probe-{token_hex(6)}"

    async def place(self) -> Failure | None:
        """Place the call; return why it failed, or ``None``."""
        extension = self._asker.settings.extension
        reply = await self._asker.ask(
            "Originate",
            ("Channel", f"Local/{extension}@{self.context}/n"),
            ("Context", self.context),
            ("Exten", extension),
            ("Priority", "1"),
            ("Async", "true"),
            ("ChannelId", self.channel_id),
            ("Timeout", "5000"),
            ("CallerID", '"call campaign check" <0>'),
            ("Variable", f"TIMEOUT(absolute)={_CALL_S}"),
            action_id=self.channel_id,
        )
        if not reply.message.is_success:
            return Failure(Trouble.REFUSED, reply.message["message"])
        # Both ends run our two lines. The far one has to be told to answer.
        failure = await self._order(self._far, "ANSWER") or await self._order(
            self.channel_id, "NOOP"
        )
        if failure is not None:
            await self.hang_up()
            return failure
        self.is_heard = await self.event("asyncagiexec", within_s=_EVENT_S) is not None
        return None

    async def is_handed_over(self) -> Failure | None:
        """Return why the call takes no commands, once it was answered, or ``None``."""
        return await self._order(self.channel_id, "NOOP")

    @property
    def _far(self) -> str:
        return f"{self.channel_id};2"

    async def _order(self, channel_id: str, command: str) -> Failure | None:
        """Give an AGI command to a channel that is about to take them."""
        # A command that comes too early is a warning in Asterisk's log.
        await self._asker.until(
            lambda message: message["uniqueid"] == channel_id and message.event == "asyncagistart",
            within_s=_START_S,
        )
        since = monotonic_ms()
        was_there = False
        says = ""
        while (waited_s := (monotonic_ms() - since) / 1_000) < _STEP_S:
            reply = await self._asker.ask(
                "AGI", ("Channel", channel_id), ("Command", command), ("CommandID", channel_id)
            )
            if reply.message.is_success:
                return None
            says = reply.message["message"]
            if says == DENIED or "unknown command" in says:
                break
            is_there = "does not exist" not in says
            if not is_there and (was_there or waited_s > _GONE_S):
                return Failure(Trouble.OVER, "it was over at once")
            was_there = is_there
            await asyncio.sleep(_POLL_S)
        return Failure(Trouble.NOT_HANDED_OVER, says)

    async def event(self, *names: str, within_s: float = _STEP_S) -> Message | None:
        """Return the call's first event of these names, or ``None`` if there is none in time."""
        return await self._asker.until(
            lambda message: message["uniqueid"] == self.channel_id and message.event in names,
            within_s=within_s,
        )

    def events(self) -> frozenset[str]:
        """Return the names of the events that came of it so far, in lower case."""
        return frozenset(
            message.event for message in self._asker.heard if message["uniqueid"] == self.channel_id
        )

    async def run(self, command: str, *, stopped_by: Action | None = None) -> AgiResult | None:
        """Run an AGI command; return its result, or ``None`` when the call is over.

        Once it has run for a moment it is ``stopped_by`` an action.
        """
        if not self.is_heard:
            return None
        command_id = f"{self.channel_id}.{next(self._serial)}"
        since = len(self._asker.heard)
        reply = await self._asker.ask(
            "AGI", ("Channel", self.channel_id), ("Command", command), ("CommandID", command_id)
        )
        if not reply.message.is_success:
            return None
        if stopped_by is not None:
            await asyncio.sleep(2 * _POLL_S)
            await self._asker.ask(stopped_by.name, *stopped_by.headers)
        message = await self._asker.until(
            lambda message: self._is_end_of(command_id, message), within_s=_STEP_S, since=since
        )
        if message is None or message.event != "asyncagiexec":
            return None
        return AgiResult.of(message)

    def _is_end_of(self, command_id: str, message: Message) -> bool:
        if message.event == "asyncagiexec":
            return message["commandid"] == command_id
        return message["uniqueid"] == self.channel_id and message.event in {"asyncagiend", "hangup"}

    async def end(self) -> None:
        """End the call from its far end, as whoever is called does, and wait for it."""
        await self._hang_up(self._far)
        await self.event("hangup", within_s=_EVENT_S)
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the call, unless it is known to be over."""
        if "hangup" in self.events():
            return
        for channel_id in (self._far, self.channel_id):
            await self._hang_up(channel_id)

    async def _hang_up(self, channel_id: str) -> None:
        channel = ("Channel", channel_id)
        reply = await self._asker.ask("Hangup", channel, ("Cause", "16"))
        if reply.message["message"] == DENIED:
            await self._asker.ask("AGI", channel, ("Command", "HANGUP"))

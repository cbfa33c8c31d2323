"""A short connection of its own, to ask questions and to try things on a call to nobody.

The call goes through a Local channel into our own two lines of dialplan, which answer by
themselves: no telephone rings. On it sounds are looked for and permissions shown.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from secrets import token_hex
from urllib.parse import unquote

from campaign_drivers._board import Over
from campaign_drivers._shell import Address, dial, monotonic_ms
from campaign_drivers._transport import Link
from campaign_drivers.asterisk._session import Ready, Reply, Seen, Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, Message
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError

__all__ = ["Probe", "ProbeCall", "address_of", "probe"]

_CALL_S = 60
_STEP_S = 5.0
_RESULT = re.compile(r"200 result=(-?\d+)(?: \((.*)\))?(?:.*endpos=(\d+))?", re.DOTALL)


def address_of(settings: AsteriskSettings) -> Address:
    """Return where to connect."""
    return Address(
        host=settings.host,
        port=settings.port,
        within_s=settings.login_within_s,
        tls=settings.tls,
        tls_ca=settings.tls_ca,
        tls_name=settings.tls_name,
    )


class Probe:
    """A connection on which one asks and waits for the answer."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Use :func:`probe` instead."""
        self.settings = settings
        self.uptime_s: int | None = None
        self.link: Link | None = None
        self.session = Session(settings, monotonic_ms())
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._serial = count(1)

    @property
    def is_filtered(self) -> bool:
        """Whether the server sends the events of our own calls alone."""
        return self.session.filtered is True

    async def ask(
        self, name: str, *headers: tuple[str, str], action_id: str | None = None
    ) -> Reply:
        """Send an action; return its reply.

        Raises:
            LinkLostError: there will be none.
        """
        key = str(next(self._serial))
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[key] = future
        self.session.ask(Action(name, headers), ("probe", key), monotonic_ms(), action_id=action_id)
        self.flush()
        return await future

    def flush(self) -> None:
        """Write what there is to write."""
        if self.link is not None:
            self.link.write(self.session.outgoing())

    def on_bytes(self, data: bytes) -> None:
        """Take bytes from the connection."""
        for happening in self.session.receive(data, monotonic_ms()):
            self._take(happening)
        self.flush()

    def on_lost(self, why: str) -> None:
        """Take it that the connection is gone."""
        self._fail(LinkLostError(why))

    async def until_ready(self) -> None:
        """Wait until the server takes actions; keep the time limits meanwhile."""
        while not self._ready.done():
            for happening in self.session.wake(monotonic_ms()):
                self._take(happening)
            await asyncio.wait([self._ready], timeout=0.1)
        self._ready.result()

    def _take(self, happening: Ready | Over | Reply | Seen) -> None:
        match happening:
            case Ready(uptime_s):
                self.uptime_s = uptime_s
                if not self._ready.done():
                    self._ready.set_result(None)
            case Over(why=why, refused=refused):
                self._fail(LoginRefusedError(why) if refused else LinkLostError(why))
            case Reply(purpose=(_, key)):
                future = self._replies.pop(key, None)
                if future is not None and not future.done():
                    future.set_result(happening)
            case Seen(message):
                self.events.put_nowait(message)
            case Reply():
                pass

    def _fail(self, error: DriverError) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
        for future in self._replies.values():
            if not future.done():
                future.set_exception(error)
        self._replies.clear()


@asynccontextmanager
async def probe(settings: AsteriskSettings) -> AsyncIterator[Probe]:
    """Connect for a few questions.

    Raises:
        LinkLostError: there is no connection to be had.
        LoginRefusedError: Asterisk does not take our credentials.
    """
    asker = Probe(settings)
    asker.link = await dial(address_of(settings), on_bytes=asker.on_bytes, on_lost=asker.on_lost)
    try:
        await asker.until_ready()
        yield asker
    finally:
        asker.link.abort()
        await asyncio.sleep(0)


class ProbeCall:
    """A call to nobody, through our own context."""

    def __init__(self, asker: Probe) -> None:
        """Nothing is placed before :meth:`place`."""
        self._asker = asker
        self._serial = count(1)
        # Not 32 hex digits: no call of a campaign, but seen by the same filter.
        self.channel_id = f"{asker.settings.service_id}-probe-{token_hex(6)}"

    async def place(self) -> str | None:
        """Place the call; return why it failed, or ``None``."""
        settings = self._asker.settings
        context, extension = settings.context, settings.extension
        reply = await self._asker.ask(
            "Originate",
            ("Channel", f"Local/{extension}@{context}/n"),
            ("Context", context),
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
            return reply.message["message"]
        # Both ends run our two lines. The far one has to be told to answer.
        far = f"{self.channel_id};2"
        if await self.until("asyncagistart", channel_id=far) is None:
            return "no AsyncAGIStart event came"
        await self._asker.ask("AGI", ("Channel", far), ("Command", "ANSWER"))
        if await self.until("asyncagistart") is None:
            return "it was not answered"
        return None

    async def until(
        self, *names: str, within_s: float = _STEP_S, channel_id: str | None = None
    ) -> Message | None:
        """Return the call's next event of these names, or ``None`` if there is none in time."""
        wanted = channel_id or self.channel_id
        try:
            async with asyncio.timeout(within_s):
                while True:
                    message = await self._asker.events.get()
                    if message["uniqueid"] == wanted and message.event in names:
                        return message
        except TimeoutError:
            return None

    async def run(self, command: str) -> tuple[int, str] | None:
        """Run an AGI command; return code and value, or ``None`` when the call is over."""
        command_id = f"{self.channel_id}.{next(self._serial)}"
        reply = await self._asker.ask(
            "AGI",
            ("Channel", self.channel_id),
            ("Command", command),
            ("CommandID", command_id),
        )
        if not reply.message.is_success:
            return None
        while True:
            message = await self.until("asyncagiexec", "asyncagiend", "hangup")
            if message is None or message.event != "asyncagiexec":
                return None
            if message["commandid"] == command_id:
                found = _RESULT.match(unquote(message["result"]))
                return None if found is None else (int(found[1]), found[2] or "")

    async def hang_up(self) -> None:
        """End the call."""
        await self._asker.ask("Hangup", ("Channel", self.channel_id), ("Cause", "16"))

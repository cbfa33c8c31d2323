"""A short connection of its own, to ask questions and to try things on a call to nobody.

The call goes through a Local channel into our own two lines of dialplan, which answer by
themselves: no telephone rings. On it sounds are looked for and permissions shown.
"""

from __future__ import annotations

import re
from itertools import count
from secrets import token_hex
from urllib.parse import unquote

from typing_extensions import override

from campaign_drivers._board import Over
from campaign_drivers._probe import Probe as SharedProbe
from campaign_drivers._shell import Address, monotonic_ms
from campaign_drivers.asterisk._session import Happening, Ready, Reply, Seen, Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, Message

__all__ = ["Probe", "ProbeCall", "address_of"]

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


class Probe(SharedProbe[Happening, Reply, Message]):
    """A connection on which one asks Asterisk and waits for the answer."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Nothing is connected before ``async with``."""
        self.settings = settings
        self.uptime_s: int | None = None
        self._session = Session(settings, monotonic_ms())
        super().__init__(
            self._session, address=address_of(settings), answer_within_s=settings.answer_within_s
        )

    @property
    def is_filtered(self) -> bool:
        """Whether the server sends the events of our own calls alone."""
        return self._session.filtered is True

    async def ask(
        self, name: str, *headers: tuple[str, str], action_id: str | None = None
    ) -> Reply:
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

    @override
    def _take(self, happening: Happening) -> None:
        match happening:
            case Ready(uptime_s):
                self.uptime_s = uptime_s
                self._ready()
            case Over():
                self._over(happening)
            case Reply(purpose=(_, key)):
                self._replied(key, happening)
            case Seen(message):
                self._seen(message)
            case Reply():
                pass


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
        return await self._asker.event(
            lambda message: message["uniqueid"] == wanted and message.event in names,
            within_s=within_s,
        )

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

"""A short connection of its own, to ask questions and to try things on a call to nobody.

The call goes to the ``null`` endpoint of ``mod_loopback``, which answers by itself: no telephone
rings. On it sounds are looked for just as a campaign's call would look for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from secrets import token_hex

from campaign_core import CallId
from campaign_drivers._board import Over
from campaign_drivers._shell import Address, dial, monotonic_ms
from campaign_drivers._transport import Link
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._happenings import Happening, Ready, Reply, Seen
from campaign_drivers.freeswitch._session import Session
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._wire import Command, Event

__all__ = ["Probe", "ProbeCall", "address_of", "probe"]

_CALL_S = 30
_STEP_S = 5.0
_POLL_S = 0.05


def address_of(settings: FreeSwitchSettings) -> Address:
    """Return where the settings say FreeSWITCH is."""
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

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Use :func:`probe` instead."""
        self.settings = settings
        self.ready: Ready | None = None
        self.link: Link | None = None
        self.session = Session(settings, monotonic_ms())
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self._is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._serial = count(1)

    async def ask(self, command: Command) -> Reply:
        """Send a command; return its reply.

        Raises:
            LinkLostError: there will be none.
        """
        key = str(next(self._serial))
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[key] = future
        self.session.ask(command, ("probe", key), monotonic_ms())
        self.flush()
        try:
            async with asyncio.timeout(self.settings.answer_within_s):
                return await future
        except TimeoutError:
            raise LinkLostError(f"no reply to {command.line.split(' ', 2)[:2]}") from None

    async def api(self, line: str) -> Reply:
        """Ask an ``api`` command."""
        return await self.ask(Command(f"api {line}"))

    def flush(self) -> None:
        """Write what there is to write."""
        if self.link is not None:
            self.link.write(self.session.outgoing())

    def on_bytes(self, data: bytes, /) -> None:
        """Take bytes from the connection."""
        for happening in self.session.receive(data, monotonic_ms()):
            self._take(happening)
        self.flush()

    def on_lost(self, why: str, /) -> None:
        """Take it that the connection is gone."""
        self._fail(LinkLostError(why))

    async def until_ready(self) -> None:
        """Wait until the server takes commands; keep the time limits meanwhile."""
        while not self._is_ready.done():
            for happening in self.session.wake(monotonic_ms()):
                self._take(happening)
            self.flush()
            await asyncio.wait([self._is_ready], timeout=_POLL_S)
        self._is_ready.result()

    def _take(self, happening: Happening) -> None:
        match happening:
            case Ready():
                self.ready = happening
                if not self._is_ready.done():
                    self._is_ready.set_result(None)
            case Over(why=why, refused=refused):
                self._fail(LoginRefusedError(why) if refused else LinkLostError(why))
            case Reply(purpose=(_, key)):
                future = self._replies.pop(key, None)
                if future is not None and not future.done():
                    future.set_result(happening)
            case Seen(event):
                self.events.put_nowait(event)
            case Reply():
                pass

    def _fail(self, error: DriverError) -> None:
        if not self._is_ready.done():
            self._is_ready.set_exception(error)
        for future in self._replies.values():
            if not future.done():
                future.set_exception(error)
        self._replies.clear()


@asynccontextmanager
async def probe(settings: FreeSwitchSettings) -> AsyncIterator[Probe]:
    """Connect for a few questions.

    Raises:
        LinkLostError: there is no connection to be had.
        LoginRefusedError: FreeSWITCH does not take our credentials.
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
    """A call that no campaign knows of: to nobody, or to a number of an examination."""

    def __init__(self, asker: Probe) -> None:
        """Nothing is placed before :meth:`place`."""
        self._asker = asker
        # Not 32 hex digits: no driver takes it for a call of its campaigns.
        self.call_id = CallId(f"{asker.settings.service_id}-probe-{token_hex(6)}")

    async def place(self, dial_string: str = "null/probe", within_s: float = _STEP_S) -> str | None:
        """Place the call; return why it failed, or ``None`` once it takes applications."""
        variables = (
            f"origination_uuid={self.call_id},originate_timeout={round(within_s)},"
            "ignore_early_media=true,playback_terminators=none,accountcode=call-campaign-check,"
            f"execute_on_answer='sched_hangup +{_CALL_S} ALLOTTED_TIMEOUT'"
        )
        line = f"bgapi originate {{{variables}}}{dial_string} &park()"
        reply = await self._asker.ask(Command(line, [("Job-UUID", self.call_id)]))
        if not reply.is_success:
            return reply.text
        while True:
            event = await self.until("BACKGROUND_JOB", "CHANNEL_PARK", within_s=within_s + 2)
            if event is None:
                return "no CHANNEL_PARK came"
            if event.name == "CHANNEL_PARK":
                return None
            if not event.body.startswith("+OK"):
                return event.body.strip().removeprefix("-ERR ")

    async def until(self, *names: str, within_s: float = _STEP_S) -> Event | None:
        """Return the call's next event of these names, or ``None`` if there is none in time."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    event = await self._asker.events.get()
                    mine = self.call_id in {event["unique-id"], event["job-uuid"]}
                    if mine and event.name in names:
                        return event
        except TimeoutError:
            return None

    async def can_play(self, path: str) -> bool:
        """Return whether a sound starts, and stop it."""
        event_uuid = f"{self.call_id}.{token_hex(4)}"
        await self._asker.ask(translate.playback(self.call_id, path, event_uuid))
        event = await self.until("PLAYBACK_START", "CHANNEL_EXECUTE_COMPLETE")
        if event is None:
            return False
        if event.name == "PLAYBACK_START":
            await self._asker.ask(translate.stop_playback(self.call_id))
            await self.until("CHANNEL_EXECUTE_COMPLETE")
            return True
        return event["application-response"] == "FILE PLAYED"

    async def hang_up(self) -> None:
        """End the call."""
        await self._asker.ask(translate.hang_up(self.call_id))

"""A short connection of its own, to ask questions and to try things on a call to nobody.

The call goes to the ``null`` endpoint of ``mod_loopback``, which answers by itself: no telephone
rings. On it sounds are looked for just as a campaign's call would look for them.
"""

from __future__ import annotations

from secrets import token_hex

from campaign_core import CallId
from campaign_drivers._telephony.probe import Probe as SharedProbe
from campaign_drivers._telephony.socket_driver import monotonic_ms
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._session import Ready, Session
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._wire import Command, Event, Frame

__all__ = ["Probe", "ProbeCall"]

_CALL_S = 30
_STEP_S = 5.0


class Probe(SharedProbe[Frame, Event, Ready]):
    """A connection on which one asks FreeSWITCH and waits for the answer."""

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Nothing is connected before ``async with``."""
        self.settings = settings
        self._session = Session(settings, monotonic_ms())
        super().__init__(
            self._session, address=settings.address, answer_within_s=settings.answer_within_s
        )

    async def ask(self, command: Command) -> Frame:
        """Send a command; return its reply.

        Raises:
            LinkLostError: there will be none.
        """
        reply = await self._ask(
            lambda key: self._session.ask(command, ("probe", key), monotonic_ms()),
            f"{command.line.split(' ', 2)[:2]}",
        )
        return reply.message

    async def api(self, line: str) -> Frame:
        """Ask an ``api`` command."""
        return await self.ask(Command(f"api {line}"))


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
        return await self._asker.event(
            lambda event: (
                self.call_id in {event["unique-id"], event["job-uuid"]} and event.name in names
            ),
            within_s=within_s,
        )

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

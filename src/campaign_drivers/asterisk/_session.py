"""One connection to the manager, without its socket: log-in, requests and their replies, ping.

::

    GREETING --banner--> LOGIN --challenge (not by secret), success--> SETUP --FullyBooted--> READY
                                                       any --refusal, silence, junk--> OVER

What was seen on real servers: a log-in is taken some 70 ms before Asterisk has booted, and a
``Status`` then gives an empty list: so nothing is done before ``FullyBooted``. A server that
shuts down refuses everything, the log-in too, which is a lost connection and not a refused one;
where it waits for its calls to end (``core stop gracefully``) it goes on telling of them meanwhile.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import attrs
from typing_extensions import override

from campaign_drivers._telephony import session as shared
from campaign_drivers._telephony.protocol import EventCame, Purpose, Reply, SessionOver
from campaign_drivers._telephony.protocol import Happening as AnyHappening
from campaign_drivers._telephony.session import Pending, Stage
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import SHUTTING_DOWN, Action, Message, Reader, encode

__all__ = ["Ready", "Session"]

LAG_MS = 1_000
"""Replies come within milliseconds; after this the server is too busy for new calls."""


@attrs.frozen
class Ready:
    """The server has booted and takes actions."""

    uptime_s: int | None
    """Seconds since it booted; ``None``: it does not tell (``read`` lacks ``system``)."""


Happening: TypeAlias = AnyHappening[Message, Message, Ready]

_OF_CALLS = "Newchannel|OriginateResponse|AsyncAGI|HangupRequest|Hangup|DTMFEnd"


def event_filter(service_id: str) -> str:
    """Return the pattern for the events we need, those of our own calls alone.

    One pattern, so that it holds as a whole or not at all; it is matched against the event's
    whole text, where ``.`` is a line end too. What waits for commands is told of all channels:
    one that is nobody's call is to be found (R7.11).
    """
    names = f"(ActionID|Uniqueid|Command[Ii][Dd]): {service_id}"
    return f"Event: (FullyBooted|Shutdown|AsyncAGIStart|({_OF_CALLS}).*{names})"


def _filter(pattern: str) -> Action:
    return Action("Filter", [("Operation", "Add"), ("Filter", pattern)])


class Session(shared.Session[Message, Message, Ready]):
    """One connection, from its banner to its end."""

    def __init__(self, settings: AsteriskSettings, now: int) -> None:
        """Start with a connection that was just made."""
        super().__init__(settings, now)
        self.filtered: bool | None = None
        """Whether the server sends the events of our own calls alone; ``None``: not yet known."""
        self._settings = settings
        self._reader = Reader()
        self._serial = 0

    # What goes out ------------------------------------------------------------------------

    def ask(
        self, action: Action, purpose: Purpose, now: int, *, action_id: str | None = None
    ) -> None:
        """Send an action.

        Raises:
            MalformedMessageError: it holds what must not be sent; nothing was.
        """
        if action_id is None:
            self._serial += 1
            action_id = f"{self._settings.service_id}-{self._serial}"
        self._send(encode(action, action_id), action_id, purpose, now)

    def hear(self, channel_id: str, now: int) -> None:
        """Have the events of a channel sent too whose id is not of our making."""
        if self.filtered:
            pattern = f"Event: ({_OF_CALLS}).*Uniqueid: {re.escape(channel_id)}"
            self.ask(_filter(pattern), ("heard",), now)

    def is_lagging(self, now: int) -> bool:
        """Return whether the server has left a request without a reply for a while."""
        oldest = self._oldest()
        return oldest is not None and now >= oldest.asked_at + LAG_MS

    # Time ---------------------------------------------------------------------------------

    @override
    def _moments(self) -> list[int]:
        return [self._ping_at()] if self.stage is Stage.READY else []

    @override
    def _be_patient(self, now: int) -> None:
        if self.stage is Stage.READY and now >= self._ping_at():
            self.heard_at = now
            self.ask(Action("Ping"), ("ping",), now)

    @override
    def _catch_up(self, until: int, now: int) -> None:
        self.heard_at = max(self.heard_at, now)

    def _ping_at(self) -> int:
        return self.heard_at + round(self._settings.ping_every_s * 1_000)

    @override
    def _not_ready(self) -> Ready | SessionOver:
        if self.stage is Stage.SETUP:
            # Who may not read `system` is never told of FullyBooted; by now it has booted.
            return self._ready(None)
        return self._over("no log-in in time")

    # What comes in ------------------------------------------------------------------------

    @override
    def _read(self, data: bytes, now: int) -> list[Message]:
        messages = self._reader.feed(data)
        if self.stage is Stage.GREETING and self._reader.banner is not None:
            self._introduce(now)
        return messages

    @override
    def _take(self, message: Message, now: int) -> Happening | None:
        pending = self._pending.get(message["actionid"])
        if message.is_response:
            return None if pending is None else self._respond(pending, message, now)
        if pending is not None and pending.response is not None:
            return self._list(pending, message)
        if message.event == "fullybooted":
            return self._booted(message)
        if message.event == "shutdown":
            return self._over("Asterisk shut down")
        return EventCame(message)

    def _respond(self, pending: Pending[Message], message: Message, now: int) -> Happening | None:
        if message["eventlist"].lower() == "start":
            pending.response = message
            return None
        del self._pending[message["actionid"]]
        reply = Reply(purpose=pending.purpose, message=message)
        step = _STEPS.get(pending.purpose[0])
        if step is None or (self.stage is Stage.READY and message.is_of_shutdown):
            return reply
        return step(self, message, now)

    def _list(self, pending: Pending[Message], message: Message) -> Happening | None:
        if message["eventlist"].lower() not in {"complete", "cancelled"}:
            pending.items.append(message)
            return None
        del self._pending[message["actionid"]]
        assert pending.response is not None
        return Reply(purpose=pending.purpose, message=pending.response, items=tuple(pending.items))

    # Log-in -------------------------------------------------------------------------------

    def _introduce(self, now: int) -> None:
        self.stage = Stage.LOGIN
        if self._settings.login_by_secret:
            self._login(("Secret", self._settings.secret), now)
        else:
            self.ask(Action("Challenge", [("AuthType", "MD5")]), ("challenge",), now)

    def _challenged(self, message: Message, now: int) -> Happening | None:
        if not message.is_success:
            return self._refused(message)
        # MD5 is what the protocol has; it keeps the secret off the wire and is not more.
        digest = hashlib.md5(usedforsecurity=False)
        digest.update((message["challenge"] + self._settings.secret).encode())
        self._login(("Key", digest.hexdigest()), now)
        return None

    def _login(self, proof: tuple[str, str], now: int) -> None:
        headers = [("Username", self._settings.user), proof]
        if proof[0] == "Key":
            headers.insert(0, ("AuthType", "MD5"))
        self.ask(Action("Login", headers), ("login",), now)

    def _logged_in(self, message: Message, now: int) -> Happening | None:
        if not message.is_success:
            return self._refused(message)
        self.stage = Stage.SETUP
        pattern = event_filter(self._settings.service_id)
        self.ask(_filter(pattern), ("filter",), now)
        return None

    def _filter_set(self, message: Message, _now: int) -> Happening | None:
        # Without the permission we are sent more than we need, and sort it out here.
        self.filtered = message.is_success
        return None

    def _noted(self, _message: Message, _now: int) -> Happening | None:
        return None

    def _booted(self, message: Message) -> Happening | None:
        if self.stage is not Stage.SETUP:
            return None
        return self._ready(message.number("uptime"))

    def _ready(self, uptime_s: int | None) -> Ready:
        self._be_ready()
        return Ready(uptime_s)

    def _refused(self, message: Message) -> SessionOver:
        text = message["message"]
        return self._over(text, refused=text != SHUTTING_DOWN)


_STEPS: Mapping[str, Callable[[Session, Message, int], Happening | None]] = MappingProxyType(
    {
        "challenge": Session._challenged,  # noqa: SLF001 -- the table of this class
        "login": Session._logged_in,  # noqa: SLF001
        "filter": Session._filter_set,  # noqa: SLF001
        "heard": Session._noted,  # noqa: SLF001
        "ping": Session._noted,  # noqa: SLF001
    }
)
"""What a session does itself with a reply, by the purpose of the request."""

"""One connection to the manager, without its socket: log-in, requests and their replies, ping.

Bytes and time go in, happenings come out. A session goes through its stages once, in order::

    BANNER --banner--> CHALLENGE --challenge--> LOGIN --success--> BOOTING --FullyBooted--> READY
                 (by secret: straight to LOGIN)        any --refusal, silence, junk--> OVER

What was seen on real servers: a log-in is taken some 70 ms before Asterisk has booted, and a
``Status`` then gives an empty list: so nothing is done before ``FullyBooted``. A server that
shuts down refuses everything, the log-in too, which is a lost connection and not a refused one;
where it waits for its calls to end (``core stop gracefully``) it goes on telling of them meanwhile.
Every request is answered at once, or the connection is sick: a reply that does not come ends the
session, and the next one finds out what became of the calls.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from types import MappingProxyType

import attrs

from campaign_drivers._board import Over
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, Message, Reader, encode
from campaign_drivers.errors import MalformedMessageError

__all__ = ["SHUTTING_DOWN", "Happening", "Ready", "Reply", "Seen", "Session", "Stage"]

SHUTTING_DOWN = "Asterisk is shutting down"

LAG_MS = 1_000
"""Replies come within milliseconds; after this the server is too busy for new calls."""

_LATE_MS = 2_000
"""By which a moment may come late before it counts as a standstill of our own process: what came
meanwhile is yet to be read, and nothing is taken for missing (R7.12)."""

Purpose = tuple[str, ...]
"""What a request was for; given back with its reply."""


class Stage(Enum):
    """How far a session has come."""

    BANNER = auto()
    CHALLENGE = auto()
    LOGIN = auto()
    BOOTING = auto()
    READY = auto()
    OVER = auto()


@attrs.frozen
class Ready:
    """The server has booted and takes actions."""

    uptime_s: int | None
    """Seconds since it booted; ``None``: it does not tell (``read`` lacks ``system``)."""


@attrs.frozen(kw_only=True)
class Reply:
    """The response to a request, with the list that followed it, if one did."""

    purpose: Purpose
    message: Message
    items: tuple[Message, ...] = ()

    @property
    def is_of_shutdown(self) -> bool:
        """Whether it was refused because the server shuts down, whatever was asked."""
        return not self.message.is_success and self.message["message"] == SHUTTING_DOWN


@attrs.frozen
class Seen:
    """An event that answers no request of this connection."""

    message: Message


Happening = Ready | Over | Reply | Seen


@attrs.define
class _Pending:
    purpose: Purpose
    asked_at: int
    due: int
    items: list[Message] = attrs.field(factory=list)
    response: Message | None = None


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


class Session:
    """One connection, from its banner to its end."""

    def __init__(self, settings: AsteriskSettings, now: int) -> None:
        """Start with a connection that was just made.

        Args:
            settings: who we are.
            now: milliseconds, of any clock that does not go back; so everywhere below.
        """
        self.stage = Stage.BANNER
        self.filtered: bool | None = None
        """Whether the server sends the events of our own calls alone; ``None``: not yet known."""
        self._settings = settings
        self._reader = Reader()
        self._pending: dict[str, _Pending] = {}
        self._outgoing = bytearray()
        self._serial = 0
        self._heard_at = now
        self._ready_by: int | None = now + round(settings.login_within_s * 1_000)

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
        self._outgoing += encode(action, action_id)
        due = now + round(self._settings.answer_within_s * 1_000)
        self._pending[action_id] = _Pending(purpose, now, due)

    def hear(self, channel_id: str, now: int) -> None:
        """Have the events of a channel sent too whose id is not of our making."""
        if self.filtered:
            pattern = f"Event: ({_OF_CALLS}).*Uniqueid: {re.escape(channel_id)}"
            self.ask(_filter(pattern), ("heard",), now)

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def is_lagging(self, now: int) -> bool:
        """Return whether the server has left a request without a reply for a while."""
        pending = next(iter(self._pending.values()), None)
        return pending is not None and now >= pending.asked_at + LAG_MS

    # What comes in ------------------------------------------------------------------------

    def receive(self, data: bytes, now: int) -> Iterator[Happening]:
        """Take bytes; give what they mean, in order."""
        if self.stage is Stage.OVER:
            return
        self._heard_at = now
        try:
            messages = self._reader.feed(data)
        except MalformedMessageError as error:
            yield self._over(str(error))
            return
        if self.stage is Stage.BANNER and self._reader.banner is not None:
            self._introduce(now)
        for message in messages:
            happening = self._take(message, now)
            if happening is not None:
                yield happening
            if isinstance(happening, Over):
                return

    def wake(self, now: int) -> Iterator[Happening]:
        """Give what time alone brings: limits that have passed; and ask for a sign of life."""
        if self.stage is Stage.OVER or self._notice_standstill(now):
            return
        pending = next(iter(self._pending.values()), None)
        if pending is not None and now >= pending.due:
            yield self._over(f"no reply to {pending.purpose[0]} in time")
        elif self._ready_by is not None and now >= self._ready_by:
            yield self._out_of_patience()
        elif self.stage is Stage.READY and now >= self._ping_at():
            self._heard_at = now
            self.ask(Action("Ping"), ("ping",), now)

    def _notice_standstill(self, now: int) -> bool:
        """Return whether we ourselves stood still; then wait a moment for what is here already."""
        due = self.wakeup()
        if due is None or now - due <= _LATE_MS:
            return False
        until = now + _LATE_MS
        for pending in self._pending.values():
            pending.due = max(pending.due, until)
        if self._ready_by is not None:
            self._ready_by = max(self._ready_by, until)
        self._heard_at = max(self._heard_at, now)
        return True

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        if self.stage is Stage.OVER:
            return None
        pending = next(iter(self._pending.values()), None)
        due = [] if pending is None else [pending.due]
        if self._ready_by is not None:
            due.append(self._ready_by)
        if self.stage is Stage.READY:
            due.append(self._ping_at())
        return min(due, default=None)

    def _ping_at(self) -> int:
        return self._heard_at + round(self._settings.ping_every_s * 1_000)

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
        return Seen(message)

    def _respond(self, pending: _Pending, message: Message, now: int) -> Happening | None:
        if message["eventlist"].lower() == "start":
            pending.response = message
            return None
        del self._pending[message["actionid"]]
        reply = Reply(purpose=pending.purpose, message=message)
        step = _STEPS.get(pending.purpose[0])
        if step is None or (self.stage is Stage.READY and reply.is_of_shutdown):
            return reply
        return step(self, message, now)

    def _list(self, pending: _Pending, message: Message) -> Happening | None:
        if message["eventlist"].lower() not in {"complete", "cancelled"}:
            pending.items.append(message)
            return None
        del self._pending[message["actionid"]]
        assert pending.response is not None
        return Reply(purpose=pending.purpose, message=pending.response, items=tuple(pending.items))

    # Log-in -------------------------------------------------------------------------------

    def _introduce(self, now: int) -> None:
        if self._settings.login_by_secret:
            self.stage = Stage.LOGIN
            self._login(("Secret", self._settings.secret), now)
        else:
            self.stage = Stage.CHALLENGE
            self.ask(Action("Challenge", [("AuthType", "MD5")]), ("challenge",), now)

    def _challenged(self, message: Message, now: int) -> Happening | None:
        if not message.is_success:
            return self._refused(message)
        self.stage = Stage.LOGIN
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
        self.stage = Stage.BOOTING
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
        if self.stage is not Stage.BOOTING:
            return None
        uptime = message["uptime"]
        return self._ready(int(uptime) if uptime.isdecimal() else None)

    def _ready(self, uptime_s: int | None) -> Happening:
        self.stage, self._ready_by = Stage.READY, None
        return Ready(uptime_s)

    def _out_of_patience(self) -> Happening:
        if self.stage is Stage.BOOTING:
            # Who may not read `system` is never told of FullyBooted; by now it has booted.
            return self._ready(None)
        return self._over("no log-in in time")

    def _refused(self, message: Message) -> Happening:
        text = message["message"]
        return self._over(text, refused=text != SHUTTING_DOWN)

    def _over(self, why: str, *, refused: bool = False) -> Over:
        self.stage, self._ready_by = Stage.OVER, None
        self._pending.clear()
        return Over(why=why, refused=refused)


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

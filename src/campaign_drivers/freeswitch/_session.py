"""One connection to the event socket, without its socket: log-in, subscription, replies in order.

::

    GREETING --auth/request--> LOGIN --+OK--> SETUP --ready_check: true, or paused--> READY
                    any --refusal, silence, junk, disconnect-notice--> OVER

A server that is paused (``fsctl pause``) says that it is not ready, and is: its calls go on, and it
takes every command but new calls. So it is asked for that too, and again while it lasts.

Replies carry no id: they come in the order of the commands, and nothing else tells them apart. So
a reply that does not come in time ends the session, or every later one would be taken for its
neighbour's. An ``api`` command may be answered by a ``command/reply`` too (permission denied).

Filters are joined by *or*, and the events of digits and of background jobs carry no variables: a
filter on one of ours would silently lose them. What is asked for are the outbound legs of the
whole server, its jobs and its heartbeat.
"""

from __future__ import annotations

from itertools import count
from typing import TypeAlias

import attrs
from typing_extensions import override

from campaign_drivers._telephony import session as shared
from campaign_drivers._telephony.protocol import EventCame, Purpose, Reply, SessionOver
from campaign_drivers._telephony.protocol import Happening as AnyHappening
from campaign_drivers._telephony.session import Stage
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._wire import Command, Event, Frame, Reader, encode

__all__ = ["ADDRESS_REFUSED", "EVENTS", "EVENTS_REFUSED", "Ready", "Session"]

ADDRESS_REFUSED = "FreeSWITCH takes no connection from this address (apply-inbound-acl)"

EVENTS_REFUSED = "the log-in is taken, and the events are refused"

EVENTS = (
    "BACKGROUND_JOB",
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "CHANNEL_HANGUP_COMPLETE",
    "HEARTBEAT",
    "SHUTDOWN",
)
"""What is subscribed to; a user of the directory must be allowed each, or gets none."""

_FILTERS = (
    ("Call-Direction", "outbound"),
    ("Event-Name", "BACKGROUND_JOB"),
    ("Event-Name", "HEARTBEAT"),
    ("Event-Name", "SHUTDOWN"),
)
_READY_AGAIN_MS = 500
_PAUSED_AGAIN_MS = 2_000
_BEHIND_MS = 30_000
"""By which events may reach us later than the quickest did; a client that does not keep up can stop
the whole event socket of a server, for all of its clients."""


@attrs.frozen(kw_only=True)
class Ready:
    """The server is ready and takes commands; we are subscribed."""

    core_uuid: str
    """Of this run of the server; empty: it does not tell us."""
    sessions_per_s: int | None
    """How many legs it takes a second; ``None``: it does not tell us."""
    sessions_max: int | None
    """How many legs it takes at one time; ``None``: it does not tell us."""
    is_paused: bool = False
    """It takes no new calls until an operator says so."""


Happening: TypeAlias = AnyHappening[Frame, Event, Ready]


class Session(shared.Session[Frame, Event, Ready]):
    """One connection, from its greeting to its end."""

    def __init__(self, settings: FreeSwitchSettings, now: int) -> None:
        """Start with a connection that was just made."""
        super().__init__(settings, now)
        self.is_filtered = False
        """Whether the server keeps to itself what we do not need."""
        self.is_paused = False
        """Whether the server takes no new calls until it is told to."""
        self._settings = settings
        self._reader = Reader()
        self._serial = count(1)
        self._ask_ready_at: int | None = None
        self._ask_paused_at: int | None = None
        self._catches_up_until = now - 1
        self._says_paused = False
        self._asked_life = False
        self.is_stopping = False
        """Whether the server said that it shuts down."""
        self._quickest: tuple[int, int] | None = None
        self._answers: dict[str, str] = {}

    def ask(self, command: Command, purpose: Purpose, now: int) -> None:
        """Send a command.

        Raises:
            MalformedMessageError: it holds what must not be sent; nothing was.
        """
        # Replies are told apart by their order alone.
        self._send(encode(command), str(next(self._serial)), purpose, now)

    # What comes in ------------------------------------------------------------------------

    @override
    def _read(self, data: bytes, now: int) -> list[Frame]:
        self._asked_life = False
        return self._reader.feed(data)

    @override
    def _take(self, frame: Frame, now: int) -> Happening | None:
        match frame.kind:
            case "text/event-plain":
                event = Event.parse(frame.body)
                if self._is_behind(event, now):
                    return self._over("we are hopelessly behind the events of FreeSWITCH")
                return EventCame(event)
            case "command/reply" | "api/response":
                return self._replied(frame, now)
            case "auth/request":
                return self._greeted(now)
            case "text/disconnect-notice":
                return self._over(f"FreeSWITCH ended the connection: {_first_line(frame.text)}")
            case "text/rude-rejection":
                return self._over(ADDRESS_REFUSED, refused=True)
            case _:
                # Logs and the like, which we did not ask for.
                return None

    def _is_behind(self, event: Event, now: int) -> bool:
        """Return whether an event is much older than others were when they came.

        The two clocks need not agree: what counts is the difference to the quickest. And they may
        drift apart, by two seconds in a thousand at most.
        """
        sent_us = event.number("event-date-timestamp")
        if sent_us is None:
            return False
        took_ms = now - sent_us // 1_000
        usual_ms = took_ms
        if self._quickest is not None:
            quickest_ms, at = self._quickest
            usual_ms = quickest_ms + (now - at) // 500
        if self._quickest is None or took_ms <= usual_ms:
            self._quickest = took_ms, now
        return took_ms - usual_ms > _BEHIND_MS and now > self._catches_up_until

    # Time ---------------------------------------------------------------------------------

    @override
    def _moments(self) -> list[int]:
        due = [self._silent_until()]
        due += [at for at in (self._ask_ready_at, self._ask_paused_at) if at is not None]
        if self.stage is Stage.READY and not self._asked_life:
            due.append(self._ask_life_at())
        return due

    @override
    def _be_patient(self, now: int) -> SessionOver | None:
        if now >= self._silent_until():
            return self._over("FreeSWITCH is silent: no heartbeat, no answer")
        if self._ask_paused_at is not None and now >= self._ask_paused_at:
            self._ask_paused_at = None
            self._ask_paused(now)
        if self._ask_ready_at is not None and now >= self._ask_ready_at:
            self._ask_ready_at = None
            self._ask_paused(now)
            self._ask_ready("ready", now)
        if self.stage is Stage.READY and not self._asked_life and now >= self._ask_life_at():
            # The heartbeat's interval is the server's; any reply does for a sign of life.
            self._asked_life = True
            self._ask_ready("life", now)
        return None

    @override
    def _catch_up(self, until: int, now: int) -> None:
        self._catches_up_until = until
        self.heard_at = max(self.heard_at, until - round(self._settings.silence_max_s * 1_000))

    @override
    def _not_ready(self) -> SessionOver:
        what = "no greeting" if self.stage is Stage.GREETING else "FreeSWITCH is not ready"
        return self._over(f"{what} in time")

    def _silent_until(self) -> int:
        return self.heard_at + round(self._settings.silence_max_s * 1_000)

    def _ask_life_at(self) -> int:
        return self.heard_at + round(self._settings.silence_max_s * 1_000 * 2 / 3)

    # Log-in and subscription --------------------------------------------------------------

    def _greeted(self, now: int) -> Happening | None:
        if self.stage is not Stage.GREETING:
            return None
        self.stage = Stage.LOGIN
        settings = self._settings
        if settings.user is None:
            command = Command(f"auth {settings.password}")
        else:
            command = Command(f"userauth {settings.user}:{settings.password}")
        self.ask(command, ("auth",), now)
        return None

    def _set_up(self, now: int) -> None:
        self.stage = Stage.SETUP
        self.ask(Command(f"event plain {' '.join(EVENTS)}"), ("event",), now)
        for name, value in _FILTERS:
            self.ask(Command(f"filter {name} {value}"), ("filter",), now)
        self.ask(Command("api global_getvar core_uuid"), ("core_uuid",), now)
        self.ask(Command("api fsctl sps"), ("sps",), now)
        self.ask(Command("api fsctl max_sessions"), ("max_sessions",), now)
        self._ask_paused(now)
        self._ask_ready("ready", now)

    def _ask_paused(self, now: int) -> None:
        self.ask(Command("api fsctl pause_check"), ("paused",), now)

    def _ask_ready(self, purpose: str, now: int) -> None:
        self.ask(Command("api fsctl ready_check"), (purpose,), now)

    def _replied(self, frame: Frame, now: int) -> Happening | None:
        text = frame.text
        if not self._pending:
            return self._over("FreeSWITCH sent a reply to nothing")
        purpose = self._pending.pop(next(iter(self._pending))).purpose
        match purpose[0]:
            case "auth":
                if not text.startswith("+OK"):
                    return self._over(self._refusal(text), refused=True)
                self._set_up(now)
            case "event":
                if not text.startswith("+OK"):
                    allowed = " ".join(EVENTS)
                    why = f"{EVENTS_REFUSED} ({text}): esl-allowed-events needs {allowed}"
                    return self._over(why, refused=True)
            case "filter":
                # Without one we are sent more than we need, and sort it out here.
                self.is_filtered = text.startswith("+OK")
            case "core_uuid" | "sps" | "max_sessions":
                self._answers[purpose[0]] = text
            case "paused":
                self._says_paused = text.strip() == "true"
                if self.stage is Stage.READY:
                    self.is_paused = self._says_paused
                    self._ask_paused_at = now + _PAUSED_AGAIN_MS if self.is_paused else None
            case "ready":
                return self._ready(frame, now)
            case "life":
                pass
            case _:
                return Reply(purpose=purpose, message=frame)
        return None

    def _refusal(self, text: str) -> str:
        who = "the password" if self._settings.user is None else f"user {self._settings.user}"
        return f"FreeSWITCH refuses {who}: {text}"

    def _ready(self, frame: Frame, now: int) -> Happening | None:
        # Who may not ask is not told; what we cannot know we take for well.
        self.is_paused = frame.text.strip() == "false" and self._says_paused
        if frame.text.strip() != "true" and not frame.is_denied and not self.is_paused:
            self._ask_ready_at = now + _READY_AGAIN_MS
            return None
        self._be_ready()
        self._ask_paused_at = now + _PAUSED_AGAIN_MS if self.is_paused else None
        core_uuid = self._answers.get("core_uuid", "")
        return Ready(
            core_uuid="" if core_uuid.startswith("-ERR") else core_uuid.strip(),
            sessions_per_s=_last_number(self._answers.get("sps", "")),
            sessions_max=_last_number(self._answers.get("max_sessions", "")),
            is_paused=self.is_paused,
        )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _last_number(text: str) -> int | None:
    """Return the number of ``+OK sessions per second: 30``."""
    word = text.rpartition(":")[2].strip()
    return int(word) if text.startswith("+OK") and word.isdecimal() else None

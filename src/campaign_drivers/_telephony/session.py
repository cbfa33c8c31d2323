"""One connection to a server, without its socket: what is asked, and when patience ends.

Bytes and time go in, happenings come out. Every request is answered at once, or the connection is
sick: a reply that does not come ends the session, and the next one finds out what became of the
calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Generic, TypeVar

import attrs

from campaign_drivers._telephony.protocol import Happening, Purpose, SessionOver
from campaign_drivers._telephony.settings import ServerSettings
from campaign_drivers.errors import MalformedMessageError

__all__ = ["LATE_MS", "Pending", "Session", "Stage"]

MessageT = TypeVar("MessageT")
EventT = TypeVar("EventT")
ReadyT = TypeVar("ReadyT")

LATE_MS = 2_000
"""By which a moment may come late before it counts as a standstill of our own process: what came
meanwhile is yet to be read, and nothing is taken for missing (R7.12)."""


class Stage(Enum):
    """How far a session has come; each comes to its stages once, in order."""

    GREETING = auto()
    """The server has said nothing yet."""
    LOGIN = auto()
    SETUP = auto()
    """Logged in, and the server is not ready yet."""
    READY = auto()
    OVER = auto()


@attrs.define
class Pending(Generic[MessageT]):
    """A request without a reply."""

    purpose: Purpose
    asked_at: int
    due: int
    items: list[MessageT] = attrs.field(factory=list)
    """Of the list that is its reply, so far."""
    response: MessageT | None = None


class Session(ABC, Generic[MessageT, EventT, ReadyT]):
    """One connection, from its greeting to its end."""

    def __init__(self, settings: ServerSettings, now: int) -> None:
        """Start with a connection that was just made.

        Args:
            settings: who we are.
            now: milliseconds, of any clock that does not go back; so everywhere below.
        """
        self.stage = Stage.GREETING
        self.heard_at = now
        """When the server was heard last."""
        self._answer_within_ms = round(settings.answer_within_s * 1_000)
        self._pending: dict[str, Pending[MessageT]] = {}
        """By what tells their replies apart, the oldest first."""
        self._outgoing = bytearray()
        self._ready_by: int | None = now + round(settings.login_within_s * 1_000)

    # What a driver says -----------------------------------------------------------------------

    @abstractmethod
    def _read(self, data: bytes, now: int) -> Iterable[MessageT]:
        """Return the messages that these bytes complete.

        Raises:
            MalformedMessageError: these are not the bytes of such a server.
        """

    @abstractmethod
    def _take(self, message: MessageT, now: int) -> Happening[MessageT, EventT, ReadyT] | None:
        """Return what a message means to the switchboard."""

    @abstractmethod
    def _not_ready(self) -> ReadyT | SessionOver:
        """Return what it means that the server was not ready in time."""

    @abstractmethod
    def _moments(self) -> list[int]:
        """Return when the driver itself wants to be woken."""

    @abstractmethod
    def _be_patient(self, now: int) -> SessionOver | None:
        """Do what is due by :meth:`_moments`, such as asking for a sign of life."""

    @abstractmethod
    def _catch_up(self, until: int, now: int) -> None:
        """Take nothing for missing until then: we ourselves stood still."""

    # What goes out ----------------------------------------------------------------------------

    def _send(self, data: bytes, key: str, purpose: Purpose, now: int) -> None:
        self._outgoing += data
        self._pending[key] = Pending(purpose, now, now + self._answer_within_ms)

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    # What comes in ----------------------------------------------------------------------------

    def receive(self, data: bytes, now: int) -> Iterator[Happening[MessageT, EventT, ReadyT]]:
        """Take bytes; give what they mean, in order."""
        if self.stage is Stage.OVER:
            return
        self._notice_standstill(now)
        self.heard_at = now
        try:
            messages = self._read(data, now)
        except MalformedMessageError as error:
            yield self._over(str(error))
            return
        for message in messages:
            happening = self._take(message, now)
            if happening is not None:
                yield happening
            if isinstance(happening, SessionOver):
                return

    def wake(self, now: int) -> Iterator[Happening[MessageT, EventT, ReadyT]]:
        """Give what time alone brings: limits that have passed; and ask for a sign of life."""
        if self.stage is Stage.OVER or self._notice_standstill(now):
            return
        oldest = self._oldest()
        happening: Happening[MessageT, EventT, ReadyT] | None
        if oldest is not None and now >= oldest.due:
            happening = self._over(f"no reply to {oldest.purpose[0]} in time")
        elif self._ready_by is not None and now >= self._ready_by:
            happening = self._not_ready()
        else:
            happening = self._be_patient(now)
        if happening is not None:
            yield happening

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        if self.stage is Stage.OVER:
            return None
        due = self._moments()
        if (oldest := self._oldest()) is not None:
            due.append(oldest.due)
        if self._ready_by is not None:
            due.append(self._ready_by)
        return min(due, default=None)

    def _oldest(self) -> Pending[MessageT] | None:
        return next(iter(self._pending.values()), None)

    def _notice_standstill(self, now: int) -> bool:
        """Return whether we ourselves stood still; then wait a moment for what is here already."""
        due = self.wakeup()
        if due is None or now - due <= LATE_MS:
            return False
        until = now + LATE_MS
        for pending in self._pending.values():
            pending.due = max(pending.due, until)
        if self._ready_by is not None:
            self._ready_by = max(self._ready_by, until)
        self._catch_up(until, now)
        return True

    def _be_ready(self) -> None:
        self.stage, self._ready_by = Stage.READY, None

    def _over(self, why: str, *, refused: bool = False) -> SessionOver:
        self.stage, self._ready_by = Stage.OVER, None
        self._pending.clear()
        return SessionOver(why=why, refused=refused)

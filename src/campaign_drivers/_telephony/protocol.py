"""A board: all of a driver but its socket and its clock.

Decisions, bytes and time go in; bytes and reports come out. The shell (``_shell``) pumps.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeAlias, TypeVar

import attrs

from campaign_core import CallLimits
from campaign_core.decisions import Decision
from campaign_core.reports import CapacityReport, DriverUpReport, Report

__all__ = [
    "EventCame",
    "Happening",
    "ProtocolDriver",
    "ProtocolOutput",
    "Purpose",
    "Reply",
    "SessionOver",
    "first_reports",
    "is_call_of",
]

ReadyT_co = TypeVar("ReadyT_co", covariant=True)
MessageT_co = TypeVar("MessageT_co", covariant=True)
EventT_co = TypeVar("EventT_co", covariant=True)

Purpose = tuple[str, ...]
"""What a request was for; given back with its reply."""

_CALL_ID_DIGITS = 32
_HEX = frozenset("0123456789abcdef")


def is_call_of(service_id: str, channel_id: str) -> bool:
    """Return whether a channel is a call of this service, by its id alone."""
    return (
        len(channel_id) == _CALL_ID_DIGITS
        and channel_id.startswith(service_id)
        and _HEX.issuperset(channel_id)
    )


def first_reports(calls_max: int | None) -> list[Report]:
    """Return what is reported first once calls are taken.

    Args:
        calls_max: so many at one time; ``None``: that is not known.
    """
    if calls_max is None:
        return [DriverUpReport()]
    return [DriverUpReport(), CapacityReport(CallLimits(total=calls_max))]


@attrs.frozen(kw_only=True)
class SessionOver:
    """The connection is of no use any more."""

    why: str
    refused: bool = False
    """The log-in was refused: it will be again until someone changes the credentials."""


@attrs.frozen(kw_only=True)
class Reply(Generic[MessageT_co]):
    """The reply to a request, with the list that followed it, if one did."""

    purpose: Purpose
    message: MessageT_co
    items: tuple[MessageT_co, ...] = ()


@attrs.frozen
class EventCame(Generic[EventT_co]):
    """An event that answers no request of this connection."""

    event: EventT_co


Happening: TypeAlias = SessionOver | Reply[MessageT_co] | EventCame[EventT_co] | ReadyT_co
"""What a session tells: its own end, replies and events, and that the server is ready."""


@attrs.define
class ProtocolOutput:
    """What came of a step, for the outside to take."""

    reports: list[Report] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
    """Sentences for the log."""
    over: SessionOver | None = None
    """The connection is to be cut."""


class ProtocolDriver(Protocol):
    """A driver without its socket; times are milliseconds of a clock that never goes back."""

    is_up: bool
    """Whether calls are taken."""
    is_congested: bool
    """Set from outside: the server does not take what we send."""

    def connected(self, now: int, run: str) -> None:
        """Take a new connection; ``run`` is a word that no earlier one had."""

    def receive(self, data: bytes, now: int) -> None:
        """Take bytes from the connection."""

    def lost(self, why: str, now: int) -> None:
        """Take it that the connection is gone."""

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""

    def take(self) -> ProtocolOutput:
        """Return what came of the steps since the last time."""

    def carry_out(self, decision: Decision, now: int) -> None:
        """Carry out one decision."""

    def wake(self, now: int) -> None:
        """Do what is due."""

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""

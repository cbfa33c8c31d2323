"""The driver protocol: what the core may rely on, whatever the telephony."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol, runtime_checkable

import attrs

from campaign_core.decisions import Decision
from campaign_core.reports import Report

__all__ = ["Capacity", "Driver", "Missing", "Need", "ReportSink"]

ReportSink = Callable[[Report], None]
"""Takes one report; it does not block and does not raise."""


@attrs.frozen(kw_only=True)
class Capacity:
    """How many calls the telephony takes, as far as the driver knows; ``None``: unknown."""

    calls_max: int | None = None
    """Calls at one time."""
    calls_per_s: float | None = None
    """Calls placed a second."""


class Need(Enum):
    """What a campaign needs of a telephony beside calls."""

    SOUND = "SOUND"
    ROUTE = "ROUTE"
    """For external calls of one routing class."""
    INTERNAL_ROUTE = "INTERNAL_ROUTE"


@attrs.frozen(kw_only=True)
class Missing:
    """Something a campaign needs and the telephony does not have."""

    need: Need
    name: str | None
    """The sound's or the routing class's name; ``None`` for external calls without a class and
    for the route of internal calls."""
    advice: str
    """What to do about it, in a sentence for the operator."""


@runtime_checkable
class Driver(Protocol):
    """A way to place calls on one kind of telephony.

    What is promised
        * ``carry_out`` returns at once and never raises for what the telephony might do. What came
          of an order is reported, to the callable given to ``start``.
        * A call that is taken is placed now: no queue, no bucket. A driver takes it, defers it
          (:class:`~campaign_core.reports.DeferralReport`), refuses it
          (:class:`~campaign_core.reports.RefusalReport`) or, with no connection, gives it back
          (:class:`~campaign_core.reports.DriverDownReport`).
        * Of one call: no report before its ``PlaceCall``; at most one answer, and never on early
          media; the answer before any digit or playback; the end last, once. Every call that was
          taken ends with an ``EndReport``, unless the connection was lost while it was up.
        * ``Play`` replaces what is playing; the report of its end names its number. Of a playback
          that was replaced, or cut short by the end of the call, ``STOPPED`` is reported or
          nothing. No digit is lost, whether a sound plays or not; a digit among the stop digits
          ends the playback, and either of the two reports may come first.
        * Orders for a call that is over, or was never taken, are harmless; so are sounds and
          transfers for one that was not answered yet.
        * Upon connecting: ``DriverUpReport``, then a ``CallsUpReport`` at once and another 5 s
          later. For calls taken over that were answered in between, an ``AnswerReport`` follows the
          one that first has them. What was ordered and never replied to may be in the first
          though nobody knows of it yet; a call that was taken over and is gone, its end told to
          nobody, is told of by a ``CallsAdriftReport`` and a ``CallsUpReport`` without it.
        * A loss that is noticed late says for how long the telephony had not been heard.
        * A driver that takes only so many calls at one time may say so by a ``CapacityReport``,
          right after ``DriverUpReport`` and whenever the number changes: no more are placed.
        * A driver over several parts is up while one of them is. Calls on a part that is lost are
          told of by a ``CallsAdriftReport``; a ``CallsUpReport`` that could not ask every part says
          which calls it is about.

    How reports come
        * Each is handed to the callable that ``start`` was given, from the thread of the event loop
          in which ``start`` was awaited, and from no other. It may come within ``carry_out``: the
          host only notes it, and takes it when it gets to it.
        * What is reported is a class of :mod:`campaign_core.reports` itself, whose constructor
          refuses values that could not be kept (R9.1).

    What is not promised
        * Order between calls.
        * Delivery of what happened, or was ordered, while the connection was lost.

    :mod:`campaign_drivers.conformance` holds a driver to all of this.
    """

    async def start(self, report: ReportSink) -> None:
        """Connect, and report from now on.

        Raises:
            LinkLostError: there is no connection to be had.
            LoginRefusedError: the telephony does not take our credentials.
        """

    def carry_out(self, decision: Decision) -> None:
        """Carry out one decision: place a call, play, hang up, transfer."""

    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes the telephony does not have.

        ``None`` among the routing classes asks for the route of external calls without a class.
        The route of internal calls is always looked at.
        Placing a call does not need this: a sound or route that is missing fails the call.
        """

    def capacity(self) -> Capacity:
        """Return how many calls the telephony takes, as far as is known now."""

    async def close(self) -> None:
        """Disconnect; calls in progress are left to the telephony. Nothing is reported after."""

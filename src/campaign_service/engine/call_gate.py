"""The gate: what the core decides passes here on its way to the driver.

::

    a call                     once its event is durable, and only while the gate is open
    an order within a call     at once; behind the call itself, where that still waits

While the gate is closed, no call passes (R5.5): those that wait at it are given back to the core as
deferred, and so is whatever the scheduler would place. The state then says itself why nobody is
called. Not more than one call at a time is spent on that, however many there is room for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import Enum

from campaign_core import CallId, State, Transition, replay
from campaign_core.decisions import Decision, PlaceCall
from campaign_core.events import CallPlaced
from campaign_drivers import Driver

__all__ = ["CallGate", "GateClosed", "without_calls"]

_log = logging.getLogger(__name__)


class GateClosed(Enum):
    """Why no call is placed."""

    JOURNAL_AWAY = "JOURNAL_AWAY"
    """Nothing can be made durable."""
    DRAINING = "DRAINING"
    """The service is about to stop."""
    LEADER_UNCERTAIN = "LEADER_UNCERTAIN"
    """Whether this process leads is not known for certain just now."""
    STOOD_STILL = "STOOD_STILL"
    """It stood still, and since then nobody could tell whether it still leads."""
    UNSURE = LEADER_UNCERTAIN
    """Its former name, for one more release."""


class CallGate:
    """Passes decisions to one driver, each as soon as it may be carried out."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._waiting: set[CallId] = set()
        self._given_back: set[CallId] = set()
        self.closed_by: set[GateClosed] = set()

    @property
    def is_closed(self) -> bool:
        """Whether no call is placed."""
        return bool(self.closed_by)

    def pass_on(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Let through what need not wait; return the rest, which waits for its events."""
        held: list[Decision] = []
        for decision in decisions:
            if isinstance(decision, PlaceCall):
                self._waiting.add(decision.call_id)
            elif decision.call_id in self._given_back:
                continue
            # A hang-up must not overtake the call that it is to end.
            if decision.call_id in self._waiting:
                held.append(decision)
            else:
                self._carry_out(decision)
        return held

    def let_through(self, held: Sequence[Decision]) -> None:
        """Carry out what waited, but for calls that were given back meanwhile."""
        for decision in held:
            if decision.call_id not in self._given_back:
                self._waiting.discard(decision.call_id)
                self._carry_out(decision)

    def _carry_out(self, decision: Decision) -> None:
        """Hand an order over; a driver that raises is told of, and ends nothing but that order.

        Whether the order was carried out is not known then: the call goes on, and if nothing more
        is heard of it, its deadline ends it (R7.9).
        """
        try:
            self._driver.carry_out(decision)
        except Exception:  # noqa: BLE001 -- whatever it is, it is the driver's
            kind, call_id = type(decision).__name__, decision.call_id
            _log.exception("the driver failed over %s for call %s", kind, call_id)

    def give_back(self) -> tuple[CallId, ...]:
        """Return the waiting calls, and never place them; the core must be told."""
        given_back = tuple(sorted(self._waiting))
        self._given_back.update(given_back)
        self._waiting.clear()
        return given_back

    def forget_given_back(self) -> None:
        """Forget the calls that were given back, once nothing waits for the disk any more."""
        self._given_back.clear()


def without_calls(before: State, transition: Transition) -> tuple[Transition, CallId | None]:
    """Return a moment as it would be had the scheduler stopped after its first call.

    Since the pass comes last in a moment (R6.6), what is left out is nothing but calls.

    Args:
        before: the state before the moment.
        transition: the moment.

    Returns:
        The moment, and that one call, which is not among its decisions; ``None`` and the moment as
        it was where no call was placed.
    """
    events = transition.events
    first = next(
        (index for index, event in enumerate(events) if isinstance(event, CallPlaced)), None
    )
    if first is None:
        return transition, None
    kept = events[: first + 1]
    placed = kept[-1]
    assert isinstance(placed, CallPlaced)
    orders = tuple(one for one in transition.decisions if not isinstance(one, PlaceCall))
    return Transition(replay(kept, before), kept, orders), placed.call_id

"""Outages: when the link is lost and comes back, as planned, by chance and on demand."""

from __future__ import annotations

import attrs

from campaign_core import Instant
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._event_queue import EventQueue, Slots
from campaign_drivers.simulated._faults import Faults, Outage
from campaign_drivers.simulated._link import Link
from campaign_drivers.simulated._switchboard import Switchboard

__all__ = ["DEMANDED", "Outages"]

DEMANDED = -1
_BY_CHANCE = -2
"""Causes of an outage beside those planned, which are known by their index."""


@attrs.frozen(eq=False, kw_only=True)
class _Due:
    """An outage that will begin or end."""

    outage: Outage
    cause: int
    slots: Slots = attrs.field(factory=lambda: [0])


class Outages:
    """Those of one exchange; where some overlap, the link is back when the last one is over."""

    def __init__(
        self, *, queue: EventQueue, faults: Faults, seed: int, link: Link, switchboard: Switchboard
    ) -> None:
        self._queue = queue
        self._faults = faults
        self._chance = Chance(f"outages/{seed}")
        self._link = link
        self._switchboard = switchboard
        self._causes: set[int] = set()
        self._is_planned = False

    def plan(self, now: Instant) -> None:
        """Put down what is to come, counted from the first connection."""
        if self._is_planned:
            return
        self._is_planned = True
        for cause, outage in enumerate(self._faults.outages):
            self._put(_Due(outage=outage, cause=cause), now)
        self._plan_chance(now)

    def begin(self, now: Instant, *, cause: int = DEMANDED, restarts: bool = False) -> None:
        """Lose the link, and the calls too where the exchange restarts."""
        self._causes.add(cause)
        if restarts:
            self._switchboard.drop_all(now)
        self._link.lose(now)

    def end(self, now: Instant, *, cause: int = DEMANDED) -> None:
        """Take a cause away; with the last one gone the link is back."""
        if cause in self._causes:
            self._causes.remove(cause)
            if not self._causes:
                self._link.regain(now)

    def _plan_chance(self, now: Instant) -> None:
        faults, chance = self._faults, self._chance
        if faults.outage_every is None:
            return
        outage = Outage(
            # At least a millisecond, lest outages follow each other without end at one instant.
            after_s=max(1, faults.outage_every.draw_ms(chance)) / 1_000,
            lasts_s=faults.outage_lasts.draw_ms(chance) / 1_000,
            restarts=chance.unit() < faults.outage_restarts,
        )
        self._put(_Due(outage=outage, cause=_BY_CHANCE), now)

    def _put(self, due: _Due, now: Instant) -> None:
        at = Instant(now + round(due.outage.after_s * 1_000))
        self._queue.put(at, due, 0, self._set_in)

    def _set_in(self, due: _Due, at: Instant) -> None:
        self.begin(at, cause=due.cause, restarts=due.outage.restarts)
        over_at = Instant(at + round(due.outage.lasts_s * 1_000))
        self._queue.put(over_at, due, 0, self._pass)

    def _pass(self, due: _Due, at: Instant) -> None:
        self.end(at, cause=due.cause)
        if due.cause == _BY_CHANCE:
            self._plan_chance(at)

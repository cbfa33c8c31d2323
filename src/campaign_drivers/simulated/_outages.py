"""Outages: when the link is lost and comes back, as planned, by chance and on demand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from campaign_core._values.instants import Instant
from campaign_drivers.simulated._agenda import Agenda
from campaign_drivers.simulated._faults import Faults, Outage
from campaign_drivers.simulated._link import Link
from campaign_drivers.simulated._switchboard import Switchboard

__all__ = ["DEMANDED", "Outages"]

DEMANDED = -1
_BY_CHANCE = -2
"""Causes of an outage beside those planned, which are known by their index."""


class Outages:
    """Those of one exchange; where some overlap, the link is back when the last one is over."""

    def __init__(
        self, *, agenda: Agenda, faults: Faults, seed: int, link: Link, switchboard: Switchboard
    ) -> None:
        self._agenda = agenda
        self._faults = faults
        self._chance = Random(f"outages/{seed}")
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
            self._put(now, round(outage.after_s * 1_000), partial(self._run, outage, cause))
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

    def _run(self, outage: Outage, cause: int, at: Instant) -> None:
        self.begin(at, cause=cause, restarts=outage.restarts)
        self._put(at, round(outage.lasts_s * 1_000), partial(self._over, cause))

    def _over(self, cause: int, at: Instant) -> None:
        self.end(at, cause=cause)
        if cause == _BY_CHANCE:
            self._plan_chance(at)

    def _plan_chance(self, now: Instant) -> None:
        faults = self._faults
        if faults.outage_every is None:
            return
        # At least a millisecond, lest outages follow each other without end at one instant.
        after_ms = max(1, faults.outage_every.draw_ms(self._chance))
        outage = Outage(
            after_s=after_ms / 1_000,
            lasts_s=faults.outage_lasts.draw_ms(self._chance) / 1_000,
            restarts=self._chance.random() < faults.outage_restarts,
        )
        self._put(now, after_ms, partial(self._run, outage, _BY_CHANCE))

    def _put(self, now: Instant, after_ms: int, do: Callable[[Instant], None]) -> None:
        self._agenda.put(Instant(now + after_ms), [0], 0, do)

"""The exchange: takes decisions and the time, gives reports and when they happened. No I/O.

::

    exchange.connect(now)
    exchange.carry_out(decision, now)
    exchange.next_at()            -> the first instant at which there is something to report
    exchange.reports_until(now)   -> what there is to report by now, in order

The same decisions at the same instants give the same reports, whatever else the exchange
carries: what becomes of a call follows from the seed and its id alone (and from the capacity,
which calls share). Time is what the caller says it is; nothing here waits.
"""

from __future__ import annotations

from collections import deque
from math import inf

from campaign_core import CallId, Instant, Line
from campaign_core.decisions import Decision, HangUp, PlaceCall, Play
from campaign_core.reports import DeferralReport, RefusalReport, Report
from campaign_drivers._driver import Capacity, Missing, Need
from campaign_drivers.simulated._behaviour import Answers, Behaviour, IsRefused, NotAnswered
from campaign_drivers.simulated._call_counters import CallCounters, Counts
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._event_queue import EventQueue
from campaign_drivers.simulated._link import Link
from campaign_drivers.simulated._live_call import CallRecord, LiveCall
from campaign_drivers.simulated._network import Network
from campaign_drivers.simulated._outages import Outages
from campaign_drivers.simulated._report_delivery import ReportDelivery
from campaign_drivers.simulated._switchboard import Switchboard

__all__ = ["Exchange"]


class Exchange:
    """A simulated telephone exchange.

    Args:
        network: what it is and whom it reaches.
        seed: another seed, another course of every call that is left to chance.
        kept_calls_max: how many ended calls are kept for :meth:`calls`.
    """

    def __init__(self, network: Network, *, seed: int = 0, kept_calls_max: int = 0) -> None:
        self._network = network
        self._seed = seed
        self._now = Instant(0)
        self._calls: dict[str, LiveCall] = {}
        self._calls_to: dict[str, int] = {}
        rate = network.capacity.calls_per_s
        self._per_second = inf if rate is None else int(rate)
        self._last_taken: deque[Instant] = deque(maxlen=0 if rate is None else int(rate))
        faults = network.faults
        queue = self._queue = EventQueue()
        self._counters = CallCounters(kept_calls_max=kept_calls_max)
        self._link = Link(queue=queue, calls=self._calls)
        self._delivery = ReportDelivery(queue=queue, link=self._link, faults=faults, seed=seed)
        self._switchboard = Switchboard(
            calls=self._calls,
            queue=queue,
            sounds=network.sounds,
            delivery=self._delivery,
            counters=self._counters,
            playback_failed=faults.playback_failed,
        )
        self._outages = Outages(
            queue=queue, faults=faults, seed=seed, link=self._link, switchboard=self._switchboard
        )

    # What a host's loop needs --------------------------------------------------------------

    def connect(self, now: Instant) -> None:
        """Connect us: reports come from now on, first that the driver is up.

        Raises:
            LinkLostError: the connection is lost just now.
        """
        self._advance(now)
        self._link.open(self._now)
        self._outages.plan(self._now)

    def disconnect(self, now: Instant) -> None:
        """Disconnect us; calls go on, and nothing is reported after."""
        self._advance(now)
        self._link.close()

    def carry_out(self, decision: Decision, now: Instant) -> None:
        """Carry out one decision; what comes of it is reported."""
        self._advance(now)
        now = self._now
        if isinstance(decision, PlaceCall):
            self._place(decision, now)
        elif not self._link.is_up:
            return
        elif isinstance(decision, Play):
            self._switchboard.play(decision, now)
        elif isinstance(decision, HangUp):
            self._switchboard.hang_up(decision, now)
        else:
            self._switchboard.transfer(decision, now)

    def adopt(
        self, order: PlaceCall, plan: Answers | NotAnswered, now: Instant, *, is_answered: bool
    ) -> None:
        """Take a call that is in progress elsewhere, whatever the capacity.

        Args:
            order: with which it was placed.
            plan: what becomes of it from now on; the time since it was placed is not counted.
            now: the time.
            is_answered: whether it was answered before, which is then not reported again.
        """
        self._advance(now)
        call = self._new_call(order, plan)
        if is_answered:
            self._switchboard.take_answered(call, self._now)
        else:
            self._switchboard.take(call, self._now)

    def next_at(self) -> Instant | None:
        """Return the next instant at which something happens here, if nothing is ordered.

        It may be past, where something already happened that waits to be taken. At such an
        instant there need not be anything to report. ``None``: all is quiet.
        """
        sent_at = self._link.first_sent_at()
        return self._queue.next_at() if sent_at is None else sent_at

    def reports_until(self, now: Instant) -> list[tuple[Instant, Report]]:
        """Return, in order, what there is to report by now and when each happened."""
        self._advance(now)
        return self._link.taken()

    # Faults on demand ----------------------------------------------------------------------

    def lose_link(self, now: Instant, *, restarts: bool = False) -> None:
        """Lose the connection; calls go on unheard, or are gone where the exchange restarts."""
        self._advance(now)
        self._outages.begin(self._now, restarts=restarts)

    def regain_link(self, now: Instant) -> None:
        """End what :meth:`lose_link` began."""
        self._advance(now)
        self._outages.end(self._now)

    # What it knows of itself ---------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether reports and orders get through."""
        return self._link.is_up

    def counts(self) -> Counts:
        """Return what was counted."""
        return self._counters.counts()

    def calls(self) -> tuple[CallRecord, ...]:
        """Return the calls that are known: those ended and kept, then those in progress."""
        return (*self._counters.kept(), *(call.record() for call in self._calls.values()))

    def calls_up(self) -> frozenset[CallId]:
        """Return the ids of the calls in progress."""
        return frozenset(call.order.call_id for call in self._calls.values())

    def capacity(self) -> Capacity:
        """Return how many calls it takes."""
        return self._network.capacity

    def missing(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes it does not have."""
        network = self._network
        advice = "record it, or name one that is there"
        found = [
            Missing(need=Need.SOUND, name=name, advice=advice)
            for name in sorted(sounds & network.sounds.missing)
        ]
        without = (name for name in routing_classes if not network.has_route(name))
        found += [
            Missing(need=Need.ROUTE, name=name, advice="add a route for this class")
            for name in sorted(without, key=lambda name: name or "")
        ]
        if not network.reaches_extensions:
            advice = "give the exchange a route for internal calls"
            found.append(Missing(need=Need.INTERNAL_ROUTE, name=None, advice=advice))
        return tuple(found)

    # Admission -----------------------------------------------------------------------------

    def _place(self, order: PlaceCall, now: Instant) -> None:
        if not self._link.is_up:
            self._counters.given_back += 1
            self._link.give_back(order.call_id, now)
        elif order.call_id in self._calls:
            # A report would end the call in progress for the core; exchanges keep quiet too.
            self._counters.repeated += 1
        elif not self._has_route(order):
            self._refuse(order, "no route for this call", now)
        elif (full_until := self._full_until(now)) is not None:
            self._turn_away(order, full_until, now)
        else:
            self._admit(order, now)

    def _admit(self, order: PlaceCall, now: Instant) -> None:
        chance = Chance(f"call/{self._seed}/{order.call_id}")
        behaviour = self._behaviour(order.number, chance)
        if isinstance(behaviour, IsRefused):
            self._refuse(order, behaviour.why, now)
            return
        self._last_taken.append(now)
        self._switchboard.take(self._new_call(order, behaviour, chance), now)

    def _new_call(
        self, order: PlaceCall, plan: Answers | NotAnswered, chance: Chance | None = None
    ) -> LiveCall:
        return LiveCall(
            order=order,
            plan=plan,
            chance=chance or Chance(f"call/{self._seed}/{order.call_id}"),
            mishaps=self._delivery.mishaps(order.call_id),
            placed_at=self._now,
        )

    def _has_route(self, order: PlaceCall) -> bool:
        if order.line is Line.INTERNAL:
            return self._network.reaches_extensions
        return self._network.has_route(order.routing_class)

    def _behaviour(self, number: str, chance: Chance) -> Behaviour:
        population = self._network.population
        script = population.script(number)
        if script is None:
            return population.kind(number, self._seed).behaviour(chance)
        calls = self._calls_to.get(number, 0)
        self._calls_to[number] = calls + 1
        return script[min(calls, len(script) - 1)]

    def _full_until(self, now: Instant) -> Instant | None:
        """Return until when there is no room, or ``None`` if there is."""
        capacity = self._network.capacity
        if capacity.calls_max is not None and len(self._calls) >= capacity.calls_max:
            return Instant(now + round(self._network.deferral_s * 1_000))
        last = self._last_taken
        if len(last) < self._per_second:
            return None
        # At a rate of 0 there is no last call: there is never room.
        has_room = last and last[0] + 1_000 <= now
        return None if has_room else Instant(now + 1_000)

    def _turn_away(self, order: PlaceCall, until: Instant, now: Instant) -> None:
        if self._network.refuses_when_full:
            self._refuse(order, "no channel free", now)
            return
        self._counters.deferred += 1
        deferral = DeferralReport(call_id=order.call_id, until=until)
        self._delivery.tell_untaken(order, deferral, now)

    def _refuse(self, order: PlaceCall, why: str, now: Instant) -> None:
        self._counters.refused += 1
        refusal = RefusalReport(call_id=order.call_id, why=why)
        self._delivery.tell_untaken(order, refusal, now)

    # Time ----------------------------------------------------------------------------------

    def _advance(self, now: Instant) -> None:
        """Let everything happen that is due by now; time given earlier than before stands."""
        self._now = max(self._now, now)
        self._queue.run_until(self._now)

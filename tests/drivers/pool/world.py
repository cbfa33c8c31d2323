"""A world in virtual time: the core, a pool, and exchanges that outlive the process of both."""

from __future__ import annotations

import asyncio
from collections import Counter

from campaign_core import (
    Instant,
    Line,
    Settings,
    calls,
    check,
    handle_batch,
    next_wakeup,
    open_service,
    replay,
)
from campaign_core import events as ev
from campaign_core.decisions import PlaceCall
from campaign_core.errors import CommandRefusedError
from campaign_core.reports import DriverDownReport, Tick
from campaign_core.testing import Auditor
from campaign_drivers import LinkLostError
from campaign_drivers.pool import Node, PoolDriver
from campaign_drivers.simulated import SimulatedDriver, VirtualClock

HOUR_MS = 3_600_000
TURNS = 6
"""Of the loop, in which a task that was woken comes to an end."""


class World:
    """Holds itself against the laws at every step.

    Args:
        nodes: exchange, weight, limits and calls per second of each node.
        settings: of the service.
    """

    def __init__(self, nodes, *, settings=None):
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(Instant(1_000_000))
        self.exchanges = [exchange for exchange, *_ in nodes]
        self.plans = [plan for _, *plan in nodes]
        self.names = [f"node {number}" for number in range(1, len(nodes) + 1)]
        self.inbox = []
        self.auditor = Auditor()
        self.events = []
        self.placed = Counter()
        opened = open_service("00000001", settings or Settings(), self.clock.now())
        self.state = opened.state
        self._hear(opened.events)
        self.pool = None
        self.start()

    def close(self):
        if self.pool is not None:
            self.loop.run_until_complete(self.pool.close())
        self.loop.close()

    # The process -------------------------------------------------------------------------

    def start(self):
        """Start a process, which waits until its telephony can be reached."""
        self.drivers = [
            SimulatedDriver(exchange=exchange, clock=self.clock) for exchange in self.exchanges
        ]
        self.pool = PoolDriver(
            [
                Node(name=name, driver=driver, weight=weight, call_limits=limits, calls_per_s=rate)
                for name, driver, (weight, limits, rate) in zip(
                    self.names, self.drivers, self.plans, strict=True
                )
            ],
            clock=self.clock,
        )
        while True:
            try:
                self.loop.run_until_complete(self.pool.start(self.inbox.append))
            except LinkLostError:
                self.give(DriverDownReport())
                self.go_on(1_000)
            else:
                break

    def restart(self, *, away_ms):
        """Die, and come back with the journal alone (R9.3); the exchanges go on."""
        self.loop.run_until_complete(self.pool.close())
        self.inbox.clear()
        assert replay(self.events) == self.state
        self.pool = None
        self.give(DriverDownReport())
        self.go_on(away_ms)
        self.start()

    # Time --------------------------------------------------------------------------------

    def give(self, *messages):
        batch = handle_batch(self.state, messages or (Tick(),), self.clock.now())
        self.state = batch.state
        assert all(isinstance(r.error, CommandRefusedError) for r in batch.refusals), batch.refusals
        self._hear(batch.events)
        for decision in batch.decisions:
            if self.pool is not None:
                self.pool.carry_out(decision)
                self._look_at_nodes()
            else:
                assert not isinstance(decision, PlaceCall), "R5.5: placed while the link is down"

    def go_on(self, ms):
        """Let time pass, from one instant at which something happens to the next."""
        until = Instant(self.clock.now() + ms)
        while True:
            due = [self.clock.next_at(), next_wakeup(self.state, self.clock.now()), until]
            at = min(at for at in due if at is not None)
            self.clock.advance_to(Instant(max(at, self.clock.now())))
            self.loop.run_until_complete(_turns())
            reports, self.inbox[:] = list(self.inbox), []
            self.give(*reports)
            next_at = self.clock.next_at()
            if at >= until and not self.inbox and (next_at is None or next_at > until):
                return

    def until(self, is_so, *, within_ms=48 * HOUR_MS):
        """Let time pass until something is so."""
        last = self.clock.now() + within_ms
        while not is_so():
            assert self.clock.now() < last, "it does not come to an end"
            self.go_on(10_000)

    # The telephony ------------------------------------------------------------------------

    def lose(self, which, *, restarts):
        self.exchanges[which].lose_link(self.clock.now(), restarts=restarts)
        self._wake(which)

    def regain(self, which):
        self.exchanges[which].regain_link(self.clock.now())
        self._wake(which)

    def _wake(self, which):
        if self.pool is not None:
            self.drivers[which]._set_timer()

    # Laws --------------------------------------------------------------------------------

    def _hear(self, events):
        self.events += events
        assert self.auditor.hear(events) == ()
        assert check(self.state) == ()
        for exchange in self.exchanges:
            # With nobody connected, nobody tells it the time.
            exchange._advance(self.clock.now())
        up = {call_id for exchange in self.exchanges for call_id in exchange.calls_up()}
        for event in events:
            if isinstance(event, ev.CallEnded) and event.outcome.name == "LOST":
                assert event.call_id not in up, "R5.5: lost, and yet it is up"
            if isinstance(event, ev.CallWentAdrift):
                (there,) = [
                    exchange
                    for exchange in self.exchanges
                    if exchange.is_connected and event.call_id in exchange.calls_up()
                ] or [None]
                assert there is None, "adrift, and yet its node is in reach"

    def _look_at_nodes(self):
        """No node's limit is ever passed; no call is on two nodes."""
        ids = Counter()
        for exchange, (_, limits, _) in zip(self.exchanges, self.plans, strict=True):
            ids.update(exchange.calls_up())
            records = [call for call in exchange.calls() if call.ended_at is None]
            lines = Counter(call.line for call in records)
            assert limits.total is None or len(records) <= limits.total
            for line in Line:
                most = limits.on(line)
                assert most is None or lines[line] <= most
        assert not ids or max(ids.values()) == 1

    def look_back(self):
        """What the exchanges themselves wrote down."""
        ids = Counter()
        for exchange, (_, _, rate) in zip(self.exchanges, self.plans, strict=True):
            records = exchange.calls()
            ids.update(call.call_id for call in records)
            placed = sorted(call.placed_at for call in records)
            if rate is not None:
                windows = zip(placed, placed[rate:], strict=False)
                assert all(later - first >= 1_000 for first, later in windows)
        assert not ids or max(ids.values()) == 1, "a call was on two nodes"

    def calls_up(self):
        return {call.placement.call_id for call in calls(self.state)}

    def adrift(self):
        return {call.placement.call_id for call in calls(self.state) if call.is_adrift}


async def _turns():
    for _ in range(TURNS):
        await asyncio.sleep(0)

"""The driver of a pool: the switchboard, its nodes' drivers, and a clock."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable
from functools import partial
from itertools import chain, repeat

from typing_extensions import override

from campaign_core import Instant, Line
from campaign_core.decisions import Decision
from campaign_core.reports import Report
from campaign_drivers._driver import Capacity, Driver, Missing, ReportSink
from campaign_drivers.clock import Clock, Timer
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError
from campaign_drivers.pool._merging import merged_capacity, merged_missing, needed, own_capacity
from campaign_drivers.pool._node import Node, NodeState, NodeStatus, checked, ever_takes
from campaign_drivers.pool._switchboard import Switchboard

__all__ = ["PoolDriver"]

_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0)
"""Between tries to start a node that was out of reach; the last one repeats."""
_REFUSED_BACK_OFF_S = 60.0
"""After a refused log-in: a server may lock out whoever hammers."""
_OTHERS_WITHIN_S = 1.0
"""Once one node is started, the others have so long to be there from the beginning."""

_log = logging.getLogger("campaign_drivers.pool")


class PoolDriver(Driver):
    """One driver over several telephonies, which takes calls while one of them does.

    A node that is out of reach is left out, and taken in again when it is back. Reports come as
    the nodes' drivers give them; what the pool itself has to say comes from the clock, never
    within ``carry_out``.

    Args:
        nodes: at least one, their names all different; equal ones take calls in this order.
        clock: the host's own, which its nodes' drivers go by too.

    Raises:
        SettingsError: there is no node, or two have the same name.
    """

    def __init__(self, nodes: Iterable[Node], *, clock: Clock) -> None:
        self._nodes = {node.name: node for node in checked(nodes)}
        self._clock = clock
        self._drained = {node.name for node in self._nodes.values() if node.drained}
        self._switchboard = self._new_switchboard()
        self._report: ReportSink | None = None
        self._reports: deque[Report] = deque()
        self._is_reporting = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: Timer | None = None
        self._pauses: set[Timer] = set()

    @override
    async def start(self, report: ReportSink) -> None:
        """Start the nodes, and report from now on; one that starts is enough.

        Raises:
            LinkLostError: no node can be reached.
            LoginRefusedError: every node refuses our credentials.
        """
        assert self._report is None, "started twice"
        self._report = report
        self._reports.clear()
        self._alarm = None
        self._switchboard = self._new_switchboard()
        tries = {name: self._try(name) for name in self._nodes}
        try:
            await self._until_there(tries)
        except BaseException:
            await self.close()
            raise
        for name, attempt in tries.items():
            if not (attempt.done() and attempt.exception() is None):
                self._begin(self._bring_in(name, attempt))
        self._switchboard.gathered(self._clock.now())
        self._after(is_within_order=True)

    @override
    def carry_out(self, decision: Decision) -> None:
        """Carry out one decision, by the node that has the call or is chosen for it."""
        if self._report is not None:
            self._switchboard.carry_out(decision, self._clock.now())
            self._after(is_within_order=True)

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return what any node lacks of these sounds and routes, and which nodes do.

        A node is asked for what its limits let it need. One that is out of reach is not asked.
        """
        up = [node for node in self._switchboard.nodes.values() if node.is_up]
        answers = await asyncio.gather(
            *(self._missing(node, sounds, routing_classes) for node in up)
        )
        found = {node.name: answer for node, answer in zip(up, answers, strict=True)}
        return merged_missing(found)

    @override
    def capacity(self) -> Capacity:
        """Return how many calls the nodes take together that are up and not drained."""
        return merged_capacity(
            own_capacity(node, self._nodes[node.name].driver.capacity())
            for node in self._switchboard.nodes.values()
            if node.is_up and not node.is_drained
        )

    @override
    async def close(self) -> None:
        """Disconnect from every node; calls in progress go on. Nothing is reported after."""
        self._report = None
        for timer in (self._alarm, *self._pauses):
            if timer is not None:
                timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        closings = (node.driver.close() for node in self._nodes.values())
        for failure in await asyncio.gather(*closings, return_exceptions=True):
            if isinstance(failure, BaseException):
                raise failure

    # Nodes -------------------------------------------------------------------------------

    def nodes(self) -> tuple[NodeStatus, ...]:
        """Return what is so of each node, in their order."""
        return self._switchboard.statuses(self._clock.now())

    def drain(self, name: str) -> None:
        """Place no new calls on a node; its calls go on.

        Raises:
            LookupError: no node has this name.
        """
        self._state(name).is_drained = True
        self._drained.add(name)
        self._after(is_within_order=True)

    def restore(self, name: str) -> None:
        """Take back :meth:`drain`.

        Raises:
            LookupError: no node has this name.
        """
        self._state(name).is_drained = False
        self._drained.discard(name)
        self._after(is_within_order=True)

    def _new_switchboard(self) -> Switchboard:
        return Switchboard(
            NodeState(
                name=node.name,
                weight=node.weight,
                call_limits=node.call_limits,
                calls_per_s=node.calls_per_s,
                is_drained=node.name in self._drained,
            )
            for node in self._nodes.values()
        )

    def _state(self, name: str) -> NodeState:
        found = self._switchboard.nodes.get(name)
        if found is None:
            raise LookupError(f"no node {name!r}; there are {', '.join(self._nodes)}")
        return found

    async def _missing(
        self,
        node: NodeState,
        sounds: frozenset[str],
        routing_classes: frozenset[str | None],
    ) -> tuple[Missing, ...]:
        driver = self._nodes[node.name].driver
        classes = routing_classes if ever_takes(node.call_limits, Line.EXTERNAL) else frozenset()
        try:
            found = await driver.check(sounds=sounds, routing_classes=classes)
        except LinkLostError as error:
            # Lost just now; its own driver brings it back.
            _log.warning("node %s could not be checked: %s", node.name, error)
            return ()
        return needed(found, node.call_limits)

    # Starting ----------------------------------------------------------------------------

    def _try(self, name: str) -> asyncio.Task[None]:
        """Begin to start a node's driver."""
        return self._begin(self._start_node(name))

    async def _start_node(self, name: str) -> None:
        await self._nodes[name].driver.start(partial(self._hear, name))
        self._switchboard.connected(name)
        self._after()

    async def _until_there(self, tries: dict[str, asyncio.Task[None]]) -> None:
        """Wait until one node is started and the others had their chance, or none can be."""
        pending = set(tries.values())
        loop = asyncio.get_running_loop()
        until: float | None = None
        while pending:
            wait_s = None if until is None else max(0.0, until - loop.time())
            done, pending = await asyncio.wait(
                pending, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return
            if until is None and any(task.exception() is None for task in done):
                until = loop.time() + _OTHERS_WITHIN_S
        errors = {name: task.exception() for name, task in tries.items()}
        for error in errors.values():
            if error is not None and not isinstance(error, DriverError):
                raise error
        if all(errors.values()):
            for name, error in errors.items():
                self._switchboard.failed(name, str(error))
            why = "; ".join(f"{name}: {error}" for name, error in errors.items())
            refused = all(isinstance(error, LoginRefusedError) for error in errors.values())
            raise (LoginRefusedError if refused else LinkLostError)(why)

    async def _bring_in(self, name: str, attempt: asyncio.Task[None]) -> None:
        """Go on trying until a node is started."""
        for pause_s in chain(_BACK_OFF_S, repeat(_BACK_OFF_S[-1])):
            try:
                await attempt
            except DriverError as error:
                # Said once, and again where the reason is another one.
                if self._switchboard.nodes[name].last_error != str(error):
                    _log.warning("node %s is left out: %s", name, error)
                self._switchboard.failed(name, str(error))
                is_refused = isinstance(error, LoginRefusedError)
                await self._pause(_REFUSED_BACK_OFF_S if is_refused else pause_s)
            else:
                return
            attempt = self._try(name)

    async def _pause(self, seconds: float) -> None:
        over = asyncio.get_running_loop().create_future()
        until = Instant(self._clock.now() + round(seconds * 1_000))
        timer = self._clock.call_at(until, partial(_resolve, over))
        self._pauses.add(timer)
        try:
            await over
        finally:
            self._pauses.discard(timer)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="pool-node")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # One step ----------------------------------------------------------------------------

    def _hear(self, name: str, report: Report) -> None:
        if self._report is None:
            return
        node = self._switchboard.nodes[name]
        was_up = node.is_up
        self._switchboard.hear(name, report, self._clock.now())
        if node.is_up is not was_up:
            level = logging.INFO if node.is_up else logging.WARNING
            _log.log(level, "node %s is %s", name, "up" if node.is_up else "out of reach")
        self._after()

    def _after(self, *, is_within_order: bool = False) -> None:
        """Give the nodes their orders, and report; what an order brings comes on its own."""
        out = self._switchboard.take()
        self._reports += out.reports
        for name, decision in out.orders:
            self._nodes[name].driver.carry_out(decision)
        if self._reports and is_within_order:
            self._clock.call_at(self._clock.now(), self._deliver)
        elif self._reports:
            self._deliver()
        self._set_alarm()

    def _deliver(self) -> None:
        # An order given from within a report adds to what the loop below goes on with.
        if self._is_reporting:
            return
        self._is_reporting = True
        try:
            while self._reports and self._report is not None:
                self._report(self._reports.popleft())
        finally:
            self._is_reporting = False

    def _set_alarm(self) -> None:
        at = self._switchboard.wakeup()
        if at is not None and self._alarm is None and self._report is not None:
            self._alarm = self._clock.call_at(Instant(at), self._ring)

    def _ring(self) -> None:
        self._switchboard.wake(self._clock.now())
        self._after()


def _resolve(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)

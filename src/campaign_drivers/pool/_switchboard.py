"""The switchboard of a pool: all of it but its clock and its nodes' drivers. No I/O.

Decisions, what the nodes report, and time go in; orders to nodes and reports come out.

What becomes of a node, and what the host is told
    ::

        a node comes up      the first: DriverUpReport      another: nothing, it takes calls
        a node goes down     the last:  DriverDownReport    another: CallsAdriftReport of its calls
        what they take       CapacityReport of all together, whenever it is another number
        a node is surveyed   CallsUpReport of its calls; once all nodes were: of all calls

    A call that a node gives back goes to another node at once, as long as that is no delay; else
    it is deferred. ``DriverDownReport`` would say that nobody takes calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from campaign_core import CallId, CallLimits, Instant, Line
from campaign_core.decisions import Decision, HangUp, PlaceCall, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
    RefusalReport,
    Report,
    telling,
)
from campaign_drivers.pool._call import PoolCall
from campaign_drivers.pool._call_registry import CallRegistry
from campaign_drivers.pool._limits import sum_of_limits
from campaign_drivers.pool._node import NodeState, NodeStatus, ever_takes
from campaign_drivers.pool._node_choice import choose_node, free_from
from campaign_drivers.pool._reporter import PoolReporter

__all__ = ["PoolOutput", "Switchboard"]

_HAND_OVER_WITHIN_MS = 1_000
"""From the placing of a call until it is too late to try another node: no call is delayed."""
_DEFERRAL_MIN_MS = 1_000

_ReportOfCall = AnswerReport | DigitReport | PlaybackReport | EndReport | RefusalReport


@attrs.define
class PoolOutput:
    """What came of some steps, for the outside to take, in order."""

    orders: list[tuple[str, Decision]] = attrs.field(factory=list)
    """For the driver of the node that is named."""
    reports: list[Report] = attrs.field(factory=list)
    """For the host."""


class Switchboard:
    """The calls and the nodes of a pool.

    Args:
        nodes: in the order in which equal ones come; all out of reach at first.
    """

    def __init__(self, nodes: Iterable[NodeState]) -> None:
        self._registry = CallRegistry(nodes)
        self._nodes = tuple(self._registry.nodes.values())
        self._reporter = PoolReporter(self._registry)
        self._orders: list[tuple[str, Decision]] = []
        self._told_capacity = CallLimits()
        """What the host takes the nodes to take together."""

    @property
    def nodes(self) -> Mapping[str, NodeState]:
        """The nodes by name."""
        return self._registry.nodes

    def statuses(self, now: int) -> tuple[NodeStatus, ...]:
        """Return what is so of each node, in their order."""
        self._registry.drop_expired(now)
        return tuple(node.status(now) for node in self._nodes)

    def take(self) -> PoolOutput:
        """Return what came of the steps since the last time."""
        orders, self._orders = self._orders, []
        return PoolOutput(orders=orders, reports=list(self._with_capacity(self._reporter.take())))

    def _with_capacity(self, reports: Iterable[Report]) -> Iterator[Report]:
        """Yield reports, and what the nodes take together before whatever is told of calls."""
        capacity = sum_of_limits(node.capacity() for node in self._nodes)
        for report in reports:
            yield report
            if isinstance(report, DriverUpReport):
                self._told_capacity = CallLimits()
                yield from self._news_of(capacity)
        if self._reporter.is_up:
            yield from self._news_of(capacity)

    def _news_of(self, capacity: CallLimits) -> Iterator[Report]:
        if capacity != self._told_capacity:
            self._told_capacity = capacity
            yield CapacityReport(capacity)

    # Orders ------------------------------------------------------------------------------

    def carry_out(self, decision: Decision, now: int) -> None:
        """Carry out one decision."""
        if isinstance(decision, PlaceCall):
            self._place(decision, now)
            return
        call = self._registry.call(decision.call_id)
        if call is None:
            # Taken over and not told of yet, perhaps; elsewhere a hang-up is harmless.
            if isinstance(decision, HangUp):
                self._orders += [(node.name, decision) for node in self._nodes if node.is_up]
            return
        if isinstance(decision, HangUp):
            call.is_hung_up = True
        elif isinstance(decision, Transfer):
            self._registry.prolong(call.call_id, decision.dead_man_s, now)
        if self.nodes[call.node].is_up:
            self._orders.append((call.node, decision))

    def _place(self, order: PlaceCall, now: int) -> None:
        self._registry.drop_expired(now)
        if self._registry.call(order.call_id) is not None:
            # A report would end the call in progress; exchanges keep quiet too.
            return
        if not any(ever_takes(node.call_limits, order.line) for node in self._nodes):
            why = f"no node of the pool takes {order.line.name.lower()} calls"
            self._tell(RefusalReport(call_id=order.call_id, why=telling(why)))
        elif self._reporter.is_announced and not any(node.is_up for node in self._nodes):
            self._tell(DriverDownReport((order.call_id,)))
        else:
            self._place_on_one(order, now)

    def _place_on_one(self, order: PlaceCall, now: int, before: PoolCall | None = None) -> None:
        tried = frozenset[str]() if before is None else before.tried | {before.node}
        node = choose_node(self._nodes, order.line, now, but=tried)
        if node is None:
            self._defer(order.call_id, order.line, now)
        else:
            self._registry.place(order, node, now, before)
            self._orders.append((node.name, order))

    def _not_taken(self, call: PoolCall, now: int) -> None:
        """Try another node for a call that its node did not take, if that is no delay."""
        self._registry.remove(call, now)
        is_late = call.is_hung_up or now - call.placed_at >= _HAND_OVER_WITHIN_MS
        if call.order is None or is_late:
            self._defer(call.call_id, call.line, now)
        else:
            self._place_on_one(call.order, now, call)

    def _defer(self, call_id: CallId, line: Line | None, now: int) -> None:
        until = free_from(self._nodes, line or Line.EXTERNAL, now)
        self._tell(DeferralReport(call_id=call_id, until=Instant(until)))

    # Nodes -------------------------------------------------------------------------------

    def connected(self, name: str) -> None:
        """Take it that a node's driver is started, unless it has said itself how things are."""
        node = self.nodes[name]
        if not node.is_told_of:
            self._node_up(node)

    def failed(self, name: str, why: str) -> None:
        """Take it that a node's driver could not be started."""
        self.nodes[name].last_error = why

    def gathered(self, now: int) -> None:
        """Take it that every node was tried; what the nodes tell of their calls is waited for."""
        self._reporter.gather(now)

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        return self._reporter.announces_by

    def wake(self, now: int) -> None:
        """Do what is due."""
        self._reporter.wake(now)

    def hear(self, name: str, report: Report, now: int) -> None:
        """Take what a node reports."""
        node = self.nodes[name]
        match report:
            case DriverUpReport():
                node.is_told_of = True
                self._node_up(node)
            case DriverDownReport():
                self._node_down(node, report, now)
            case DeferralReport():
                self._deferred(node, report, now)
            case CapacityReport():
                node.limit_to(report.call_limits)
            case CallsAdriftReport():
                self._lost_part(node, report, now)
            case CallsUpReport():
                self._surveyed(node, report, now)
            case _:
                self._of_call(node, report, now)

    def _of_call(self, node: NodeState, report: _ReportOfCall, now: int) -> None:
        call = self._registry.call(report.call_id)
        if call is not None:
            if call.node != node.name:
                # Late: the call went to another node since.
                return
            if isinstance(report, EndReport | RefusalReport):
                self._registry.remove(call, now)
            else:
                call.is_answered = True
        self._tell(report)

    def _deferred(self, node: NodeState, report: DeferralReport, now: int) -> None:
        until = max(report.until, now + _DEFERRAL_MIN_MS)
        node.deferred_until = max(node.deferred_until, until)
        call = self._registry.call(report.call_id)
        if call is None:
            self._tell(report)
        elif call.node == node.name and not call.is_answered:
            # Elsewhere, or answered: the report is late or doubled.
            self._not_taken(call, now)

    def _node_up(self, node: NodeState) -> None:
        if node.is_up:
            return
        node.is_up = True
        node.surveys = 0
        node.limit_to(CallLimits())
        self._reporter.node_came_up()

    def _node_down(self, node: NodeState, report: DriverDownReport, now: int) -> None:
        was_up, node.is_up, node.is_told_of = node.is_up, False, True
        node.surveys = 0
        if was_up:
            node.last_error = "the connection was lost"
        calls = [self._registry.call(call_id) for call_id in dict.fromkeys(report.returned)]
        returned = [
            call
            for call in calls
            if call is not None and call.node == node.name and not call.is_answered
        ]
        adrift = self._registry.mark_adrift(node, now - report.silent_ms)
        adrift -= {call.call_id for call in returned}
        if self._reporter.is_announced and not any(other.is_up for other in self._nodes):
            for call in returned:
                self._registry.remove(call, now)
            ids = tuple(call.call_id for call in returned)
            self._reporter.go_down(ids, silent_ms=report.silent_ms)
            return
        for call in returned:
            self._not_taken(call, now)
        if adrift:
            self._tell(CallsAdriftReport(adrift))
        self._reporter.node_changed()

    # Surveys -----------------------------------------------------------------------------

    def _lost_part(self, node: NodeState, report: CallsAdriftReport, now: int) -> None:
        """A node may have parts itself."""
        own = [call for call in node.calls.values() if call.call_id in report.call_ids]
        for call in own:
            call.adrift_since = now if call.adrift_since is None else call.adrift_since
        self._tell(CallsAdriftReport(call.call_id for call in own))

    def _surveyed(self, node: NodeState, report: CallsUpReport, now: int) -> None:
        was_adrift = self._registry.adrift(node)
        up = self._claimed(node, report.call_ids, now)
        if report.among is None:
            node.surveys += 1
            gone = self._registry.drop_missing(node, up, now, is_first=node.surveys == 1)
        else:
            others = frozenset(node.calls) - report.among
            gone = self._registry.drop_missing(node, up | others, now, is_first=False)
        self._reporter.survey(up, gone, settles=bool(was_adrift & (up | gone)))

    def _claimed(self, node: NodeState, call_ids: frozenset[CallId], now: int) -> frozenset[CallId]:
        """Take over the calls that a node lists, and return those that are its own."""
        own = []
        for call_id in sorted(call_ids):
            call = self._registry.call(call_id)
            is_elsewhere = call is not None and call.node != node.name
            if is_elsewhere or (call is None and self._registry.is_over(call_id)):
                # The node never took it, it said, or it ended: the host may have called again.
                self._orders.append((node.name, HangUp(call_id)))
                continue
            if call is None:
                self._registry.take_over(call_id, node, now)
            else:
                call.adrift_since = None
            own.append(call_id)
        return frozenset(own)

    def _tell(self, report: Report) -> None:
        self._reporter.tell(report)

"""What Prometheus is told: counters kept up by durable events, the rest read when it asks.

Everything stands in a registry of the application's own.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Iterable

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from campaign_core import Line, Status, calls, campaigns, link
from campaign_drivers.pool import NodeStatus
from campaign_service.journal import JournalEntry
from campaign_service.serving import NotLeadingError, ProcessRole, ServiceHost, TenantService

__all__ = ["Metrics"]

_LAG_EVERY_S = 0.5
_DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Ended(msgspec.Struct):
    outcome: str


_ended = msgspec.json.Decoder(_Ended)


class Metrics:
    """Counts, and answers what is so now."""

    def __init__(self, host: ServiceHost) -> None:
        self.listeners: Callable[[], dict[str, int]] = dict
        """Tells how many listen to each tenant."""
        self.registry = CollectorRegistry(auto_describe=True)
        self._events = Counter(
            "campaign_events", "Durable events.", ["tenant", "kind"], registry=self.registry
        )
        self._placed = Counter(
            "campaign_calls_placed", "Calls placed.", ["tenant"], registry=self.registry
        )
        self._outcomes = Counter(
            "campaign_outcomes",
            "Ended calls by outcome.",
            ["tenant", "outcome"],
            registry=self.registry,
        )
        self._requests = Histogram(
            "campaign_request_duration_seconds",
            "Answers to requests, until their first byte.",
            ["method", "route", "status"],
            buckets=_DURATIONS_S,
            registry=self.registry,
        )
        self._lag_s = 0.0
        self.registry.register(_GaugeCollector(host, self._count_listeners, self._take_lag))

    def event_counter(self, tenant: str) -> Callable[[Iterable[JournalEntry]], None]:
        """Return what counts the events of a tenant."""
        placed = self._placed.labels(tenant)

        def count(entries: Iterable[JournalEntry]) -> None:
            kinds: Tally[str] = Tally()
            outcomes: Tally[str] = Tally()
            for entry in entries:
                kinds[entry.kind] += 1
                if entry.kind == "CallEnded":
                    outcomes[_ended.decode(entry.data).outcome] += 1
            for kind, number in kinds.items():
                self._events.labels(tenant, kind).inc(number)
            for outcome, number in outcomes.items():
                self._outcomes.labels(tenant, outcome).inc(number)
            placed.inc(kinds["CallPlaced"])

        return count

    def observe_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus's text form; to be asked in a thread."""
        return generate_latest(_RegistryWithoutCreated(self.registry))

    async def measure_loop_lag(self) -> None:
        """Measure how late the event loop comes to what is due, for as long as this is awaited."""
        loop = asyncio.get_running_loop()
        while True:
            due_at = loop.time() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            self._lag_s = max(self._lag_s, loop.time() - due_at)

    def _count_listeners(self) -> dict[str, int]:
        return self.listeners()

    def _take_lag(self) -> float:
        lag_s, self._lag_s = self._lag_s, 0.0
        return lag_s


class _RegistryWithoutCreated(CollectorRegistry):
    """A registry without the instants at which counting began: half of all lines, asked by nobody.

    The library can leave them out for a whole process alone, which may be another program's.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._counted = registry

    @override
    def collect(self) -> Iterable[Metric]:
        for family in self._counted.collect():
            family.samples = [one for one in family.samples if not one.name.endswith("_created")]
            yield family


class _GaugeCollector(Collector):
    """What is so at the moment of asking."""

    def __init__(
        self, host: ServiceHost, listeners: Callable[[], dict[str, int]], lag_s: Callable[[], float]
    ) -> None:
        self._host = host
        self._listeners = listeners
        self._lag_s = lag_s

    @override
    def collect(self) -> Iterable[Metric]:
        families = {
            name: GaugeMetricFamily(f"campaign_{name}", text, labels=["tenant", *labels])
            for name, (text, labels) in _GAUGES.items()
        }
        listeners = self._listeners()
        for name, tenant in self._host.tenants.items():
            for gauge, labels, value in _tenant_gauges(tenant, listeners.get(name, 0)):
                families[gauge].add_metric([name, *labels], value)
        yield from families.values()
        lag = "The longest time that the event loop was late since it was last asked."
        yield GaugeMetricFamily("campaign_event_loop_lag_seconds", lag, value=self._lag_s())


_GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "calls_in_progress": ("Calls in progress.", ("line",)),
    "campaigns": ("Campaigns on the list, by status.", ("status",)),
    "journal_last_seq": ("The number of the last durable event.", ()),
    "journal_away": ("1 while the journal cannot be written or read.", ()),
    "events_waiting": ("Events that are not durable yet.", ()),
    "link_up": ("1 while the telephony is connected.", ()),
    "simulated": ("1 where nobody is really called: the telephony is simulated.", ()),
    "leading": ("1 where this process leads the tenant.", ()),
    "draining": ("1 while no new calls are placed since the process stops.", ()),
    "trouble": ("1 while the process cannot serve or lead the tenant, or is unsure of it.", ()),
    "listeners": ("Listeners of the event stream.", ()),
    "node_up": ("1 while a node of the telephony is connected.", ("node",)),
    "node_draining": ("1 while a node gets no new calls, by order.", ("node",)),
    "node_calls": ("Calls that a node has.", ("node",)),
}


def _tenant_gauges(
    tenant: TenantService, listeners: int
) -> Iterable[tuple[str, tuple[str, ...], float]]:
    health, state = tenant.health(), tenant.state
    lines = Tally(call.placement.line for call in calls(state))
    statuses = Tally(campaign.status for campaign in campaigns(state, tenant.now))
    yield from (("calls_in_progress", (line.name,), lines[line]) for line in Line)
    yield from (("campaigns", (status.name,), statuses[status]) for status in Status)
    yield "journal_last_seq", (), health.last_seq
    yield "journal_away", (), health.journal_away_since is not None
    yield "events_waiting", (), health.events_waiting
    yield "link_up", (), health.link_is_up
    yield "simulated", (), link(state).is_simulated
    yield "leading", (), health.role is ProcessRole.LEADING
    yield "draining", (), health.draining
    yield "trouble", (), health.trouble is not None
    yield "listeners", (), listeners
    for node in _nodes(tenant):
        yield "node_up", (node.name,), node.is_up
        yield "node_draining", (node.name,), node.is_drained
        yield "node_calls", (node.name,), node.calls


def _nodes(tenant: TenantService) -> tuple[NodeStatus, ...]:
    try:
        return tenant.nodes()
    except NotLeadingError:
        # Who leads tells of them.
        return ()

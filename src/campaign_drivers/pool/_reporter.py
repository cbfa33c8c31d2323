"""The reporter: what the host is told of the pool as a whole, and when.

The first word
    Upon starting it waits until each node that was reached has told of its calls, for a second at
    most: what is told then is of all of them, and calls spread over all from the beginning.
    Whatever happens in calls meanwhile is told behind it.

Which calls are up
    After a restart nobody here knows of any call. A call that is absent from all nodes in reach
    may be up on one that is not, so their surveys tell of the calls that they list and of no
    others, until every node has been asked. A node that goes and comes back is another matter: the
    calls that it had are known, and those it does not list any more are lost.
"""

from __future__ import annotations

from campaign_core import CallId
from campaign_core.reports import CallsUpReport, DriverDownReport, DriverUpReport, Report
from campaign_drivers.pool._call_registry import CallRegistry

__all__ = ["PoolReporter"]

_GATHER_MS = 1_000
"""How long the first word waits for nodes that were reached to tell of their calls."""
_SURVEYS = 2
"""How many surveys of everything the core heeds after a reconnection (R5.5)."""


class PoolReporter:
    """Tells the host.

    Args:
        registry: the nodes and their calls.
    """

    def __init__(self, registry: CallRegistry) -> None:
        self._registry = registry
        self._nodes = tuple(registry.nodes.values())
        self._told: list[Report] = []
        self._held: list[Report] = []
        """What is told behind the first word."""
        self.is_announced = False
        """Whether the first word was said."""
        self.is_up = False
        """Whether the host was told that the pool is."""
        self._surveys = 0
        """Surveys of everything that were told since the pool is up."""
        self.announces_by: int | None = None
        """When the first word is said at the latest, once every node was tried."""

    def take(self) -> list[Report]:
        """Return what was told since the last time."""
        told, self._told = self._told, []
        return told

    def tell(self, report: Report) -> None:
        """Tell something, behind the first word."""
        (self._told if self.is_announced else self._held).append(report)

    # The first word ------------------------------------------------------------------------

    def gather(self, now: int) -> None:
        """Take it that every node was tried."""
        self.announces_by = now + _GATHER_MS
        self.node_changed()

    def wake(self, now: int) -> None:
        """Wait no longer, if it is time."""
        if self.announces_by is not None and self.announces_by <= now:
            self._announce()

    def node_changed(self) -> None:
        """Say the first word, if no node is waited for any more."""
        is_waiting = any(node.is_up and not node.surveys for node in self._nodes)
        if self.announces_by is not None and not is_waiting:
            self._announce()

    def _announce(self) -> None:
        self.is_announced, self.announces_by = True, None
        if any(node.is_up for node in self._nodes):
            self._come_up()
            if self._is_whole_due():
                self._tell_all_calls()
            else:
                up = self._registry.reachable()
                self.tell(CallsUpReport(up, among=up))
        else:
            self.tell(DriverDownReport())
        self._told += self._held

    # Up and down ---------------------------------------------------------------------------

    def node_came_up(self) -> None:
        """Take it that a node is up: the first one brings the pool up."""
        if self.is_announced and not self.is_up:
            self._come_up()

    def go_down(self, returned: tuple[CallId, ...], *, silent_ms: int) -> None:
        """Take it that no node is up; the last one had not been heard for so long."""
        self.is_up = False
        self.tell(DriverDownReport(returned, silent_ms=silent_ms))

    def _come_up(self) -> None:
        self.is_up = True
        self._surveys = 0
        self.tell(DriverUpReport())

    # Surveys -------------------------------------------------------------------------------

    def survey(self, up: frozenset[CallId], gone: frozenset[CallId], *, settles: bool) -> None:
        """Tell what a node said.

        Args:
            up: the calls that it has.
            gone: those that it has no more.
            settles: whether the fate of any of these was unknown to the host.
        """
        # What settles something is told in any case: a survey of everything is heeded only
        # where the whole pool was out of reach before.
        if settles or (self.is_announced and not self._is_whole_due()):
            self.tell(CallsUpReport(up, among=up | gone))
        if not self.is_announced:
            self.node_changed()
            return
        while self._is_whole_due():
            self._tell_all_calls()

    def _is_whole_due(self) -> bool:
        """Return whether every node was asked once more than the host was told of everything."""
        return (
            self._surveys < _SURVEYS
            and all(node.is_up and node.surveys > self._surveys for node in self._nodes)
            and not self._registry.has_adrift
        )

    def _tell_all_calls(self) -> None:
        self._surveys += 1
        self.tell(CallsUpReport(self._registry.reachable()))

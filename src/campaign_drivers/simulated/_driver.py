"""The simulated driver: the protocol of ``campaign_drivers`` over an exchange and a clock."""

from __future__ import annotations

from campaign_core import Instant
from campaign_core.decisions import Decision
from campaign_drivers._driver import Capacity, Missing, ReportSink
from campaign_drivers.clock import Clock, Timer
from campaign_drivers.simulated._exchange import Exchange

__all__ = ["SimulatedDriver"]


class SimulatedDriver:
    """A driver whose telephony is an :class:`Exchange`.

    Reports come while the clock wakes the driver, never within ``carry_out``. One driver after
    the other may serve the same exchange, as services that are restarted do: calls go on.

    Args:
        exchange: the telephony.
        clock: tells the driver the time; the host must use the same one.
    """

    def __init__(self, *, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._report: ReportSink | None = None
        self._timer: Timer | None = None
        self._wakes_at: Instant | None = None

    async def start(self, report: ReportSink) -> None:
        """Connect, and report from now on.

        Raises:
            LinkLostError: the exchange has an outage just now.
        """
        self._exchange.connect(self._clock.now())
        self._report = report
        self._set_timer()

    def carry_out(self, decision: Decision) -> None:
        """Carry out one decision; after ``close`` nothing is."""
        if self._report is not None:
            self._exchange.carry_out(decision, self._clock.now())
            self._set_timer()

    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes the exchange does not have."""
        return self._exchange.missing(sounds=sounds, routing_classes=routing_classes)

    def capacity(self) -> Capacity:
        """Return how many calls the exchange takes."""
        return self._exchange.capacity()

    async def close(self) -> None:
        """Disconnect; calls in progress go on. Nothing is reported after."""
        self._report = None
        if self._timer is not None:
            self._timer.cancel()
        self._exchange.disconnect(self._clock.now())

    def lose_link(self, *, restarts: bool = False) -> None:
        """Lose the connection on demand; see :meth:`Exchange.lose_link`."""
        self._exchange.lose_link(self._clock.now(), restarts=restarts)
        self._set_timer()

    def regain_link(self) -> None:
        """End what :meth:`lose_link` began."""
        self._exchange.regain_link(self._clock.now())
        self._set_timer()

    def _wake(self) -> None:
        self._timer = self._wakes_at = None
        for _, report in self._exchange.reports_until(self._clock.now()):
            # A report may lead the host to close us.
            if self._report is not None:
                self._report(report)
        self._set_timer()

    def _set_timer(self) -> None:
        """Be woken when something happens next, or earlier if that is sooner than was thought."""
        at = self._exchange.next_at()
        if self._report is None or at is None:
            return
        if self._timer is not None and self._wakes_at is not None and self._wakes_at <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._wakes_at = self._clock.call_at(at, self._wake), at

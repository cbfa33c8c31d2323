"""The shell: pumps bytes between a socket and the switchboard, and keeps them connected.

No knowledge of calls here. One step is: feed what came, write what it brought, then report; a
report may bring new orders at once, which are the next step and not part of this one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from itertools import count
from secrets import token_hex

import attrs
from typing_extensions import override

from campaign_core import Instant
from campaign_core.decisions import Decision
from campaign_core.reports import DeferralReport, Report
from campaign_drivers._driver import Capacity, Driver, Missing, ReportSink
from campaign_drivers._transport import Link, connect, tls_context
from campaign_drivers.asterisk._doctor import missing
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._switchboard import Switchboard
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError

__all__ = ["AsteriskDriver"]

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Between attempts to connect again; the last one repeats."""

_log = logging.getLogger("campaign_drivers.asterisk")


def _now() -> int:
    # A clock that never goes back: limits must not jump with the time of day.
    return time.monotonic_ns() // 1_000_000


def _wall() -> int:
    return time.time_ns() // 1_000_000


class AsteriskDriver(Driver):
    """Places calls on an Asterisk, as :class:`~campaign_drivers._driver.Driver` promises."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Take the settings; nothing is connected before :meth:`start`."""
        self.settings = settings
        self._board = Switchboard(settings)
        self._link: Link | None = None
        self._report: ReportSink | None = None
        self._reports: deque[Report] = deque()
        self._is_reporting = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._end: DriverError | None = None
        self._run = token_hex(3)
        self._runs = count(1)

    @override
    async def start(self, report: ReportSink) -> None:
        """Connect, and report from now on."""
        assert self._report is None, "started twice"
        self._report = report
        try:
            await self._connect()
        except DriverError:
            self._report = None
            raise
        self._keeper = asyncio.create_task(self._keep_connected(), name="asterisk-link")

    @override
    def carry_out(self, decision: Decision) -> None:
        """Carry out one decision."""
        self._board.is_congested = self._link is not None and self._link.is_congested
        self._board.carry_out(decision, _now())
        self._after()

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes Asterisk does not have."""
        return await missing(self.settings, sounds=sounds, routing_classes=routing_classes)

    @override
    def capacity(self) -> Capacity:
        """Return what the settings say the exchange takes."""
        return Capacity(calls_max=self.settings.calls_max, calls_per_s=self.settings.calls_per_s)

    @override
    async def close(self) -> None:
        """Disconnect; calls in progress go on until their dead man's switch."""
        self._report = None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._timer is not None:
            self._timer.cancel()
        self._cut()
        # The transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    # The connection -----------------------------------------------------------------------

    async def _connect(self) -> None:
        settings = self.settings
        self._changed.clear()
        self._end = None
        tls = tls_context(settings.tls_ca) if settings.tls else None
        generation = next(self._runs)
        self._board.connected(_now(), f"{self._run}{generation}x")
        self._link = await connect(
            settings.host,
            settings.port,
            on_bytes=self._on_bytes,
            on_lost=lambda why: self._on_lost(why, generation),
            within_s=settings.login_within_s,
            tls=tls,
            tls_name=settings.tls_name,
        )
        self._generation = generation
        self._after()
        while not self._board.is_up:
            await self._changed.wait()
            self._changed.clear()
            if self._end is not None:
                raise self._end

    async def _keep_connected(self) -> None:
        while True:
            while self._end is None:
                self._changed.clear()
                await self._changed.wait()
            failures = 0
            while self._end is not None:
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
                try:
                    await self._connect()
                except DriverError as error:
                    self._end = error
                    self._cut()
                    _log.warning("no connection to Asterisk: %s", error)
            _log.info("connected to Asterisk again")

    def _on_bytes(self, data: bytes) -> None:
        self._board.receive(data, _now())
        self._after()

    def _on_lost(self, why: str, generation: int) -> None:
        if self._link is None or generation != self._generation:
            return
        self._link = None
        self._end = self._end or LinkLostError(why)
        self._board.lost(why, _now())
        self._after()
        self._changed.set()

    def _cut(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.abort()

    # One step -----------------------------------------------------------------------------

    def _after(self) -> None:
        """Write and report what a step brought, and set the alarm for the next."""
        board = self._board
        if self._link is not None:
            self._link.write(board.outgoing())
        out = board.take()
        for note in out.notes:
            _log.warning("%s", note)
        self._reports.extend(out.reports)
        if out.over is not None:
            refused = out.over.refused
            self._end = LoginRefusedError(out.over.why) if refused else LinkLostError(out.over.why)
            self._cut()
            board.lost(out.over.why, _now())
            self._reports.extend(board.take().reports)
            self._changed.set()
        if board.is_up:
            self._changed.set()
        self._set_alarm()
        self._deliver()

    def _deliver(self) -> None:
        # An order given from within a report comes back here: the loop below goes on with it.
        if self._is_reporting:
            return
        self._is_reporting = True
        try:
            while self._reports and self._report is not None:
                self._report(self._timed(self._reports.popleft()))
        finally:
            self._is_reporting = False

    def _timed(self, report: Report) -> Report:
        if not isinstance(report, DeferralReport):
            return report
        # Inside, time is counted from the machine's start; outside it is the time of day.
        return attrs.evolve(report, until=Instant(report.until - _now() + _wall()))

    def _set_alarm(self) -> None:
        at = self._board.wakeup()
        if at == self._timer_at:
            return
        # A later alarm than the one that is set can wait for it: most moments never come.
        if at is not None and self._timer_at is not None and at > self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = at
        if at is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0, at - _now()) / 1_000, self._ring)

    def _ring(self) -> None:
        self._timer, self._timer_at = None, None
        self._board.wake(_now())
        self._after()

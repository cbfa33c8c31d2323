"""The shell of a driver that talks to its telephony over one connection, and keeps it.

It pumps bytes between a board (``_board``) and a socket, and connects again when the connection is
lost. One step is: feed what came, write what it brought, then report; a report
may bring new orders at once, which are the next step and not part of this one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import attrs
from typing_extensions import override

from campaign_core import Instant
from campaign_core.decisions import Decision
from campaign_core.reports import DeferralReport, DriverDownReport, Report
from campaign_drivers._driver import Driver, ReportSink
from campaign_drivers._telephony.protocol import ProtocolDriver
from campaign_drivers._telephony.transport import Link, connect, tls_context
from campaign_drivers.clock import Clock, present
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError

__all__ = ["Address", "SocketDriver", "dial", "monotonic_ms"]

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Between attempts to connect again; the last one repeats."""

_SILENT_MS = 1_000
"""A loss that was noticed sooner after the telephony was heard last was noticed at once."""

REFUSED_BACK_OFF_S = 60.0
"""After a refused log-in: it will be refused until a person changes something, and a server may
lock out whoever hammers."""


def monotonic_ms() -> int:
    """Return milliseconds of a clock that never goes back: limits must not jump with the day."""
    return time.monotonic_ns() // 1_000_000


@attrs.frozen(kw_only=True)
class Address:
    """Where a telephony is, and how to speak to it."""

    host: str
    port: int
    within_s: float
    """Until giving up."""
    tls: bool = False
    tls_ca: Path | None = None
    """Certificates to trust, PEM; ``None``: the system's."""
    tls_name: str | None = None
    """The name in the server's certificate; ``None``: the host."""


async def dial(address: Address, *, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Open a connection to an address.

    Raises:
        LinkLostError: there is no connection to be had.
    """
    return await connect(
        address.host,
        address.port,
        on_bytes=on_bytes,
        on_lost=on_lost,
        within_s=address.within_s,
        tls=tls_context(address.tls_ca) if address.tls else None,
        tls_name=address.tls_name,
    )


class OnBytes(Protocol):
    """Is given what arrives."""

    def __call__(self, data: bytes, /) -> None:
        """Take bytes."""


class OnLost(Protocol):
    """Is told once when the connection is gone."""

    def __call__(self, why: str, /) -> None:
        """Take the reason."""


class SocketDriver(Driver):
    """What a driver over one connection is, beside its board.

    A subclass adds ``check`` and ``capacity``.

    Args:
        board: all of the driver but its socket.
        address: where to connect.
        name: of the telephony, for the log.
    """

    def __init__(self, *, board: ProtocolDriver, address: Address, name: str) -> None:
        """Nothing is connected before :meth:`start`."""
        self._board = board
        self._address = address
        self._name = name
        self._log = logging.getLogger(f"campaign_drivers.{name.lower()}")
        self._link: Link | None = None
        self._generation = 0
        self._report: ReportSink | None = None
        self._reports: deque[Report] = deque()
        self._is_reporting = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._was_up = False
        self._heard_at = 0
        self._end: DriverError | None = None
        self._now: Callable[[], Instant] = present
        self._run = token_hex(3)
        self._runs = count(1)

    def keep_time(self, clock: Clock) -> None:
        """Name instants by the host's clock; without this, by the time of day."""
        self._now = clock.now

    @override
    async def start(self, report: ReportSink) -> None:
        """Connect, and report from now on."""
        assert self._report is None, "started twice"
        self._report = report
        try:
            await self._connect()
        except BaseException:
            self._report = None
            self._cut()
            raise
        self._keeper = asyncio.create_task(self._keep_connected(), name=f"{self._name}-link")

    @override
    def carry_out(self, decision: Decision) -> None:
        """Carry out one decision; what comes of it is never reported within."""
        if self._report is None:
            return
        self._board.is_congested = self._link is not None and self._link.is_congested
        self._board.carry_out(decision, monotonic_ms())
        self._collect()
        if self._reports and not self._is_reporting:
            asyncio.get_running_loop().call_soon(self._deliver)

    @override
    async def close(self) -> None:
        """Disconnect; calls in progress go on until their dead man's switch."""
        self._report = None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._timer is not None:
            self._timer.cancel()
        # What we end ourselves is not lost.
        self._generation = 0
        self._cut()
        # The transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    # The connection -----------------------------------------------------------------------

    async def _connect(self) -> None:
        self._changed.clear()
        self._end = None
        self._generation = generation = next(self._runs)
        self._heard_at = monotonic_ms()
        self._board.connected(self._heard_at, f"{self._run}{generation}x")
        self._link = await dial(
            self._address,
            on_bytes=self._on_bytes,
            on_lost=lambda why: self._on_lost(why, generation),
        )
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
                refused = isinstance(self._end, LoginRefusedError)
                pause = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
                await asyncio.sleep(REFUSED_BACK_OFF_S if refused else pause)
                failures += 1
                try:
                    await self._connect()
                except DriverError as error:
                    self._end = error
                    self._cut()
                    self._log.warning("no connection to %s: %s", self._name, error)
            self._log.info("connected to %s again", self._name)

    def _on_bytes(self, data: bytes) -> None:
        self._heard_at = monotonic_ms()
        self._board.receive(data, self._heard_at)
        self._after()

    def _on_lost(self, why: str, generation: int) -> None:
        if generation != self._generation:
            return
        self._link = None
        self._end = self._end or LinkLostError(why)
        self._board.lost(why, monotonic_ms())
        self._after()
        self._changed.set()

    def _cut(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.abort()

    # One step -----------------------------------------------------------------------------

    def _after(self) -> None:
        """Write and report what a step brought, and set the alarm for the next."""
        self._collect()
        self._deliver()

    def _collect(self) -> None:
        board = self._board
        if self._link is not None:
            self._link.write(board.outgoing())
        out = board.take()
        self._reports.extend(self._with_silence(out.reports))
        if out.over is not None:
            why = out.over.why
            self._end = LoginRefusedError(why) if out.over.refused else LinkLostError(why)
            self._cut()
            board.lost(why, monotonic_ms())
            after = board.take()
            self._reports.extend(self._with_silence(after.reports))
            out.notes.extend(after.notes)
        for note in out.notes:
            self._log.warning("%s", note)
        if out.over is not None or board.is_up is not self._was_up:
            self._was_up = board.is_up
            self._changed.set()
        self._set_alarm()

    def _with_silence(self, reports: list[Report]) -> list[Report]:
        """Add to the report of a loss since when the telephony was not heard (R5.5)."""
        silent_ms = monotonic_ms() - self._heard_at
        is_loss = self._was_up and not self._board.is_up
        if not is_loss or silent_ms < _SILENT_MS:
            return reports
        return [
            attrs.evolve(report, silent_ms=silent_ms)
            if isinstance(report, DriverDownReport)
            else report
            for report in reports
        ]

    def _deliver(self) -> None:
        # An order given from within a report adds to what the loop below goes on with.
        if self._is_reporting:
            return
        self._is_reporting = True
        try:
            while self._reports and self._report is not None:
                self._report(_timed(self._reports.popleft(), self._now()))
        finally:
            self._is_reporting = False

    def _set_alarm(self) -> None:
        if self._report is None:
            return
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
            self._timer = loop.call_later(max(0, at - monotonic_ms()) / 1_000, self._ring)

    def _ring(self) -> None:
        self._timer, self._timer_at = None, None
        self._board.wake(monotonic_ms())
        self._after()


def _timed(report: Report, now: Instant) -> Report:
    if not isinstance(report, DeferralReport):
        return report
    # Inside, time is counted from the machine's start; outside it is the host's.
    return attrs.evolve(report, until=Instant(report.until - monotonic_ms() + now))

"""What the tests hold a driver with: orders by hand, and reports with their times."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import attrs

from campaign_core import CallId, Line, ServiceId
from campaign_core.decisions import ALL_DIGITS, HangUp, PlaceCall, Play
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    EndReport,
    RefusalReport,
    Report,
)
from campaign_drivers.asterisk import AsteriskDriver, AsteriskSettings, Route

from .servers import SECRET, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_services = itertools.count(0xC0DE0000)


def settings_for(server: Server, **changes: object) -> AsteriskSettings:
    """Return settings for a server, with a service id that no other test has.

    ``internal=None``: the default route.
    """
    known: dict[str, object] = {
        "service_id": ServiceId(f"{next(_services) ^ (hash(server.inside) & 0xFFFF00):08x}"),
        "host": "127.0.0.1",
        "port": server.ami,
        "user": "campaign",
        "secret": SECRET,
        "internal": Route(channel="Local/{number}@callees/n"),
        "external": {
            None: Route(channel="PJSIP/{number}@peer"),
            "absent": Route(channel="PJSIP/absent/{number}"),
            "nosuch": Route(channel="PJSIP/{number}@nosuch"),
            "notech": Route(channel="Nosuch/{number}"),
        },
        "sound_path": server.sound_path,
    }
    given = {name: value for name, value in {**known, **changes}.items() if value is not None}
    return AsteriskSettings(**given)  # type: ignore[arg-type]


@attrs.define
class Rig:
    """A connected driver, and all it has reported."""

    driver: AsteriskDriver
    reports: list[tuple[float, Report]] = attrs.field(factory=list)
    react: Callable[[Report], None] | None = None
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)
    _numbers: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1))

    def told(self, report: Report) -> None:
        self.reports.append((time.monotonic(), report))
        if self.react is not None:
            self.react(report)
        self._changed.set()

    def place(self, number: str, line: Line = Line.INTERNAL, **changes: object) -> CallId:
        call_id = CallId(f"{self.driver.settings.service_id}{next(self._numbers):024x}")
        order: dict[str, object] = {
            "call_id": call_id,
            "number": number,
            "line": line,
            "routing_class": None,
            "caller_number": "100",
            "display_name": "School closing",
            "ring_timeout_s": 20,
            "dead_man_s": 60,
        }
        self.driver.carry_out(PlaceCall(**{**order, **changes}))  # type: ignore[arg-type]
        return call_id

    def play(self, call_id: CallId, play: int, sound: str = "prompt", digits: str = ALL_DIGITS):
        self.driver.carry_out(Play(call_id=call_id, play=play, sound=sound, stop_digits=digits))

    def hang_up(self, call_id: CallId) -> None:
        self.driver.carry_out(HangUp(call_id))

    def of(self, call_id: CallId) -> list[Report]:
        """Return all reports on one call."""
        return [report for _, report in self.reports if _names(report, call_id)]

    def kinds(self, call_id: CallId) -> list[type[Report]]:
        return [type(report) for report in self.of(call_id)]

    async def until(self, true: Callable[[], object], within_s: float = 15) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(within_s):
                while not true():
                    self._changed.clear()
                    try:
                        async with asyncio.timeout(0.05):
                            await self._changed.wait()
                    except TimeoutError:
                        pass
        except TimeoutError:
            text = "\n".join(f"{at:.3f} {report}" for at, report in self.reports[-40:])
            raise AssertionError(f"did not happen within {within_s} s; reports:\n{text}") from None

    async def seen(self, kind: type, count: int = 1, within_s: float = 15) -> None:
        """Wait for so many reports of a kind."""
        await self.until(lambda: self.count(kind) >= count, within_s)

    def count(self, kind: type) -> int:
        return sum(isinstance(report, kind) for _, report in self.reports)

    async def answered(self, call_id: CallId) -> None:
        await self.until(lambda: AnswerReport(call_id) in self.of(call_id))

    async def ended(self, call_id: CallId, within_s: float = 15) -> None:
        await self.until(lambda: {EndReport, RefusalReport} & set(self.kinds(call_id)), within_s)

    async def nothing_is_asked(self) -> None:
        """Wait until every request has its reply: what is ordered now is first in the line."""
        await self.until(lambda: not self.driver._board._server.session._pending)

    def up(self) -> list[CallsUpReport]:
        return [report for _, report in self.reports if isinstance(report, CallsUpReport)]


def _names(report: Report, call_id: CallId) -> bool:
    return getattr(report, "call_id", None) == call_id


@asynccontextmanager
async def connected(settings: AsteriskSettings) -> AsyncIterator[Rig]:
    """A rig for the time of a block."""
    rig = Rig(AsteriskDriver(settings))
    await rig.driver.start(rig.told)
    try:
        yield rig
    finally:
        for call_id in list(rig.driver._board.calls):
            rig.hang_up(call_id)
        board = rig.driver._board
        with suppress(AssertionError):
            # A telephone of the next test would pick up what still rings.
            await rig.until(lambda: not (board.is_up and board.calls), 2)
        await rig.driver.close()

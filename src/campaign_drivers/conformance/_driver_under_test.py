"""A started driver under test, all that it reported, and how to wait for more."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, get_args

from campaign_core import CallId, codec
from campaign_core.decisions import ALL_DIGITS, Decision, HangUp, PlaceCall, Play
from campaign_core.errors import CampaignError, PortableError, SettingsError
from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
    RefusalReport,
    Report,
)
from campaign_drivers._driver import Driver
from campaign_drivers.conformance._line_up import Callee, LineUp

__all__ = ["BrokenPromiseError", "CallReport", "DriverUnderTest", "NotOfferedError", "offered"]

CallReport = (
    AnswerReport | DigitReport | PlaybackReport | EndReport | RefusalReport | DeferralReport
)
"""Reports about one call."""

_Report = TypeVar("_Report", bound=Report)
_Offer = TypeVar("_Offer")

_LOOK_EVERY_S = 0.05
_ENDS_WITHIN_S = 3
_OVER = frozenset({"EndReport", "RefusalReport", "DeferralReport"})
_AT_ONCE_S = 1.0
"""How long ``carry_out`` may take: more than any order needs on a busy machine, less than a
telephone rings."""


class BrokenPromiseError(PortableError, AssertionError):
    """A driver did not do what the protocol promises."""

    def __init__(self, promise: str, what: str, heard: list[Report]) -> None:
        """Take the promise, what was seen instead, and all that was reported."""
        self.promise = promise
        """The sentence of the protocol."""
        self.what = what
        """What was seen instead."""
        self.heard: tuple[Report, ...] = tuple(heard)
        """All that was reported, in order."""
        lines = [f"promised: {promise}", f"but: {what}", "reported, in order:"]
        super().__init__("\n".join([*lines, *(f"    {report}" for report in heard)]))


class NotOfferedError(Exception):
    """The line-up has no part that a scenario needs."""


def offered(part: _Offer | None, what: str) -> _Offer:
    """Return a part of the line-up.

    Raises:
        NotOfferedError: it is not there.
    """
    if part is None:
        raise NotOfferedError(f"the line-up offers nobody and nothing that {what}")
    return part


class DriverUnderTest:
    """One scenario's driver: its host's orders, and what it reports of them.

    Args:
        line_up: the telephony.
        promise: the sentence under test, for the error.
    """

    def __init__(self, line_up: LineUp, promise: str) -> None:
        self.line_up = line_up
        self.heard: list[Report] = []
        """All that was reported, in order."""
        self._promise = promise
        self._bad: list[str] = []
        """What was wrong with reports themselves."""
        self._driver: Driver | None = None
        self._attempt = 0
        self._placed: list[CallId] = []
        self._is_closed = False
        self._thread = threading.get_ident()

    # What a host does --------------------------------------------------------------------

    async def start(self) -> None:
        """Start a driver, the first one or one that takes over."""
        self._is_closed = False
        self._driver = self.line_up.make_driver()
        await self._driver.start(self._hear)

    @property
    def driver(self) -> Driver:
        """The driver that is started."""
        assert self._driver is not None
        return self._driver

    def order(self, decision: Decision) -> None:
        """Give an order, which must come back at once."""
        began = time.monotonic()
        try:
            self.driver.carry_out(decision)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it breaks the promise
            self.fail(f"carry_out raised {error!r} for {decision}")
        took_s = time.monotonic() - began
        self.require(took_s < _AT_ONCE_S, f"carry_out took {took_s:.3f} s for {decision}")

    def place(self, callee: Callee, *, ring_timeout_s: int = 20, dead_man_s: int = 60) -> CallId:
        """Order a call under an id of its own."""
        self._attempt += 1
        call_id = CallId(f"{self.line_up.service_id}{1 << 64 | 1 << 32 | self._attempt:024x}")
        self._placed.append(call_id)
        self.order(
            PlaceCall(
                call_id=call_id,
                number=callee.number,
                line=callee.line,
                routing_class=callee.routing_class,
                caller_number="100",
                display_name="Conformance",
                ring_timeout_s=ring_timeout_s,
                dead_man_s=dead_man_s,
            )
        )
        return call_id

    def play(self, call_id: CallId, play: int, sound: str, stop_digits: str = ALL_DIGITS) -> None:
        """Order a sound."""
        self.order(Play(call_id=call_id, play=play, sound=sound, stop_digits=stop_digits))

    def hang_up(self, call_id: CallId) -> None:
        """Order the end of a call."""
        self.order(HangUp(call_id))

    async def close(self) -> None:
        """Close the driver, after which nothing may be reported."""
        await self.driver.close()
        self._is_closed = True

    async def leave(self) -> None:
        """End what is still up, wait until it has ended, and close."""
        if self._driver is None:
            return
        # That a connection was cut is heard a moment later.
        await self.line_up.sleep(2 * _LOOK_EVERY_S)
        with suppress(Exception):
            # What a scenario left without a driver, or without its connection, is up all the same.
            if self._is_closed:
                await self.start()
            elif self._is_lost():
                await self.line_up.regain_link()
                await self.until(lambda: not self._is_lost(), within_s=_ENDS_WITHIN_S)
        for call_id in self._placed:
            # A driver that raises was found out by then, and must not hide how.
            with suppress(Exception):
                self.driver.carry_out(HangUp(call_id))
        await self.until(lambda: not self._in_progress(), within_s=_ENDS_WITHIN_S)
        await self.close()

    def _in_progress(self) -> list[CallId]:
        return [
            call_id
            for call_id in self._placed
            if not _OVER.intersection(self.kinds(call_id)) and self.of(call_id)
        ]

    def _is_lost(self) -> bool:
        links = [r for r in self.heard if isinstance(r, DriverDownReport | DriverUpReport)]
        return bool(links) and isinstance(links[-1], DriverDownReport)

    # What a host sees --------------------------------------------------------------------

    def of(self, call_id: CallId) -> list[CallReport]:
        """Return what was reported of a call, in order."""
        return [r for r in self.heard if isinstance(r, CallReport) and r.call_id == call_id]

    def kinds(self, call_id: CallId) -> list[str]:
        """Return the names of the reports of a call, in order."""
        return [type(report).__name__ for report in self.of(call_id)]

    async def expect(
        self,
        kind: type[_Report],
        call_id: CallId | None = None,
        *,
        within_s: float = 10,
        count: int = 1,
    ) -> _Report:
        """Return a report that must come.

        Args:
            kind: its class.
            call_id: the call it is about, where it is about one.
            within_s: how long to wait; the line-up's tolerance is added.
            count: which report of that kind is meant, from 1.
        """

        def seen() -> list[_Report]:
            about = self.heard if call_id is None else self.of(call_id)
            return [report for report in about if isinstance(report, kind)]

        came = await self.until(lambda: len(seen()) >= count, within_s=within_s)
        what = f"no {kind.__name__}" if count == 1 else f"no {kind.__name__} number {count}"
        self.require(came, f"{what} within {within_s:g} s")
        return seen()[count - 1]

    async def answered(self, callee: Callee) -> CallId:
        """Place a call and return when it is answered."""
        call_id = self.place(callee)
        await self.expect(AnswerReport, call_id)
        return call_id

    async def until(self, is_so: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until something is so, and return whether it became so in time."""
        waited_s = 0.0
        while not is_so():
            if waited_s >= within_s + self.line_up.tolerance_s:
                return False
            await self.line_up.sleep(_LOOK_EVERY_S)
            waited_s += _LOOK_EVERY_S
        return True

    async def quiet(self, call_id: CallId, *, for_s: float, what: str) -> None:
        """Wait, in which nothing more may be reported of a call."""
        before = len(self.of(call_id))
        await self.line_up.sleep(for_s)
        more = self.of(call_id)[before:]
        self.require(not more, f"{what}: {more}")

    # Verdicts ----------------------------------------------------------------------------

    def require(self, is_so: object, otherwise: str) -> None:
        """Go on if something is so.

        Raises:
            BrokenPromiseError: it is not.
        """
        if not is_so:
            self.fail(otherwise)

    def fail(self, what: str) -> None:
        """Say what was seen instead.

        Raises:
            BrokenPromiseError: always.
        """
        if self._bad and self._bad[0] not in what:
            what = f"{what}; {self._bad[0]}"
        raise BrokenPromiseError(self._promise, what, self.heard)

    def require_order(self) -> None:
        """Look at all that was reported: what holds of every call, whatever the scenario."""
        self.require(not self._bad, "; ".join(self._bad))
        strangers = [r for r in self.heard if isinstance(r, CallReport) and self._unknown(r)]
        self.require(not strangers, f"reports of calls that were never placed: {strangers}")
        for call_id in self._placed:
            kinds = self.kinds(call_id)
            answers, ends = kinds.count("AnswerReport"), kinds.count("EndReport")
            self.require(answers <= 1, f"answered {answers} times: {call_id}")
            self.require(ends <= 1, f"ended {ends} times: {call_id}")
            self.require(not ends or kinds[-1] == "EndReport", f"the end is not last: {kinds}")
            early = {"DigitReport", "PlaybackReport"} & set(
                kinds[: kinds.index("AnswerReport")] if answers else kinds
            )
            self.require(not early, f"before the answer: {early} of {call_id}")

    def _unknown(self, report: CallReport) -> bool:
        return report.call_id not in self._placed

    def _hear(self, report: Report) -> None:
        self.heard.append(report)
        if threading.get_ident() != self._thread:
            self._bad.append(f"reported from another thread: {report!r}")
        if not _survives(report):
            self._bad.append(f"a report that cannot be kept: {report!r}")

    def note_unmade(self, error: SettingsError) -> None:
        """Note that a report's constructor refused a value: it raises within the driver."""
        self._bad.append(f"a report could not be made: {error}")


def _survives(report: object) -> bool:
    """Return whether a report is one, and is read again as it was written."""
    if type(report) not in get_args(Report):
        return False
    try:
        written = json.dumps(codec.to_data(report), ensure_ascii=False).encode()
        return bool(codec.from_data(json.loads(written)) == report)
    except (CampaignError, TypeError, ValueError):
        return False

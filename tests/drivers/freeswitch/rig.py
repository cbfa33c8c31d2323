"""The driver's switchboard and the emulated server, wired together on virtual time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from tests.emulators.freeswitch.client import Client
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_core import CallId, Line, ServiceId
from campaign_core.decisions import Decision, PlaceCall
from campaign_core.reports import Report
from campaign_drivers._telephony.protocol import SessionOver
from campaign_drivers.freeswitch import FreeSwitchSettings, Route
from campaign_drivers.freeswitch._switchboard import Switchboard

SERVICE = ServiceId("0badcafe")
R = TypeVar("R")


def call_id(number: int = 1) -> CallId:
    return CallId(f"{SERVICE}{number:024x}")


def settings(**changes: object) -> FreeSwitchSettings:
    given: dict[str, object] = {
        "service_id": SERVICE,
        "host": "127.0.0.1",
        "password": "throwaway1",
        "internal": Route(dial_string="user/{number}"),
        "external": {
            None: Route(dial_string="sofia/caller/{number}@127.0.0.1:15070"),
            "trunk": Route(dial_string="sofia/gateway/trunk/{number}"),
            "bad": Route(dial_string="sofia/gateway/nosuch/{number}"),
            "loop": Route(dial_string="loopback/{number}/callee/XML"),
        },
        "sound_path": "/snd/{sound}",
    }
    return FreeSwitchSettings(**{**given, **changes})  # type: ignore[arg-type]


def place(number: str = "1000", attempt: int = 1, /, **changes: object) -> PlaceCall:
    order: dict[str, object] = {
        "call_id": call_id(attempt),
        "number": number,
        "line": Line.EXTERNAL,
        "routing_class": None,
        "caller_number": "15550001",
        "display_name": "School closing",
        "ring_timeout_s": 20,
        "dead_man_s": 645,
    }
    return PlaceCall(**{**order, **changes})  # type: ignore[arg-type]


class Rig:
    """A switchboard, the server it talks to, and whatever was reported, with its time."""

    def __init__(self, config: Config | None = None, **changes: object) -> None:
        self.switch = Switch(config)
        self.board = Switchboard(settings(**changes))
        self.client: Client | None = None
        self.reports: list[Report] = []
        self.notes: list[str] = []
        self.over: SessionOver | None = None
        self.on_report: Callable[[Report], None] = lambda _: None
        self._runs = 0

    @property
    def now(self) -> int:
        return math.ceil(self.switch.now)

    def connect(self) -> None:
        self._runs += 1
        self.over = None
        self.client = self.switch.connect()
        self.board.connected(self.now, f"run{self._runs}x")
        self.pump()

    def up(self) -> Rig:
        """Connect, wait for the second census, and forget what was reported of that."""
        self.connect()
        assert self.board.is_up
        self.run(5_100)
        self.reports.clear()
        return self

    def another_run(self) -> Rig:
        """Return a later run of ours at the same server, not connected yet."""
        other = Rig()
        other.switch = self.switch
        return other

    def lose(self) -> None:
        """Lose the connection; the server goes on."""
        assert self.client is not None
        self.client.cut()
        self.pump()

    def order(self, decision: Decision) -> None:
        self.board.carry_out(decision, self.now)
        self.pump()

    def run(self, ms: float) -> list[Report]:
        """Let time pass; return what was reported meanwhile."""
        before = len(self.reports)
        end = self.switch.now + ms
        self.pump()
        while True:
            due = [at for at in (self.switch.next_at(), self.board.wakeup()) if at is not None]
            at = min([end, *due])
            self.switch.advance(max(self.switch.now, at))
            wakeup = self.board.wakeup()
            if wakeup is not None and wakeup <= self.switch.now:
                self.board.wake(self.now)
            self.pump()
            if at >= end:
                return self.reports[before:]

    def of(self, kind: type[R]) -> list[R]:
        return [report for report in self.reports if isinstance(report, kind)]

    def pump(self) -> None:
        """Carry bytes to and fro until there are none."""
        while True:
            moved = False
            if self.client is not None:
                heard = self.client.take()
                if heard:
                    self.board.receive(heard, self.now)
                    moved = True
                if self.client.is_closed:
                    self.client = None
                    self.board.lost("cut", self.now)
            written = self.board.outgoing()
            if written and self.client is not None:
                self.client.feed(written)
                moved = True
            moved = self._take() or moved
            if not moved:
                return

    def _take(self) -> bool:
        out = self.board.take()
        self.notes += out.notes
        for report in out.reports:
            self.reports.append(report)
            self.on_report(report)
        if out.over is not None:
            self.over = out.over
            if self.client is not None:
                self.client.cut()
        return bool(out.reports or out.over)

"""A host for one exchange: gives orders, keeps the time and writes down what is reported."""

from __future__ import annotations

from campaign_core import CallId, Instant, Line
from campaign_core.decisions import ALL_DIGITS, HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    Report,
)
from campaign_drivers.simulated import Exchange, Network, population

Heard = tuple[int, Report]


def call_id(number: str, attempt: int = 1) -> CallId:
    return CallId(f"{number:0>24}{attempt:08x}")


def placing(
    number: str,
    *,
    attempt: int = 1,
    line: Line = Line.EXTERNAL,
    routing_class: str | None = None,
    ring_timeout_s: int = 30,
    dead_man_s: int = 645,
) -> PlaceCall:
    return PlaceCall(
        call_id=call_id(number, attempt),
        number=number,
        line=line,
        routing_class=routing_class,
        caller_number="100",
        display_name="Test",
        ring_timeout_s=ring_timeout_s,
        dead_man_s=dead_man_s,
    )


class Host:
    """Starts at 0; what comes with the connection is not written down."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.now = Instant(0)
        exchange.connect(self.now)
        exchange.reports_until(self.now)

    def place(self, number: str, **options: object) -> CallId:
        order = placing(number, **options)
        self.exchange.carry_out(order, self.now)
        return order.call_id

    def prompt(self, call: CallId, play: int = 1) -> None:
        self._play(call, play, "press-1", ALL_DIGITS)

    def message(self, call: CallId, play: int = 1, sound: str = "message") -> None:
        self._play(call, play, sound, "")

    def _play(self, call: CallId, play: int, sound: str, stop_digits: str) -> None:
        order = Play(call_id=call, play=play, sound=sound, stop_digits=stop_digits)
        self.exchange.carry_out(order, self.now)

    def hang_up(self, call: CallId) -> None:
        self.exchange.carry_out(HangUp(call), self.now)

    def transfer(self, call: CallId, dead_man_s: int = 600) -> None:
        order = Transfer(call_id=call, extension="9000", dead_man_s=dead_man_s)
        self.exchange.carry_out(order, self.now)

    def wait(self, seconds: float) -> list[Heard]:
        """Let time pass; what is reported meanwhile, but for the survey of a connection."""
        self.now = Instant(self.now + round(seconds * 1_000))
        return [
            (at, report)
            for at, report in self.exchange.reports_until(self.now)
            if not isinstance(report, CallsUpReport | DriverUpReport)
        ]

    def wait_all(self, seconds: float) -> list[Heard]:
        """Let time pass; all that is reported meanwhile."""
        self.now = Instant(self.now + round(seconds * 1_000))
        return self.exchange.reports_until(self.now)


def scripted(*calls: object, number: str = "200", **network: object) -> Host:
    """A host on an exchange where one number's calls are known."""
    people = population(scripts={number: calls})
    return Host(Exchange(Network(population=people, **network), seed=1, kept_calls_max=1_000))


def answer(number: str = "200", attempt: int = 1) -> AnswerReport:
    return AnswerReport(call_id(number, attempt))


def digit(dialled: str, number: str = "200", attempt: int = 1) -> DigitReport:
    return DigitReport(call_id=call_id(number, attempt), digit=dialled)


def played(
    play: int, end: PlaybackEnd = PlaybackEnd.FINISHED, number: str = "200", attempt: int = 1
) -> PlaybackReport:
    return PlaybackReport(call_id=call_id(number, attempt), play=play, end=end)


def ends(heard: list[Heard]) -> list[tuple[int, str, int | None]]:
    """When calls ended, as what and by which cause."""
    return [
        (at, report.unanswered_as.name, report.hangup_cause)
        for at, report in heard
        if isinstance(report, EndReport)
    ]

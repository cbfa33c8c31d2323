"""Faults: what goes wrong between an exchange and us, by chance or on demand.

A fault breaks the promises of the driver protocol on purpose: whoever relies on more than the
rules say is found out.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import attrs

from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    EndReport,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._checks import number_between, refuse, share
from campaign_drivers.simulated._delays import Delay, Exponential, Uniform, as_delay

__all__ = ["CallReport", "Faults", "FaultyReport", "Outage", "ReportFault"]

CallReport = (
    AnswerReport | DigitReport | PlaybackReport | EndReport | RefusalReport | DeferralReport
)
"""Reports about one call: those that a fault can spoil."""


class ReportFault(Enum):
    """What can become of a report on its way."""

    LOST = "LOST"
    DOUBLED = "DOUBLED"
    DELAYED = "DELAYED"


@attrs.frozen(kw_only=True)
class FaultyReport:
    """A mishap on demand: every such report of the calls to one number."""

    number: str
    report: type[CallReport]
    mishap: ReportFault
    delay: Delay = attrs.field(default=Uniform(least_s=1, most_s=1), converter=as_delay)
    """Where the report is delayed: for how long."""


@attrs.frozen(kw_only=True)
class Outage:
    """A stretch without connection, at a known time."""

    after_s: float = attrs.field(validator=number_between(0, 1e9))
    """Counted from the first connection."""
    lasts_s: float = attrs.field(validator=number_between(0, 1e9))
    restarts: bool = False
    """Whether the exchange itself is gone meanwhile, and with it every call; otherwise calls go
    on, unheard."""


def _spoiled(given: Iterable[FaultyReport]) -> tuple[FaultyReport, ...]:
    return tuple(given)


def _outages(given: Iterable[Outage]) -> tuple[Outage, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Faults:
    """What goes wrong; nothing unless it is asked for."""

    lost: float = attrs.field(default=0, validator=share)
    """The share of reports about calls that never arrive."""
    doubled: float = attrs.field(default=0, validator=share)
    """The share that arrives twice."""
    delayed: float = attrs.field(default=0, validator=share)
    """The share that arrives late, behind reports that came after it."""
    delay: Delay = attrs.field(default=Exponential(mean_s=2, most_s=60), converter=as_delay)
    """How late."""
    playback_failed: float = attrs.field(default=0, validator=share)
    """The share of playbacks that fail though the sound is there."""
    spoiled: tuple[FaultyReport, ...] = attrs.field(default=(), converter=_spoiled)
    """Mishaps on demand; they go before those by chance."""
    outages: tuple[Outage, ...] = attrs.field(default=(), converter=_outages)
    """Outages on demand; those that overlap are one."""
    outage_every: Delay | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_delay)
    )
    """Outages by chance: from one connection to its loss; ``None``: none."""
    outage_lasts: Delay = attrs.field(
        default=Exponential(mean_s=20, most_s=600), converter=as_delay
    )
    outage_restarts: float = attrs.field(default=0, validator=share)
    """The share of outages by chance in which the exchange restarts."""

    @delayed.validator
    def _at_most_all(self, attribute: attrs.Attribute[Any], value: float) -> None:
        if self.lost + self.doubled + value > 1:
            raise refuse(attribute.name, value, "shares of reports that add up to 1 at most")

    @property
    def spoil_reports(self) -> bool:
        """Whether any report can be spoiled."""
        return bool(self.lost or self.doubled or self.delayed or self.spoiled)

    def delays_ms(self, number: str, report: CallReport, chance: Chance) -> tuple[int, ...]:
        """Return when a report arrives, in milliseconds from now: once, twice or never."""
        for spoiled in self.spoiled:
            if spoiled.number == number and isinstance(report, spoiled.report):
                return _arrivals(spoiled.mishap, spoiled.delay, chance)
        draw = chance.unit()
        for mishap, rate in (
            (ReportFault.LOST, self.lost),
            (ReportFault.DOUBLED, self.doubled),
            (ReportFault.DELAYED, self.delayed),
        ):
            if draw < rate:
                return _arrivals(mishap, self.delay, chance)
            draw -= rate
        return (0,)


def _arrivals(mishap: ReportFault, delay: Delay, chance: Chance) -> tuple[int, ...]:
    match mishap:
        case ReportFault.LOST:
            return ()
        case ReportFault.DOUBLED:
            return (0, 0)
        case ReportFault.DELAYED:
            return (delay.draw_ms(chance),)

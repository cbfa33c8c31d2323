"""Delays: how long something takes, as a closed set of distributions.

Wherever a delay is asked for, a plain number of seconds is taken for a constant one.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import attrs

from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._checks import number_between, refuse

__all__ = ["Constant", "Delay", "Exponential", "LogNormal", "Uniform", "as_delay"]

LONGEST_S = 1_000_000
"""Bounds every delay: eleven days."""

_seconds = number_between(0, LONGEST_S)


@attrs.frozen
class Constant:
    """Always the same."""

    s: float = attrs.field(validator=_seconds)

    def draw_ms(self, chance: Chance) -> int:
        """Return one delay in milliseconds."""
        return round(self.s * 1_000)


@attrs.frozen(kw_only=True)
class Uniform:
    """Anything between two bounds, each as likely as the next."""

    least_s: float = attrs.field(validator=_seconds)
    most_s: float = attrs.field(validator=_seconds)

    @most_s.validator
    def _ordered(self, attribute: attrs.Attribute[Any], value: float) -> None:
        if value < self.least_s:
            raise refuse(attribute.name, value, f"at least least_s ({self.least_s:g})")

    def draw_ms(self, chance: Chance) -> int:
        """Return one delay in milliseconds."""
        return round((self.least_s + (self.most_s - self.least_s) * chance.unit()) * 1_000)


@attrs.frozen(kw_only=True)
class Exponential:
    """As likely to end in any second as in the one before: arrivals, impatience."""

    mean_s: float = attrs.field(validator=_seconds)
    """Of the distribution before it is cut at ``most_s``."""
    most_s: float = attrs.field(default=3_600, validator=_seconds)

    def draw_ms(self, chance: Chance) -> int:
        """Return one delay in milliseconds."""
        return round(min(self.most_s, -self.mean_s * log(chance.unit())) * 1_000)


@attrs.frozen(kw_only=True)
class LogNormal:
    """Around a median, with a long tail to the right: how long people talk."""

    median_s: float = attrs.field(validator=_seconds)
    sigma: float = attrs.field(validator=number_between(0, 10))
    """Spread: two draws of three lie between ``median_s / e**sigma`` and
    ``median_s * e**sigma``."""
    most_s: float = attrs.field(default=3_600, validator=_seconds)

    def draw_ms(self, chance: Chance) -> int:
        """Return one delay in milliseconds."""
        return round(min(self.most_s, self.median_s * exp(self.sigma * chance.normal())) * 1_000)


Delay = Constant | Uniform | Exponential | LogNormal
"""How long something takes."""


def as_delay(given: Delay | float) -> Delay:
    """Return a delay as it is, and a number of seconds as a constant one."""
    return Constant(given) if isinstance(given, int | float) else given

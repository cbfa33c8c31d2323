"""A scenario: a promise of the driver protocol, and what must happen for it to be kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from campaign_drivers.conformance._driver_under_test import DriverUnderTest, offered
from campaign_drivers.conformance._line_up import Callee

__all__ = ["Run", "Scenario", "answering", "promised"]

Run = Callable[[DriverUnderTest], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Scenario:
    """A promise, and what must happen for it to be kept."""

    name: str
    promise: str
    """The sentence of the protocol or the rule."""
    run: Run


def promised(scenarios: list[Scenario], promise: str) -> Callable[[Run], Run]:
    """Return a decorator that lists a function as the scenario of a promise."""

    def listed(run: Run) -> Run:
        scenarios.append(Scenario(name=run.__name__, promise=promise, run=run))
        return run

    return listed


def answering(tested: DriverUnderTest) -> Callee:
    """Return who answers and waits."""
    return offered(tested.line_up.answers(), "answers and waits")

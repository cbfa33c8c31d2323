"""The check: a driver put through the scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import attrs

from campaign_core.errors import SettingsError
from campaign_drivers.conformance._driver_under_test import (
    BrokenPromiseError,
    DriverUnderTest,
    NotOfferedError,
)
from campaign_drivers.conformance._line_up import LineUp
from campaign_drivers.conformance._scenario import Scenario
from campaign_drivers.conformance._scenarios import SCENARIOS

__all__ = ["Verdict", "check_driver", "check_scenario"]


_Handler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


@attrs.frozen(kw_only=True)
class Verdict:
    """What came of one scenario."""

    scenario: Scenario
    broken: BrokenPromiseError | None = None
    """How the promise was broken."""
    not_offered: str = ""
    """What the line-up lacks to try it; empty where it was tried."""

    @property
    def is_kept(self) -> bool:
        """Whether it was tried and the promise was kept."""
        return self.broken is None and not self.not_offered


async def check_scenario(scenario: Scenario, line_up: LineUp) -> None:
    """Put a driver through one scenario.

    Raises:
        BrokenPromiseError: a promise was broken.
        NotOfferedError: the line-up has not what it takes.
    """
    driver = DriverUnderTest(line_up, scenario.promise)
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(partial(_note, driver, handler))
    try:
        await driver.start()
        await scenario.run(driver)
    except SettingsError as error:
        driver.note_unmade(error)
        driver.require_order()
    finally:
        await driver.leave()
        loop.set_exception_handler(handler)
    driver.require_order()


def _note(
    driver: DriverUnderTest,
    handler: _Handler | None,
    loop: asyncio.AbstractEventLoop,
    context: dict[str, Any],
) -> None:
    error = context.get("exception")
    if isinstance(error, SettingsError):
        driver.note_unmade(error)
    elif handler is None:
        loop.default_exception_handler(context)
    else:
        handler(loop, context)


async def check_driver(
    make_line_up: Callable[[], LineUp], scenarios: Iterable[Scenario] = SCENARIOS
) -> tuple[Verdict, ...]:
    """Put a driver through scenarios, each on a line-up of its own, and return what came of them.

    Args:
        make_line_up: makes a line-up; called once a scenario.
        scenarios: by default all.
    """
    verdicts = []
    for scenario in scenarios:
        broken, not_offered = None, ""
        try:
            await check_scenario(scenario, make_line_up())
        except BrokenPromiseError as error:
            broken = error
        except NotOfferedError as error:
            not_offered = str(error)
        verdicts.append(Verdict(scenario=scenario, broken=broken, not_offered=not_offered))
    return tuple(verdicts)

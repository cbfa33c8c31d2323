"""The driver keeps the promises that every driver makes."""

from __future__ import annotations

import asyncio

import pytest
from tests.drivers.freeswitch.line_ups import SocketLineUp, VirtualLineUp

from campaign_drivers.conformance import SCENARIOS, BrokenPromiseError, Scenario, check_scenario

OVER_A_SOCKET = {
    # A switchboard without its shell has no second driver beside it, and here no limit.
    "a_call_too_many_is_given_back",
    "a_place_that_is_free_again_is_taken",
    "what_it_takes_at_one_time_is_told_upon_connecting",
    "calls_of_another_service_are_not_ours",
}


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name not in OVER_A_SOCKET],
    ids=lambda scenario: scenario.name,
)
def test_the_switchboard_keeps_the_promise(scenario: Scenario) -> None:
    asyncio.run(check_scenario(scenario, VirtualLineUp()))


def test_the_whole_driver_keeps_every_promise_over_a_socket() -> None:
    """In real time, all scenarios side by side."""

    async def try_one(scenario: Scenario) -> BrokenPromiseError | None:
        line_up = SocketLineUp()
        async with line_up.serving:
            try:
                await check_scenario(scenario, line_up)
            except BrokenPromiseError as error:
                return error
        return None

    async def try_all() -> list[BrokenPromiseError | None]:
        return await asyncio.gather(*(try_one(scenario) for scenario in SCENARIOS))

    assert [broken for broken in asyncio.run(try_all()) if broken is not None] == []

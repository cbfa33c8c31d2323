"""A pool keeps the promises that every driver makes."""

from __future__ import annotations

import asyncio

import pytest
from tests.drivers.pool.line_ups import (
    MixedPool,
    MixedPoolOtherWay,
    PoolLineUp,
    PoolOfThree,
    PoolWithOneAway,
)

from campaign_drivers.conformance import (
    SCENARIOS,
    BrokenPromiseError,
    NotOfferedError,
    check_scenario,
)

# One driver at a time is connected to a simulated exchange.
OF_TWO_SERVICES = {"calls_of_another_service_are_not_ours"}
# Only one node of these has a limit.
OF_CAPACITY = {
    "a_call_too_many_is_given_back",
    "a_place_that_is_free_again_is_taken",
    "what_it_takes_at_one_time_is_told_upon_connecting",
}


def scenarios_but(left_out):
    return [scenario for scenario in SCENARIOS if scenario.name not in left_out]


@pytest.mark.parametrize("line_up", [PoolLineUp, PoolOfThree, PoolWithOneAway])
@pytest.mark.parametrize(
    "scenario", scenarios_but(OF_TWO_SERVICES), ids=lambda scenario: scenario.name
)
def test_a_pool_of_simulated_nodes_keeps_the_promise(scenario, line_up):
    asyncio.run(check_scenario(scenario, line_up()))


def test_a_pool_of_kinds_that_differ_keeps_every_promise():
    """In real time, all scenarios side by side; the first call goes to either kind."""

    async def try_one(scenario, make_line_up):
        line_up = make_line_up()
        async with line_up.serving:
            try:
                await check_scenario(scenario, line_up)
            except (BrokenPromiseError, NotOfferedError) as error:
                return error
        return None

    async def try_all():
        kinds = (MixedPool, MixedPoolOtherWay)
        tried = scenarios_but(OF_TWO_SERVICES | OF_CAPACITY)
        return await asyncio.gather(
            *(try_one(scenario, kind) for scenario in tried for kind in kinds)
        )

    assert [error for error in asyncio.run(try_all()) if error is not None] == []

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


@pytest.mark.parametrize("line_up", [PoolLineUp, PoolOfThree, PoolWithOneAway])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
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
        return await asyncio.gather(
            *(try_one(scenario, kind) for scenario in SCENARIOS for kind in kinds)
        )

    assert [error for error in asyncio.run(try_all()) if error is not None] == []

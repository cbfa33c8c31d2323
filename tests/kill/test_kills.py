"""The service is killed at random instants, over and over, and its telephony goes on (R9.3).

Afterwards the telephony's own record is held against the journal, and both against what was
acknowledged: nobody called too often, no limit passed, nothing acknowledged lost, every campaign
ended right.
"""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.full import IS_FULL
from tests.kill.campaigns import models, more_numbers
from tests.kill.kill_loop import KillRun, broken_by
from tests.kill.pausable_service import PLACES
from tests.kill.pbx import emulated
from tests.kill.service import Service

RECIPIENTS, KILLS = (45, 20) if IS_FULL else (14, 7)
"""Of each campaign; of each run."""
SEEDS = {"sqlite": range(1, 9) if IS_FULL else [2], "postgresql": [11, 12] if IS_FULL else [11]}
"""In full two hundred kills, of which a part on PostgreSQL. With an even one the telephony
is slow."""


async def torment(folder, database, seed):
    async with emulated(folder, seed) as pbx:
        service = Service(database, pbx.driver_url, folder)
        run = KillRun(
            service=service,
            pbx=pbx,
            models=models(random.Random(seed), RECIPIENTS),
            numbers=more_numbers(),
            seed=seed,
            kills=KILLS,
            journal=folder / "campaigns.db-wal",
        )
        try:
            asked = await run.run()
        finally:
            await service.close()
    return run, asked


def check(run, asked, database):
    broken = broken_by(run, asked, database)
    assert not broken, "\n".join(broken)
    assert len(run.service.kills) == KILLS
    # What a kill at random hardly ever finds was found.
    assert set(PLACES) == {place for place, times in run.service.held.items() if times}


@pytest.mark.parametrize("seed", SEEDS["sqlite"])
def test_a_service_that_is_killed_over_and_over_ends_every_campaign_right(tmp_path, seed):
    """R9.3: no event that was acknowledged is lost, no attempt is placed twice, limits hold."""
    database = f"sqlite:///{tmp_path / 'campaigns.db'}"

    run, asked = asyncio.run(torment(tmp_path, database, seed))

    check(run, asked, database)


@pytest.mark.integration
@pytest.mark.parametrize("seed", SEEDS["postgresql"])
def test_so_it_does_on_postgresql(tmp_path, postgres, seed):
    """R9.3, where the journal is another process's."""
    database = postgres.url(postgres.make_database())

    run, asked = asyncio.run(torment(tmp_path, database, seed))

    check(run, asked, database)

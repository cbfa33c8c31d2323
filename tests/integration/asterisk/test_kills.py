"""The service killed at random instants, with a real Asterisk that goes on (R9.3).

What became of the calls is told by a connection of its own to the manager, which only listens.
"""

from __future__ import annotations

import asyncio
import itertools

from tests.full import IS_FULL
from tests.kill.kill_loop import REAL_MOMENTS, KillRun, broken_by
from tests.kill.service import Service

from campaign_core import CallLimits, CallScript, CampaignModel, Line, Recipient

from .servers import SECRET
from .witness import Witness

KILLS = 10 if IS_FULL else 3
"""On each version."""


async def torment(folder, server, database):
    async with Witness(server.ami) as witness:
        service = Service(database, driver_url(server), folder)
        run = KillRun(
            service=service,
            pbx=witness,
            models=models(),
            numbers=more_numbers(),
            seed=KILLS,
            kills=KILLS,
            journal=folder / "campaigns.db-wal",
            ways=REAL_MOMENTS,
            # What it writes down it hears in this process, which may be busy.
            late_ms=1_000,
        )
        try:
            asked = await run.run()
        finally:
            await service.close()
    return run, asked


def test_a_service_that_is_killed_over_and_over_ends_every_campaign_right(tmp_path, own_pbx):
    """R9.3: no attempt is placed twice, limits hold, calls that are still up are taken over."""
    database = f"sqlite:///{tmp_path / 'campaigns.db'}"

    run, asked = asyncio.run(torment(tmp_path, own_pbx, database))

    assert broken_by(run, asked, database) == []
    assert len(run.service.kills) == KILLS


def driver_url(server):
    return (
        f"asterisk://campaign:{SECRET}@127.0.0.1:{server.ami}/"
        "?internal=Local/{number}@callees/n&external=Local/{number}@from-sip/n"
        f"&sound_path={server.sound_path}"
    )


def models():
    """Campaigns whose callees dial at times of their own, whatever is played."""
    quick = {"digit_timeout_s": 2, "answer_prompts_max": 2, "call_duration_max_s": 20}
    both = CallScript(
        confirm_answer=True,
        confirm_listening=True,
        answer_prompt="tick",
        message_plays_max=2,
        **quick,
    )
    people = [
        *(f"8{n}*5*1*22*9" for n in range(12)),  # confirms and listens
        *(f"9{n}*1*5*1*22*9" for n in range(12, 18)),  # busy once, then the same
        *(f"603{n}" for n in range(18, 22)),  # always busy
        *(f"601{n}" for n in range(22, 24)),  # never answers
        *(f"8{n}*5*1*6*99" for n in range(24, 28)),  # hangs up in the message
        *(f"607{n}" for n in range(28, 30)),  # never dials
    ]
    given = {"caller_number": "100", "ring_timeout_s": 2, "attempts_max": 3}
    return [
        CampaignModel(
            name="Both confirmed",
            sound="message",
            script=both,
            call_limits=CallLimits(total=10),
            recipients=recipients(people),
            **given,
        ),
        CampaignModel(
            name="Plain",
            sound="prompt",
            script=CallScript(**quick),
            priority=5,
            call_limits=CallLimits(internal=5, external=4),
            recipients=recipients([*(f"607{n}" for n in range(40, 60)), *people[:4]]),
            **given,
        ),
    ]


def recipients(numbers):
    return [
        Recipient(number=number, line=list(Line)[place % 2]) for place, number in enumerate(numbers)
    ]


def more_numbers():
    return (f"8{n}*5*1*22*9" for n in itertools.count(100))

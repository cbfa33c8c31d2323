"""The campaigns of the kill test on the emulated FreeSWITCH."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Line,
    Outcome,
    Recipient,
    RetryPolicy,
)

__all__ = ["models", "more_numbers"]


def models(chance: random.Random, recipients: int) -> list[CampaignModel]:
    """Return models that differ in all that the recovery could spoil."""
    quick = {"digit_timeout_s": 1, "answer_prompts_max": 2, "call_duration_max_s": 10}
    both = CallScript(confirm_answer=True, confirm_listening=True, message_plays_max=3, **quick)
    answer = CallScript(confirm_answer=True, **quick)
    listening = CallScript(confirm_listening=True, message_plays_max=2, **quick)
    shared = [f"1{number:04d}" for number in range(1, 6)]
    made = []
    for index, (script, limits, priority, attempts_max, retry) in enumerate(
        [
            (both, CallLimits(total=8, internal=5, external=6), 5, 3, RetryPolicy()),
            (answer, CallLimits(), 1, 2, RetryPolicy(delays_s={Outcome.BUSY: 1})),
            (CallScript(**quick), CallLimits(external=3), 9, 3, RetryPolicy()),
            (listening, CallLimits(total=5), 5, 2, RetryPolicy(delays_s={Outcome.LOST: 2})),
        ],
        1,
    ):
        # Who never dials, and hears the longest message over and over, is called by others.
        silent = 0 if script is listening else 1
        kinds = chance.choices("123456789", [5, 2, 1, 1, 1, 2, silent, 1, 4], k=recipients)
        numbers = [f"{kind}{index}{at:04d}" for at, kind in enumerate(kinds)] + shared
        chance.shuffle(numbers)
        made.append(
            CampaignModel(
                name=f"Campaign {index}",
                caller_number="15550001",
                sound=f"message-{index}",
                script=script,
                call_limits=limits,
                priority=priority,
                attempts_max=attempts_max,
                ring_timeout_s=1,
                retry=retry,
                threshold=chance.choice([None, recipients // 2]),
                recipients=[
                    Recipient(number=number, line=chance.choice(list(Line))) for number in numbers
                ],
            )
        )
    return made


def more_numbers() -> Iterator[str]:
    """Yield numbers that no model has."""
    return (f"{kind}9{at:04d}" for at in itertools.count() for kind in "129")

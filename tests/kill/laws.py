"""The laws: the telephony's own record against the journal, and against what was acknowledged.

The telephony's record is the witness: nothing the service believes is taken as proof of what
happened on the telephone. What a kill excuses, and nothing else is:

* a call that the journal has placed and the telephony was never told of: killed in between;
* a digit, an answer, an end that was told while nobody listened, or to one who was killed before
  anything that was told later is in the journal either. The call goes on, if it is up;
* the outcome LOST of a call whose end was told so, or that a slow telephony made after the kill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.kill.evidence import Evidence
from tests.kill.laws_of_calls import OF_CALLS
from tests.kill.laws_of_talk import OF_TALK

from campaign_core import Status
from campaign_core.testing import audit

__all__ = ["LAWS", "broken_laws"]


def _campaigns_end_as_their_calls_say(given: Evidence) -> Iterator[str]:
    """R4.5: COMPLETED if enough were reached, else INCOMPLETE; and only once nobody is left."""
    summary = given.summary
    for campaign_id, parameters in summary.parameters.items():
        end = summary.ends.get(campaign_id)
        if end is None:
            yield f"campaign {campaign_id} has not ended"
            continue
        everyone = [(campaign_id, at) for at in range(1, summary.recipients[campaign_id] + 1)]
        reached = [who for who in everyone if who in summary.contacted]
        required = len(everyone) if parameters.threshold is None else parameters.threshold
        right = Status.COMPLETED if len(reached) >= required else Status.INCOMPLETE
        if (end.status, end.contacted) != (right, len(reached)):
            yield (
                f"campaign {campaign_id} ended as {end.status.name} with {end.contacted}, "
                f"not as {right.name} with {len(reached)}"
            )
        left = [who for who in everyone if who not in reached and not summary.has_failed(who)]
        if left:
            yield f"campaign {campaign_id} ended with {left} neither reached nor failed"


def _journal_is_sound(given: Evidence) -> Iterator[str]:
    """The core's own auditor, over the whole journal."""
    yield from audit(given.journal)


LAWS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    *OF_CALLS,
    *OF_TALK,
    _campaigns_end_as_their_calls_say,
    _journal_is_sound,
)


def broken_laws(evidence: Evidence) -> list[str]:
    """Return each law that does not hold, as a sentence; empty: all do."""
    return [f"{law.__name__}: {broken}" for law in LAWS for broken in law(evidence)]

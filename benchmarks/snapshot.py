"""What it costs to make a snapshot of a service, and to have the service back from it.

The pure part: from state to bytes, from bytes to state, and the laws that the state must keep;
``opening`` measures a whole journal. A campaign half done: every recipient but those in calls was
called three times on average, some were reached, some wait for their retry delay.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from statistics import median
from threading import Thread

from benchmarks.tables import Row, Table
from benchmarks.timing import clock, undisturbed
from benchmarks.worlds import NOW, model_of, opened, started
from campaign_core import (
    CampaignId,
    FailureReason,
    Instant,
    Outcome,
    Recipient,
    RecipientList,
    RetryPolicy,
    State,
    check,
)
from campaign_core._state import record as rec
from campaign_core._state.index import rebuild
from campaign_core._state.service import Draft
from campaign_core._values.vector import Vector
from campaign_core.codec import snapshot_of, state_of

__all__ = ["by_recipients", "half_done"]

_ALLOWED = 5
_DELAY_S = 600
_ELAPSED_MS = 50_000_000
_REACHED, _FAILED, _WAITING = 0.4, 0.45, 0.5
"""Shares of the recipients, each with those before it; the rest may be called at once."""


def by_recipients(counts: tuple[int, ...], *, rounds: int) -> Table:
    """Measure encoding, decoding and checking.

    Args:
        counts: numbers of recipients.
        rounds: of which the median is taken.
    """
    return Table(
        name="snapshot",
        title="A state to a snapshot, and back",
        columns=("recipients", "MB", "encode, ms", "others wait, ms", "decode, ms", "check, ms"),
        rows=[_row(count, rounds) for count in counts],
        notes=(
            "Milliseconds of computing, medians. Others wait: the longest time that another thread "
            "of the same interpreter was kept from running while a state was encoded."
        ),
    )


def _row(count: int, rounds: int) -> Row:
    state = half_done(count)
    snapshot = snapshot_of(state)
    encode, decode, look = [], [], []
    with undisturbed():
        for _ in range(rounds):
            encode.append(_ms(lambda: snapshot_of(state)))
            decode.append(_ms(lambda: state_of(snapshot)))
            look.append(_ms(lambda: check(state)))
        waited = _longest_wait_ms(lambda: snapshot_of(state))
    assert state_of(snapshot) == state
    assert check(state) == ()
    spent = (median(encode), waited, median(decode), median(look))
    return (f"{count:,}", len(snapshot) / 1e6, *spent)


def _ms(work: Callable[[], object]) -> float:
    began = clock()
    work()
    return (clock() - began) * 1_000


def _longest_wait_ms(work: Callable[[], object]) -> float:
    """Return how long this thread was kept from running at most while another one works."""
    worker = Thread(target=work)
    worker.start()
    longest, before = 0.0, time.perf_counter()
    while worker.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    worker.join()
    return longest * 1_000


def half_done(count: int) -> State:
    """Return a service with a campaign of so many recipients, half done."""
    recipients = RecipientList(
        Recipient(number=f"+39{place:09d}", name=f"Person {place}") for place in range(count)
    )
    retry = RetryPolicy(delays_s={Outcome.BUSY: _DELAY_S})
    state, _ = started(opened(), model_of(recipients, attempts_max=_ALLOWED, retry=retry))
    # The facts that three calls to each would leave, without making them.
    draft = Draft(state._row)
    draft.now = Instant(NOW + _ELAPSED_MS)
    campaign = draft.campaign(CampaignId(1))
    chance = Random(count)
    campaign.records = Vector(
        record if rec.status_of(record) == rec.ACTIVE else _record(chance, place / count)
        for place, record in enumerate(campaign.records)
    )
    rebuild(draft, draft.now)
    return draft.sealed()


def _record(chance: Random, share: float) -> int:
    fate, attempts = chance.random(), chance.choice([2, 3, 4])
    status = rec.CONTACTED if fate < _REACHED else rec.FAILED if fate < _FAILED else rec.IDLE
    is_waiting = status == rec.IDLE and fate < _WAITING
    return rec.pack(
        status=status,
        reason=FailureReason.STOPPED if status == rec.FAILED else None,
        used=1,
        counted=attempts,
        attempts=attempts,
        allowed=_ALLOWED,
        placed_at=NOW + round(share * _ELAPSED_MS * 0.9) + chance.randrange(5_000),
        due_at=NOW + _ELAPSED_MS + 1 + chance.randrange(_DELAY_S * 1_000) if is_waiting else 0,
    )

"""A whole campaign on a server that stands still again and again: nobody is called twice at once.

Recorded on a real server: the same person called again beside an orphan that heard silence for ten
minutes, calls that were up hung up as SOUND_MISSING, a campaign paused by its breaker.
"""

from __future__ import annotations

from collections import Counter

import pytest
from tests.drivers.freeswitch.test_campaign import Service, run_crowd

from campaign_core import Outcome
from campaign_core import events as ev


class Standstills:
    """Stops the server every so often, and connects the driver again when it gave up."""

    def __init__(self, *, every_ms: int, lasts_ms: int) -> None:
        self.every_ms, self.lasts_ms = every_ms, lasts_ms
        self.turns_at = every_ms
        self.together: Counter[str] = Counter()
        """The most channels that a number had at one time."""
        self.given_up = 0

    def __call__(self, made: Service) -> None:
        rig, switch = made.rig, made.rig.switch
        if rig.now >= self.turns_at:
            if switch.stands_still:
                switch.go_on()
                self.turns_at = rig.now + self.every_ms
            else:
                switch.stop()
                self.turns_at = rig.now + self.lasts_ms
        if rig.client is None:
            self.given_up += 1
            rig.connect()
        # The server has no time of its own while it stands still.
        wait_ms = min(200.0, max(1.0, self.turns_at - rig.now))
        if switch.stands_still:
            rig.run(wait_ms)
        now = Counter(c.number for c in switch.channels.values() if c.number != "200")
        self.together |= now


@pytest.mark.parametrize(
    ("lasts_ms", "list_behind_ms", "latency_ms"),
    [(14_000, 300, 5), (14_000, 3_000, 800), (4_000, 300, 5), (31_000, 1_000, 300)],
)
def test_a_server_that_stands_still_loses_no_call_and_calls_nobody_twice_at_once(
    lasts_ms: int, list_behind_ms: float, latency_ms: float
) -> None:
    """R5.5, R6.14, R7.11, R9.3."""
    mishaps = Standstills(every_ms=17_000, lasts_ms=lasts_ms)

    made, outcomes = run_crowd(mishaps, list_behind_ms=list_behind_ms, latency_ms=latency_ms)

    rig = made.rig
    if rig.switch.stands_still:
        rig.switch.go_on()
    if rig.client is None:
        rig.connect()
    rig.run(20_000)
    assert rig.switch.channels == {}
    assert set(mishaps.together.values()) == {1}
    assert (lasts_ms > 10_000) == bool(mishaps.given_up)
    # Neither the link's silence nor an end that nobody heard says anything of a sound or a trunk.
    assert outcomes[Outcome.SOUND_MISSING] == 0
    assert outcomes[Outcome.FAILED] == 0
    placed = made.of(ev.CallPlaced)
    assert len({event.call_id for event in placed}) == len(placed)
    assert outcomes[Outcome.REACHED] >= 200

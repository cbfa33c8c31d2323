"""How many calls were placed when: what a call rate and a frequency cap count (R2.4, R6.15)."""

from __future__ import annotations

import attrs

from campaign_core._model.limits import CallRate, FrequencyCap
from campaign_core._values.sorted_map import SortedMap

__all__ = ["CALLS_KEPT", "Placements", "attempts_with", "cap_frees_at"]

CALLS_KEPT = 10_000
"""As many placements as a rate can name, so that a changed rate still counts the past."""
_ATTEMPTS_KEPT = 1_000


@attrs.frozen
class Placements:
    """The last placements, oldest first, while a rate is set: an exact sliding window."""

    count: int = 0
    """Placements since the rate was set."""
    times: SortedMap[int, int] = attrs.field(factory=SortedMap)
    """Instants by running number, at most ``CALLS_KEPT``."""

    def with_one(self, at: int, owner: object) -> Placements:
        """Return the placements with one more, not earlier than the others."""
        times = self.times.with_item(self.count, at, owner)
        if self.count >= CALLS_KEPT:
            times = times.without(self.count - CALLS_KEPT, owner)
        return Placements(self.count + 1, times)

    def free_from(self, rate: CallRate) -> int:
        """Return the instant from which one more call keeps the rate; 0: at any time."""
        nth_last = self.times.get(self.count - rate.calls)
        return 0 if nth_last is None else nth_last + rate.window_ms


def attempts_with(times: tuple[int, ...], at: int, horizon_ms: int) -> tuple[int, ...]:
    """Return a number's attempts with one more, without those that no cap can still count."""
    kept = times[-_ATTEMPTS_KEPT + 1 :]
    return (*(time for time in kept if time + horizon_ms > at), at)


def cap_frees_at(times: tuple[int, ...], cap: FrequencyCap) -> int:
    """Return the instant from which one more attempt keeps the cap; 0: at any time (R6.15)."""
    return times[-cap.attempts] + cap.window_ms if len(times) >= cap.attempts else 0

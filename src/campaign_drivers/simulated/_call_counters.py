"""What an exchange counts and keeps of its calls, for proof."""

from __future__ import annotations

from collections import deque

import attrs

from campaign_core import Line
from campaign_drivers.simulated._live_call import CallRecord, LiveCall

__all__ = ["CallCounters", "Counts"]


@attrs.frozen(kw_only=True)
class Counts:
    """What an exchange has counted since it was made."""

    taken: int
    answered: int
    ended: int
    """Calls that are over, those of a restart included."""
    refused: int
    deferred: int
    given_back: int
    """Calls ordered while there was no connection."""
    repeated: int
    """Calls ordered under the id of one in progress: none, if the core is right."""
    at_once_max: int
    """The most calls in progress at one time."""
    internal_at_once_max: int
    external_at_once_max: int


class CallCounters:
    """Counts; changed by the exchange and its switchboard alone."""

    def __init__(self, *, kept_calls_max: int) -> None:
        self._kept: deque[LiveCall] = deque(maxlen=kept_calls_max)
        self._taken = self._ended = self._at_once_max = 0
        self._now = {Line.INTERNAL: 0, Line.EXTERNAL: 0}
        self._most = {Line.INTERNAL: 0, Line.EXTERNAL: 0}
        self.answered = self.refused = self.deferred = self.given_back = self.repeated = 0

    def take(self, call: LiveCall) -> None:
        """Count a call that begins."""
        self._taken += 1
        line = call.order.line
        on_line = self._now[line] = self._now[line] + 1
        self._most[line] = max(self._most[line], on_line)
        at_once = self._taken - self._ended
        self._at_once_max = max(self._at_once_max, at_once)

    def end(self, call: LiveCall) -> None:
        """Count a call that is over."""
        self._ended += 1
        self._now[call.order.line] -= 1
        self._kept.append(call)

    def counts(self) -> Counts:
        """Return what was counted."""
        return Counts(
            taken=self._taken,
            answered=self.answered,
            ended=self._ended,
            refused=self.refused,
            deferred=self.deferred,
            given_back=self.given_back,
            repeated=self.repeated,
            at_once_max=self._at_once_max,
            internal_at_once_max=self._most[Line.INTERNAL],
            external_at_once_max=self._most[Line.EXTERNAL],
        )

    def kept(self) -> tuple[CallRecord, ...]:
        """Return the ended calls that are kept, in the order in which they ended."""
        return tuple(call.record() for call in self._kept)

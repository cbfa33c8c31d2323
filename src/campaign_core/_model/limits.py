"""Limits: how many calls at once, how many in a stretch of time (R2.1, R2.2, R2.4, R6.15)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from campaign_core._model.recipients import Line
from campaign_core._values.at_once import all_at_once
from campaign_core._values.instants import HOUR_MS, SECOND_MS
from campaign_core._values.validators import optional, whole_number

__all__ = ["CallLimits", "CallRate", "FrequencyCap"]

_BOUNDLESS = 1 << 62

# On Python 3.11 an enumeration is asked for a member at each look.
_INTERNAL = Line.INTERNAL
_EXTERNAL = Line.EXTERNAL


@all_at_once
@attrs.frozen(kw_only=True)
class CallLimits:
    """How many calls may be in progress at one time; ``None`` is unlimited, 0 is none.

    Internal and external may add up to more than the total; the total still holds (R2.2).
    """

    total: int | None = attrs.field(default=None, validator=optional(whole_number(0)))
    internal: int | None = attrs.field(default=None, validator=optional(whole_number(0)))
    external: int | None = attrs.field(default=None, validator=optional(whole_number(0)))

    def on(self, line: Line) -> int | None:
        """Return the limit of one line, the total left aside."""
        return self.internal if line is _INTERNAL else self.external

    def left(self, in_use: Mapping[Line, int]) -> tuple[int, int, int]:
        """Return how many more calls fit in all, and on the internal and external line (R6.3)."""
        internal, external = in_use[_INTERNAL], in_use[_EXTERNAL]
        return (
            _BOUNDLESS if self.total is None else self.total - internal - external,
            _BOUNDLESS if self.internal is None else self.internal - internal,
            _BOUNDLESS if self.external is None else self.external - external,
        )


@all_at_once
@attrs.frozen(kw_only=True)
class CallRate:
    """At most ``calls`` placed in any half-open window of ``per_s`` seconds (R2.4)."""

    calls: int = attrs.field(validator=whole_number(1, 10_000))
    per_s: int = attrs.field(validator=whole_number(1, 3_600))

    @property
    def window_ms(self) -> int:
        """The window in milliseconds."""
        return self.per_s * SECOND_MS


@all_at_once
@attrs.frozen(kw_only=True)
class FrequencyCap:
    """At most ``attempts`` to one number on its line in any ``per_h`` hours (R6.15)."""

    attempts: int = attrs.field(validator=whole_number(1, 1_000))
    per_h: int = attrs.field(validator=whole_number(1, 8_760))

    @property
    def window_ms(self) -> int:
        """The window in milliseconds."""
        return self.per_h * HOUR_MS

"""When a recipient is tried again, and when a campaign stops itself (R6.10, R6.17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from campaign_core._model.outcomes import Outcome
from campaign_core._values.validators import as_set, refuse, whole_number

__all__ = ["Breaker", "RetryPolicy"]

_DELAY_MAX_S = 604_800
_NEVER_RETRIED = frozenset({Outcome.REACHED, Outcome.OPTED_OUT})


def _delays(
    given: Mapping[Outcome, int] | Iterable[tuple[Outcome, int]],
) -> tuple[tuple[Outcome, int], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple(sorted(pairs, key=lambda pair: str(pair[0])))


def _valid_delays(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    assert isinstance(value, tuple)
    for outcome, delay_s in value:
        field = f"{attribute.name}[{getattr(outcome, 'name', outcome)}]"
        if not isinstance(outcome, Outcome) or outcome in _NEVER_RETRIED:
            raise refuse(field, outcome, "an outcome that is tried again")
        if type(delay_s) is not int or not 0 <= delay_s <= _DELAY_MAX_S:
            raise refuse(field, delay_s, f"a whole number 0 to {_DELAY_MAX_S}")


def _outcome_set(given: Iterable[Outcome]) -> frozenset[Outcome]:
    return as_set(given)  # type: ignore[no-any-return]


def _outcomes(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, frozenset):
        raise refuse(attribute.name, value, "outcomes that are tried again by default")
    for outcome in value:
        if not isinstance(outcome, Outcome) or outcome in _NEVER_RETRIED:
            raise refuse(attribute.name, outcome, "outcomes that are tried again by default")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """A least delay by outcome, and the outcomes after which a number is done with (R6.10)."""

    delays_s: tuple[tuple[Outcome, int], ...] = attrs.field(
        default=(), converter=_delays, validator=_valid_delays
    )
    """Seconds from the end of an attempt, 0 to 604,800; an outcome not named waits 0. May be
    given as a mapping."""
    never_again: frozenset[Outcome] = attrs.field(
        default=frozenset(), converter=_outcome_set, validator=_outcomes
    )
    """After one of these the number that was called is not tried again."""

    def delay_s(self, outcome: Outcome) -> int:
        """Return the least time from the end of an attempt to the next one, in seconds."""
        return dict(self.delays_s).get(outcome, 0) if self.delays_s else 0


@attrs.frozen(kw_only=True)
class Breaker:
    """Pauses a campaign whose last calls failed for technical causes (R6.17)."""

    calls: int = attrs.field(validator=whole_number(1, 1_000))
    """How many of the last ended calls are looked at; fewer never trip it."""
    failed_percent: int = attrs.field(validator=whole_number(0, 99))
    """It trips when more than this share of them failed for technical causes."""

"""When a recipient is tried again, and when a campaign stops itself (R6.10, R6.17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from campaign_core._model.outcomes import Outcome
from campaign_core._values.at_once import all_at_once
from campaign_core._values.validators import as_set, as_tuple, raise_problems, refuse, whole_number
from campaign_core.errors import Problem

__all__ = ["Breaker", "RetryPolicy"]

_DELAY_MAX_S = 604_800
_NEVER_RETRIED = frozenset({Outcome.REACHED, Outcome.OPTED_OUT})


def _delays(
    given: Mapping[Outcome, int] | Iterable[tuple[Outcome, int]],
) -> tuple[tuple[Outcome, int], ...]:
    listed = as_tuple(given.items() if isinstance(given, Mapping) else given)
    if not isinstance(listed, tuple):
        # The check refuses it.
        return listed  # type: ignore[no-any-return]
    pairs = [tuple(pair) if isinstance(pair, list) else pair for pair in listed]
    is_sound = all(isinstance(pair, tuple) and pair for pair in pairs)
    return tuple(sorted(pairs, key=lambda pair: str(pair[0])) if is_sound else pairs)


def _valid_delays(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple):
        raise refuse(attribute.name, value, "delays by outcome")
    raise_problems(problem for pair in value for problem in _problems_of(attribute.name, pair))


def _problems_of(name: str, pair: object) -> Iterator[Problem]:
    if not isinstance(pair, tuple) or len(pair) != 2:  # noqa: PLR2004 -- outcome and delay
        yield Problem(field=name, value=pair, rule="an outcome and its delay")
        return
    outcome, delay_s = pair
    field = f"{name}[{getattr(outcome, 'name', outcome)}]"
    if not isinstance(outcome, Outcome) or outcome in _NEVER_RETRIED:
        yield Problem(field=field, value=outcome, rule="an outcome that is tried again")
    if type(delay_s) is not int or not 0 <= delay_s <= _DELAY_MAX_S:
        rule = f"a whole number 0 to {_DELAY_MAX_S}"
        yield Problem(field=field, value=delay_s, rule=rule)


def _outcome_set(given: Iterable[Outcome]) -> frozenset[Outcome]:
    return as_set(given)  # type: ignore[no-any-return]


def _outcomes(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    rule = "outcomes that are tried again by default"
    if not isinstance(value, frozenset):
        raise refuse(attribute.name, value, rule)
    raise_problems(
        Problem(field=attribute.name, value=outcome, rule=rule)
        for outcome in sorted(value, key=str)
        if not isinstance(outcome, Outcome) or outcome in _NEVER_RETRIED
    )


@all_at_once
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


@all_at_once
@attrs.frozen(kw_only=True)
class Breaker:
    """Pauses a campaign whose last calls failed for technical causes (R6.17)."""

    calls: int = attrs.field(validator=whole_number(1, 1_000))
    """How many of the last ended calls are looked at; fewer never trip it."""
    failed_percent: int = attrs.field(validator=whole_number(0, 99))
    """It trips when more than this share of them failed for technical causes."""

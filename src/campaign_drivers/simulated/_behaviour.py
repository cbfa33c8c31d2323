"""Behaviour: what becomes of a call to a number, and what a callee does in an answered one.

Descriptions only, immutable: all chance is an argument, so the same chance gives the same call.

::

    Population ── which kind of callee has this number (drawn once a number)
      └── Kind ── what becomes of one call to it      (drawn once a call)
            └── Behaviour = Answers | NotAnswered | IsRefused

How a callee in an answered call decides
    Its acts are listed by *moment*. At the n-th occurrence of a moment the n-th act listed for it
    is what the callee has in mind, and the last one listed at every later occurrence (but in
    ``SILENCE``, where nothing invites to another try). It is carried out after its delay, unless
    another moment with acts comes first, or a new sound begins: then it is dropped. The acts of
    ``ANSWER`` stand apart: every one of them is carried out, whatever is played.

    A sound that digits can stop is a prompt to the callee, one that none can stop is the message;
    a prompt after a message only reminds of what to do, and changes no mind.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from typing import Any, ClassVar, TypeVar

import attrs

from campaign_core import UNANSWERED, Outcome
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._checks import number_between, refuse
from campaign_drivers.simulated._delays import Constant, Delay, Uniform, as_delay

__all__ = [
    "Act",
    "Answers",
    "Behaviour",
    "CalleeKind",
    "Dials",
    "HangsUp",
    "IsRefused",
    "Moment",
    "NotAnswered",
    "Population",
    "Waits",
    "WeightedBehaviour",
]

HANGUP_CAUSES = {
    Outcome.INVALID_NUMBER: 1,
    Outcome.BUSY: 17,
    Outcome.NO_ANSWER: 19,
    Outcome.REJECTED: 21,
    Outcome.CONGESTION: 34,
    Outcome.FAILED: 38,
}
"""The Q.850 cause that a network gives for each way of not being answered."""


class Moment(Enum):
    """When in an answered call a callee does something."""

    ANSWER = "ANSWER"
    """Counted from the answer, whatever is played."""
    SILENCE = "SILENCE"
    """Nothing has been played yet: counted from the answer, and from each digit dialled since."""
    PROMPT = "PROMPT"
    """Counted from the start of a prompt that comes before any message."""
    AFTER_PROMPT = "AFTER_PROMPT"
    """Counted from the end of such a prompt, where no digit stopped it."""
    MESSAGE = "MESSAGE"
    """Counted from the start of the message."""
    AFTER_MESSAGE = "AFTER_MESSAGE"
    """Counted from the end of the message."""
    TRANSFER = "TRANSFER"
    """Counted from being connected to an extension."""

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


def _digits(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not value or not set(value) <= set("0123456789*#ABCD"):
        raise refuse(attribute.name, value, "one or more of 0-9 * # A-D")


@attrs.frozen(kw_only=True)
class Dials:
    """The callee dials a digit, or several one after the other."""

    when: Moment
    digits: str = attrs.field(validator=_digits)
    after: Delay = attrs.field(default=Uniform(least_s=0.5, most_s=4), converter=as_delay)
    """Before the first digit."""
    apart: Delay = attrs.field(default=Constant(0.3), converter=as_delay)
    """Between one digit and the next."""


@attrs.frozen(kw_only=True)
class HangsUp:
    """The callee ends the call."""

    when: Moment
    after: Delay = attrs.field(default=Uniform(least_s=0.5, most_s=4), converter=as_delay)


@attrs.frozen(kw_only=True)
class Waits:
    """The callee does nothing this time."""

    when: Moment


Act = Dials | HangsUp | Waits
"""Something a callee does in an answered call."""


def _acts(given: Iterable[Act]) -> tuple[Act, ...]:
    return tuple(given)


def _by_moment(answers: Answers) -> dict[Moment, tuple[Act, ...]]:
    return {
        moment: tuple(act for act in answers.acts if act.when is moment)
        for moment in {act.when for act in answers.acts}
    }


@attrs.frozen(kw_only=True)
class Answers:
    """A call that is answered, by a person or a machine."""

    ring: Delay = attrs.field(default=Uniform(least_s=2, most_s=15), converter=as_delay)
    """From placing to the answer; as long as the ring timeout or longer is not answered."""
    acts: tuple[Act, ...] = attrs.field(default=(), converter=_acts)
    _acts_at: dict[Moment, tuple[Act, ...]] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(_by_moment, takes_self=True),
    )

    def acts_at(self, moment: Moment) -> tuple[Act, ...]:
        """Return the acts of one moment, in the order in which they are taken."""
        return self._acts_at.get(moment, ())


def _unanswered(_: object, attribute: attrs.Attribute[Any], value: Outcome) -> None:
    if value not in UNANSWERED:
        names = ", ".join(sorted(outcome.name for outcome in UNANSWERED))
        raise refuse(attribute.name, value, f"one of {names}")


@attrs.frozen(kw_only=True)
class NotAnswered:
    """A call that the network or the callee ends before any answer."""

    outcome: Outcome = attrs.field(default=Outcome.NO_ANSWER, validator=_unanswered)
    after: Delay | None = attrs.field(default=None, converter=attrs.converters.optional(as_delay))
    """From placing to the end; ``None``: it rings until the ring timeout."""
    hangup_cause: int | None = attrs.field(
        default=attrs.Factory(lambda self: HANGUP_CAUSES.get(self.outcome), takes_self=True)
    )
    """Q.850; by default the one of the outcome."""


@attrs.frozen(kw_only=True)
class IsRefused:
    """A call that the exchange does not even take."""

    why: str = "number not allowed"


Behaviour = Answers | NotAnswered | IsRefused
"""What becomes of one call."""

_weight = number_between(0, 1e9)


@attrs.frozen(kw_only=True)
class WeightedBehaviour:
    """A behaviour and how often it comes, in proportion to the other weights."""

    weight: float = attrs.field(validator=_weight)
    behaviour: Behaviour


def _shares(given: Iterable[WeightedBehaviour]) -> tuple[WeightedBehaviour, ...]:
    return tuple(given)


_Weighted = TypeVar("_Weighted", "CalleeKind", "WeightedBehaviour")


def _some_weight(
    _: object, attribute: attrs.Attribute[Any], value: Iterable[CalleeKind | WeightedBehaviour]
) -> None:
    if not sum(entry.weight for entry in value) > 0:
        raise refuse(attribute.name, value, "at least one entry with a weight above 0")


def _bounds(entries: Sequence[CalleeKind | WeightedBehaviour]) -> tuple[float, ...]:
    return tuple(accumulate(entry.weight for entry in entries))


def _drawn(entries: tuple[_Weighted, ...], bounds: tuple[float, ...], unit: float) -> _Weighted:
    """Return the entry under a point of [0, 1)."""
    return entries[bisect_right(bounds, unit * bounds[-1], hi=len(bounds) - 1)]


@attrs.frozen(kw_only=True)
class CalleeKind:
    """A kind of callee: its calls end in several ways, but the kind sticks to the number."""

    calls: tuple[WeightedBehaviour, ...] = attrs.field(converter=_shares, validator=_some_weight)
    weight: float = attrs.field(default=1, validator=_weight)
    _call_bounds: tuple[float, ...] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: _bounds(self.calls), takes_self=True),
    )

    def behaviour(self, chance: Chance) -> Behaviour:
        """Return what becomes of one call."""
        return _drawn(self.calls, self._call_bounds, chance.unit()).behaviour


def _kinds(given: Iterable[CalleeKind]) -> tuple[CalleeKind, ...]:
    return tuple(given)


def _scripts(
    given: Mapping[str, Iterable[Behaviour]] | Iterable[tuple[str, Iterable[Behaviour]]],
) -> tuple[tuple[str, tuple[Behaviour, ...]], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple((number, tuple(calls)) for number, calls in pairs)


@attrs.frozen(kw_only=True)
class Population:
    """Who lives at the numbers of a network."""

    kinds: tuple[CalleeKind, ...] = attrs.field(converter=_kinds, validator=_some_weight)
    """Drawn for every number without a script."""
    scripts: tuple[tuple[str, tuple[Behaviour, ...]], ...] = attrs.field(
        default=(), converter=_scripts
    )
    """Numbers whose every call is known: the first call taken, the second, ...; the last listed
    comes again for all later ones. May be given as a mapping."""
    _kind_bounds: tuple[float, ...] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: _bounds(self.kinds), takes_self=True),
    )
    _script_of: dict[str, tuple[Behaviour, ...]] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: dict(self.scripts), takes_self=True),
    )

    @scripts.validator
    def _no_empty_script(self, attribute: attrs.Attribute[Any], value: object) -> None:
        for number, calls in self.scripts:
            if not calls:
                raise refuse(f"{attribute.name}[{number}]", calls, "at least one behaviour")

    def script(self, number: str) -> tuple[Behaviour, ...] | None:
        """Return the calls of a scripted number, ``None`` for any other."""
        return self._script_of.get(number)

    def kind(self, number: str, seed: int) -> CalleeKind:
        """Return the kind of callee at a number: always the same for the same seed."""
        if len(self.kinds) == 1:
            return self.kinds[0]
        return _drawn(self.kinds, self._kind_bounds, Chance(f"kind/{seed}/{number}").unit())

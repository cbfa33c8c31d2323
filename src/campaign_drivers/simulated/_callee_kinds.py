"""Kinds of callee that everybody knows, made of the acts in ``_behaviour``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from campaign_core import Outcome
from campaign_drivers.simulated._behaviour import (
    Act,
    Answers,
    Behaviour,
    CalleeKind,
    Dials,
    HangsUp,
    Moment,
    NotAnswered,
    Population,
    Waits,
    WeightedBehaviour,
)
from campaign_drivers.simulated._checks import refuse, share
from campaign_drivers.simulated._delays import Delay, LogNormal, Uniform

__all__ = [
    "PEOPLE",
    "TYPICAL",
    "Rates",
    "asks_for_transfer",
    "dials_wrong",
    "follows_prompts",
    "hangs_up_in_message",
    "hangs_up_in_prompt",
    "hangs_up_in_silence",
    "opts_out",
    "population",
    "voicemail",
]

RING = Uniform(least_s=2, most_s=15)
LONG_RING = Uniform(least_s=15, most_s=25)
THINK = LogNormal(median_s=1.5, sigma=0.5, most_s=30)
"""From understanding what to do to the digit."""
TALK = LogNormal(median_s=60, sigma=0.8)


def _at_prompts(digits: str, think: Delay | float) -> tuple[Act, ...]:
    """Dial where asked to dial: in a prompt, or in the silence that stands for one."""
    return (
        Dials(when=Moment.PROMPT, digits=digits, after=think),
        Dials(when=Moment.SILENCE, digits=digits, after=think),
    )


def follows_prompts(*, ring: Delay | float = RING, think: Delay | float = THINK) -> Answers:
    """Return a person who dials 1 when asked to, and 9 after the message."""
    nine = Dials(when=Moment.AFTER_MESSAGE, digits="9", after=think)
    return Answers(ring=ring, acts=(*_at_prompts("1", think), nine))


def voicemail(*, ring: Delay | float = LONG_RING, records: Delay | float = 120) -> Answers:
    """Return a box that answers, never dials a digit and hangs up when its tape is full."""
    return Answers(ring=ring, acts=(HangsUp(when=Moment.ANSWER, after=records),))


def dials_wrong(
    *, times: int, right_then: bool, ring: Delay | float = RING, think: Delay | float = THINK
) -> Answers:
    """Return a person who dials 5 for 1 and for 9 some times, and then right or not again.

    Args:
        times: how many wrong digits come at the prompts, and then after the messages.
        right_then: whether the right digit follows, or silence.
    """
    acts: list[Act] = []
    for when, right in ((Moment.PROMPT, "1"), (Moment.SILENCE, "1"), (Moment.AFTER_MESSAGE, "9")):
        acts += [Dials(when=when, digits="5", after=think)] * times
        acts.append(Dials(when=when, digits=right, after=think) if right_then else Waits(when=when))
    return Answers(ring=ring, acts=acts)


def hangs_up_in_prompt(*, ring: Delay | float = RING, after: Delay | float = THINK) -> Answers:
    """Return a person who ends the call in the first prompt, or in the silence in its place."""
    moments = (Moment.PROMPT, Moment.SILENCE)
    return Answers(ring=ring, acts=[HangsUp(when=when, after=after) for when in moments])


def hangs_up_in_message(
    *, ring: Delay | float = RING, after: Delay | float = THINK, think: Delay | float = THINK
) -> Answers:
    """Return a person who dials 1 when asked to, and ends the call in the message."""
    leave = HangsUp(when=Moment.MESSAGE, after=after)
    return Answers(ring=ring, acts=(*_at_prompts("1", think), leave))


def hangs_up_in_silence(
    *, ring: Delay | float = RING, after: Delay | float = THINK, think: Delay | float = THINK
) -> Answers:
    """Return a person who dials 1 when asked to, and ends the call when the message is over."""
    leave = HangsUp(when=Moment.AFTER_MESSAGE, after=after)
    return Answers(ring=ring, acts=(*_at_prompts("1", think), leave))


def opts_out(*, digit: str, ring: Delay | float = RING, think: Delay | float = THINK) -> Answers:
    """Return a person who dials the opt-out digit as soon as there is something to dial at."""
    after = Dials(when=Moment.AFTER_MESSAGE, digits=digit, after=think)
    return Answers(ring=ring, acts=(*_at_prompts(digit, think), after))


def asks_for_transfer(
    *,
    digit: str,
    ring: Delay | float = RING,
    think: Delay | float = THINK,
    talk: Delay | float = TALK,
) -> Answers:
    """Return a person who follows the prompts, but after the message asks for the extension."""
    return Answers(
        ring=ring,
        acts=(
            *_at_prompts("1", think),
            Dials(when=Moment.AFTER_MESSAGE, digits=digit, after=think),
            HangsUp(when=Moment.TRANSFER, after=talk),
        ),
    )


PEOPLE = (
    WeightedBehaviour(weight=70, behaviour=follows_prompts()),
    WeightedBehaviour(weight=12, behaviour=voicemail()),
    WeightedBehaviour(weight=5, behaviour=dials_wrong(times=1, right_then=True)),
    WeightedBehaviour(weight=1, behaviour=dials_wrong(times=2, right_then=False)),
    WeightedBehaviour(weight=6, behaviour=hangs_up_in_prompt()),
    WeightedBehaviour(weight=4, behaviour=hangs_up_in_message()),
    WeightedBehaviour(weight=2, behaviour=hangs_up_in_silence()),
)
"""Those who answer, where nothing else is said."""


@attrs.frozen(kw_only=True)
class Rates:
    """How calls end, as shares of 1; what is left over rings without an answer."""

    answered: float = attrs.field(default=0, validator=share)
    busy: float = attrs.field(default=0, validator=share)
    rejected: float = attrs.field(default=0, validator=share)
    congestion: float = attrs.field(default=0, validator=share)
    failed: float = attrs.field(default=0, validator=share)
    invalid: float = attrs.field(default=0, validator=share)
    """Of the numbers, not of the calls: who does not exist now will not at the next attempt."""

    @invalid.validator
    def _at_most_all(self, attribute: attrs.Attribute[Any], value: float) -> None:
        if self.no_answer < 0:
            total = 1 - self.no_answer
            raise refuse("rates", round(total, 6), "shares that add up to 1 at most")

    @property
    def no_answer(self) -> float:
        """The share of calls that ring without an answer."""
        others = self.answered + self.busy + self.rejected + self.congestion + self.failed
        # Ten shares of 0.1 are not quite 1 to a computer.
        return round(1 - others - self.invalid, 9)


TYPICAL = Rates(answered=0.6, busy=0.1, rejected=0.03, congestion=0.02, failed=0.01, invalid=0.02)
"""Rates where nothing else is said."""

_SOON = Uniform(least_s=0.5, most_s=3)


def _not_answered(rates: Rates) -> Iterable[WeightedBehaviour]:
    for weight, outcome, after in (
        (rates.busy, Outcome.BUSY, _SOON),
        (rates.rejected, Outcome.REJECTED, RING),
        (rates.congestion, Outcome.CONGESTION, _SOON),
        (rates.failed, Outcome.FAILED, _SOON),
        (rates.no_answer, Outcome.NO_ANSWER, None),
    ):
        yield WeightedBehaviour(weight=weight, behaviour=NotAnswered(outcome=outcome, after=after))


def population(
    *,
    rates: Rates = TYPICAL,
    people: Sequence[WeightedBehaviour] = PEOPLE,
    scripts: Mapping[str, Iterable[Behaviour]] | None = None,
) -> Population:
    """Return a population with these rates.

    Args:
        rates: how calls end.
        people: who answers those that are answered.
        scripts: numbers whose every call is known; see :class:`Population`.
    """
    total = sum(person.weight for person in people)
    if not total > 0:
        raise refuse("people", people, "at least one share with a weight above 0")
    kinds = []
    if rates.invalid < 1:
        answered = (
            attrs.evolve(person, weight=person.weight * rates.answered / total) for person in people
        )
        calls = (*answered, *_not_answered(rates))
        kinds.append(CalleeKind(weight=1 - rates.invalid, calls=calls))
    if rates.invalid > 0:
        nobody = NotAnswered(outcome=Outcome.INVALID_NUMBER, after=_SOON)
        kinds.append(
            CalleeKind(weight=rates.invalid, calls=[WeightedBehaviour(weight=1, behaviour=nobody)])
        )
    return Population(kinds=kinds, scripts=scripts or {})

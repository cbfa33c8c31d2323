"""Values of small worlds: few people, few shared numbers, tiny limits.

Small, so that everything stands in the way of everything else. Every *beyond* rule is on now and
then; most are off most of the time, or nobody would ever be called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from hypothesis import strategies as st

from campaign_core._model.call_script import CallScript, TransferOption
from campaign_core._model.calling_hours import CallingHours, Weekday
from campaign_core._model.campaign_model import CampaignModel, Order
from campaign_core._model.limits import CallLimits, CallRate, FrequencyCap
from campaign_core._model.number_plan import NumberPlan
from campaign_core._model.outcomes import Outcome
from campaign_core._model.recipients import Duplicates, Line, Number, Recipient
from campaign_core._model.retry import Breaker, RetryPolicy
from campaign_core._model.settings import Settings
from campaign_core._model.sounds import FROM_SETTINGS

__all__ = [
    "call_limits",
    "call_scripts",
    "calling_hours",
    "campaign_models",
    "number_plans",
    "recipient_lists",
    "retry_policies",
    "seldom",
    "settings",
]

T = TypeVar("T")

_ZONES = ("UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
_NUMBERS = ("1", "2", "3", "4", "5", "+6", "+61")
_REALISTIC = ("+390501234567", "0501234567", "+12025550143", "*43#", "9" * 31)
"""As they are dialled, the longest among them; few, so that they meet too."""
_TEXTS = ("", "Anna", "Zoë Müller-Ångström", "नेहा", "李小龙", "👩\u200d🏫", "x" * 128)
"""Names as people have them, one as long as may be."""
_SOUNDS = ("message", "message", "school/closing_2.it", "s" * 255)
_TRIED_AGAIN = tuple(
    outcome for outcome in Outcome if outcome not in (Outcome.REACHED, Outcome.OPTED_OUT)
)
_WORKDAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


def seldom(strategy: st.SearchStrategy[T], one_in: int = 4) -> st.SearchStrategy[T | None]:
    """Draw ``None`` but for one time in some."""
    drawn: st.SearchStrategy[T | None] = st.integers(1, one_in).flatmap(
        lambda n: strategy if n == one_in else st.none()
    )
    return drawn


def _mostly(common: T, strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    return st.integers(1, 4).flatmap(lambda n: strategy if n == 4 else st.just(common))  # noqa: PLR2004


def call_limits() -> st.SearchStrategy[CallLimits]:
    """Draw limits of 0 to 3 calls, mostly none (R2.2)."""
    limit = seldom(st.integers(0, 3))
    return st.builds(CallLimits, total=limit, internal=limit, external=limit)


def _call_rates() -> st.SearchStrategy[CallRate]:
    return st.builds(CallRate, calls=st.integers(1, 3), per_s=st.sampled_from([1, 2, 60]))


def settings() -> st.SearchStrategy[Settings]:
    """Draw general settings (R2)."""
    cap = st.builds(FrequencyCap, attempts=st.integers(1, 3), per_h=st.sampled_from([1, 24]))
    return st.builds(
        Settings,
        active_campaigns_max=seldom(st.integers(0, 2)),
        call_limits=call_limits(),
        call_rate=seldom(_call_rates()),
        answer_prompt=st.sampled_from(["press-1", None]),
        listening_prompt=st.sampled_from([None, "press-9"]),
        one_call_per_number=st.sampled_from([True, True, False]),
        frequency_cap=seldom(cap),
        number_plan=seldom(number_plans()),
    )


def number_plans() -> st.SearchStrategy[NumberPlan]:
    """Draw number plans of real countries, and one in which the small world's numbers meet."""
    return st.sampled_from(
        [
            NumberPlan(country_code="6", trunk_prefix=""),
            NumberPlan(country_code="44"),
            NumberPlan(country_code="39", trunk_prefix_stays=True),
            NumberPlan(
                country_code="1",
                international_prefix="011",
                trunk_prefix="1",
                national_digits=10,
            ),
        ]
    )


def call_scripts() -> st.SearchStrategy[CallScript]:
    """Draw what happens in an answered call (R7)."""
    prompt = st.sampled_from([FROM_SETTINGS, "own-prompt", None])
    return st.builds(
        CallScript,
        confirm_answer=st.booleans(),
        confirm_listening=st.booleans(),
        answer_prompt=prompt,
        listening_prompt=prompt,
        digit_timeout_s=st.sampled_from([1, 5]),
        answer_prompts_max=st.integers(1, 3),
        message_plays_max=st.integers(1, 3),
        call_duration_max_s=st.sampled_from([10, 600]),
        opt_out_digit=seldom(st.just("7")),
        transfer=seldom(st.just(TransferOption(digit="8", extension="800"))),
    )


def retry_policies() -> st.SearchStrategy[RetryPolicy]:
    """Draw delays and outcomes never tried again, mostly none (R6.10)."""
    outcome = st.sampled_from(_TRIED_AGAIN)
    some = st.builds(
        RetryPolicy,
        delays_s=st.dictionaries(outcome, st.sampled_from([1, 60, 3_600]), max_size=4),
        never_again=st.frozensets(outcome, max_size=2),
    )
    return _mostly(RetryPolicy(), some)


def calling_hours() -> st.SearchStrategy[tuple[CallingHours, ...]]:
    """Draw calling hours, mostly none: always (R6.11)."""
    days: st.SearchStrategy[Iterable[Weekday]] = st.sampled_from(
        [tuple(Weekday), _WORKDAYS, (Weekday.SATURDAY, Weekday.SUNDAY)]
    )
    minutes = st.sampled_from([(0, 150), (120, 1_020), (540, 1_020), (120, 150), (540, 1_440)])
    stretch = st.builds(_stretch, days, minutes)
    return _mostly((), st.lists(stretch, min_size=1, max_size=2).map(tuple))


def _stretch(days: Iterable[Weekday], minutes: tuple[int, int]) -> CallingHours:
    opens_min, closes_min = minutes
    return CallingHours(days=days, opens_min=opens_min, closes_min=closes_min)


@st.composite
def recipient_lists(draw: st.DrawFn, *, most: int = 6) -> list[Recipient]:
    """Draw one recipient or more, of whom no two share a number on a line (R3.2).

    Args:
        draw: given by Hypothesis.
        most: numbers in all, further ones included.
    """
    known = draw(_mostly(_NUMBERS, st.just((*_NUMBERS[:3], *_REALISTIC))))
    everything = [(number, line) for number in known for line in Line]
    numbers = draw(st.lists(st.sampled_from(everything), min_size=1, max_size=most, unique=True))
    recipients = []
    while numbers:
        count = min(draw(st.sampled_from([1, 1, 1, 2, 3])), len(numbers))
        (number, line), *further = numbers[:count]
        numbers = numbers[count:]
        recipients.append(
            Recipient(
                number=number,
                line=line,
                name=draw(st.sampled_from(_TEXTS)),
                time_zone=draw(seldom(st.sampled_from(_ZONES))),
                further_numbers=tuple(Number(number=n, line=on) for n, on in further),
            )
        )
    return recipients


@st.composite
def campaign_models(draw: st.DrawFn, *, name: str = "Model") -> CampaignModel:
    """Draw a model that a campaign can be started from (R3).

    Args:
        draw: given by Hypothesis.
        name: unique among a service's models.
    """
    recipients = draw(recipient_lists())
    return CampaignModel(
        name=name,
        caller_number="100",
        routing_class=draw(seldom(st.just("trunk"))),
        priority=draw(st.sampled_from([0, 0, 1, 2])),
        duplicates=draw(_mostly(Duplicates.REFUSE, st.just(Duplicates.EACH))),
        sound=draw(st.sampled_from(_SOUNDS)),
        threshold=draw(seldom(st.integers(1, len(recipients)))),
        stop_at_threshold=draw(_mostly(common=False, strategy=st.just(value=True))),
        attempts_max=draw(st.sampled_from([1, 2, 3, 5])),
        ring_timeout_s=draw(st.sampled_from([1, 30])),
        script=draw(call_scripts()),
        call_limits=draw(call_limits()),
        call_rate=draw(seldom(_call_rates())),
        retry=draw(retry_policies()),
        calling_hours=draw(calling_hours()),
        time_zone=draw(st.sampled_from(_ZONES)),
        order=draw(st.sampled_from(Order)),
        breaker=draw(
            seldom(
                st.builds(
                    Breaker, calls=st.integers(1, 3), failed_percent=st.sampled_from([0, 50, 99])
                )
            )
        ),
        recipients=recipients,
    )

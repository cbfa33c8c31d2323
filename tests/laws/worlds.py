"""Small worlds: few campaigns, few people, few shared numbers, tiny limits.

Small, so that everything stands in the way of everything else.
"""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve
from hypothesis import strategies as st

from campaign_core import (
    FROM_SETTINGS,
    UNANSWERED,
    Breaker,
    CallingHours,
    CallLimits,
    CallRate,
    CallScript,
    CampaignModel,
    Duplicates,
    FrequencyCap,
    Line,
    Number,
    NumberPlan,
    Order,
    Outcome,
    Recipient,
    RetryPolicy,
    Settings,
    TransferOption,
    Weekday,
)

# Two hours before the clocks of Europe are put forward; and as long before they are put back.
SPRING = int(datetime(2025, 3, 30, tzinfo=UTC).timestamp() * 1_000) - 3_600_000
AUTUMN = int(datetime(2025, 10, 26, tzinfo=UTC).timestamp() * 1_000) - 3_600_000
BEGINNINGS = st.sampled_from([SPRING, AUTUMN])

ZONES = ["UTC", "Europe/Rome", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"]
NUMBERS = ["1", "2", "3", "4", "5", "01", "+391"]
# Under the first of them the last two numbers are one, under the second the first and the last.
PLANS = st.sampled_from(
    [
        NumberPlan(country_code="39"),
        NumberPlan(country_code="39", trunk_prefix="0", trunk_prefix_stays=True),
        NumberPlan(country_code="3", international_prefix="", trunk_prefix="9"),
    ]
)
OUTCOMES_TRIED_AGAIN = sorted(set(Outcome) - {Outcome.REACHED, Outcome.OPTED_OUT}, key=str)
UNANSWERED_AS = st.sampled_from(sorted(UNANSWERED, key=str))
MOSTLY = st.sampled_from([True] * 4 + [False])
DIGITS = st.sampled_from("11997835")


def seldom(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Return mostly nothing."""
    return st.integers(0, 3).flatmap(lambda n: strategy if n == 3 else st.none())


LIMIT = seldom(st.integers(0, 3))
CALL_LIMITS = st.builds(CallLimits, total=LIMIT, internal=LIMIT, external=LIMIT)
CALL_RATE = seldom(
    st.builds(CallRate, calls=st.integers(1, 3), per_s=st.sampled_from([1, 2, 5, 60]))
)
FREQUENCY_CAP = seldom(
    st.builds(FrequencyCap, attempts=st.integers(1, 3), per_h=st.sampled_from([1, 2, 24]))
)
SETTINGS = st.builds(
    Settings,
    active_campaigns_max=seldom(st.integers(0, 2)),
    call_limits=CALL_LIMITS,
    call_rate=CALL_RATE,
    answer_prompt=st.sampled_from(["press-1", "other", None]),
    listening_prompt=st.sampled_from(["press-9", None]),
    one_call_per_number=st.sampled_from([True, True, False]),
    frequency_cap=FREQUENCY_CAP,
    number_plan=seldom(PLANS),
)

PROMPT = st.sampled_from([FROM_SETTINGS, "own", None])
SCRIPTS = st.builds(
    CallScript,
    confirm_answer=st.sampled_from([False, True, True]),
    confirm_listening=st.sampled_from([False, True, True]),
    answer_prompt=PROMPT,
    listening_prompt=PROMPT,
    digit_timeout_s=st.sampled_from([1, 5]),
    answer_prompts_max=st.integers(1, 3),
    message_plays_max=st.integers(1, 3),
    call_duration_max_s=st.sampled_from([10, 60]),
    opt_out_digit=st.sampled_from([None, "7"]),
    transfer=st.sampled_from([None, TransferOption(digit="8", extension="800")]),
)


def _hours(opens_min: int, closes_min: int, days: set[Weekday]) -> CallingHours:
    return CallingHours(days=days, opens_min=opens_min, closes_min=closes_min)


CALLING_HOURS = st.integers(0, 3).flatmap(
    lambda n: (
        st.just(())
        if n < 3
        else st.lists(
            st.builds(
                _hours,
                st.sampled_from([0, 30, 120, 150]),
                st.sampled_from([151, 180, 600, 1_440]),
                st.sampled_from(
                    [set(Weekday), {Weekday.SATURDAY, Weekday.SUNDAY}, {Weekday.MONDAY}]
                ),
            ),
            min_size=1,
            max_size=2,
        )
    )
)

RETRY = st.one_of(
    st.just(RetryPolicy()),
    st.builds(
        RetryPolicy,
        delays_s=st.dictionaries(
            st.sampled_from(OUTCOMES_TRIED_AGAIN), st.sampled_from([1, 5, 60, 3_600])
        ),
        never_again=st.frozensets(st.sampled_from(OUTCOMES_TRIED_AGAIN), max_size=3),
    ),
)


@st.composite
def recipient_lists(draw: st.DrawFn, most: int = 6, *, may_repeat: bool = False) -> list[Recipient]:
    """Draw recipients of whom no two share a number on a line, unless they may (R3.2)."""
    everything = [(number, line) for number in NUMBERS for line in Line]
    numbers = draw(
        st.lists(st.sampled_from(everything), min_size=1, max_size=most, unique=not may_repeat)
    )
    recipients = []
    while numbers:
        # Mostly one number each.
        count = min(draw(st.sampled_from([1, 1, 1, 2, 3])), len(numbers))
        (number, line), *further = dict.fromkeys(numbers[:count])
        numbers = numbers[count:]
        recipients.append(
            Recipient(
                number=number,
                line=line,
                time_zone=draw(seldom(st.sampled_from(ZONES))),
                further_numbers=[Number(number=n, line=on) for n, on in further],
            )
        )
    return recipients


@st.composite
def open_models(draw: st.DrawFn, name: str) -> CampaignModel:
    """Draw a model of which calls can be placed, so that there is something to tell of them."""
    return evolve(
        draw(models(name)), enabled=True, sound="message", threshold=None, calling_hours=()
    )


@st.composite
def models(draw: st.DrawFn, name: str | None = None) -> CampaignModel:
    """Draw a model with some of all that the rules know."""
    duplicates = draw(st.sampled_from([Duplicates.REFUSE, Duplicates.REFUSE, Duplicates.EACH]))
    recipients = draw(recipient_lists(may_repeat=duplicates is Duplicates.EACH))
    return CampaignModel(
        name=draw(st.sampled_from("ABC")) if name is None else name,
        caller_number="100",
        enabled=draw(st.integers(0, 19)) < 19,
        routing_class=draw(seldom(st.just("trunk"))),
        priority=draw(st.sampled_from([0, 0, 1, 2])),
        duplicates=duplicates,
        sound="message" if draw(st.integers(0, 19)) < 19 else None,
        threshold=draw(
            seldom(st.integers(1, len(recipients) + draw(st.sampled_from([0, 0, 0, 1]))))
        ),
        stop_at_threshold=draw(st.integers(0, 3)) == 3,
        attempts_max=draw(st.sampled_from([1, 2, 3, 5])),
        ring_timeout_s=draw(st.sampled_from([1, 30])),
        script=draw(SCRIPTS),
        call_limits=draw(CALL_LIMITS),
        call_rate=draw(CALL_RATE),
        retry=draw(RETRY),
        calling_hours=draw(CALLING_HOURS),
        time_zone=draw(st.sampled_from(ZONES)),
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

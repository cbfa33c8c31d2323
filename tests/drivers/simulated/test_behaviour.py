"""Callees: what each kind does, and how often each comes."""

from __future__ import annotations

from collections import Counter
from statistics import mean, median

import pytest

from campaign_core import Outcome
from campaign_core.errors import SettingsError
from campaign_core.reports import AnswerReport, DigitReport, EndReport, PlaybackReport
from campaign_drivers.simulated import (
    Answers,
    CalleeKind,
    Constant,
    Dials,
    Exponential,
    Faults,
    HangsUp,
    IsRefused,
    LogNormal,
    Moment,
    Network,
    NotAnswered,
    Population,
    Rates,
    Sounds,
    Uniform,
    Waits,
    WeightedBehaviour,
    asks_for_transfer,
    dials_wrong,
    follows_prompts,
    hangs_up_in_message,
    hangs_up_in_prompt,
    hangs_up_in_silence,
    opts_out,
    population,
    voicemail,
)
from campaign_drivers.simulated._chance import Chance

from .host import Host, ends, scripted

SOUNDS = Sounds(durations_s={"press-1": 3, "message": 10, "press-9": 2})


def answered(behaviour):
    """A host, and a call just answered, at 4 s."""
    host = scripted(behaviour, sounds=SOUNDS)
    call = host.place("200")
    assert [AnswerReport(call)] == [report for _, report in host.wait(4)]
    return host, call


def did(heard):
    """What the callee did, and when."""
    words = []
    for at, report in heard:
        if isinstance(report, DigitReport):
            words.append((at, report.digit))
        elif isinstance(report, EndReport):
            words.append((at, "hangs up"))
    return words


# Kinds -------------------------------------------------------------------------------------


def test_who_follows_prompts_dials_1_in_the_prompt_and_9_after_the_message():
    host, call = answered(follows_prompts(ring=4, think=2))
    host.prompt(call, 1)
    assert did(host.wait(2)) == [(6_000, "1")]
    host.message(call, 2)
    assert did(host.wait(60)) == [(18_000, "9")]


def test_who_follows_prompts_dials_1_in_the_silence_where_nothing_is_played():
    """R2.5: no prompt, only silence to dial in."""
    host, _ = answered(follows_prompts(ring=4, think=2))
    assert did(host.wait(3)) == [(6_000, "1")]


def test_who_follows_prompts_does_not_dial_1_where_the_message_comes_at_once():
    host, call = answered(follows_prompts(ring=4, think=2))
    host.message(call, 1)
    assert did(host.wait(60)) == [(16_000, "9")]


def test_a_slow_callee_dials_after_the_prompt():
    host, call = answered(follows_prompts(ring=4, think=6))
    host.prompt(call, 1)
    assert did(host.wait(60)) == [(10_000, "1")]


def test_a_prompt_after_the_message_changes_no_mind():
    """R7.4: 9 during the listening prompt or the silence after it confirms."""
    host, call = answered(follows_prompts(ring=4, think=3))
    host.message(call, 1)
    host.wait(10)
    host.prompt(call, 2)
    assert did(host.wait(60)) == [(17_000, "9")]


def test_a_voicemail_box_never_dials_and_hangs_up_when_its_tape_is_full():
    host, call = answered(voicemail(ring=4, records=60))
    for play in range(1, 4):
        host.prompt(call, play)
        assert did(host.wait(8)) == []
    assert did(host.wait(600)) == [(64_000, "hangs up")]


def test_who_dials_wrong_does_so_some_times_and_then_right():
    host, call = answered(dials_wrong(times=2, right_then=True, ring=4, think=1))
    dialled = []
    for play in range(1, 4):
        host.prompt(call, play)
        dialled += [digit for _, digit in did(host.wait(1))]
    for play in range(4, 7):
        host.message(call, play)
        dialled += [digit for _, digit in did(host.wait(11))]
    assert list("551559") == dialled


def test_who_dials_wrong_and_then_not_again_falls_silent():
    host, call = answered(dials_wrong(times=1, right_then=False, ring=4, think=1))
    dialled = []
    for play in range(1, 4):
        host.prompt(call, play)
        dialled += [digit for _, digit in did(host.wait(9))]
    assert dialled == ["5"]


def test_who_dials_wrong_in_silence_dials_again_in_it():
    host, _ = answered(dials_wrong(times=2, right_then=True, ring=4, think=1))
    assert did(host.wait(60)) == [(5_000, "5"), (6_000, "5"), (7_000, "1")]


def test_who_hangs_up_in_the_prompt_does():
    host, call = answered(hangs_up_in_prompt(ring=4, after=2))
    host.prompt(call)
    assert did(host.wait(60)) == [(6_000, "hangs up")]


def test_who_hangs_up_in_the_message_does():
    host, call = answered(hangs_up_in_message(ring=4, after=5, think=2))
    host.prompt(call)
    assert did(host.wait(2)) == [(6_000, "1")]
    host.message(call)
    assert did(host.wait(60)) == [(11_000, "hangs up")]


def test_who_hangs_up_in_the_silence_does():
    host, call = answered(hangs_up_in_silence(ring=4, after=1, think=2))
    host.message(call)
    assert did(host.wait(60)) == [(15_000, "hangs up")]


def test_who_opts_out_dials_that_digit_wherever_there_is_something_to_dial_at():
    for play in ("prompt", "message", None):
        host, call = answered(opts_out(digit="0", ring=4, think=1))
        if play is not None:
            getattr(host, play)(call)
        assert {"0"} == {what for _, what in did(host.wait(30))}


def test_who_asks_for_a_transfer_confirms_dials_the_digit_and_talks():
    host, call = answered(asks_for_transfer(digit="7", ring=4, think=1, talk=60))
    host.prompt(call)
    assert did(host.wait(1)) == [(5_000, "1")]
    host.message(call)
    assert did(host.wait(11)) == [(16_000, "7")]
    host.transfer(call)
    assert did(host.wait(600)) == [(76_000, "hangs up")]


# Moments -----------------------------------------------------------------------------------


def test_a_new_sound_drops_what_the_callee_had_in_mind():
    late = Answers(ring=4, acts=[Dials(when=Moment.PROMPT, digits="1", after=5)])
    host, call = answered(late)
    host.prompt(call, 1)
    host.wait(4)
    host.prompt(call, 2)
    assert did(host.wait(60)) == [(13_000, "1")]


def test_acts_of_the_answer_are_carried_out_whatever_is_played():
    acts = [
        Dials(when=Moment.ANSWER, digits="12", after=1, apart=2),
        HangsUp(when=Moment.ANSWER, after=5),
    ]
    host, call = answered(Answers(ring=4, acts=acts))
    host.wait(0.5)
    host.message(call)
    assert did(host.wait(60)) == [(5_000, "1"), (7_000, "2"), (9_000, "hangs up")]


def test_a_callee_may_wait_at_one_occurrence_and_act_at_the_next():
    acts = [Waits(when=Moment.AFTER_PROMPT), HangsUp(when=Moment.AFTER_PROMPT, after=1)]
    host, call = answered(Answers(ring=4, acts=acts))
    host.prompt(call, 1)
    assert did(host.wait(8)) == []
    host.prompt(call, 2)
    assert did(host.wait(8)) == [(16_000, "hangs up")]


def test_a_callee_dials_during_the_message_without_stopping_it():
    acts = [Dials(when=Moment.MESSAGE, digits="9", after=2)]
    host, call = answered(Answers(ring=4, acts=acts))
    host.message(call)
    assert [DigitReport, PlaybackReport] == [type(report) for _, report in host.wait(60)]


def test_a_stopped_prompt_is_not_followed_by_its_silence():
    acts = [
        Dials(when=Moment.PROMPT, digits="5", after=1),
        HangsUp(when=Moment.AFTER_PROMPT, after=1),
    ]
    host, call = answered(Answers(ring=4, acts=acts))
    host.prompt(call)
    assert did(host.wait(60)) == [(5_000, "5")]


# Populations -------------------------------------------------------------------------------


def outcomes(people, calls=4_000, attempts=1):
    host = Host(scripted_exchange(people))
    for attempt in range(1, attempts + 1):
        for number in range(calls):
            host.place(f"{number}", attempt=attempt)
    counted = Counter()
    for _, report in host.wait(40):
        if isinstance(report, AnswerReport):
            counted["ANSWERED"] += 1
        elif isinstance(report, EndReport):
            counted[report.unanswered_as.name] += 1
    return {name: count / calls / attempts for name, count in counted.items()}


def scripted_exchange(people):
    from campaign_drivers.simulated import Exchange

    return Exchange(Network(population=people), seed=4)


def test_calls_end_at_the_rates_asked_for():
    rates = Rates(answered=0.4, busy=0.2, rejected=0.1, congestion=0.05, failed=0.05, invalid=0.1)
    silent = [WeightedBehaviour(weight=1, behaviour=Answers())]
    found = outcomes(population(rates=rates, people=silent))
    expected = {
        "ANSWERED": 0.4,
        "BUSY": 0.2,
        "REJECTED": 0.1,
        "CONGESTION": 0.05,
        "FAILED": 0.05,
        "INVALID_NUMBER": 0.1,
        "NO_ANSWER": 0.1,
    }
    assert found == pytest.approx(expected, abs=0.02)


def test_those_who_answer_come_in_proportion_to_their_weights():
    people = [
        WeightedBehaviour(weight=3, behaviour=voicemail(records=1)),
        WeightedBehaviour(weight=1, behaviour=Answers()),
    ]
    found = outcomes(population(rates=Rates(answered=1), people=people))
    assert found["REJECTED"] == pytest.approx(0.75, abs=0.02)


def test_a_number_that_does_not_exist_does_not_at_the_next_attempt_either():
    people = population(rates=Rates(answered=0.5, invalid=0.5))
    kinds = [[people.kind(f"{number}", seed=1) for number in range(200)] for _ in range(2)]
    assert kinds[0] == kinds[1]
    assert len(set(kinds[0])) == 2


@pytest.mark.parametrize("rates", [Rates(), Rates(answered=1), Rates(invalid=1), Rates(busy=1)])
def test_rates_may_be_all_or_nothing(rates):
    assert sum(outcomes(population(rates=rates), calls=20).values()) >= 1


def test_a_population_is_a_value():
    people = [population(scripts={"200": [follows_prompts(), IsRefused()]}) for _ in range(2)]
    assert people[0] == people[1]
    assert hash(people[0]) == hash(people[1])
    assert Network(population=people[0]) == Network(population=people[1])


# Delays ------------------------------------------------------------------------------------


def draws(delay, count=5_000):
    chance = Chance("draws")
    return [delay.draw_ms(chance) / 1_000 for _ in range(count)]


def test_a_constant_delay_is_always_the_same():
    assert set(draws(Constant(2.5))) == {2.5}


def test_a_uniform_delay_keeps_its_bounds():
    drawn = draws(Uniform(least_s=2, most_s=6))
    assert 2 <= min(drawn) < 2.01
    assert 5.99 < max(drawn) <= 6
    assert mean(drawn) == pytest.approx(4, abs=0.05)


def test_an_exponential_delay_has_its_mean_and_is_cut():
    assert mean(draws(Exponential(mean_s=4))) == pytest.approx(4, rel=0.05)
    assert max(draws(Exponential(mean_s=4, most_s=5))) == 5


def test_a_lognormal_delay_has_its_median_and_is_cut():
    drawn = draws(LogNormal(median_s=4, sigma=0.5))
    assert median(drawn) == pytest.approx(4, rel=0.05)
    assert mean(drawn) == pytest.approx(4 * 2.718281828 ** (0.5**2 / 2), rel=0.05)
    assert max(draws(LogNormal(median_s=4, sigma=0.5, most_s=5))) == 5


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Constant(-1), "s"),
        (lambda: Uniform(least_s=float("nan"), most_s=1), "least_s"),
        (lambda: Uniform(least_s=2, most_s=1), "most_s"),
        (lambda: Exponential(mean_s=True), "mean_s"),
        (lambda: LogNormal(median_s=1, sigma=11), "sigma"),
        (lambda: Rates(answered=1.5), "answered"),
        (lambda: Rates(answered=0.7, busy=0.4), "rates"),
        (lambda: Faults(lost=-0.1), "lost"),
        (lambda: NotAnswered(outcome=Outcome.REACHED), "outcome"),
        (lambda: Dials(when=Moment.PROMPT, digits="x"), "digits"),
        (lambda: CalleeKind(calls=[]), "calls"),
        (lambda: Population(kinds=[]), "kinds"),
        (lambda: population(scripts={"200": []}), "scripts[200]"),
        (lambda: population(people=[]), "people"),
        (lambda: Sounds(durations_s={"message": -1}), "durations_s[message]"),
        (lambda: Network(deferral_s=0.5), "deferral_s"),
    ],
)
def test_a_bad_value_is_refused_with_its_field(make, field):
    """R3.3: a bad value is refused with an error that names the field."""
    with pytest.raises(SettingsError) as refusal:
        make()
    assert field == refusal.value.field


def test_ends_of_a_call_that_rings_out_count_as_no_answer():
    host = scripted(NotAnswered(after=50))
    host.place("200", ring_timeout_s=30)
    assert ends(host.wait(100)) == [(30_000, "NO_ANSWER", 19)]

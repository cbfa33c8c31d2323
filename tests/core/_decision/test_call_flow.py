"""R7, the other half: what a report brings about in each step of a call, and what time does."""

import itertools

import pytest
from tests.core.stories import MINUTE, NOON, SECOND, Story

import campaign_core as core
from campaign_core import CallScript, Outcome, Purpose, TransferOption, commands, events, reports
from campaign_core._decision.call_flow import FLOW
from campaign_core._state.call import Ending, Playing, Ringing, Silent, Speaking, Transferred
from campaign_core.decisions import ALL_DIGITS, HangUp, Play, Transfer
from campaign_core.reports import PlaybackEnd

STEPS = [Ringing, Speaking, Playing, Silent, Transferred, Ending]
OF_CALL = [
    reports.AnswerReport,
    reports.DigitReport,
    reports.PlaybackReport,
    reports.EndReport,
    reports.RefusalReport,
    reports.DeferralReport,
]
BOTH = CallScript(
    confirm_answer=True,
    confirm_listening=True,
    opt_out_digit="7",
    transfer=TransferOption(digit="8", extension="800"),
)
FAILED = PlaybackEnd.FAILED


def story_in(step: type) -> Story:
    """Tell a call into a step that lasts."""
    story = Story()
    story.start("1", script=BOTH)
    if step is Ringing:
        return story
    story.answer("1")
    if step is Playing:
        return story
    if step is Ending:
        story.tell(commands.StopCampaign(campaign_id=1, hang_up=True))
        return story
    story.played("1")
    if step is Transferred:
        story.dial("1", "8")
    return story


def report(kind: type, call_id: str) -> object:
    match kind:
        case reports.AnswerReport:
            return kind(call_id)
        case reports.DigitReport:
            return kind(call_id=call_id, digit="5")
        case reports.PlaybackReport:
            return kind(call_id=call_id, play=1)
        case reports.EndReport:
            return kind(call_id=call_id, unanswered_as=Outcome.BUSY)
        case reports.RefusalReport:
            return kind(call_id=call_id, why="no such route")
        case _:
            return kind(call_id=call_id, until=NOON + MINUTE)


DIALLED = ["DigitDialled"]
ENDED = ["CallEnded"]
DEFERRED = ["CallGivenBack", "DriverDeferred"]
PROMPT_AGAIN = ["PlaybackStarted"]

# In a step that lasts, by each report: the events of the call.
EXPECTED = {
    (Ringing, reports.AnswerReport): ["CallAnswered", "PlaybackStarted"],
    (Ringing, reports.DigitReport): DIALLED,
    (Ringing, reports.PlaybackReport): [],
    (Ringing, reports.EndReport): ENDED,
    (Ringing, reports.RefusalReport): ENDED,
    (Ringing, reports.DeferralReport): DEFERRED,
    (Playing, reports.AnswerReport): [],
    (Playing, reports.DigitReport): [*DIALLED, "PlaybackEnded", *PROMPT_AGAIN],
    (Playing, reports.PlaybackReport): ["PlaybackEnded", "SilenceStarted"],
    (Playing, reports.EndReport): ENDED,
    (Playing, reports.RefusalReport): ENDED,
    (Playing, reports.DeferralReport): [],
    (Silent, reports.AnswerReport): [],
    (Silent, reports.DigitReport): [*DIALLED, *PROMPT_AGAIN],
    (Silent, reports.PlaybackReport): [],
    (Silent, reports.EndReport): ENDED,
    (Silent, reports.RefusalReport): ENDED,
    (Silent, reports.DeferralReport): [],
    (Transferred, reports.AnswerReport): [],
    (Transferred, reports.DigitReport): DIALLED,
    (Transferred, reports.PlaybackReport): [],
    (Transferred, reports.EndReport): ENDED,
    (Transferred, reports.RefusalReport): ENDED,
    (Transferred, reports.DeferralReport): [],
    (Ending, reports.AnswerReport): [],
    (Ending, reports.DigitReport): DIALLED,
    (Ending, reports.PlaybackReport): [],
    (Ending, reports.EndReport): ENDED,
    (Ending, reports.RefusalReport): ENDED,
    (Ending, reports.DeferralReport): [],
}


def test_every_report_is_a_row_in_every_step():
    """R9.1: an unknown, late or doubled one is a row of the table that records or ignores."""
    assert set(FLOW) == set(itertools.product(STEPS, OF_CALL))


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        pytest.param(s, k, id=f"{s.__name__}-{k.__name__}")
        for s, k in itertools.product([Ringing, Playing, Silent, Transferred, Ending], OF_CALL)
    ],
)
def test_report_brings_about_what_the_step_makes_of_it(step, kind):
    """R7, R9.1, the whole product."""
    story = story_in(step)
    (call,) = core.calls(story.state)
    assert type(call.step) is step

    transition = story.tell(report(kind, call.placement.call_id))

    of_call = [
        type(event).__name__
        for event in transition.events
        if isinstance(event, events.CallEvent | events.DriverDeferred)
        and not isinstance(event, events.CallPlaced)
    ]
    assert of_call == EXPECTED[step, kind]


@pytest.mark.parametrize("kind", OF_CALL)
@pytest.mark.parametrize("call_id", ["", "x", "f" * 32, "a1b2c3d4" + "0" * 24])
def test_report_of_no_call_of_ours_changes_nothing(kind, call_id):
    """R9.1: on a live link no report raises; an unknown one is ignored."""
    story = story_in(Playing)
    before = story.state

    transition = story.tell(report(kind, call_id), after=SECOND)

    assert (transition.events, transition.decisions) == ((), ())
    assert story.state == before


@pytest.mark.parametrize("kind", OF_CALL)
def test_late_report_of_one_attempt_does_not_touch_the_next(kind):
    """A late hang-up of attempt 1 must not end attempt 2."""
    story = Story()
    story.start("1")
    first = story.call("1")
    story.end("1")
    assert story.call("1") != first
    before = story.state

    transition = story.tell(report(kind, first))

    assert (transition.events, story.state) == ((), before)


# The script, step by step -----------------------------------------------------------------------


def sounds(story: Story) -> list[str]:
    return [event.sound for event in story.heard(events.PlaybackStarted)]


def answered(**script: object) -> Story:
    story = Story(listening_prompt="press-9")
    story.start("1", script=CallScript(**script))
    story.answer("1")
    return story


def test_message_is_played_at_once_where_nothing_is_to_be_confirmed():
    """R7.3: then the message is played; when the last step is done we hang up at once."""
    story = answered()
    assert sounds(story) == ["message"]

    done = story.played("1")

    assert done.decisions == (HangUp(story.call("1")),)


def test_message_has_no_stop_digits_and_a_prompt_has_all():
    """R7.2: a digit stops the prompt; R7.4: digits dialled while the message plays do not."""
    story = answered(confirm_answer=True)
    prompt = story.heard(events.PlaybackStarted)[0]
    message = story.dial("1", "1").decisions[0]

    assert prompt.sound == "press-1"
    assert message == Play(call_id=story.call("1"), play=2, sound="message", stop_digits="")
    assert ALL_DIGITS == "0123456789*#"


@pytest.mark.parametrize("during", [True, False])
def test_one_during_the_prompt_or_after_it_counts(during):
    """R7.2: 1 during the prompt or after it counts and stops the prompt."""
    story = answered(confirm_answer=True)
    if not during:
        story.played("1")

    story.dial("1", "1")

    assert sounds(story) == ["press-1", "message"]
    assert len(story.heard(events.AnswerConfirmed)) == 1


def test_wrong_digit_and_silence_start_the_prompt_again_until_there_were_enough():
    """R7.2: a wrong digit stops it and starts it again; so does silence; then NOT_CONFIRMED."""
    story = answered(confirm_answer=True, answer_prompts_max=3)
    story.dial("1", "9")
    story.played("1")
    story.tick(5 * SECOND)
    assert sounds(story) == ["press-1"] * 3

    last = story.dial("1", "5")

    assert last.decisions == (HangUp(story.call("1")),)
    story.end("1")
    assert story.heard(events.CallEnded)[-1].outcome == Outcome.NOT_CONFIRMED


def test_silence_lasts_as_long_as_the_digit_timeout():
    """R7.2: silence of ``digit_timeout_s`` (default 5) after it."""
    story = answered(confirm_answer=True)
    story.played("1")
    assert story.wakeup() == 5 * SECOND

    assert story.tick(5 * SECOND - 1).events == ()
    assert story.tick(1).events[0].__class__ is events.DigitTimedOut


def test_silence_without_a_prompt_counts_as_one():
    """R2.5: ``None``: no prompt, only silence to dial in (each silence counts as a prompt)."""
    story = answered(confirm_answer=True, answer_prompt=None, answer_prompts_max=2)
    assert sounds(story) == []
    story.tick(5 * SECOND)

    last = story.tick(5 * SECOND)

    assert last.decisions == (HangUp(story.call("1")),)


def test_nine_while_the_message_plays_does_not_confirm():
    """R7.4: digits dialled while it plays do not confirm."""
    story = answered(confirm_listening=True)
    story.dial("1", "9")
    assert story.heard(events.ListeningConfirmed) == []

    story.played("1")
    story.dial("1", "9")

    assert len(story.heard(events.ListeningConfirmed)) == 1


@pytest.mark.parametrize("during", [True, False])
def test_nine_at_the_listening_prompt_or_after_it_confirms_and_ends_the_call(during):
    """R7.4: 9 during either confirms; when 9 is dialled we hang up at once."""
    story = answered(confirm_listening=True)
    story.played("1")
    if not during:
        story.played("1")

    done = story.dial("1", "9")

    assert done.decisions == (HangUp(story.call("1")),)
    story.end("1")
    assert story.recipient(1) == core.RecipientStatus.CONTACTED


def test_message_is_played_again_until_it_was_often_enough():
    """R7.4: another digit or silence: played again; after ``message_plays_max`` hang up."""
    story = answered(confirm_listening=True, message_plays_max=2)
    story.played("1")
    story.dial("1", "1")
    story.played("1")
    story.played("1")
    assert sounds(story) == ["message", "press-9", "message", "press-9"]

    last = story.tick(5 * SECOND)

    assert last.decisions == (HangUp(story.call("1")),)


@pytest.mark.parametrize(
    ("script", "told", "expected"),
    [
        ({}, [], Outcome.REACHED),
        ({"confirm_answer": True}, [], Outcome.HUNG_UP),
        ({"confirm_answer": True}, ["1"], Outcome.REACHED),
        ({"confirm_listening": True}, ["play"], Outcome.HUNG_UP),
        ({"confirm_listening": True}, ["play", "9"], Outcome.REACHED),
        ({"confirm_answer": True, "confirm_listening": True}, ["1", "play"], Outcome.HUNG_UP),
        ({"confirm_answer": True, "confirm_listening": True}, ["1", "play", "9"], Outcome.REACHED),
    ],
)
def test_reached_means_answered_and_all_that_was_asked_for_was_given(script, told, expected):
    """R7.5, and ended by the callee before is ``HUNG_UP``, whatever had been played."""
    story = answered(**script)
    for what in told:
        story.played("1") if what == "play" else story.dial("1", what)

    story.end("1")

    assert story.heard(events.CallEnded)[-1].outcome == expected


@pytest.mark.parametrize(
    ("script", "told", "expected"),
    [
        ({}, [FAILED], Outcome.SOUND_MISSING),
        ({"confirm_answer": True}, [FAILED], Outcome.SOUND_MISSING),
        ({"confirm_answer": True}, ["1", FAILED], Outcome.SOUND_MISSING),
        ({"confirm_listening": True}, [PlaybackEnd.FINISHED, FAILED], Outcome.SOUND_MISSING),
    ],
)
def test_message_that_could_not_be_played_at_all_reached_nobody(script, told, expected):
    """R7.5: except that where the message could not be played at all it is SOUND_MISSING."""
    story = answered(**script)
    for what in told:
        last = story.played("1", what) if isinstance(what, PlaybackEnd) else story.dial("1", what)

    assert last.decisions == (HangUp(story.call("1")),)
    story.end("1")
    assert story.heard(events.CallEnded)[-1].outcome == expected


def test_late_end_of_a_playback_is_ignored():
    """R7: numbered within its call, so a late one is ignored."""
    story = answered(confirm_answer=True)
    story.dial("1", "5")

    late = story.tell(reports.PlaybackReport(call_id=story.call("1"), play=1))

    assert late.events == ()


def test_outcome_is_fixed_when_the_hang_up_is_ordered():
    """R7: the outcome is fixed when ``HangUp`` is ordered."""
    story = answered(confirm_answer=True, answer_prompts_max=1)
    story.dial("1", "5")

    story.end("1", Outcome.CONGESTION)

    assert story.heard(events.CallEnded)[-1].outcome == Outcome.NOT_CONFIRMED


# R7.7 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("during", [True, False])
def test_opt_out_ends_the_call_and_bars_the_number(during):
    """R7.7: dialled at any prompt or in the silence."""
    story = answered(confirm_answer=True, opt_out_digit="7")
    if not during:
        story.played("1")

    opted = story.dial("1", "7")

    assert opted.decisions == (HangUp(story.call("1")),)
    assert core.do_not_call(story.state) == ("1",)
    story.end("1")
    assert story.heard(events.CallEnded)[-1].outcome == Outcome.OPTED_OUT


def test_opt_out_digit_while_the_message_plays_is_a_digit():
    """R7.7: at any prompt or in the silence."""
    story = answered(confirm_listening=True, opt_out_digit="7")

    story.dial("1", "7")

    assert core.do_not_call(story.state) == ()


def test_transfer_connects_to_the_extension_and_reaches():
    """R7.7: connects the callee to an extension; reached, the deadline starts anew."""
    story = answered(confirm_answer=True, transfer=TransferOption(digit="8", extension="800"))
    story.tick(MINUTE)
    story.tick(0)
    call_id = story.call("1")

    transferred = story.dial("1", "8")

    assert transferred.decisions == (
        Transfer(call_id=call_id, extension="800", dead_man_s=30 + 600 + 10 + 5),
    )
    assert core.calls(story.state)[0].deadline_at == story.now + 640 * SECOND
    story.end("1")
    assert story.recipient(1) == core.RecipientStatus.CONTACTED


# R7.8, R7.9 -------------------------------------------------------------------------------------


def test_call_is_placed_as_its_campaign_has_it():
    """R7.8: display name = campaign name; R7.9: the dead-man's switch is set 5 s later."""
    story = Story()

    (order,) = story.start("1", ring_timeout_s=20, routing_class="trunk").decisions

    assert (order.number, order.line) == ("1", core.Line.EXTERNAL)
    assert (order.caller_number, order.display_name) == ("100", "Model 1")
    assert (order.routing_class, order.ring_timeout_s) == ("trunk", 20)
    assert order.dead_man_s == 20 + 600 + 10 + 5


NEVER_TAKEN = [
    ({}, []),
    ({"confirm_answer": True}, []),
    ({"confirm_listening": True}, []),
    ({"confirm_answer": True, "answer_prompt": None}, ["1"]),
]


@pytest.mark.parametrize(("script", "digits"), NEVER_TAKEN)
def test_answered_call_that_took_no_command_of_ours_has_failed(script, digits):
    """R7.5: an answered call in which the telephony never took a command of ours is ``FAILED``.

    Where nothing needs to be confirmed nobody has heard anything either.
    """
    story = Story()
    story.start("1", script=CallScript(**script), breaker=core.Breaker(calls=1, failed_percent=0))
    call_id = story.call("1")
    story.answer("1")
    for digit in digits:
        story.dial("1", digit)

    story.tell(reports.EndReport(call_id=call_id, hangup_cause=42, took_commands=False))

    (ended,) = story.heard(events.CallEnded)
    assert (ended.outcome, ended.hangup_cause) == (Outcome.FAILED, 42)
    assert "before the telephony took a command" in ended.detail
    assert story.status() is core.Status.PAUSED


def test_call_that_was_ordered_nothing_is_hung_up_by_the_callee():
    """R7.5: in the silence to dial 1 no command was given that could have been taken."""
    story = Story()
    story.start("1", script=CallScript(confirm_answer=True, answer_prompt=None))
    call_id = story.call("1")
    story.answer("1")

    story.tell(reports.EndReport(call_id=call_id, took_commands=False))

    assert [event.outcome for event in story.heard(events.CallEnded)] == [Outcome.HUNG_UP]


def test_outcome_that_was_fixed_stays_whatever_was_taken():
    """R7: the outcome is fixed when ``HangUp`` is ordered; unanswered, the cause tells it."""
    story = Story()
    story.start("1 2")
    first, second = story.call("1"), story.call("2")
    story.answer("1")
    story.played("1", FAILED)

    story.tell(reports.EndReport(call_id=first, took_commands=False))
    busy = reports.EndReport(call_id=second, unanswered_as=Outcome.BUSY, took_commands=False)
    story.tell(busy)

    outcomes = [event.outcome for event in story.heard(events.CallEnded)]
    assert outcomes == [Outcome.SOUND_MISSING, Outcome.BUSY]


@pytest.mark.parametrize(
    ("is_answered", "expected"), [(True, Outcome.NOT_CONFIRMED), (False, Outcome.NO_ANSWER)]
)
def test_call_past_its_deadline_is_hung_up(is_answered, expected):
    """R7.9: the end reported then is ``NOT_CONFIRMED`` if answered, else ``NO_ANSWER``."""
    story = Story()
    story.start("1", script=CallScript(confirm_answer=True, answer_prompts_max=20))
    if is_answered:
        story.answer("1")
    assert story.wakeup() == 640 * SECOND
    assert story.tick(640 * SECOND - 1).decisions == ()

    late = story.tick(1)
    assert late.decisions == (HangUp(story.call("1")),)
    assert story.wakeup() == 10 * SECOND
    story.end("1", Outcome.CONGESTION, after=10 * SECOND - 1)

    assert story.heard(events.CallEnded)[0].outcome == expected


def test_call_without_an_end_is_freed_as_lost():
    """R7.9: with no end reported by deadline + 10 s the call is freed as ``LOST``."""
    story = Story()
    story.start("1", attempts_max=1)
    story.tick(640 * SECOND)
    assert story.tick(10 * SECOND - 1).events == ()

    story.tick(1)

    assert story.heard(events.CallEnded)[0].outcome == Outcome.LOST
    assert core.calls(story.state) == ()


def test_reached_always_wins():
    """R7.9: ``REACHED`` always wins."""
    story = Story()
    story.start("1")
    story.answer("1")

    story.tick(650 * SECOND)

    assert [e.outcome for e in story.heard(events.CallEnded)] == [Outcome.REACHED]


def test_outcome_that_was_fixed_before_the_deadline_stays():
    """R7: the outcome is fixed when ``HangUp`` is ordered."""
    story = answered(confirm_answer=True, answer_prompts_max=1)
    story.dial("1", "5")

    story.tick(650 * SECOND)

    assert story.heard(events.CallEnded)[0].outcome == Outcome.NOT_CONFIRMED


# R5.5, R9.3: the link ---------------------------------------------------------------------------


def test_service_begins_with_the_driver_up():
    """R5.5: in the first state the driver is up."""
    assert core.link(Story().state).is_up is True


def test_calls_never_handed_over_are_given_back_and_nothing_is_placed_until_the_driver_is_up():
    """R5.5: driver down."""
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))

    story.tell(reports.DriverDownReport(returned=(story.call("1"),)))
    assert (story.up, story.status()) == ([], core.Status.BLOCKED)
    story.tell(reports.DriverUpReport(), after=MINUTE)

    assert story.up == ["1"]


def test_answered_call_is_not_given_back():
    """R5.5: when a placed call does not come about."""
    story = Story()
    story.start("1")
    story.answer("1")

    story.tell(reports.DriverDownReport(returned=(story.call("1"),)))

    assert story.up == ["1"]


@pytest.mark.parametrize(
    ("placed_before", "surveys", "expected"),
    [(5_000, 0, True), (5_000, 1, False), (4_999, 1, True), (4_999, 2, False)],
)
def test_call_absent_from_what_is_up_is_lost(placed_before, surveys, expected):
    """R5.5: one placed less than 5 s before the connection went only by the second report."""
    story = Story()
    story.start("1", attempts_max=1)
    story.tell(reports.DriverDownReport(), after=placed_before)
    story.tell(reports.DriverUpReport())

    for _ in range(surveys):
        story.tell(reports.CallsUpReport(), after=SECOND)

    assert (story.up == ["1"]) is expected
    assert bool(story.heard(events.CallEnded)) is not expected


def test_third_report_of_what_is_up_is_ignored():
    story = Story()
    story.start("1 2")
    up = [story.call("1"), story.call("2")]
    story.tell(reports.DriverDownReport(), after=MINUTE)
    story.tell(reports.DriverUpReport())
    for _ in range(2):
        story.tell(reports.CallsUpReport(up))

    third = story.tell(reports.CallsUpReport())

    assert third.events == ()


def test_call_placed_after_the_reconnection_is_not_lost_by_the_report():
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))
    story.tell(reports.DriverDownReport(returned=(story.call("1"),)))
    story.tell(reports.DriverUpReport())

    story.tell(reports.CallsUpReport())
    story.tell(reports.CallsUpReport())

    assert story.up == ["1"]


@pytest.mark.parametrize(
    ("script", "told", "sounds_after"),
    [
        ({"confirm_answer": True}, [], ["press-1", "press-1"]),
        ({"confirm_answer": True}, ["play"], ["press-1", "press-1"]),
        ({}, [], ["message", "message"]),
        ({"confirm_listening": True}, ["play"], ["message", "press-9", "press-9"]),
    ],
)
def test_call_taken_over_starts_its_step_again(script, told, sounds_after):
    """R9.3: taken over (the current step starts again and counts as one more play)."""
    story = answered(**script)
    for _ in told:
        story.played("1")
    story.tell(reports.DriverDownReport(), after=SECOND)
    story.tell(reports.DriverUpReport())

    story.tell(reports.CallsUpReport([story.call("1")]))

    assert sounds(story) == sounds_after


@pytest.mark.parametrize("script", [{"confirm_answer": True, "answer_prompts_max": 1}])
def test_step_started_again_counts(script):
    """R9.3: counts as one more play."""
    story = answered(**script)
    story.tell(reports.DriverDownReport())
    story.tell(reports.DriverUpReport())

    taken = story.tell(reports.CallsUpReport([story.call("1")]))

    assert taken.decisions == (HangUp(story.call("1")),)


@pytest.mark.parametrize(
    ("script", "prompt"),
    [
        ({"confirm_answer": True, "answer_prompts_max": 1}, None),
        ({"confirm_answer": True, "answer_prompts_max": 2}, "press-1"),
        ({"confirm_listening": True, "message_plays_max": 1}, "press-9"),
        ({"confirm_listening": True, "message_plays_max": 1, "listening_prompt": None}, None),
    ],
)
def test_whoever_is_about_to_dial_when_the_link_goes_is_heard_when_it_is_back(script, prompt):
    """R7.12: what nobody could hear times nobody out, in the last round either."""
    story = answered(**script)
    story.played("1")
    if isinstance(core.calls(story.state)[0].step, Playing):
        story.played("1")
    story.tell(reports.DriverDownReport(), after=SECOND)
    story.tick(MINUTE)
    story.tell(reports.DriverUpReport())

    taken = story.tell(reports.CallsUpReport([story.call("1")]))
    digit = "1" if "confirm_answer" in script else "9"
    heard = story.tell(reports.DigitReport(call_id=story.call("1"), digit=digit), after=SECOND)

    assert [order.sound for order in taken.decisions] == ([] if prompt is None else [prompt])
    confirmed = (events.AnswerConfirmed, events.ListeningConfirmed)
    assert any(isinstance(event, confirmed) for event in heard.events)


def test_silences_start_again_when_the_host_stood_still():
    """R7.12: what nobody could hear (our process was away) times nobody out."""
    story = answered(confirm_answer=True, answer_prompts_max=1)
    story.played("1")
    after = story.tell(reports.StandstillReport(), after=MINUTE)

    assert [type(event) for event in after.events] == [events.SilenceStarted]
    assert story.wakeup() == 5 * SECOND
    story.tell(reports.DigitReport(call_id=story.call("1"), digit="1"), after=4 * SECOND)
    assert story.heard(events.AnswerConfirmed)


def test_deadlines_run_while_the_host_stands_still():
    """R5.5: only deadlines run."""
    story = answered(confirm_answer=True)
    story.played("1")

    after = story.tell(reports.StandstillReport(), after=645 * SECOND)

    assert [type(event) for event in after.events] == [events.DeadlinePassed, events.HangUpOrdered]


def test_standstill_changes_nothing_for_calls_that_are_adrift_or_in_no_silence():
    story = answered(confirm_answer=True)
    assert story.tell(reports.StandstillReport(), after=SECOND).events == ()
    story.played("1")
    story.tell(reports.CallsAdriftReport([story.call("1")]))

    assert story.tell(reports.StandstillReport(), after=MINUTE).events == ()


def adrift(numbers: str, among: str) -> Story:
    """A part of the telephony is out of reach for a minute, with some of the calls."""
    story = Story()
    story.start(numbers, attempts_max=1)
    story.tell(reports.CallsAdriftReport(story.call(n) for n in among.split()), after=SECOND)
    return story


def test_calls_of_a_part_that_is_out_of_reach_are_adrift_and_the_driver_is_up():
    """R5.5: a call whose end is unknown; the other parts take calls."""
    story = adrift("1 2 3", "1 2")

    assert [call.is_adrift for call in core.calls(story.state)] == [True, True, False]
    assert core.link(story.state).is_up
    assert story.tell(reports.CallsAdriftReport([story.call("1"), "f" * 32])).events == ()


@pytest.mark.parametrize(
    ("up", "among", "expected"),
    [
        ("1", "1 2", ["1", "3", "4"]),
        ("", "1 2", ["3", "4"]),
        ("1 2", "1 2", ["1", "2", "3", "4"]),
        # Nothing is said of the second: it may be up on a part that could not be asked.
        ("1", "1", ["1", "2", "3", "4"]),
        # That one was never out of reach, and nobody asked after the fourth.
        ("", "1 3", ["2", "3", "4"]),
    ],
)
def test_survey_of_a_part_settles_what_became_of_the_calls_that_it_tells_of(up, among, expected):
    """R5.5: once it is known to be no longer up it counts, with the outcome ``LOST``."""
    story = adrift("1 2 3 4", "1 2")
    ids = {number: story.call(number) for number in "1234"}

    told = story.tell(
        reports.CallsUpReport([ids[n] for n in up.split()], among=[ids[n] for n in among.split()]),
        after=SECOND,
    )

    assert story.up == expected
    ended = [event for event in told.events if isinstance(event, events.CallEnded)]
    assert {event.outcome for event in ended} <= {core.Outcome.LOST}
    assert story.heard(events.CallsUpReported) == []


def test_survey_of_a_part_is_none_of_the_two_after_a_reconnection():
    """R5.5: at once and again 5 s later; what is absent from a part may be up in another."""
    story = Story()
    story.start("1 2", attempts_max=1)
    one, other = story.call("1"), story.call("2")
    story.tell(reports.DriverDownReport(), after=MINUTE)
    story.tell(reports.DriverUpReport())

    for _ in range(3):
        story.tell(reports.CallsUpReport([one], among=[one]))
    assert story.up == ["1", "2"]
    story.tell(reports.CallsUpReport([one, other]))
    story.tell(reports.CallsUpReport([one]))

    assert story.up == ["1", "2"]
    assert not any(call.is_adrift for call in core.calls(story.state))


def test_while_the_link_is_down_no_survey_is_heeded():
    story = adrift("1", "1")
    one = story.call("1")
    story.tell(reports.DriverDownReport())

    assert story.tell(reports.CallsUpReport(among=[one])).events == ()
    assert story.up == ["1"]


def test_call_taken_over_from_a_part_starts_its_step_again():
    """R9.3: taken over (the current step starts again and counts as one more play)."""
    story = answered(confirm_answer=True)
    story.played("1")
    one = story.call("1")
    story.tell(reports.CallsAdriftReport([one]))

    assert story.tick(MINUTE).events == ()
    story.tell(reports.CallsUpReport([one], among=[one]))

    assert sounds(story) == ["press-1", "press-1"]


def test_call_out_of_reach_is_freed_by_its_deadline():
    """R7.9: with no end reported by deadline + 10 s the call is freed as ``LOST``."""
    story = adrift("1", "1")

    story.tick(11 * MINUTE)
    story.tick(MINUTE)

    assert [event.outcome for event in story.heard(events.CallEnded)] == [core.Outcome.LOST]


def test_while_the_link_is_down_only_deadlines_run():
    """R5.5: while the link is down only deadlines run."""
    story = answered(confirm_answer=True)
    story.played("1")
    story.tell(reports.DriverDownReport())

    assert story.tick(MINUTE).events == ()
    assert story.wakeup() == (640 - 60) * SECOND


@pytest.mark.parametrize(("until", "expected"), [(0, 1_000), (999, 1_000), (1_001, 1_001)])
def test_deferral_lasts_at_least_a_second(until, expected):
    """R5.5: T is at least ``now`` + 1 s."""
    story = Story()
    story.start("1")

    story.tell(reports.DeferralReport(call_id=story.call("1"), until=story.now + until))

    assert story.wakeup() == expected
    assert story.tick(expected - 1).events == ()
    assert len(story.tick(1).decisions) == 1


def test_of_several_deferrals_the_latest_holds_and_driver_up_does_not_clear_it():
    """R5.5: of several the latest holds; driver up does not clear it."""
    story = Story()
    story.start("1 2")
    one, other = story.call("1"), story.call("2")
    story.tell(reports.DeferralReport(call_id=one, until=story.now + MINUTE))
    story.tell(reports.DeferralReport(call_id=other, until=story.now + SECOND))
    story.tell(reports.DriverDownReport())

    story.tell(reports.DriverUpReport())

    assert (story.up, story.wakeup()) == ([], MINUTE)


def test_purposes_are_recorded_with_their_rounds():
    """R7.6: each start and end of a playback is an event of the attempt."""
    story = answered(confirm_answer=True, confirm_listening=True)
    story.dial("1", "5")
    story.dial("1", "1")
    story.played("1")

    started = [(e.purpose, e.round, e.play) for e in story.heard(events.PlaybackStarted)]

    assert started == [
        (Purpose.ANSWER_PROMPT, 1, 1),
        (Purpose.ANSWER_PROMPT, 2, 2),
        (Purpose.MESSAGE, 1, 3),
        (Purpose.LISTENING_PROMPT, 1, 4),
    ]

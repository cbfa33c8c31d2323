"""R7, row by row: every step of a call beside every event of a call."""

import itertools

import attrs
import pytest
from tests.core.stories import NOON, SECOND, Story

import campaign_core as core
from campaign_core import CallScript, Outcome, Purpose, events
from campaign_core._state.call import (
    RINGING,
    SPEAKING,
    TRANSFERRED,
    Call,
    Ending,
    Playing,
    Ringing,
    Silent,
    Speaking,
    Transferred,
)
from campaign_core._transition.call import CALL_ARROWS, next_call
from campaign_core.errors import JournalError
from campaign_core.reports import PlaybackEnd

STEPS = [Ringing, Speaking, Playing, Silent, Transferred, Ending]
ANSWERED = [Speaking, Playing, Silent, Transferred]

EVENTS = [
    events.CallAnswered,
    events.PlaybackStarted,
    events.PlaybackEnded,
    events.SilenceStarted,
    events.DigitDialled,
    events.DigitTimedOut,
    events.AnswerConfirmed,
    events.ListeningConfirmed,
    events.OptedOut,
    events.CallTransferred,
    events.DeadlinePassed,
    events.HangUpOrdered,
    events.CallWentAdrift,
    events.CallTakenOver,
]
"""``CallPlaced`` makes a call; ``CallEnded`` and ``CallGivenBack`` take it away."""

RULES = {
    # R7.1: it rings until it is answered.
    (Ringing, events.CallAnswered): {Speaking},
    # R7.2 to R7.4: prompts, silences and the message follow one another.
    **{(step, events.PlaybackStarted): {Playing} for step in (Speaking, Playing, Silent)},
    **{(step, events.SilenceStarted): {Silent} for step in (Speaking, Playing, Silent)},
    (Playing, events.PlaybackEnded): {Speaking},
    (Silent, events.DigitTimedOut): {Speaking},
    # R7.2, R7.4, R7.7: a digit at a prompt or in the silence after it.
    **{
        (step, event): {Speaking}
        for step in (Speaking, Silent)
        for event in (events.AnswerConfirmed, events.ListeningConfirmed)
    },
    **{(step, events.OptedOut): {step} for step in (Speaking, Silent)},
    **{(step, events.CallTransferred): {Transferred} for step in (Speaking, Silent)},
    # R7.6: each digit is an event; R7.9: every call has a deadline; R5.5, R9.3: any may be out of
    # reach for a while, and taken over.
    **{
        (step, event): {step}
        for step in STEPS
        for event in (
            events.DigitDialled,
            events.DeadlinePassed,
            events.CallWentAdrift,
            events.CallTakenOver,
        )
    },
    # R7.9, R4.7: whatever it does, it can be hung up.
    **{(step, events.HangUpOrdered): {Ending} for step in STEPS},
}

IMPOSSIBLE = {
    # It is answered once, while it rings.
    *itertools.product([*ANSWERED, Ending], [events.CallAnswered]),
    # Nothing is played, and nothing awaited, before the answer, at an extension, after the end.
    *itertools.product(
        (Ringing, Transferred, Ending), [events.PlaybackStarted, events.SilenceStarted]
    ),
    # Only what plays can end, and only a silence can time out.
    *itertools.product((Ringing, Speaking, Silent, Transferred, Ending), [events.PlaybackEnded]),
    *itertools.product((Ringing, Speaking, Playing, Transferred, Ending), [events.DigitTimedOut]),
    # A digit that counts has ended the prompt first.
    *itertools.product(
        (Ringing, Playing, Transferred, Ending),
        [
            events.AnswerConfirmed,
            events.ListeningConfirmed,
            events.OptedOut,
            events.CallTransferred,
        ],
    ),
}

CALL_ID = "a1b2c3d4" + "00000001" * 3
STAMP = {"seq": 1, "at": NOON, "actor": "someone", "call_id": CALL_ID}
EXAMPLES = {
    events.CallAnswered: events.CallAnswered(**STAMP),
    events.PlaybackStarted: events.PlaybackStarted(
        **STAMP, play=2, purpose=Purpose.MESSAGE, round=2, sound="message"
    ),
    events.PlaybackEnded: events.PlaybackEnded(**STAMP, play=1, end=PlaybackEnd.FINISHED),
    events.SilenceStarted: events.SilenceStarted(
        **STAMP, purpose=Purpose.LISTENING_PROMPT, round=1, until=NOON + 5 * SECOND
    ),
    events.DigitDialled: events.DigitDialled(**STAMP, digit="5"),
    events.DigitTimedOut: events.DigitTimedOut(**STAMP),
    events.AnswerConfirmed: events.AnswerConfirmed(**STAMP),
    events.ListeningConfirmed: events.ListeningConfirmed(**STAMP),
    events.OptedOut: events.OptedOut(**STAMP, number="1"),
    events.CallTransferred: events.CallTransferred(
        **STAMP, extension="800", deadline_at=NOON + 900 * SECOND
    ),
    events.DeadlinePassed: events.DeadlinePassed(**STAMP),
    events.HangUpOrdered: events.HangUpOrdered(**STAMP, outcome=Outcome.NOT_CONFIRMED),
    events.CallWentAdrift: events.CallWentAdrift(**STAMP),
    events.CallTakenOver: events.CallTakenOver(**STAMP),
}
IN_STEP = {
    Ringing: RINGING,
    Speaking: SPEAKING,
    Playing: Playing(purpose=Purpose.MESSAGE, round=1, play=1),
    Silent: Silent(purpose=Purpose.ANSWER_PROMPT, round=1, until=NOON + SECOND),
    Transferred: TRANSFERRED,
    Ending: Ending(outcome=Outcome.REACHED, by_deadline=False),
}


def _placed() -> Call:
    story = Story()
    story.start("1")
    (call,) = core.calls(story.state)
    return call


PLACED = _placed()


def call_in(step: type, /, **facts: object) -> Call:
    """Return a call as it was placed, in a step."""
    given = {"is_answered": step is not Ringing, "plays": 1, "step": IN_STEP[step], **facts}
    return attrs.evolve(PLACED, **given)


def after(step: type, event: type, script: CallScript | None = None, **facts: object) -> Call:
    return next_call(call_in(step, **facts), EXAMPLES[event], script or CallScript())


def test_arrows_are_those_of_the_rules():
    """R7: a pure call-flow state machine in the core, the same for every driver."""
    targets = {pair: set(arrow.targets) for pair, arrow in CALL_ARROWS.items()}

    assert targets == RULES


def test_every_step_and_event_is_an_arrow_or_impossible_and_not_both():
    product = set(itertools.product(STEPS, EVENTS))

    assert product == set(CALL_ARROWS) | IMPOSSIBLE
    assert set(CALL_ARROWS) & IMPOSSIBLE == set()


def test_every_event_of_a_call_is_looked_at():
    kinds = {kind for kind in events.Event.__args__ if issubclass(kind, events.CallEvent)}
    ends = {events.CallPlaced, events.CallEnded, events.CallGivenBack}

    assert kinds == {*EVENTS, *ends}


@pytest.mark.parametrize(
    ("step", "event"),
    [pytest.param(s, e, id=f"{s.__name__}-{e.__name__}") for s, e in RULES],
)
def test_arrow_leads_to_its_target_and_leaves_what_does_not_change(step, event):
    before = call_in(step)

    made = next_call(before, EXAMPLES[event], CallScript(confirm_answer=True))

    assert {type(made.step)} == RULES[step, event]
    assert made.placement == before.placement
    assert before == call_in(step)


@pytest.mark.parametrize(
    ("step", "event"),
    [
        pytest.param(s, e, id=f"{s.__name__}-{e.__name__}")
        for s, e in sorted(IMPOSSIBLE, key=lambda pair: (pair[0].__name__, pair[1].__name__))
    ],
)
def test_what_is_impossible_has_no_arrow(step, event):
    with pytest.raises(KeyError):
        after(step, event)


@pytest.mark.parametrize("event", [e for e in EVENTS if (Ringing, e) in IMPOSSIBLE])
def test_journal_cannot_hold_what_is_impossible_while_it_rings(event):
    story = Story()
    story.start("1")
    stamp = {"seq": story.state.sequence + 1, "at": story.now, "call_id": story.call("1")}

    with pytest.raises(JournalError):
        core.evolve(story.state, attrs.evolve(EXAMPLES[event], **stamp))


@pytest.mark.parametrize("event", EVENTS)
def test_journal_cannot_hold_an_event_of_no_call(event):
    story = Story()
    stamp = {"seq": story.state.sequence + 1, "at": story.now}

    with pytest.raises(JournalError):
        core.evolve(story.state, attrs.evolve(EXAMPLES[event], **stamp))


# What the arrows record beside the step ---------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "listening", "expected"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_whoever_answers_is_reached_where_nothing_is_to_be_confirmed(answer, listening, expected):
    """R7.5: answered; and 1 dialled, where answer confirmation is on; and 9, likewise."""
    script = CallScript(confirm_answer=answer, confirm_listening=listening)

    made = after(Ringing, events.CallAnswered, script, plays=0)

    assert made == call_in(Speaking, is_reached=expected, plays=0)


@pytest.mark.parametrize(("listening", "expected"), [(False, True), (True, False)])
@pytest.mark.parametrize("step", [Speaking, Silent])
def test_answer_confirmed_reaches_where_listening_is_not_to_be_confirmed(step, listening, expected):
    """R7.5: and 9 dialled, where listening confirmation is on."""
    script = CallScript(confirm_answer=True, confirm_listening=listening)

    made = after(step, events.AnswerConfirmed, script)

    assert made == call_in(Speaking, is_reached=expected)


@pytest.mark.parametrize("step", [Speaking, Silent])
def test_listening_confirmed_reaches(step):
    """R7.5: 9 dialled, where listening confirmation is on."""
    made = after(step, events.ListeningConfirmed, CallScript(confirm_listening=True))

    assert made == call_in(Speaking, is_reached=True)


@pytest.mark.parametrize("step", [Speaking, Silent])
def test_transferred_call_is_reached_and_its_deadline_starts_anew(step):
    """R7.7: connects the callee to an extension; reached, the deadline starts anew."""
    made = after(step, events.CallTransferred, is_overdue=True)

    assert made == attrs.evolve(
        call_in(Transferred, is_reached=True), deadline_at=NOON + 900 * SECOND
    )


def test_playback_started_is_the_step_and_counts():
    """R7: a playback is numbered within its call."""
    made = after(Silent, events.PlaybackStarted, is_heard=True, is_reached=True, is_adrift=True)

    step = Playing(purpose=Purpose.MESSAGE, round=2, play=2)
    assert made == call_in(
        Playing, step=step, plays=2, is_heard=True, is_reached=True, is_adrift=True
    )


@pytest.mark.parametrize("fact", ["is_adrift", "is_overdue"])
@pytest.mark.parametrize(
    ("step", "event"), [(Ringing, events.CallAnswered), (Silent, events.PlaybackStarted)]
)
def test_connection_and_deadline_are_not_forgotten_by_what_happens_in_the_call(step, event, fact):
    """R5.5, R7.9: known to be up by the telephony's report, freed by the deadline, alone."""
    made = after(step, event, **{fact: True})

    assert getattr(made, fact) is True


def test_silence_started_is_the_step():
    made = after(Speaking, events.SilenceStarted)

    step = Silent(purpose=Purpose.LISTENING_PROMPT, round=1, until=NOON + 5 * SECOND)
    assert made == call_in(Silent, step=step)


@pytest.mark.parametrize(
    ("purpose", "end", "expected"),
    [
        (Purpose.MESSAGE, PlaybackEnd.FINISHED, True),
        (Purpose.MESSAGE, PlaybackEnd.STOPPED, True),
        (Purpose.MESSAGE, PlaybackEnd.FAILED, False),
        (Purpose.ANSWER_PROMPT, PlaybackEnd.FINISHED, False),
        (Purpose.LISTENING_PROMPT, PlaybackEnd.STOPPED, False),
    ],
)
@pytest.mark.parametrize("heard_before", [True, False])
def test_message_is_heard_once_it_was_played_at_all(purpose, end, heard_before, expected):
    """R7.5: except that where the message could not be played at all it is ``SOUND_MISSING``."""
    playing = call_in(
        Playing, step=Playing(purpose=purpose, round=1, play=1), is_heard=heard_before
    )

    made = next_call(playing, events.PlaybackEnded(**STAMP, play=1, end=end), CallScript())

    assert made.is_heard is (expected or heard_before)
    assert made.step == SPEAKING


@pytest.mark.parametrize(
    ("step", "expected"),
    [(Ringing, False), (Silent, False), (Playing, True), (Transferred, False), (Ending, False)],
)
def test_call_taken_over_is_adrift_no_more_and_heard_what_was_playing(step, expected):
    """R9.3: calls that are still up are taken over."""
    made = after(step, events.CallTakenOver, is_adrift=True)

    assert (made.is_adrift, made.is_heard) == (False, expected)


@pytest.mark.parametrize("step", STEPS)
def test_call_whose_part_of_the_telephony_is_out_of_reach_is_adrift_in_its_step(step):
    """R5.5: a call whose end is unknown."""
    before = call_in(step)

    assert after(step, events.CallWentAdrift) == attrs.evolve(before, is_adrift=True)


def test_prompt_that_was_playing_when_the_connection_went_is_no_message_heard():
    playing = call_in(Playing, step=Playing(purpose=Purpose.ANSWER_PROMPT, round=1, play=1))

    made = next_call(playing, EXAMPLES[events.CallTakenOver], CallScript())

    assert made.is_heard is False


@pytest.mark.parametrize("step", STEPS)
def test_deadline_passed_is_remembered(step):
    """R7.9: with no end reported by deadline + 10 s the call is freed."""
    assert after(step, events.DeadlinePassed) == call_in(step, is_overdue=True)


@pytest.mark.parametrize("step", [Ringing, *ANSWERED])
@pytest.mark.parametrize("by_deadline", [True, False])
def test_hang_up_fixes_the_outcome(step, by_deadline):
    """R7: the outcome is fixed when ``HangUp`` is ordered."""
    order = events.HangUpOrdered(**STAMP, outcome=Outcome.CANCELLED, by_deadline=by_deadline)

    made = next_call(call_in(step), order, CallScript())

    expected = Ending(outcome=Outcome.CANCELLED, by_deadline=by_deadline)
    assert made == attrs.evolve(call_in(step), step=expected)


def test_second_hang_up_leaves_the_outcome_as_the_first_fixed_it():
    """R7: the outcome is fixed when ``HangUp`` is ordered."""
    assert after(Ending, events.HangUpOrdered) == call_in(Ending)


@pytest.mark.parametrize("step", STEPS)
def test_digit_changes_nothing_by_itself(step):
    """R7.6: each digit is an event of the attempt; what it means is another."""
    assert after(step, events.DigitDialled) == call_in(step)


def test_opting_out_changes_no_step():
    """R7.7: it ends the call, which is an order of its own."""
    assert after(Silent, events.OptedOut) == call_in(Silent)


def test_silence_that_timed_out_is_over():
    assert after(Silent, events.DigitTimedOut, is_heard=True) == call_in(Speaking, is_heard=True)

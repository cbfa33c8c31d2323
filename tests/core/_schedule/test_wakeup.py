"""R6.6: the first time strictly after now at which there is something to do."""

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.stories import MINUTE, SECOND, Story

import campaign_core as core
from campaign_core import codec, commands, reports
from campaign_core.testing import History, broken_laws, histories

DAY = 24 * 60 * MINUTE


def wakeup_of(history: History) -> int | None:
    return core.next_wakeup(history.state, history.now)


@profile(max_examples=60)
@given(histories(), st.floats(0, 1))
def test_nothing_happens_before_the_next_wakeup(history, share):
    """R6.6: so that a host needs no polling: ticking at any instant before it brings nothing."""
    wakeup = wakeup_of(history)
    assert wakeup is None or wakeup > history.now
    last = history.now + 60 * DAY if wakeup is None else wakeup - 1
    instant = history.now + round(share * (last - history.now))

    assert core.handle(history.state, reports.Tick(), instant).events == ()
    assert core.handle(history.state, reports.Tick(), last).events == ()


@profile(max_examples=60)
@given(histories(), st.integers(0, 3 * DAY), st.floats(0, 1))
def test_nothing_that_became_due_before_the_question_is_missed(history, late_ms, share):
    """R6.6: a clock that went on between the last message and the question hides nothing."""
    asked_at = history.now + late_ms
    wakeup = core.next_wakeup(history.state, asked_at)
    assert wakeup is None or wakeup > asked_at
    if wakeup is None or wakeup > asked_at + 1:
        last = asked_at + 60 * DAY if wakeup is None else wakeup - 1
        instant = asked_at + 1 + round(share * (last - asked_at - 1))
        assert core.handle(history.state, reports.Tick(), instant).events == ()


@profile(max_examples=60)
@given(histories())
def test_host_that_sleeps_until_the_next_wakeup_never_spins(history):
    """R6.6: and never spins: each wake-up is later than the one before."""
    state, now = history.state, history.now

    for _ in range(30):
        wakeup = core.next_wakeup(state, now)
        if wakeup is None:
            break
        assert wakeup > now
        now = wakeup
        state = core.handle(state, reports.Tick(), now).state


@profile(max_examples=60)
@given(histories())
def test_state_is_sound_after_every_message(history):
    for transition in history.transitions:
        assert core.check(transition.state) == ()
    assert broken_laws(history.state, history.now) == ()


@profile(max_examples=40)
@given(histories())
def test_state_that_was_stored_wakes_up_as_early_as_the_one_that_was_not(history):
    """R8.3: nobody sleeps through a retry because the service was started again."""
    wakeup = wakeup_of(history)
    for state in (core.replay(history.events), codec.from_data(codec.to_data(history.state))):
        first = core.next_wakeup(state, history.now)
        assert wakeup is None or (first is not None and first <= wakeup)

        looked = core.handle(state, reports.Tick(), history.now).state
        again = core.next_wakeup(looked, history.now)
        assert again == wakeup or again == history.now + 1


def test_stored_state_with_a_retry_to_come_wakes_up():
    """Seen in a snapshot: a state read back must not sleep for ever."""
    story = Story()
    story.start("1", retry=core.RetryPolicy(delays_s={core.Outcome.BUSY: 60}))
    story.end("1")

    stored = codec.from_data(codec.to_data(story.state))

    assert core.next_wakeup(stored, story.now) == story.now + 1
    looked = core.handle(stored, reports.Tick(), story.now).state
    assert core.next_wakeup(looked, story.now) == story.now + MINUTE


def test_idle_service_has_nothing_to_wake_up_for():
    assert Story().wakeup() is None


def test_each_thing_that_is_due_is_a_wakeup():
    """R6.6: start, expiry, retry delay, hours, rate, cap, deferral, silence, deadline, grace."""
    story = Story()
    story.begin(story.model("1"), when=commands.StartAfter(1), expires_at=story.now + 2 * MINUTE)
    assert story.wakeup() == MINUTE
    story.tick(MINUTE)
    assert story.wakeup() == MINUTE
    story.tick(MINUTE)
    assert story.wakeup() == (640 - 60) * SECOND
    story.tick(580 * SECOND)
    assert story.wakeup() == 10 * SECOND
    story.tick(10 * SECOND)

    assert (story.wakeup(), story.status()) == (None, core.Status.INCOMPLETE)


def test_what_is_due_and_was_not_taken_is_for_the_next_instant():
    """R6.6: whoever asks late is not told to sleep for ever."""
    story = Story()
    story.begin(story.model("1"), when=commands.StartAfter(1))
    due_at = story.now + MINUTE

    wakeups = [core.next_wakeup(story.state, due_at + ms) for ms in (-1, 0, 1, DAY)]

    assert wakeups == [due_at, due_at + 1, due_at + 2, due_at + DAY + 1]


def test_retry_wakes_up_at_its_very_instant():
    """R6.6: the first such time strictly after now."""
    story = Story()
    story.start("1", retry=core.RetryPolicy(delays_s={core.Outcome.BUSY: 60}))
    story.end("1")
    due_at = story.now + MINUTE

    wakeups = [core.next_wakeup(story.state, due_at + ms) for ms in (-2, -1, 0, 1)]

    assert wakeups == [due_at, due_at, due_at + 1, due_at + 2]

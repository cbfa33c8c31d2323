"""R7.12: durations pass by a clock that is never set; starts, expiry and hours by the calendar."""

import json

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.stories import MINUTE, NOON, SECOND, Story

import campaign_core as core
from campaign_core import CallingHours, ReasonKind, Weekday, codec, commands, events, reports
from campaign_core.errors import SettingsError
from campaign_core.testing import audit, histories

HOUR = 60 * MINUTE
STEPS = [-24 * HOUR, -HOUR, -2 * SECOND, SECOND, 90 * SECOND, HOUR, 400 * 24 * HOUR]


def set_clock(story: Story, by_ms: int) -> core.Transition:
    """Have somebody set the machine's clock."""
    shows = story.now + story.state.calendar_ahead_ms + by_ms
    return story.tell(reports.ClockReport(shows))


@pytest.mark.parametrize(
    ("by_ms", "expected"), [(-HOUR, -HOUR), (999, 0), (-999, 0), (1_000, 1_000), (HOUR, HOUR)]
)
def test_state_knows_to_the_second_how_far_the_calendar_stands(by_ms, expected):
    """How far it stands from the service's own time is a message and an event like any other."""
    story = Story()

    told = set_clock(story, by_ms)

    assert story.state.calendar_ahead_ms == expected
    assert [event.ahead_ms for event in told.events] == ([expected] if expected else [])
    assert core.replay(story.events) == story.state


@pytest.mark.parametrize("by_ms", STEPS)
def test_durations_last_as_long_whatever_the_clock_is_set_to(by_ms):
    """Durations (digit timeout, deadline, grace, retry delay) pass by a clock that is never set."""
    retry = core.RetryPolicy(delays_s={core.Outcome.BUSY: 60})
    story = Story()
    story.start("1 2", retry=retry, script=core.CallScript(confirm_answer=True, answer_prompt=None))
    story.tell(reports.AnswerReport(story.call("1")))
    busy = reports.EndReport(call_id=story.call("2"), unanswered_as=core.Outcome.BUSY)
    story.tell(busy)

    set_clock(story, by_ms)
    wakes = []
    while (after := story.wakeup()) is not None and len(wakes) < 6:
        story.tick(after)
        wakes.append(story.now - NOON)

    assert wakes[:2] == [5 * SECOND, 10 * SECOND]
    assert 60 * SECOND in wakes


@pytest.mark.parametrize("by_ms", STEPS)
def test_start_and_expiry_follow_the_calendar(by_ms):
    """Calling hours, start and expiry follow the wall clock."""
    story = Story()
    model = story.model("1", attempts_max=100)
    when = commands.StartAt(NOON + 2 * HOUR)
    story.tell(commands.StartCampaign(model_id=model, when=when, expires_at=NOON + 3 * HOUR))

    set_clock(story, by_ms)
    story.tick()
    started_at = _first(story, events.CampaignStarted)
    expired_at = _first(story, events.CampaignExpired)

    assert started_at == max(NOON, NOON + 2 * HOUR - by_ms)
    assert expired_at == max(NOON, NOON + 3 * HOUR - by_ms)


def _first(story: Story, kind: type) -> int:
    while not story.heard(kind):
        story.tick(story.wakeup())
    return story.heard(kind)[0].at


@pytest.mark.parametrize("by_ms", STEPS)
def test_calling_hours_follow_the_calendar(by_ms):
    """R6.11: on the wall clock."""
    opens = CallingHours(days=frozenset(Weekday), opens_min=13 * 60, closes_min=13 * 60 + 30)
    story = Story()
    story.start("1", calling_hours=(opens,))
    assert story.up == []

    set_clock(story, by_ms)
    calendar = NOON + by_ms
    minute_of_day = calendar // MINUTE % (24 * 60)
    is_open = 13 * 60 <= minute_of_day < 13 * 60 + 30
    assert (story.up == ["1"]) is is_open
    if not is_open:
        (reason,) = core.explain(story.state, 1, 1, story.now).reasons
        assert reason.kind is ReasonKind.OUTSIDE_CALLING_HOURS
        assert "13:00:00" in reason.change
        assert reason.until == story.now + story.wakeup()
        story.tick(story.wakeup())
        assert story.up == ["1"]
        assert (story.now + story.state.calendar_ahead_ms) // MINUTE % (24 * 60) == 13 * 60


def test_what_the_clock_shows_is_known_before_anything_is_due_by_it():
    """A clock that was set back just before a campaign's time starts nothing."""
    story = Story()
    story.tell(
        commands.StartCampaign(model_id=story.model("1"), when=commands.StartAfter(minutes=1))
    )

    batch = core.handle_batch(
        story.state, [reports.ClockReport(NOON + MINUTE - HOUR), reports.Tick()], NOON + MINUTE
    )

    assert [type(event) for event in batch.events] == [events.CalendarShifted]
    assert core.next_wakeup(batch.state, NOON + MINUTE) == NOON + MINUTE + HOUR


def test_commands_name_moments_of_the_calendar():
    """R4.2: a time in the past is refused; in N minutes is N minutes from now."""
    story = Story()
    model = story.model("1")
    set_clock(story, HOUR)

    with pytest.raises(SettingsError):
        story.tell(commands.StartCampaign(model_id=model, when=commands.StartAt(NOON + MINUTE)))
    story.tell(commands.StartCampaign(model_id=model))
    story.tell(commands.StartCampaign(model_id=model, name="B", when=commands.StartAfter(2)))

    starts = [core.campaign(story.state, one, story.now).starts_at - NOON for one in (1, 2)]
    assert starts == [HOUR, HOUR + 2 * MINUTE]
    assert story.heard(events.CampaignStarted)[0].at == NOON


def test_formats_are_as_before_while_the_calendar_is_the_service_s_time():
    story = Story()
    story.start("1")
    assert "calendar_ahead_ms" not in json.dumps(codec.to_data(story.state))

    set_clock(story, -HOUR)

    for kept in (
        codec.from_data(json.loads(json.dumps(codec.to_data(story.state)))),
        codec.state_of(codec.snapshot_of(story.state)),
    ):
        assert kept == story.state
        assert kept.calendar_ahead_ms == -HOUR
        assert core.check(kept) == ()


@pytest.mark.parametrize("shows", [-1, True, 1.5, "12:00", 1 << 43])
def test_clock_that_shows_no_instant_is_refused(shows):
    with pytest.raises(SettingsError):
        reports.ClockReport(shows)


DURATIONS = (
    events.DigitTimedOut,
    events.DeadlinePassed,
    events.HangUpOrdered,
    events.PlaybackStarted,
    events.CallEnded,
    events.CallPlaced,
)


@profile(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from(STEPS)), max_size=8), st.booleans())
def test_no_step_of_the_clock_changes_when_anything_happens_in_calls(steps, is_answered):
    """No silence, deadline or retry lasts other than its duration of the service's time."""
    assert _evening([], is_answered) == _evening(steps, is_answered)


def _evening(steps: list[tuple[int, int]], is_answered: bool) -> list[tuple[str, int]]:
    retry = core.RetryPolicy(delays_s=dict.fromkeys(core.UNANSWERED, 45))
    story = Story()
    story.start(
        "1 2",
        retry=retry,
        attempts_max=3,
        script=core.CallScript(confirm_listening=True, listening_prompt=None),
    )
    story.tell(reports.EndReport(call_id=story.call("2"), unanswered_as=core.Outcome.BUSY))
    if is_answered:
        story.tell(reports.AnswerReport(story.call("1")))
        story.played("1")
    at = NOON
    for after_s, by_ms in steps:
        at += after_s * SECOND
        _go_on(story, at)
        set_clock(story, by_ms)
    _go_on(story, NOON + 30 * MINUTE)
    assert core.replay(story.events) == story.state
    return [(type(e).__name__, e.at) for e in story.events if isinstance(e, DURATIONS)]


def _go_on(story: Story, until: int) -> None:
    while (after := story.wakeup()) is not None and story.now + after <= until:
        story.tick(after)
    story.tick(until - story.now)


@profile(max_examples=60)
@given(histories())
def test_histories_with_clocks_that_are_set_keep_the_laws(history):
    assert audit([e for t in history.transitions for e in t.events]) == ()

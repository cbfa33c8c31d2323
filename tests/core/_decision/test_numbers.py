"""R9.1: numbers rise by one and are given where an event is recorded, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.stories import NOON, SECOND, Story, listed

import campaign_core as core
from campaign_core import Outcome, commands, events, reports

TROUBLE = [Outcome.CONGESTION, Outcome.FAILED, Outcome.BUSY]


def numbers(story: Story) -> list[int]:
    return [event.seq for event in story.events]


def assert_numbered(story: Story) -> None:
    assert numbers(story) == list(range(1, len(story.events) + 1))
    assert core.replay(story.events) == story.state


def test_breaker_that_trips_among_lost_calls_is_numbered_where_it_stands():
    """R6.17, R9.1: some congestion, then the telephony restarts, and all other calls are lost."""
    story = Story()
    story.start("1 2 3", attempts_max=1, breaker=core.Breaker(calls=2, failed_percent=40))
    story.end("1", Outcome.CONGESTION, after=SECOND)
    story.tell(reports.DriverDownReport(), after=9 * SECOND)
    story.tell(reports.DriverUpReport(), after=SECOND)

    story.tell(reports.CallsUpReport([]))

    kinds = [type(event) for event in story.events[-4:]]
    ended = events.CallEnded
    assert [ended, events.CampaignPaused, ended, events.CampaignEnded] == kinds
    assert_numbered(story)


def test_sound_that_is_missing_among_lost_calls_is_numbered_where_it_stands():
    """R6.18, R9.1: the third call that found no sound is lost, its outcome fixed before."""
    story = Story()
    story.start("1 2 3 4", attempts_max=1)
    for number in ("1", "2", "3"):
        story.answer(number)
        story.played(number, reports.PlaybackEnd.FAILED)
    story.tell(reports.DriverDownReport(), after=9 * SECOND)
    story.tell(reports.DriverUpReport(), after=SECOND)

    story.tell(reports.CallsUpReport([]))

    assert [event.reason for event in story.heard(events.CampaignPaused)] == [
        core.PauseReason.SOUND_MISSING
    ]
    assert_numbered(story)


BREAKERS = st.none() | st.builds(
    core.Breaker, calls=st.integers(1, 3), failed_percent=st.sampled_from([0, 30, 60])
)
CAPS = st.none() | st.builds(core.FrequencyCap, attempts=st.integers(1, 2), per_h=st.integers(1, 2))
LIMITS = st.builds(core.CallLimits, total=st.none() | st.integers(1, 4))


@st.composite
def troubled_messages(draw, state):
    """What a bad day brings: calls that fail, and a link that goes and comes."""
    up = [call.placement.call_id for call in core.calls(state)]
    some = draw(st.lists(st.sampled_from(up), unique=True)) if up else []
    link = [
        reports.DriverDownReport(returned=tuple(some[:2])),
        reports.DriverUpReport(),
        reports.CallsUpReport(some),
        reports.CallsUpReport(some, among=up),
        reports.CallsAdriftReport(some),
        commands.ChangeSettings(settings=core.Settings(frequency_cap=draw(CAPS))),
        *[commands.ResumeCampaign(campaign_id=one) for one in core.campaign_ids(state)],
        *[commands.StopCampaign(campaign_id=one, hang_up=True) for one in core.campaign_ids(state)],
        *[commands.AddAttempts(campaign_id=one, attempts=2) for one in core.campaign_ids(state)],
        reports.Tick(),
    ]
    of_calls = []
    for call_id in up:
        outcome = draw(st.sampled_from(TROUBLE))
        until = state.now + draw(st.sampled_from([0, 5 * SECOND]))
        of_calls += [
            reports.EndReport(call_id=call_id, unanswered_as=outcome),
            reports.EndReport(call_id=call_id, unanswered_as=outcome, took_commands=False),
            reports.AnswerReport(call_id),
            reports.PlaybackReport(call_id=call_id, play=1, end=reports.PlaybackEnd.FAILED),
            reports.DigitReport(call_id=call_id, digit=draw(st.sampled_from("1978"))),
            reports.RefusalReport(call_id=call_id, why="no"),
            reports.DeferralReport(call_id=call_id, until=until),
        ]
    return draw(
        st.sampled_from(of_calls) | st.sampled_from(link) if of_calls else st.sampled_from(link)
    )


@profile(max_examples=80)
@given(st.data())
def test_numbers_rise_by_one_whatever_happens(data):
    """R9.1: over any story with breakers, caps and surveys; and the state is a fold over them."""
    story = Story(frequency_cap=data.draw(CAPS), call_limits=data.draw(LIMITS))
    script = core.CallScript(
        confirm_answer=data.draw(st.booleans()),
        opt_out_digit="7",
        transfer=core.TransferOption(digit="8", extension="800"),
    )
    for numbers_of in ("1 2 3 i4", "2 5"):
        attempts_max = data.draw(st.integers(1, 3))
        breaker = data.draw(BREAKERS)
        story.start(numbers_of, attempts_max=attempts_max, breaker=breaker, script=script)
    for _ in range(data.draw(st.integers(1, 14))):
        story.now += data.draw(st.sampled_from([0, 0, SECOND, 6 * SECOND, 700 * SECOND]))
        together = [
            data.draw(troubled_messages(story.state)) for _ in range(data.draw(st.integers(1, 3)))
        ]
        batch = core.handle_batch(story.state, together, story.now)
        story.state = batch.state
        story.events += batch.events

    assert_numbered(story)
    assert core.check(story.state) == ()


@pytest.mark.parametrize("breaker", [None, core.Breaker(calls=1, failed_percent=0)])
def test_all_calls_lost_at_once_are_numbered_one_after_the_other(breaker):
    """R5.5, R9.1: as many as there are."""
    story = Story()
    people = listed(" ".join(str(number) for number in range(100, 150)))
    story.start(people, attempts_max=1, breaker=breaker)
    story.tell(reports.DriverDownReport(), after=9 * SECOND)
    story.tell(reports.DriverUpReport(), after=SECOND)

    story.tell(reports.CallsUpReport([]))

    assert story.now == NOON + 10 * SECOND
    assert_numbered(story)

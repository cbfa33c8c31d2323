"""R8.5: what a change would do now is what it does; and who waits longest."""

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.stories import SECOND, Story

import campaign_core as core
from campaign_core import CallLimits, Outcome, Status, commands, events, reports
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_core.testing import commands_for, histories


def blocked(state: core.State, now: int) -> set[int]:
    return {c for c in core.campaign_ids(state) if core.status(state, c, now) is Status.BLOCKED}


@profile(max_examples=80)
@given(histories(), st.data())
def test_what_if_is_what_happens(history, data):
    """R8.5: calls that would be placed, campaigns that would be blocked or freed."""
    command = data.draw(commands_for(history.state))
    ticked = core.handle(history.state, reports.Tick(), history.now).state
    try:
        happened = core.handle(ticked, command, history.now)
    except (CommandRefusedError, SettingsError) as error:
        refusal = error
        try:
            core.what_if(history.state, command, history.now)
        except (CommandRefusedError, SettingsError) as other:
            assert str(other) == str(refusal)  # noqa: PT017 -- the two refusals are compared
            return
        raise AssertionError("refused, and not foreseen") from refusal

    foreseen = core.what_if(history.state, command, history.now)

    placed = [
        (event.campaign_id, event.position, event.number, event.line)
        for event in happened.events
        if isinstance(event, events.CallPlaced)
    ]
    calls = [(c.campaign_id, c.position, c.number, c.line) for c in foreseen.calls]
    before, after = blocked(ticked, history.now), blocked(happened.state, history.now)
    assert calls == placed
    assert set(foreseen.blocked) == after - before
    assert set(foreseen.freed) == before - after


def test_higher_limit_frees_a_campaign():
    story = Story(call_limits=CallLimits(total=1))
    story.start("1")
    story.start("2 i3")
    command = commands.ChangeSettings(settings=core.Settings(call_limits=CallLimits(total=2)))

    found = core.what_if(story.state, command, story.now)

    assert [(call.campaign_id, call.number) for call in found.calls] == [(2, "2")]
    assert (found.blocked, found.freed) == ((), ())
    everything = commands.ChangeSettings(settings=core.Settings())
    assert core.what_if(story.state, everything, story.now).freed == (2,)


def test_pause_of_the_first_campaign_lets_the_next_one_call():
    story = Story(active_campaigns_max=1)
    story.start("1 2", call_limits=CallLimits(total=1))
    story.start("3")

    found = core.what_if(story.state, commands.PauseCampaign(campaign_id=1), story.now)

    assert [call.number for call in found.calls] == ["3"]
    assert found.freed == (1, 2)
    assert story.up == ["1"]


def test_whoever_waits_longest_is_named_with_what_stands_in_the_way():
    """R8.5: who waits longest and behind what."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2 3")
    story.tick(SECOND)
    story.start("7")

    first, second = core.starvation(story.state, story.now + SECOND)

    assert (first.campaign_id, first.position, first.since) == (1, 2, story.now - SECOND)
    assert (second.campaign_id, second.position, second.since) == (2, 1, story.now)
    assert str(first.why) == "total limit of the service reached (1 of 1)"


def test_nobody_starves_where_everybody_is_called_paused_or_not_yet_due():
    story = Story()
    story.start("1")
    story.start("2", call_limits=CallLimits(total=0))
    story.tell(commands.PauseCampaign(campaign_id=2))
    retry = core.RetryPolicy(delays_s={core.Outcome.BUSY: 60})
    story.start("3", retry=retry)
    story.end("3")

    assert core.starvation(story.state, story.now) == ()


def test_campaign_whose_first_recipient_is_called_next_is_not_left_out_of_starvation():
    """R8.5: who waits longest, and behind what."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2 3")
    # The state as it stands between the end of a call and the pass that follows it.
    ended = events.CallEnded(
        seq=story.state.sequence + 1,
        at=story.now,
        actor="driver",
        call_id=story.call("1"),
        outcome=Outcome.REACHED,
        hangup_cause=None,
    )
    between = core.evolve(story.state, ended)

    assert [waiting.position for waiting in core.starvation(between, story.now)] == [3]

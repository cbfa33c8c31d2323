"""The core is a function: the same in gives the same out, and nothing that was given changes."""

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

import campaign_core as core
from campaign_core import codec
from campaign_core.errors import CampaignError
from campaign_core.testing import audit, histories, messages_for


@profile(max_examples=60)
@given(histories(), st.data())
def test_same_message_in_the_same_state_gives_the_same_and_leaves_the_state(history, data):
    """Same inputs, same outputs; inputs unchanged; a refusal changes nothing (R3.3)."""
    message = data.draw(messages_for(history.state))
    before = codec.to_data(history.state)

    def outcome() -> object:
        try:
            return core.handle(history.state, message, history.now)
        except CampaignError as error:
            return type(error), str(error)

    one, other = outcome(), outcome()

    assert one == other
    assert codec.to_data(history.state) == before
    if isinstance(one, core.Transition):
        assert hash(one.state) == hash(other.state)


@profile(max_examples=40)
@given(histories())
def test_no_state_that_was_given_out_ever_changes(history):
    """Immutable and shared: what later messages did is seen by nobody who kept a state."""
    seen: list[object] = []
    for transition in history.transitions:
        seen += transition.events
        assert core.replay(seen) == transition.state


@profile(max_examples=40)
@given(histories())
def test_whole_history_told_again_comes_to_the_same(history):
    state = history.transitions[0].state

    for (message, now), transition in zip(history.messages, history.transitions[1:], strict=True):
        again = core.handle(state, message, now)
        assert again == transition
        state = again.state

    assert state == history.state


@profile(max_examples=60)
@given(histories())
def test_journal_keeps_the_rules(history):
    """R6.8: never, whatever the order of messages."""
    assert audit(history.events) == ()


@profile(max_examples=40)
@given(histories(), st.floats(0, 1))
def test_any_past_state_can_be_had_again(history, share):
    """R8.3: ``replay(events, until=...)``."""
    first, last = history.events[0].at, history.events[-1].at
    until = first + round(share * (last - first))
    expected = core.replay([event for event in history.events if event.at <= until])

    assert core.replay(history.events, until=until) == expected


@profile(max_examples=40)
@given(histories())
def test_states_are_hashable_comparable_and_readable(history):
    state = history.state

    assert state == core.replay(history.events)
    assert hash(state) == hash(core.replay(history.events))
    assert repr(state).startswith("State(service_id='a1b2c3d4', sequence=")
    assert state != history.transitions[0].state or len(history.events) == 1
    assert state != "a state"

"""Whose state changed between two states: what a screen reads again."""

import pytest
from tests.core.stories import Story, listed

import campaign_core as core
from campaign_core import CallLimits, changed_positions, commands
from campaign_core.errors import UnknownCampaignError


def test_positions_are_of_those_whose_state_differs():
    story = Story(call_limits=CallLimits(total=1))
    story.start("201 202 203 204", attempts_max=1)
    before = story.state

    story.end("201")
    story.tell(commands.StopAttempts(campaign_id=1, positions=(4,)))

    assert list(changed_positions(before, story.state, 1)) == [1, 2, 4]
    assert list(changed_positions(story.state, story.state, 1)) == []


def test_those_appended_are_new():
    story = Story(call_limits=CallLimits(total=0))
    story.start("201 202")
    before = story.state

    story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("203 204")))

    assert list(changed_positions(before, story.state, 1)) == [3, 4]


def test_of_a_new_campaign_everybody_is_new():
    story = Story()
    before = story.state

    story.start("201 202")

    assert list(changed_positions(before, story.state, 1)) == [1, 2]


def test_campaign_that_is_not_there_is_refused():
    story = Story()

    with pytest.raises(UnknownCampaignError):
        changed_positions(story.state, story.state, 1)


def test_change_of_a_call_that_shows_nothing_of_the_recipient_is_none():
    story = Story()
    story.start("201")
    before = story.state

    story.answer("201")

    shown = [core.recipient(state, 1, 1) for state in (before, story.state)]
    assert (list(changed_positions(before, story.state, 1)) == []) == (shown[0] == shown[1])

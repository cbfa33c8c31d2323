"""Which kind of telephony calls went to: whoever was called in simulation was not called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.stories import SECOND, Story

from campaign_core import campaign, codec, link, open_service, replay
from campaign_core.commands import StopCampaign
from campaign_core.errors import SettingsError
from campaign_core.events import TelephonyNamed
from campaign_core.reports import TelephonyReport


def named(story):
    return [event.telephony for event in story.events if isinstance(event, TelephonyNamed)]


@given(st.lists(st.sampled_from(["simulated", "asterisk", "freeswitch"]), max_size=8))
def test_telephony_is_recorded_when_it_is_another_than_before(kinds):
    story = Story()
    for kind in kinds:
        story.tell(TelephonyReport(kind), after=SECOND)
    expected = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    assert expected == named(story)
    assert link(story.state).telephony == (kinds[-1] if kinds else None)
    assert replay(story.events) == story.state


def test_campaign_that_was_started_in_simulation_stays_marked_when_calls_become_real():
    story = Story()
    story.tell(TelephonyReport("simulated"))
    story.start("1", attempts_max=1)
    story.tell(StopCampaign(campaign_id=1), after=SECOND)
    story.tell(TelephonyReport("asterisk"), after=SECOND)
    story.begin(1)
    assert campaign(story.state, 1, story.now).is_simulated
    assert not campaign(story.state, 2, story.now).is_simulated


def test_campaign_that_still_runs_is_marked_once_calls_are_simulated():
    story = Story()
    story.tell(TelephonyReport("asterisk"))
    story.start("1", attempts_max=1)
    assert not campaign(story.state, 1, story.now).is_simulated
    story.tell(TelephonyReport("simulated"), after=SECOND)
    assert campaign(story.state, 1, story.now).is_simulated


def test_telephony_of_an_older_journal_is_not_known():
    story = Story()
    assert link(story.state).telephony is None
    assert not link(story.state).is_simulated
    assert "telephon" not in str(codec.to_data(story.state)["link"])
    assert "telephony" not in codec.to_data(story.events[0])


def test_service_may_be_opened_on_a_telephony():
    opened = open_service("0000000a", Story().state.settings, 5, telephony="simulated")
    assert link(opened.state).was_simulated(5)
    assert not link(opened.state).was_simulated(4)
    assert codec.from_data(codec.to_data(opened.events[0])) == opened.events[0]


@pytest.mark.parametrize("word", ["", "Simulated", "x" * 33, "a b", 5])
def test_word_for_a_telephony_is_checked(word):
    with pytest.raises(SettingsError, match="telephony"):
        TelephonyReport(word)

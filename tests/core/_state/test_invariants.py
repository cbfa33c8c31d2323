"""``check`` tells what is wrong with a state whose index does not follow from its facts."""

import re
from collections.abc import Callable

import pytest
from tests.core.stories import MINUTE, NOON, SECOND, Story

import campaign_core as core
from campaign_core import Line
from campaign_core._state import record as rec
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.service import Draft
from campaign_core._values.sorted_map import SortedMap

EXTERNAL = (Line.EXTERNAL, "")


def first_key(campaign: CampaignRow) -> int:
    key = campaign.ready[EXTERNAL].first()
    assert key is not None
    return key


def nobody_in_line(campaign: CampaignRow) -> None:
    campaign.ready = {}


def twice(campaign: CampaignRow) -> None:
    campaign.stranded = SortedMap.of_keys([first_key(campaign) & 0xFFFFFFFF])


def other_line(campaign: CampaignRow) -> None:
    campaign.ready = {(Line.INTERNAL, ""): campaign.ready[EXTERNAL]}


def wrong_place(campaign: CampaignRow) -> None:
    key = first_key(campaign)
    queue = campaign.ready[EXTERNAL].without(key)
    campaign.ready = {EXTERNAL: queue.with_item(1 << 32 | key, None)}


def before_its_time(campaign: CampaignRow) -> None:
    position = first_key(campaign) & 0xFFFFFFFF
    later = rec.due(campaign.record(position), NOON + MINUTE)
    campaign.records = campaign.records.with_item(position - 1, later)


def too_often(campaign: CampaignRow) -> None:
    record = rec.with_allowed(campaign.record(1), 0)
    campaign.records = campaign.records.with_item(0, record)


def contacted(campaign: CampaignRow) -> None:
    campaign.records = campaign.records.with_item(1, rec.contacted(campaign.record(2)))


@pytest.mark.parametrize(
    ("spoil", "law"),
    [
        (nobody_in_line, "an idle recipient stands in no line"),
        (twice, "an idle recipient stands in no line, or another in one"),
        (other_line, "recipient 2 stands in a wrong line"),
        (wrong_place, "recipient 2 stands at a wrong place"),
        (before_its_time, "recipient 2 stands in line before its time"),
        (too_often, "recipient 1 was called more often than allowed"),
        (contacted, "the counts of recipients are wrong"),
    ],
)
def test_law_that_is_broken_is_named(spoil: Callable[[CampaignRow], None], law):
    story = Story(call_limits=core.CallLimits(total=1))
    story.start("1 2 3")
    draft = Draft(story.state._row)

    spoil(draft.campaign(1))

    broken = core.check(draft.sealed())
    assert [sentence for sentence in broken if re.search(law, sentence)] != []
    assert core.check(story.state) == ()


def test_state_that_was_replayed_is_as_sound_as_the_one_that_was_lived():
    """R6.10: whoever may be called again at once stands in line, though no pass has looked yet."""
    story = Story(call_limits=core.CallLimits(total=1))
    story.start("1 2")
    story.tell(core.commands.PauseCampaign(campaign_id=1), after=SECOND)
    story.end("1", core.Outcome.BUSY, after=MINUTE)

    replayed = core.replay(story.events)

    assert story.state == replayed
    assert core.check(replayed) == ()

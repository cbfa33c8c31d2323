"""``replay``: what does not follow from what came before is refused, by one error."""

import attrs
import pytest
from tests.core.stories import Story

import campaign_core as core
from campaign_core import events
from campaign_core.errors import JournalError


def journal() -> list[events.Event]:
    story = Story()
    story.start("1 2")
    return list(story.heard(object))


def test_event_earlier_than_the_one_before_is_refused():
    """R6.13: time never runs backwards inside the state."""
    before, last = journal()[:-1], attrs.evolve(journal()[-1], at=core.Instant(0))

    with pytest.raises(JournalError, match="earlier"):
        core.replay([*before, last])


def test_call_to_a_number_that_is_not_the_recipients_is_refused():
    """R8.3: events that do not follow from each other are no journal."""
    told = [
        attrs.evolve(event, number="999") if isinstance(event, events.CallPlaced) else event
        for event in journal()
    ]
    further = core.Number(number="5")
    changed = [
        attrs.evolve(
            event,
            parameters=attrs.evolve(
                event.parameters,
                recipients=[
                    attrs.evolve(one, further_numbers=[further])
                    for one in event.parameters.recipients[:1]
                ],
            ),
        )
        if isinstance(event, events.CampaignScheduled)
        else event
        for event in told
    ]

    with pytest.raises(JournalError, match="cannot happen here"):
        core.replay(changed)

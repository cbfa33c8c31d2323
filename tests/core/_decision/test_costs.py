"""What a command costs does not depend on what it is not about."""

import tracemalloc

import pytest
from tests.core.stories import SECOND, Story

import campaign_core as core
from campaign_core import Recipient, commands
from campaign_core._model.recipient_list import RecipientList


def crowd(count: int, first: int = 10_000_000) -> list[Recipient]:
    return [Recipient(number=str(first + at)) for at in range(count)]


def story_of(count: int) -> Story:
    story = Story(call_limits=core.CallLimits(total=2))
    story.start(crowd(count))
    return story


def memory_of(story: Story, message: object) -> int:
    """Return the bytes that are needed at once to take a message."""
    tracemalloc.start()
    try:
        core.handle(story.state, message, story.now)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("attempts", [0, 1])
def test_appending_one_recipient_takes_no_more_beside_many(attempts):
    """R4.10: it costs the same at 10 and at 10^6; so does giving attempts to one."""
    message: object = commands.AppendRecipients(campaign_id=1, recipients=crowd(1, 90_000_000))
    if attempts:
        message = commands.AddAttempts(campaign_id=1, positions=[9], attempts=attempts)
    few, many = story_of(1_000), story_of(60_000)
    few.tick(SECOND)
    many.tick(SECOND)

    assert memory_of(many, message) < 3 * memory_of(few, message)


def test_recipients_appended_one_by_one_are_those_appended_at_once():
    """R4.10, R6.4: whichever way, the state is the same, and so is who is called next."""
    one, other = story_of(300), story_of(300)
    for recipient in crowd(70, 90_000_000):
        one.tell(commands.AppendRecipients(campaign_id=1, recipients=[recipient]))
    appended = commands.AppendRecipients(campaign_id=1, recipients=crowd(70, 90_000_000))
    other.tell(appended)

    lists = [core.campaign(story.state, 1, story.now).recipients for story in (one, other)]
    assert lists[0] == lists[1]
    assert list(core.recipients(one.state, 1)) == list(core.recipients(other.state, 1))
    assert core.replay(one.events) == one.state
    assert core.explain(one.state, 1, 371 - 1, one.now) == core.explain(
        other.state, 1, 371 - 1, other.now
    )


def test_barring_numbers_does_not_look_at_campaigns_without_idle_recipients(monkeypatch):
    """R6.12: ten thousand numbers, a thousand campaigns: most of them have nobody to fail."""
    story = Story()
    story.model(crowd(3))
    for campaign_id in range(1, 6):
        story.begin(1)
        positions = range(1, 4)
        story.tell(commands.StopAttempts(campaign_id=campaign_id, positions=positions))
    story.start(crowd(2), call_limits=core.CallLimits(total=0))
    looked = []
    positions_of = RecipientList.positions_of

    def seen(self, *asked):
        looked.append(self)
        return positions_of(self, *asked)

    monkeypatch.setattr(RecipientList, "positions_of", seen)
    barred = [str(50_000_000 + at) for at in range(100)]
    story.tell(commands.AddToDoNotCall(numbers=[*barred, "10000001"]))

    assert len(looked) == len(barred) + 1
    assert story.recipient(2, 6) is core.RecipientStatus.FAILED

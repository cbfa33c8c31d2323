"""The five seconds of R5.5 count from when the telephony was heard last."""

import pytest
from tests.core.stories import SECOND, Story

from campaign_core import events, replay
from campaign_core.errors import SettingsError
from campaign_core.reports import CallsUpReport, DriverDownReport, DriverUpReport


def reconnected(*, placed_before_s, silent_ms):
    """Return a story in which a call was placed, and is not in the first list."""
    story = Story()
    story.start("1")
    story.tell(DriverDownReport(silent_ms=silent_ms), after=placed_before_s * SECOND)
    story.tell(DriverUpReport())
    story.tell(CallsUpReport())
    return story


def lost(story):
    return [event for event in story.events if isinstance(event, events.CallEnded)]


@pytest.mark.parametrize(
    ("placed_before_s", "silent_ms", "is_lost"),
    [
        (4, 0, False),
        (5, 0, True),
        (9, 0, True),
        (9, 4_000, True),
        (9, 4_001, False),
        (9, 60_000, False),
    ],
)
def test_call_ordered_shortly_before_or_since_the_telephony_was_heard_waits_for_the_second_report(
    placed_before_s, silent_ms, is_lost
):
    """R5.5: not from when the loss was noticed: a telephony that stood still places it yet."""
    story = reconnected(placed_before_s=placed_before_s, silent_ms=silent_ms)

    assert bool(lost(story)) is is_lost
    story.tell(CallsUpReport(), after=5 * SECOND)
    assert lost(story)
    assert replay(story.events) == story.state


@pytest.mark.parametrize("silent_ms", [-1, 1.5, True, "1", None])
def test_silence_is_whole_milliseconds(silent_ms):
    """R9.1."""
    with pytest.raises(SettingsError, match="silent_ms"):
        DriverDownReport(silent_ms=silent_ms)

"""Calls that turn up after they were taken for lost."""

import pytest
from tests.core.stories import Story

from campaign_core import strays
from campaign_core.reports import AnswerReport, CallsUpReport, DigitReport, DriverUpReport


def ringing():
    story = Story()
    story.start("1")
    return story, story.call("1")


def test_call_in_progress_is_no_stray():
    story, call_id = ringing()

    assert strays(story.state, [AnswerReport(call_id), CallsUpReport([call_id])]) == ()


@pytest.mark.parametrize("report", [AnswerReport, lambda call_id: CallsUpReport([call_id])])
def test_call_that_is_over_and_said_to_be_up_is_a_stray(report):
    """R7.11: no call escapes."""
    story, call_id = ringing()
    story.end("1")

    assert strays(story.state, [DriverUpReport(), report(call_id)]) == (call_id,)


@pytest.mark.parametrize("call_id", ["f" * 32, "not an id"])
def test_call_of_another_service_is_none_of_ours(call_id):
    story, _ = ringing()

    assert strays(story.state, [AnswerReport(call_id), CallsUpReport([call_id])]) == ()


def test_what_says_nothing_of_a_call_that_is_up_makes_none():
    """R9.1: a late digit tells of the past."""
    story, call_id = ringing()
    story.end("1")

    assert strays(story.state, [DigitReport(call_id=call_id, digit="1")]) == ()

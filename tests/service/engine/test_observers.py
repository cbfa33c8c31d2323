"""What an operator must know at once is told by the log, when it begins and not over and over."""

import logging

import pytest

from campaign_core import Outcome, PauseReason, Purpose
from campaign_core.events import (
    CallAnswered,
    CallEnded,
    CampaignPaused,
    PlaybackEnded,
    PlaybackStarted,
)
from campaign_core.reports import PlaybackEnd
from campaign_service.engine import OperatorLog

HEAD = {"seq": 1, "at": 0, "actor": "driver"}


@pytest.fixture
def told(caplog):
    """Hand events to a log of its own; what was said of them."""
    caplog.set_level(logging.INFO)
    log = OperatorLog()

    def told(*events):
        caplog.clear()
        log.take(events)
        return caplog.messages

    return told


def played(end, *, sound="closing", call="1"):
    started = PlaybackStarted(
        **HEAD, call_id=call, play=1, purpose=Purpose.MESSAGE, round=1, sound=sound
    )
    return started, PlaybackEnded(**HEAD, call_id=call, play=1, end=end)


def ended(outcome, *, call="1", is_answered=True):
    end = CallEnded(**HEAD, call_id=call, outcome=outcome, hangup_cause=None)
    return (CallAnswered(**HEAD, call_id=call), end) if is_answered else (end,)


def test_sound_that_fails_is_told_once_until_it_plays_again(told):
    """R7.10: reported at once; a telephony that fails every call fills no disk."""
    first = told(*played(PlaybackEnd.FAILED))
    again = told(*played(PlaybackEnd.FAILED, call="2"))
    other = told(*played(PlaybackEnd.FAILED, sound="press-1", call="3"))
    told(*played(PlaybackEnd.FINISHED, call="4"))
    anew = told(*played(PlaybackEnd.FAILED, call="5"))

    assert ["the sound closing (call 1)" in text for text in first] == [True]
    assert again == []
    assert ["the sound press-1 (call 3)" in text for text in other] == [True]
    assert ["the sound closing (call 5)" in text for text in anew] == [True]


def test_answered_call_that_was_cut_before_any_order_is_told_once(told):
    """R7.5: FAILED, a technical cause."""
    first = told(*ended(Outcome.FAILED))

    assert ["cut before the telephony took any order (call 1)" in text for text in first] == [True]
    assert told(*ended(Outcome.FAILED, call="2")) == []


@pytest.mark.parametrize(
    "events",
    [
        ended(Outcome.FAILED, is_answered=False),
        ended(Outcome.HUNG_UP),
        ended(Outcome.REACHED),
        (CampaignPaused(**HEAD, campaign_id=1, reason=PauseReason.USER),),
        played(PlaybackEnd.STOPPED),
    ],
)
def test_what_is_as_usual_is_not_told(told, events):
    assert told(*events) == []


def test_pause_by_the_system_is_told_with_its_reason(told):
    """R6.17, R6.18."""
    (text,) = told(CampaignPaused(**HEAD, campaign_id=7, reason=PauseReason.BREAKER))

    assert text.startswith("campaign 7 is paused by the system, BREAKER: ")

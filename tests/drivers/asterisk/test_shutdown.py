"""A server that shuts down gracefully: it refuses everything, and tells of its calls meanwhile."""

import attrs
import pytest

from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers._telephony.switchboard import CENSUS_MS

from .recordings import answered, call_id, channels, event, place, placed, reply, sent, up

ID = call_id(1)
PLAY = Play(call_id=ID, play=1, sound="prompt", stop_digits="")


def reports(board):
    return board.take().reports


def refuse(board, action, now=0):
    board.receive(reply(action, Response="Error", Message="Asterisk is shutting down"), now)


def going(order=PLAY):
    """Return a switchboard that was refused an order because the server goes."""
    board = answered()
    board.carry_out(order, 0)
    (action, *_) = sent(board)
    refuse(board, action)
    return board


def listed():
    return {"Uniqueid": ID, "ChannelState": "6", "Application": "AGI"}


def test_a_sound_that_is_refused_as_the_server_goes_is_not_missing():
    """R7.10: SOUND_MISSING is not: it goes down."""
    board = going()

    out = board.take()
    assert out.reports == [DriverDownReport()]
    assert "shuts down" in out.notes[0]
    assert not board.is_up


@pytest.mark.parametrize("heard", [True, False])
def test_a_call_whose_first_order_is_refused_so_took_none(heard):
    """R7.5: its recipient heard nothing; FAILED, and not HUNG_UP."""
    board = answered()
    if heard:
        board.carry_out(PLAY, 0)
        board.receive(reply(sent(board)[0]), 0)
    board.carry_out(attrs.evolve(PLAY, play=2), 0)
    refuse(board, sent(board)[0])
    board.receive(event("AsyncAGIEnd"), 0)
    board.receive(event("Hangup", Cause="0"), 0)

    out = board.take()
    assert out.reports[-1].took_commands is heard
    # Nothing is wrong with maxcalls.
    assert len(out.notes) == 1


def test_a_call_that_is_refused_as_the_server_goes_is_given_back():
    """R5.5: it was never handed over, and nothing is placed until the driver is up."""
    board = up()
    board.carry_out(place(), 0)
    (originate,) = sent(board)

    refuse(board, originate)
    board.carry_out(place(2), 0)

    assert reports(board) == [
        DriverDownReport(),
        DriverDownReport((ID,)),
        DriverDownReport((call_id(2),)),
    ]
    assert board.calls == {}


def test_a_ping_that_is_refused_tells_it_too():
    board = up()
    board.wake(100_000)
    actions = sent(board)
    refuse(board, actions[-1])

    assert DriverDownReport() in reports(board)


def test_what_becomes_of_the_calls_is_told_meanwhile():
    board = answered()
    board.carry_out(PLAY, 0)
    (play,) = sent(board)
    board.receive(reply(play), 0)
    board.wake(100_000)
    refuse(board, sent(board)[-1])

    result = "200%20result%3D0%20endpos%3D8000%0A"
    board.receive(event("AsyncAGIExec", CommandId=play["commandid"], Result=result), 0)
    board.receive(event("DTMFEnd", Digit="9", Direction="Received"), 0)
    board.receive(event("AsyncAGIEnd"), 0)
    board.receive(event("Hangup", Cause="16"), 0)

    told = reports(board)
    assert told[1:3] == [
        PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FINISHED),
        DigitReport(call_id=ID, digit="9"),
    ]
    assert isinstance(told[3], EndReport)


@pytest.mark.parametrize("order", [HangUp(ID), Transfer(call_id=ID, extension="1", dead_man_s=9)])
def test_an_order_that_was_refused_is_carried_out_when_the_shutdown_is_called_off(order):
    """A call that could not be transferred is ended, as where Asterisk refuses that."""
    board = going(order)
    sent(board)

    board.wake(CENSUS_MS)
    channels(board, listed(), now=CENSUS_MS)

    assert ("Hangup", ID) in [(it["action"], it["channel"]) for it in sent(board)]


def test_a_shutdown_that_is_called_off_is_noticed():
    """It is asked again and again."""
    board = going()
    reports(board)

    for now in (CENSUS_MS, 2 * CENSUS_MS):
        board.wake(now)
        (status,) = sent(board)
        refuse(board, status, now)
        assert reports(board) == []
    board.wake(3 * CENSUS_MS)
    channels(board, listed(), now=3 * CENSUS_MS)

    assert reports(board) == [DriverUpReport(), CallsUpReport({ID})]
    board.carry_out(PLAY, 0)
    assert [it["action"] for it in sent(board)][-1] == "AGI"


def test_an_answer_that_came_meanwhile_is_told_when_it_is_called_off():
    board = placed()
    board.carry_out(place(2), 0)
    refuse(board, sent(board)[-1])
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    reports(board)

    board.wake(CENSUS_MS)
    channels(board, listed(), now=CENSUS_MS)

    assert reports(board)[-1] == AnswerReport(ID)


def test_a_server_that_has_gone_is_told_as_gone_once():
    board = going()

    board.receive(b"Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: True\r\n\r\n", 1_000)
    assert board.take().over is not None
    board.lost("Asterisk shut down", 1_000)

    assert reports(board) == []

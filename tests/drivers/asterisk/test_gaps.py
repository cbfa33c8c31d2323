"""A server that is silent, or a link that is away, while calls change: nobody hears silence.

The same as of FreeSWITCH (R5.5, R7.11, R7.12, R9.3).
"""

import pytest

from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
)
from campaign_drivers._telephony.switchboard import CENSUS_MS

from .recordings import answered, call_id, channels, connect, event, place, placed, reply, sent, up

ID = call_id(1)
LIVES = [
    event("Newchannel"),
    event("OriginateResponse", Response="Success", Reason="4"),
    event("AsyncAGIStart"),
]
LOST = [CallsAdriftReport(frozenset([ID])), CallsUpReport(among=frozenset([ID]))]


def reports(board):
    return board.take().reports


def listed(state="6", application="AGI"):
    return {"Uniqueid": ID, "ChannelState": state, "Application": application}


def reconnected(board, *found, now=20_000):
    """Lose the link, find these channels on the next, and forget what was told."""
    board.lost("cut", now)
    sent(board)
    connect(board, now, run=f"r{now}x")
    channels(board, *found, now=now)
    return board


def lost(now=20_000):
    """Return a board whose call was ordered, and is in neither list."""
    board = reconnected(placed())
    board.wake(now + CENSUS_MS)
    channels(board, now=now + CENSUS_MS)
    assert reports(board)[-1] == CallsUpReport()
    return board


# What was taken for lost ----------------------------------------------------------------------


@pytest.mark.parametrize("told", LIVES, ids=["rings", "answered", "listens"])
def test_a_call_that_turns_up_after_it_was_taken_for_lost_is_hung_up(told):
    """R7.11: it is over for the core, and another call to that number may be placed by now."""
    board = lost()

    board.receive(told, 40_000)

    (order,) = sent(board)
    assert (order["action"], order["channel"]) == ("Hangup", f"{ID}")
    assert reports(board) == []
    assert board.calls == {}


def test_a_call_that_was_lost_and_is_in_a_later_list_is_hung_up():
    board = lost()
    board.lost("cut", 40_000)
    connect(board, 41_000, run="r3x")
    reports(board)

    channels(board, listed(), now=41_000)

    assert [action["action"] for action in sent(board)] == ["Hangup"]
    assert reports(board) == [DriverUpReport(), CallsUpReport()]


def test_a_call_that_turns_up_between_the_lists_is_up_in_the_second():
    """R5.5: ordered in a standstill, and carried out on waking."""
    board = reconnected(placed())
    reports(board)

    for told in LIVES:
        board.receive(told, 20_100)
    board.wake(20_000 + CENSUS_MS)
    channels(board, listed(), now=20_000 + CENSUS_MS)

    assert reports(board) == [AnswerReport(ID), CallsUpReport({ID})]
    assert sent(board) == []


# An end that nobody saw -----------------------------------------------------------------------


@pytest.mark.parametrize("begun", [placed, answered])
def test_a_call_that_is_gone_by_the_reply_to_an_order_is_lost_after_a_gap(begun):
    """R5.5: how it ended nobody knows; it tells nothing of the trunk (R6.17)."""
    board = begun()
    board.receive(LIVES[0], 0)
    reconnected(board)
    board.carry_out(HangUp(ID), 20_000)
    (order,) = sent(board)
    reports(board)

    board.receive(reply(order, Response="Error", Message="No such channel"), 20_000)
    board.wake(21_000)

    assert reports(board) == LOST
    assert board.calls == {}


def test_an_end_whose_beginning_fell_into_the_gap_is_lost_where_its_cause_says_nothing():
    """Whether it was answered was told while nobody listened."""
    board = placed()
    board.receive(LIVES[0], 0)
    reconnected(board, listed(state="5", application="AppDial2"))
    reports(board)

    board.receive(event("Hangup", Cause="16"), 20_100)
    board.wake(21_100)

    assert reports(board) == LOST


def test_an_end_that_is_told_after_a_gap_is_the_end():
    """R7.1: what the server said of it counts."""
    board = answered()
    reconnected(board, listed())
    reports(board)

    board.receive(event("AsyncAGIEnd"), 20_100)
    board.receive(event("Hangup", Cause="16"), 20_100)

    assert [type(report) for report in reports(board)] == [EndReport]


# Silence is no missing sound ------------------------------------------------------------------


def playing():
    board = answered()
    board.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 0)
    return board, sent(board)[0]


def test_a_playback_without_a_reply_is_a_lost_connection_and_no_missing_sound():
    """R7.10, R6.18."""
    board, _ = playing()

    board.wake(10_000)
    out = board.take()
    board.lost(out.over.why, 10_000)

    assert out.reports == []
    assert reports(board) == [DriverDownReport()]


@pytest.mark.parametrize("stood_still_ms", [3_000, 12_000, 40_000])
def test_a_standstill_of_our_own_is_no_lost_connection(stood_still_ms):
    """R7.12: what nobody could hear times nobody out; it is read first, whatever is due."""
    board, command = playing()
    late = 10_000 + stood_still_ms

    board.wake(late)
    board.receive(reply(command, Message="Added AGI command to queue"), late)
    done = {"CommandId": command["commandid"], "Result": "200%20result%3D0%0A"}
    board.receive(event("AsyncAGIExec", **done), late)

    out = board.take()
    assert out.over is None
    assert out.reports == [PlaybackReport(call_id=ID, play=1)]


def test_a_server_that_says_nothing_after_a_standstill_of_our_own_is_given_up():
    board, _ = playing()

    board.wake(40_000)
    assert board.wakeup() <= 42_000
    board.wake(42_000)

    assert board.take().over is not None


def test_a_call_that_was_given_back_may_be_placed_again():
    """R5.5: under the same id, since it was never handed over."""
    board = up()
    board.lost("cut", 0)
    board.carry_out(place(), 0)
    connect(board, 1_000, run="r2x")
    channels(board, now=1_000)
    board.carry_out(place(), 2_000)
    reports(board)

    board.receive(LIVES[1], 3_000)

    assert reports(board) == [AnswerReport(ID)]


# A transfer that was lost ---------------------------------------------------------------------


def transferred(taken):
    """Lose the link when so many of a transfer's orders were replied to; the call is up."""
    board = answered()
    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=60), 0)
    for order in sent(board)[:taken]:
        board.receive(reply(order, Message="Added AGI command to queue"), 0)
    return reconnected(board, listed(), now=20_000)


def dialled(board, result):
    done = {"CommandId": f"{ID}.dialled", "Result": f"200%20result%3D{result}%0A"}
    board.receive(event("AsyncAGIExec", **done), 21_000)


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_transfer_that_was_lost_with_the_connection_is_ordered_again(taken):
    """R7.7, R7.11; R7.9: its dead man's switch counts from when it was ordered."""
    board = transferred(taken)
    (question,) = sent(board)
    assert question["command"] == "GET VARIABLE DIALSTATUS"

    dialled(board, "0")

    commands = [action["command"] for action in sent(board)]
    assert [command[:9] for command in commands] == ["SET VARIA", "EXEC Dial", "HANGUP"]
    assert "39" in commands[0]


def test_a_transfer_that_has_dialled_ends_with_the_conversation():
    """R7.7: what was to end the call may have been lost."""
    board = transferred(2)
    sent(board)

    dialled(board, "1%20(ANSWER)")

    assert [action["action"] for action in sent(board)] == ["Hangup"]


def test_a_transfer_that_was_taken_whole_is_not_asked_for():
    board = transferred(3)

    assert sent(board) == []
    dialled(board, "0")
    assert sent(board) == []

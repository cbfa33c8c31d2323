"""Calls whose channel another one took the place of, and channels that are nobody's (R7.11)."""

import pytest

from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers.asterisk._server import AGAIN_MS, Server
from campaign_drivers.asterisk._switchboard import Switchboard

from .recordings import (
    SETTINGS,
    answer_list,
    answered,
    call_id,
    channels,
    connect,
    event,
    looked_for,
    placed,
    reply,
    sent,
    up,
)

ID = call_id(1)
THEIRS = "1796109586.10"


def listed(uniqueid=THEIRS, *, of=ID, application="AGI", context="call-campaign", exten="agi"):
    return {
        "Uniqueid": uniqueid,
        "ChannelState": "6",
        "Channel": "PJSIP/202-00000001",
        "Context": context,
        "Exten": exten,
        "Application": application,
        "Variable": f"CAMPAIGN_CALL={of}",
    }


def waiting(uniqueid=THEIRS, context="call-campaign", exten="agi"):
    return event("AsyncAGIStart", Uniqueid=uniqueid, Context=context, Exten=exten)


def reports(board):
    return board.take().reports


def moved():
    """Return a switchboard with a call that is another channel by now."""
    board = answered()
    board.receive(event("Hangup", Cause="0"), 0)
    looked_for(board, listed())
    (heard,) = sent(board)
    board.receive(reply(heard), 0)
    return board


# Found -------------------------------------------------------------------------------------


def test_a_call_that_is_another_channel_by_now_is_heard_and_commanded_there():
    board = moved()

    board.receive(event("DTMFEnd", Uniqueid=THEIRS, Digit="1", Direction="Received"), 0)
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    board.carry_out(HangUp(ID), 0)

    assert reports(board) == [DigitReport(call_id=ID, digit="1")]
    assert [(it["action"], it["channel"]) for it in sent(board)] == [
        ("AGI", THEIRS),
        ("Hangup", THEIRS),
    ]
    board.receive(event("AsyncAGIEnd", Uniqueid=THEIRS), 0)
    board.receive(event("Hangup", Uniqueid=THEIRS, Cause="16"), 0)
    assert [type(report) for report in reports(board)] == [EndReport]


def test_what_is_still_told_of_the_channel_that_a_call_was_does_not_end_it():
    board = moved()

    board.receive(event("Hangup", Cause="16"), 0)

    assert reports(board) == []
    assert ID in board.calls


@pytest.mark.parametrize("uniqueid", [ID, "", "<null>"])
def test_an_answer_that_is_told_late_takes_no_call_back_to_where_it_was(uniqueid):
    board = moved()

    board.receive(event("OriginateResponse", Response="Success", Uniqueid=uniqueid), 0)

    assert board.calls[ID].channel_id == THEIRS


def test_a_call_may_be_a_third_channel_after_the_second():
    board = moved()

    board.receive(event("Hangup", Uniqueid=THEIRS, Cause="0"), 0)
    looked_for(board, listed("1796109586.11"))

    assert board.calls[ID].channel_id == "1796109586.11"


def test_an_order_to_hang_up_that_the_old_channel_got_is_given_to_the_new_one():
    board = answered()
    board.carry_out(HangUp(ID), 0)
    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)

    orders = [it["channel"] for it in sent(board) if it["action"] == "Hangup"]
    assert orders == [ID, THEIRS]


@pytest.mark.parametrize(
    "found",
    [
        [],
        [listed(of=call_id(2))],
        [listed(of="(null)")],
        # The far half of a Local channel.
        [listed(f"{ID};2", application="Dial")],
    ],
)
def test_a_call_that_is_nowhere_else_is_over(found):
    board = answered()

    board.receive(event("Hangup", Cause="0"), 0)
    assert looked_for(board, *found) == []

    assert [type(report) for report in reports(board)] == [EndReport]
    assert sent(board) == []


def test_a_list_that_comes_late_finds_what_is_to_be_ended():
    """R7.11: ended at once, if it cannot be followed; nothing waits for an answer for long."""
    board = answered()

    board.receive(event("Hangup", Cause="0"), 0)
    board.wake(Server.grace_ms)
    assert [type(report) for report in reports(board)] == [EndReport]
    looked_for(board, listed())

    assert [it["channel"] for it in sent(board)] == [THEIRS]


def test_the_events_of_the_other_channel_are_asked_for_where_they_are_filtered():
    board = answered()
    assert board._server.session.filtered

    board.receive(event("Hangup", Cause="0"), 0)
    looked_for(board, listed())

    (action,) = sent(board)
    assert action["action"] == "Filter"
    assert action["filter"].endswith(r"Uniqueid: 1796109586\.10")


def test_another_channel_that_answered_is_the_call_though_it_waits_before_that_is_told():
    """A call that is picked up: three events, in any order."""
    board = placed()

    board.receive(waiting(), 0)
    (question,) = sent(board)
    board.receive(event("Hangup", Cause="16"), 0)
    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    assert "AGI" not in [it["action"] for it in sent(board)]
    answer(board, question, listed())

    assert reports(board) == [AnswerReport(ID)]
    assert [(it["action"], it["channel"]) for it in sent(board)] == [("AGI", THEIRS)]


@pytest.mark.parametrize("of", [ID, "(null)"])
def test_where_it_waits_without_our_dialplan_it_is_asked_about_once_it_is_the_call(of):
    """``without_dialplan``: its context says nothing."""
    board = placed()

    board.receive(waiting(context="from-internal", exten="*8"), 0)
    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    (question,) = (it for it in sent(board) if it["action"] == "Status")
    answer(board, question, listed(of=of, context="from-internal", exten="*8"))

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("AGI", THEIRS)]


def test_a_channel_that_is_the_call_and_does_not_wait_yet_is_given_no_command():
    board = placed()

    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    (question,) = (it for it in sent(board) if it["action"] == "Status")
    answer(board, question, listed(application=""))
    assert sent(board) == []
    board.receive(waiting(), 0)

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("AGI", THEIRS)]


def answer(board, question, *found):
    answer_list(board, question, found, 0)


# Unknown for a moment -----------------------------------------------------------------------


def test_a_channel_that_asterisk_does_not_know_for_a_moment_is_asked_about_again():
    """While one takes the place of another it finds neither; nobody hears silence meanwhile."""
    board = placed()

    board.receive(waiting(), 0)
    (first,) = sent(board)
    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    (second,) = (it for it in sent(board) if it["action"] == "Status")
    for question in (first, second):
        board.receive(unknown(question), 0)
    assert sent(board) == []
    board.wake(AGAIN_MS)
    (third,) = sent(board)
    answer(board, third, listed())

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("AGI", THEIRS)]


def test_a_channel_that_began_to_wait_meanwhile_is_not_asked_about_again():
    board = placed()
    board.receive(event("OriginateResponse", Response="Success", Uniqueid=THEIRS), 0)
    (question,) = (it for it in sent(board) if it["action"] == "Status")
    board.receive(waiting(), 0)

    board.receive(unknown(question), 0)
    board.wake(AGAIN_MS)

    assert sent(board) == []


def test_a_sound_for_a_channel_that_asterisk_does_not_know_is_ordered_again():
    board = moved()
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    (order,) = sent(board)

    board.receive(unknown(order), 0)
    board.wake(AGAIN_MS)

    (again,) = sent(board)
    assert (again["command"], again["channel"]) == (order["command"], THEIRS)
    assert reports(board) == []


def test_of_two_sounds_that_asterisk_knew_no_channel_for_the_second_is_ordered_again():
    board = moved()
    for play in (1, 2):
        board.carry_out(Play(call_id=ID, play=play, sound=f"s{play}", stop_digits=""), 0)
    first = sent(board)[0]

    board.receive(unknown(first), 0)
    board.wake(AGAIN_MS)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.STOPPED)]
    (again,) = sent(board)
    assert "s2" in again["command"]


def test_what_became_of_a_transfer_that_asterisk_knew_no_channel_for_is_asked():
    """Some of its orders may have been taken."""
    board = moved()
    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=60), 0)
    orders = sent(board)

    for order in orders:
        board.receive(unknown(order), 0)
    board.wake(AGAIN_MS)

    (question,) = sent(board)
    assert question["command"] == "GET VARIABLE DIALSTATUS"


def test_a_transfer_that_comes_before_commands_are_taken_waits():
    board = moved()
    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=60), 0)
    orders = sent(board)

    for order in orders:
        text = "Failed to add AGI command to channel PJSIP/202-00000001 queue"
        board.receive(reply(order, Response="Error", Message=text), 0)
    assert sent(board) == []
    board.receive(waiting(), 0)

    assert [it["command"] for it in sent(board)] == [it["command"] for it in orders]


def test_a_call_is_looked_for_whose_channel_asterisk_did_not_know_when_it_was_to_end():
    board = moved()
    board.carry_out(HangUp(ID), 0)
    (order,) = sent(board)

    board.receive(unknown(order), 0)
    board.wake(Server.grace_ms)
    assert [type(report) for report in reports(board)] == [EndReport]
    looked_for(board, listed())

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("Hangup", THEIRS)]


def test_nothing_is_tried_again_on_a_connection_that_was_lost():
    board = moved()
    board.carry_out(Play(call_id=ID, play=1, sound="prompt", stop_digits=""), 0)
    (order,) = sent(board)
    board.receive(unknown(order), 0)

    board.lost("cut", 0)
    connect(board)
    sent(board)
    board.wake(AGAIN_MS)

    assert sent(board) == []


def unknown(action):
    """Return the reply to an order for a channel that is not there."""
    known = {"AGI": f"Channel {action['channel']} does not exist."}
    text = known.get(action["action"], "No such channel")
    return reply(action, Response="Error", Message=text)


# Nobody's ----------------------------------------------------------------------------------


def test_a_channel_that_waits_for_commands_and_is_no_call_is_hung_up():
    """R7.11: nobody hears silence."""
    board = up()

    board.receive(waiting(), 0)
    (question,) = sent(board)
    answer(board, question, listed(of="(null)"))

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("Hangup", THEIRS)]
    assert "no call" in board.take().notes[0]


@pytest.mark.parametrize("of", ["deadbeef" + ID[8:], "7"])
def test_a_channel_that_is_another_service_s_call_is_left_alone(of):
    board = up()

    board.receive(waiting(), 0)
    (question,) = sent(board)
    answer(board, question, listed(of=of))

    assert sent(board) == []


@pytest.mark.parametrize(
    "message",
    [
        waiting(context="another"),
        waiting(exten="another"),
        waiting("deadbeef" + ID[8:]),
        waiting("deadbeef-probe-0123456789ab"),
        waiting("deadbeef-probe-0123456789ab;2"),
    ],
)
def test_channels_that_wait_elsewhere_or_were_given_an_id_are_not_asked_about(message):
    board = up()

    board.receive(message, 0)

    assert sent(board) == []


@pytest.mark.parametrize("uniqueid", [THEIRS, "pbx-1796109586.10"])
def test_channels_of_a_named_system_are_known_too(uniqueid):
    board = up()

    board.receive(waiting(uniqueid), 0)

    assert [it["channel"] for it in sent(board)] == [uniqueid]


# Taking over -------------------------------------------------------------------------------


@pytest.mark.parametrize("board", [Switchboard(SETTINGS), answered()], ids=["later run", "own"])
def test_a_call_that_became_another_channel_in_the_gap_is_taken_over(board):
    """R9.3."""
    board.lost("cut", 0)
    connect(board)
    board.take()

    channels(board, listed())

    assert CallsUpReport({ID}) in reports(board)
    board.carry_out(HangUp(ID), 0)
    assert sent(board)[-1]["channel"] == THEIRS


@pytest.mark.parametrize(
    "channel", [listed(of="(null)"), listed(application="AppDial2", context="x", exten="s")]
)
def test_what_nobody_hears_anything_in_is_hung_up_upon_connecting(channel):
    board = Switchboard(SETTINGS)
    connect(board)

    channels(board, channel)

    assert [(it["action"], it["channel"]) for it in sent(board)] == [("Hangup", THEIRS)]
    assert CallsUpReport() in reports(board)


def test_of_a_call_that_is_up_the_far_half_is_no_place():
    board = Switchboard(SETTINGS)
    connect(board)
    near, far = listed(ID), listed(f"{ID};2", application="Dial", context="x", exten="201")

    channels(board, near, far)

    assert board.calls[ID].channel_id == ID
    assert sent(board) == []

"""One call, whatever the order of what is said of it."""

from itertools import permutations, product

import pytest

from campaign_core import Outcome
from campaign_core.decisions import ALL_DIGITS, HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers._telephony.call import Channel, Conclusion, Placing
from campaign_drivers.asterisk._server import CONCLUSIONS, STOP_MS
from campaign_drivers.asterisk._switchboard import Switchboard

from .recordings import (
    SETTINGS,
    answered,
    call_id,
    channels,
    connect,
    event,
    looked_for,
    place,
    placed,
    reply,
    sent,
    up,
)

ID = call_id(1)


def play(number=1, digits=ALL_DIGITS, sound="prompt"):
    return Play(call_id=ID, play=number, sound=sound, stop_digits=digits)


def reports(board):
    return board.take().reports


def executed(command_id, result):
    text = f"200%20result%3D{result}%0A".replace(" ", "%20").replace("=", "%3D")
    return event("AsyncAGIExec", CommandId=command_id, Result=text)


def playing(number=1, digits=ALL_DIGITS):
    """Return a switchboard with a sound playing, and the command's id."""
    board = answered()
    board.carry_out(play(number, digits), 0)
    (command,) = sent(board)
    return board, command["commandid"]


# The fate of a call -----------------------------------------------------------------------


def test_the_table_of_verdicts_is_whole():
    assert set(CONCLUSIONS) == set(product(Placing, Channel))


@pytest.mark.parametrize(("facts", "verdict"), list(CONCLUSIONS.items()))
def test_a_call_ends_only_once_its_channel_is_gone_or_its_failure_is_told(facts, verdict):
    originate, channel = facts

    waits = originate is not Placing.FAILED and channel is not Channel.GONE
    assert (verdict is Conclusion.WAIT) == waits


FAILURE = [
    event("Newchannel"),
    event("OriginateResponse", Response="Failure", Reason="0"),
    event("HangupRequest", Cause="17"),
    event("Hangup", Cause="17"),
]
SUCCESS = [
    event("Newchannel"),
    event("OriginateResponse", Response="Success", Reason="4"),
    event("AsyncAGIStart"),
    event("DTMFEnd", Digit="1", Direction="Received"),
    event("AsyncAGIEnd"),
    event("Hangup", Cause="16"),
]


@pytest.mark.parametrize("order", list(permutations(FAILURE)))
def test_an_unanswered_call_ends_once_as_its_cause_says_in_any_order(order):
    board = placed()

    for data in order:
        board.receive(data, 0)
    board.wake(60_000)

    assert reports(board) == [EndReport(call_id=ID, unanswered_as=Outcome.BUSY, hangup_cause=17)]
    assert board.calls == {}


def test_an_answered_call_is_answered_first_and_ended_last_in_any_order():
    """The promise of the protocol: one answer, before any digit; the end last, once."""
    for order in permutations(SUCCESS):
        board = placed()

        for data in order:
            board.receive(data, 0)
        looked_for(board)
        board.wake(60_000)

        kinds = [type(report) for report in reports(board)]
        assert kinds.count(EndReport) == 1
        assert kinds[-1] is EndReport
        assert kinds.count(AnswerReport) <= 1
        assert kinds[0] in {AnswerReport, EndReport}


@pytest.mark.parametrize("missing", range(len(FAILURE)))
def test_an_event_that_never_comes_holds_nothing_up_for_long(missing):
    board = placed()

    for number, data in enumerate(FAILURE):
        if number != missing:
            board.receive(data, 0)
    board.wake(999)
    board.wake(1_000)
    looked_for(board)

    assert len(reports(board)) == 1


def test_every_event_may_come_twice():
    board = placed()

    for data in [*SUCCESS, *SUCCESS]:
        board.receive(data, 0)
        board.receive(data, 0)

    found = reports(board)
    assert [type(report) for report in found].count(EndReport) <= 2
    assert board.take().over is None


def test_a_failure_without_a_channel_is_a_refusal_after_a_grace():
    board = placed()

    board.receive(event("OriginateResponse", Response="Failure", Reason="0"), 0)
    board.wake(999)
    assert reports(board) == []
    board.wake(1_000)

    assert [type(report) for report in reports(board)] == [RefusalReport]


def test_the_failure_of_a_doubled_id_is_not_taken_for_the_living_calls():
    """It carries the living call's unique id: it is told apart by its action id."""
    board = answered()

    other = (
        "Event: OriginateResponse\r\nActionID: other\r\nResponse: Failure\r\n"
        f"Reason: 0\r\nUniqueid: {ID}\r\n\r\n"
    )
    board.receive(other.encode(), 0)
    board.wake(60_000)

    assert reports(board) == []
    assert ID in board.calls


# Placing ----------------------------------------------------------------------------------


def test_while_there_is_no_connection_calls_are_given_back():
    """R5.5: driver down."""
    board = Switchboard(SETTINGS)

    board.carry_out(place(), 0)

    assert reports(board) == [DriverDownReport((ID,))]


def test_a_call_that_is_ordered_twice_is_placed_once():
    board = placed()

    board.carry_out(place(), 0)

    assert sent(board) == []
    assert reports(board) == []


def test_a_server_that_does_not_take_what_we_send_defers():
    """R5.5: no queue of our own."""
    board = up()
    board.is_congested = True

    board.carry_out(place(), 5_000)

    assert sent(board) == []
    assert reports(board) == [DeferralReport(call_id=ID, until=7_000)]


def test_a_server_that_leaves_a_request_without_reply_defers():
    """R5.5: it is too busy to take calls."""
    board = up()
    board.carry_out(place(1), 0)
    board.carry_out(place(2), 999)
    assert reports(board) == []

    board.carry_out(place(3), 1_000)

    assert reports(board) == [DeferralReport(call_id=call_id(3), until=3_000)]


@pytest.mark.parametrize(
    "changes",
    [{"number": "1\r\nX: y"}, {"display_name": '"'}, {"call_id": "deadbeef" * 4}, {"call_id": "1"}],
)
def test_a_value_that_is_unfit_refuses_its_call_and_writes_nothing(changes):
    board = up()

    board.carry_out(place(**changes), 0)

    assert board.outgoing() == b""
    (refusal,) = reports(board)
    assert isinstance(refusal, RefusalReport)
    assert board.calls == {}


@pytest.mark.parametrize(
    "text", ["Extension does not exist.", "Permission denied", "Invalid channel"]
)
def test_what_asterisk_refuses_is_refused_with_its_words(text):
    board = up()
    board.carry_out(place(), 0)
    (originate,) = sent(board)

    board.receive(reply(originate, Response="Error", Message=text), 0)

    (refusal,) = reports(board)
    assert isinstance(refusal, RefusalReport)
    assert text in refusal.why


@pytest.mark.parametrize("by", ["Asterisk", "callee", "us"])
def test_an_answered_call_that_asterisk_cuts_took_no_command(by):
    """R7.5: is FAILED, and told to the operator; who hangs up himself is HUNG_UP."""
    board = placed()
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    if by == "callee":
        board.receive(event("HangupRequest", Cause="16", ChannelState="6"), 0)
    if by == "us":
        board.carry_out(HangUp(ID), 0)
    board.receive(event("Hangup", Cause="0"), 0)

    out = board.take()
    assert out.reports[-1].took_commands is (by != "Asterisk")
    assert ["maxcalls" in note for note in out.notes] == [True] * (by == "Asterisk")


def test_a_call_that_was_not_seen_whole_may_have_taken_commands():
    board = placed()
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    board.lost("cut", 0)
    connect(board)
    channels(board, {"Uniqueid": ID, "ChannelState": "6", "Application": ""})
    board.receive(event("Hangup", Cause="0"), 0)

    assert reports(board)[-1].took_commands is True


def test_calls_that_are_cut_are_told_once_a_minute():
    board = up()
    for number in range(1, 4):
        board.carry_out(place(number), 0)
        board.receive(event("OriginateResponse", number, Response="Success", Reason="4"), 0)
        board.receive(event("Hangup", number, Cause="0"), (number // 3) * 60_000)

    assert len(board.take().notes) == 2


# Playing ----------------------------------------------------------------------------------


def test_a_sound_is_played_and_its_end_told():
    board, command_id = playing()

    board.receive(executed(command_id, "0 endpos=8000"), 1_000)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FINISHED)]


def test_a_play_ordered_before_asterisk_listens_is_played_when_it_does():
    """``OriginateResponse`` may come before ``AsyncAGIStart``."""
    board = placed()
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    board.carry_out(play(), 0)
    assert sent(board) == []

    board.receive(event("AsyncAGIStart"), 10)

    assert [action["command"] for action in sent(board)] == [
        f'STREAM FILE "prompt" "{ALL_DIGITS}D"'
    ]


def test_a_digit_is_told_before_the_playback_it_stops():
    board, command_id = playing()

    board.receive(event("DTMFEnd", Digit="1", Direction="Received"), 500)
    board.receive(executed(command_id, "49 endpos=4000"), 500)

    assert reports(board) == [
        DigitReport(call_id=ID, digit="1"),
        PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.STOPPED),
    ]


@pytest.mark.parametrize(
    "changes", [{"Direction": "Sent"}, {"Digit": "x"}, {"Uniqueid": f"{ID};2"}]
)
def test_a_digit_is_one_that_the_recipient_dialled(changes):
    board, _ = playing()

    board.receive(event("DTMFEnd", **{"Digit": "1", "Direction": "Received", **changes}), 0)

    assert reports(board) == []


def test_the_next_sound_waits_for_the_one_a_digit_is_stopping():
    """The core orders anew upon the digit, which is told before the playback's end."""
    board, command_id = playing()

    board.receive(event("DTMFEnd", Digit="1", Direction="Received"), 500)
    board.carry_out(play(2), 500)
    assert sent(board) == []
    board.receive(executed(command_id, "49 endpos=4000"), 500)

    assert [action["action"] for action in sent(board)] == ["AGI"]
    assert reports(board)[1] == PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.STOPPED)


def test_a_play_replaces_what_is_playing():
    board, command_id = playing(digits="")

    board.carry_out(play(2), 500)
    (stop,) = sent(board)
    board.receive(event("DTMFEnd", Digit="D", Direction="Received"), 510)
    board.receive(executed(command_id, "68 endpos=4000"), 510)
    (command,) = sent(board)

    assert (stop["action"], stop["digit"], stop["receive"]) == ("PlayDTMF", "D", "true")
    assert command["command"].startswith("STREAM FILE")
    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.STOPPED)]


def test_of_two_plays_that_wait_the_last_is_played():
    board, command_id = playing(digits="")

    board.carry_out(play(2), 0)
    board.carry_out(play(3), 0)
    sent(board)
    board.receive(executed(command_id, "68 endpos=4000"), 10)
    (command,) = sent(board)

    assert command["commandid"].split(".")[1] == "3"
    assert [report.play for report in reports(board)] == [2, 1]


def test_a_stop_digit_that_fell_into_the_gap_before_the_sound_stops_it_all_the_same():
    """A channel takes a command up to 100 ms late, and AGI loses a digit meanwhile."""
    board, command_id = playing()
    board.receive(event("DTMFEnd", Digit="1", Direction="Received"), 50)

    board.wake(50 + STOP_MS - 1)
    assert sent(board) == []
    board.wake(50 + STOP_MS)

    assert [action["action"] for action in sent(board)] == ["PlayDTMF"]
    board.wake(50 + 2 * STOP_MS)
    assert [action["action"] for action in sent(board)] == ["PlayDTMF"]
    board.receive(executed(command_id, "68 endpos=100"), 600)
    assert reports(board)[-1].end is PlaybackEnd.STOPPED


def test_our_own_stop_digit_is_not_told_and_a_dialled_one_is():
    board, _ = playing(digits="")
    board.carry_out(play(2), 0)

    board.receive(event("DTMFEnd", Digit="D", Direction="Received"), 10)
    assert reports(board) == []
    board.receive(event("DTMFEnd", Digit="D", Direction="Received"), 20)

    assert reports(board) == [DigitReport(call_id=ID, digit="D")]


def test_a_sound_that_a_stray_stop_ends_goes_on_where_it_stopped():
    """Dialled by the recipient, or our own, too late for the sound it was meant for."""
    board, command_id = playing(digits="9")

    board.receive(executed(command_id, "68 endpos=4000"), 500)

    (command,) = sent(board)
    assert command["command"] == 'STREAM FILE "prompt" "9D" 4000'
    assert reports(board) == []


@pytest.mark.parametrize(
    ("result", "end"),
    [
        ("0 endpos=24000", PlaybackEnd.FINISHED),
        ("49 endpos=5920", PlaybackEnd.STOPPED),
        ("35 endpos=5920", PlaybackEnd.STOPPED),
        ("-1 endpos=0", PlaybackEnd.FAILED),
    ],
)
def test_each_result_is_told_as_its_end(result, end):
    board, command_id = playing()

    board.receive(executed(command_id, result), 0)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=end)]


@pytest.mark.parametrize(
    "result", ["510%20Invalid%20or%20unknown%20command%0A", "520-Invalid%0A", "", "nonsense"]
)
def test_a_command_that_asterisk_does_not_understand_is_a_failure(result):
    board, command_id = playing()

    board.receive(event("AsyncAGIExec", CommandId=command_id, Result=result), 0)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FAILED)]


def test_a_callee_who_hangs_up_at_the_first_sample_fails_no_sound():
    board, command_id = playing()

    board.receive(event("HangupRequest", Cause="16"), 0)
    board.receive(executed(command_id, "-1 endpos=0"), 0)
    board.receive(event("AsyncAGIEnd"), 0)
    board.receive(event("Hangup", Cause="16"), 0)

    assert [type(report) for report in reports(board)] == [EndReport]


def test_our_own_hang_up_fails_no_sound():
    board, command_id = playing()

    board.carry_out(HangUp(ID), 0)
    board.receive(executed(command_id, "-1 endpos=0"), 0)
    board.receive(event("AsyncAGIEnd"), 0)
    board.receive(event("Hangup", Cause="16"), 0)

    assert [type(report) for report in reports(board)] == [EndReport]


def test_an_unfit_sound_fails_that_playback_alone():
    board = answered()

    board.carry_out(play(1, sound='x" "'), 0)

    assert sent(board) == []
    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FAILED)]
    board.carry_out(play(2), 0)
    assert len(sent(board)) == 1


def test_a_command_that_is_refused_fails_its_playback():
    board = answered()
    board.carry_out(play(), 0)
    (command,) = sent(board)

    board.receive(reply(command, Response="Error", Message="Permission denied"), 0)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FAILED)]


def test_results_of_commands_that_are_not_ours_are_ignored():
    board, _ = playing()

    board.receive(executed("somebody-elses", "0 endpos=1"), 0)

    assert reports(board) == []


# Ending -----------------------------------------------------------------------------------


def test_an_order_to_hang_up_that_finds_no_channel_yet_is_repeated_when_there_is_one():
    board = placed()
    board.carry_out(HangUp(ID), 0)
    (order,) = sent(board)
    board.receive(reply(order, Response="Error", Message="No such channel"), 0)

    board.receive(event("Newchannel"), 10)

    assert [action["action"] for action in sent(board)] == ["Hangup"]


def test_a_call_whose_end_got_lost_ends_when_asterisk_knows_it_no_more():
    board = answered()
    board.carry_out(HangUp(ID), 0)
    (order,) = sent(board)
    board.receive(reply(order, Response="Error", Message="No such channel"), 0)

    board.wake(1_000)

    assert [type(report) for report in reports(board)] == [EndReport]


def test_nobody_waits_for_ever_for_an_end_that_was_never_told():
    """The dead man's switch has ended the call; ten seconds after it we ask."""
    board = answered()
    board.wake(5_000)
    channels(board, now=5_000)
    board.take()

    board.receive(b"Event: Nothing\r\n\r\n", 664_999)
    board.wake(664_999)
    assert sent(board) == []
    board.wake(665_000)
    (status,) = sent(board)
    board.receive(reply(status, Response="Error", Message="No such channel"), 665_000)

    assert [type(report) for report in reports(board)] == [EndReport]


@pytest.mark.parametrize(
    "order", [HangUp(ID), play(), Transfer(call_id=ID, extension="1", dead_man_s=1)]
)
def test_orders_for_a_call_that_is_over_are_harmless(order):
    board = up()

    board.carry_out(order, 0)

    assert reports(board) == []
    assert all(action["action"] == "Hangup" for action in sent(board))


# Transfer ---------------------------------------------------------------------------------


def test_a_transfer_sets_the_dead_mans_switch_anew_and_dials():
    board, _ = playing()

    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=625), 0)

    stop, switch, dial, end = sent(board)
    assert stop["action"] == "PlayDTMF"
    assert switch["command"] == "SET VARIABLE TIMEOUT(absolute) 625"
    assert dial["command"] == 'EXEC Dial "Local/300@callees/n,60"'
    assert end["command"] == "HANGUP"


def test_a_transfer_waits_until_commands_are_taken():
    """Seen on a real server: between the answer and the start of the AGI they are refused."""
    board = placed()
    board.receive(event("Newchannel"), 0)
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    sent(board)

    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=625), 0)
    assert sent(board) == []

    board.receive(event("AsyncAGIStart"), 0)
    assert [action["command"][:9] for action in sent(board)] == ["SET VARIA", "EXEC Dial", "HANGUP"]


def test_what_is_dialled_to_the_other_party_is_not_told():
    board = answered()
    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=625), 0)

    board.receive(event("DTMFEnd", Digit="4", Direction="Received"), 0)

    assert reports(board) == []


def test_an_unfit_extension_ends_the_call():
    board = answered()

    board.carry_out(Transfer(call_id=ID, extension="1@evil", dead_man_s=625), 0)

    assert [action["action"] for action in sent(board)] == ["Hangup"]

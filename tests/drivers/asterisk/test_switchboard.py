"""Connections that go and come: which calls are taken over, and what is promised of them."""

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from campaign_core import CallLimits
from campaign_core.decisions import ALL_DIGITS, HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    CapacityReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers._telephony.switchboard import CENSUS_MS
from campaign_drivers.asterisk._switchboard import Switchboard

from .recordings import (
    SETTINGS,
    answer_list,
    answered,
    call_id,
    channels,
    connect,
    event,
    place,
    placed,
    reply,
    sent,
    up,
)

ID = call_id(1)
NOT_YET = "Failed to add AGI command to channel Local/201@callees-00000000;1 queue"


def reports(board):
    return board.take().reports


def listed(number=1, *, state="6", application="AGI"):
    return {"Uniqueid": call_id(number), "ChannelState": state, "Application": application}


def reconnect(board, *found, now=1_000):
    board.lost("cut", now)
    connect(board, now, run="r2x")
    channels(board, *found, now=now)


def test_upon_connecting_the_calls_that_are_up_are_told_at_once_and_again_after_five_seconds():
    """The promise of the protocol."""
    board = Switchboard(SETTINGS)
    connect(board)
    channels(board)

    assert reports(board) == [DriverUpReport(), CallsUpReport()]
    board.wake(CENSUS_MS)
    channels(board, now=CENSUS_MS)
    assert reports(board) == [CallsUpReport()]


def test_number_of_calls_that_it_is_set_to_take_is_told_upon_connecting():
    """R5.5: no more are placed."""
    board = Switchboard(attrs.evolve(SETTINGS, calls_max=12))
    connect(board)
    channels(board)

    assert reports(board)[:2] == [DriverUpReport(), CapacityReport(CallLimits(total=12))]


def test_a_lost_connection_is_told_once():
    board = answered()

    board.lost("cut", 0)
    board.lost("cut", 0)

    assert reports(board) == [DriverDownReport()]


def test_nothing_is_placed_while_the_connection_is_lost():
    """R5.5: calls never handed over are given back."""
    board = answered()
    board.lost("cut", 0)

    board.carry_out(place(2), 0)

    assert reports(board) == [DriverDownReport(), DriverDownReport((call_id(2),))]


def test_nothing_is_placed_before_the_census():
    board = Switchboard(SETTINGS)
    connect(board)

    board.carry_out(place(), 0)

    assert reports(board) == [DriverDownReport((ID,))]


def test_an_answered_call_is_taken_over_and_not_answered_again():
    board = answered()

    reconnect(board, listed())

    assert reports(board) == [DriverDownReport(), DriverUpReport(), CallsUpReport({ID})]


def test_a_call_answered_in_the_gap_is_told_as_answered_after_the_census():
    board = placed()

    reconnect(board, listed())

    assert reports(board) == [
        DriverDownReport(),
        DriverUpReport(),
        CallsUpReport({ID}),
        AnswerReport(ID),
    ]


@pytest.mark.parametrize("state", ["0", "4", "5"])
def test_a_call_that_rings_is_up_and_not_answered(state):
    """Early media is no answer."""
    board = placed()

    reconnect(board, listed(state=state, application="AppDial2"))
    assert reports(board)[-1] == CallsUpReport({ID})
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 2_000)

    assert reports(board) == [AnswerReport(ID)]


def test_a_call_of_an_earlier_run_of_ours_is_taken_over():
    board = Switchboard(SETTINGS)
    connect(board)

    channels(board, listed())

    assert reports(board) == [DriverUpReport(), CallsUpReport({ID}), AnswerReport(ID)]


@pytest.mark.parametrize(
    "uniqueid",
    ["1763841234.17", f"{ID};2", "feedbeef" + ID[8:], "0badcafe-probe-0011", ID[:-1], ID.upper()],
)
def test_channels_that_are_not_ours_are_left_alone(uniqueid):
    board = Switchboard(SETTINGS)
    connect(board)

    channels(board, {"Uniqueid": uniqueid, "ChannelState": "6", "Application": "AGI"})
    board.receive(event("AsyncAGIStart", Uniqueid=uniqueid), 0)
    board.receive(event("DTMFEnd", Uniqueid=uniqueid, Digit="1", Direction="Received"), 0)
    board.receive(event("Hangup", Uniqueid=uniqueid, Cause="16"), 0)

    assert reports(board) == [DriverUpReport(), CallsUpReport()]
    assert sent(board) == []


def test_what_still_plays_in_a_call_taken_over_is_stopped_before_the_next_sound():
    board = answered()
    board.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 0)
    reconnect(board, listed())

    board.carry_out(Play(call_id=ID, play=2, sound="message", stop_digits=ALL_DIGITS), 1_000)

    assert [action["action"] for action in sent(board)] == ["PlayDTMF", "AGI"]


def test_the_late_end_of_a_sound_of_the_old_connection_is_not_told():
    board = answered()
    board.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 0)
    (old,) = sent(board)
    reconnect(board, listed())
    board.carry_out(Play(call_id=ID, play=2, sound="message", stop_digits=""), 1_000)
    reports(board)

    late = event("AsyncAGIExec", CommandId=old["commandid"], Result="200%20result%3D0%0A")
    board.receive(late, 1_100)

    assert [report for report in reports(board) if isinstance(report, PlaybackReport)] == []


def test_the_start_of_the_agi_that_is_told_after_the_list_of_channels_forgets_no_sound():
    """Seen on a real server: an event may come later than the reply to what was asked after it."""
    board = placed()
    reconnect(board, listed())
    board.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 1_000)
    *_, command = sent(board)
    reports(board)

    board.receive(event("AsyncAGIStart"), 1_010)
    board.receive(
        event("AsyncAGIExec", CommandId=command["commandid"], Result="200%20result%3D0%0A"), 2_000
    )

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.FINISHED)]


def test_a_sound_that_is_refused_because_the_agi_has_not_begun_is_played_when_it_has():
    board = placed()
    reconnect(board, listed())
    board.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 1_000)
    *_, command = sent(board)
    reports(board)

    board.receive(reply(command, Response="Error", Message=NOT_YET), 1_010)
    assert sent(board) == []
    board.receive(event("AsyncAGIStart"), 1_020)

    assert [action["command"] for action in sent(board)] == [command["command"]]
    assert reports(board) == []


def test_of_two_sounds_ordered_before_the_agi_has_begun_the_later_one_is_played():
    board = placed()
    reconnect(board, listed())
    for number in (1, 2):
        sound = f"sound{number}"
        board.carry_out(Play(call_id=ID, play=number, sound=sound, stop_digits=""), 1_000)
    command = next(action for action in sent(board) if action["action"] == "AGI")
    reports(board)

    board.receive(reply(command, Response="Error", Message=NOT_YET), 1_010)
    board.receive(event("AsyncAGIStart"), 1_020)

    assert reports(board) == [PlaybackReport(call_id=ID, play=1, end=PlaybackEnd.STOPPED)]
    (again,) = sent(board)
    assert "sound2" in again["command"]


def test_commands_are_told_apart_across_connections():
    """The same play of the same call may be ordered by an earlier run of ours."""
    first = answered()
    first.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 0)
    second = Switchboard(SETTINGS)
    connect(second, run="other")
    channels(second, listed())
    second.carry_out(Play(call_id=ID, play=1, sound="message", stop_digits=""), 0)

    ids = [sent(board)[-1]["commandid"] for board in (first, second)]

    assert len(set(ids)) == 2


def test_an_order_to_hang_up_given_while_the_connection_is_lost_is_carried_out_on_the_next():
    """Deadlines run on while the link is down."""
    board = answered()
    board.lost("cut", 0)

    board.carry_out(HangUp(ID), 0)
    connect(board, 1_000, run="r2x")
    channels(board, listed(), now=1_000)

    assert [action["action"] for action in sent(board)] == ["Hangup"]


def test_a_transfer_ordered_while_the_connection_is_lost_is_made_on_the_next():
    board = answered()
    board.lost("cut", 0)

    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=60), 0)
    connect(board, 1_000, run="r2x")
    channels(board, listed(), now=1_000)

    commands = [action["command"][:9] for action in sent(board)]
    assert commands == ["", "SET VARIA", "EXEC Dial", "HANGUP"]


def test_a_transfer_that_still_waited_when_the_connection_was_lost_is_made_on_the_next():
    board = placed()
    board.receive(event("Newchannel"), 0)
    board.receive(event("OriginateResponse", Response="Success", Reason="4"), 0)
    board.carry_out(Transfer(call_id=ID, extension="300", dead_man_s=60), 0)
    board.lost("cut", 0)
    sent(board)

    connect(board, 1_000, run="r2x")
    channels(board, listed(), now=1_000)

    commands = [action["command"][:9] for action in sent(board)]
    assert commands == ["", "SET VARIA", "EXEC Dial", "HANGUP"]


def test_a_call_that_is_gone_is_in_no_census_and_forgotten_after_the_second():
    board = answered()

    reconnect(board)
    assert reports(board)[-1] == CallsUpReport()
    board.wake(1_000 + CENSUS_MS)
    channels(board, now=1_000 + CENSUS_MS)

    assert reports(board) == [CallsUpReport()]
    assert board.calls == {}


def test_a_call_placed_since_is_in_the_second_census_though_its_channel_may_not_exist_yet():
    board = up()
    board.carry_out(place(), 4_999)
    sent(board)

    board.wake(CENSUS_MS)
    channels(board, now=CENSUS_MS)

    assert reports(board) == [CallsUpReport({ID})]


def test_a_call_that_ends_between_two_censuses_ends_with_its_cause():
    board = answered()
    reconnect(board, listed())
    reports(board)

    board.receive(event("AsyncAGIEnd"), 2_000)
    board.receive(event("Hangup", Cause="16"), 2_000)
    board.wake(1_000 + CENSUS_MS)
    channels(board, now=1_000 + CENSUS_MS)

    found = reports(board)
    assert [type(report) for report in found] == [EndReport, CallsUpReport]
    assert found[1] == CallsUpReport()


def test_an_originate_that_was_on_its_way_when_the_connection_went_is_not_lost_sight_of():
    """Its channel comes after the census: it is ours by its id."""
    board = Switchboard(SETTINGS)
    connect(board)
    channels(board)

    board.receive(event("Newchannel"), 100)
    board.receive(event("AsyncAGIStart"), 200)

    assert reports(board)[2:] == [AnswerReport(ID)]


def test_a_restart_of_asterisk_is_noticed():
    board = answered()
    board.lost("cut", 60_000)

    connect(board, 61_000, run="r2x", uptime_s=1)

    assert any("restarted" in note for note in board.take().notes)


def test_a_reconnection_without_restart_is_not_taken_for_one():
    board = answered()
    board.lost("cut", 60_000)

    connect(board, 61_000, run="r2x", uptime_s=161)

    assert not any("restarted" in note for note in board.take().notes)


def test_a_server_that_will_not_list_its_channels_leaves_the_calls_we_know():
    board = answered()
    board.lost("cut", 0)
    connect(board, 1_000, run="r2x")
    (status,) = sent(board)

    board.receive(reply(status, Response="Error", Message="Permission denied"), 1_000)

    assert reports(board)[-1] == CallsUpReport({ID})


# Any sequence at all ----------------------------------------------------------------------


class AnySequence(RuleBasedStateMachine):
    """Whatever the server says and whatever is ordered, the promises of the protocol hold."""

    @initialize()
    def begin(self):
        self.board = up()
        self.now = 0
        self.told = {}
        self.asked = []

    calls = st.integers(1, 3)
    places = st.sampled_from(["1796109586.1", "1796109586.2"])
    """Channels that take the place of calls' own."""

    @rule(number=calls)
    def order_call(self, number):
        self.board.carry_out(place(number), self.now)

    @rule(number=calls, play=st.integers(1, 3), digits=st.sampled_from(["", "19", ALL_DIGITS]))
    def order_play(self, number, play, digits):
        order = Play(call_id=call_id(number), play=play, sound="prompt", stop_digits=digits)
        self.board.carry_out(order, self.now)

    @rule(number=calls)
    def order_hang_up(self, number):
        self.board.carry_out(HangUp(call_id(number)), self.now)

    @rule(
        number=calls,
        name=st.sampled_from(
            ["Newchannel", "OriginateResponse", "AsyncAGIStart", "AsyncAGIEnd", "AsyncAGIExec",
             "DTMFEnd", "HangupRequest", "Hangup", "Newstate"]
        ),
        success=st.booleans(),
        digit=st.sampled_from("19D#"),
        result=st.sampled_from(["0 endpos=8", "-1 endpos=0", "49 endpos=4", "68 endpos=2"]),
        place=st.none() | places,
    )  # fmt: skip
    def hear(self, number, name, success, digit, result, place):
        call = self.board.calls.get(call_id(number))
        command_id = call.playing.playback_id if call is not None and call.playing else "none"
        data = event(
            name,
            number,
            Response="Success" if success else "Failure",
            Reason="4" if success else "0",
            Digit=digit,
            Direction="Received",
            Cause="17",
            CommandId=command_id,
            Result=f"200%20result%3D{result}%0A".replace(" ", "%20").replace("=", "%3D"),
            Context="call-campaign",
            Exten="agi",
            Uniqueid=place or call_id(number),
        )
        self.board.receive(data, self.now)

    @rule(number=calls, place=places, application=st.sampled_from(["AGI", "AppDial2"]))
    def find(self, number, place, application):
        """Answer what was asked: a call's place was taken."""
        found = {**listed(application=application), "Uniqueid": place}
        found["Variable"] = f"CAMPAIGN_CALL={call_id(number)}"
        asked, self.asked = self.asked, []
        for question in asked:
            if question["action"] == "Status":
                answer_list(self.board, question, [found], self.now)

    @rule()
    def shut_down(self):
        """Refuse what was asked: the server goes."""
        asked, self.asked = self.asked, []
        for action in asked:
            refusal = {"Response": "Error", "Message": "Asterisk is shutting down"}
            self.board.receive(reply(action, **refusal), self.now)

    @rule(ms=st.sampled_from([10, 300, 1_100, 6_000]))
    def wait(self, ms):
        self.now += ms
        self.board.wake(self.now)

    @rule(found=st.sets(calls))
    def lose_and_find(self, found):
        self.board.lost("cut", self.now)
        self.asked = []
        connect(self.board, self.now, run=f"r{self.now}x")
        channels(self.board, *(listed(number) for number in found), now=self.now)

    @invariant()
    def promises_hold(self):
        out = self.board.take()
        self.asked += sent(self.board)
        if out.over is not None:
            self.board.lost(out.over.why, self.now)
            self.asked = []
            connect(self.board, self.now, run=f"o{self.now}x")
            channels(self.board, now=self.now)
            out.reports += self.board.take().reports
        for report in out.reports:
            if isinstance(report, CallsUpReport):
                # What is not up is lost, and another call should it turn up again (R5.5).
                self.told = {key: self.told[key] for key in self.told.keys() & report.call_ids}
            for key in getattr(report, "returned", ()):
                self.told.pop(key, None)
            key = getattr(report, "call_id", None)
            if key is None:
                continue
            seen = self.told.setdefault(key, [])
            if isinstance(report, AnswerReport):
                assert AnswerReport not in seen or EndReport in seen or RefusalReport in seen
            seen.append(type(report))
            if isinstance(report, EndReport | RefusalReport):
                assert key not in self.board.calls
                del self.told[key]


TestAnySequence = AnySequence.TestCase

"""A server that is silent, or a link that is away, while calls change: nobody hears silence.

On the emulated server, which stands still as a real one was recorded to (R5.5, R7.11, R9.3).
"""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.people import Callee, Rejects, RingsForEver, Scripted
from tests.emulators.freeswitch.switch import Config

from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    DeferralReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)

A, B = call_id(1), call_id(2)
SILENT = {"default_sound_ms": 60_000.0}


def up(*call_ids: str) -> CallsUpReport:
    return CallsUpReport(frozenset(call_ids))  # type: ignore[arg-type]


def play(number: int = 1, call: str = A) -> Play:
    return Play(call_id=call, play=number, sound=f"s{number}", stop_digits="1")  # type: ignore[arg-type]


def given_up(rig: Rig) -> Rig:
    """Let the driver give up the server that stands still, and connect to it again."""
    rig.run(60_000)
    assert rig.over is not None
    rig.reports.clear()
    rig.connect()
    return rig


def placed_in_a_standstill(**config: object) -> Rig:
    """Return a rig that has given the server up; it stands still, and has the order to call."""
    rig = Rig(Config(**config)).up()  # type: ignore[arg-type]
    rig.switch.stop()
    rig.order(place())
    return given_up(rig)


# G1: what was ordered and not replied to ------------------------------------------------------


def test_a_call_placed_while_the_server_stood_still_is_not_taken_for_lost() -> None:
    """R5.5: the five seconds count from what was last heard; the list does not have it yet."""
    rig = placed_in_a_standstill(list_behind_ms=2_000, latency_ms=200)

    rig.switch.go_on()
    rig.run(100)

    assert [DriverUpReport(), up(A)] == rig.reports
    rig.run(6_000)
    assert [DriverUpReport(), up(A), AnswerReport(A), up(A)] == rig.reports
    assert rig.of(EndReport) == []


def test_a_call_placed_just_before_a_standstill_is_not_taken_for_lost() -> None:
    """R5.5: the server has replied, and has not called yet."""
    rig = Rig(Config(latency_ms=100, list_behind_ms=2_000)).up()
    rig.order(place())
    rig.run(50)
    rig.switch.stop()
    given_up(rig)

    rig.switch.go_on()
    rig.run(10_000)

    assert [DriverUpReport(), up(A), AnswerReport(A), up(A)] == rig.reports


def test_a_call_that_the_server_never_received_is_lost_by_the_second_report() -> None:
    """R5.5: known to be no longer up only once it was asked for by its id."""
    rig = placed_in_a_standstill()
    for client in rig.switch.clients:
        client._kept.clear()

    rig.switch.go_on()
    rig.run(4_900)
    assert [DriverUpReport(), up(A)] == rig.reports
    rig.run(200)

    assert [DriverUpReport(), up(A), CallsAdriftReport([A]), up()] == rig.reports
    assert f"api uuid_exists {A}" in rig.switch.commands
    assert rig.board.calls == {}


def test_a_call_that_no_list_has_and_that_is_asked_for_by_its_id_is_up() -> None:
    rig = placed_in_a_standstill(list_behind_ms=20_000, plan=lambda _: RingsForEver())

    rig.switch.go_on()
    rig.run(6_000)

    assert [DriverUpReport(), up(A), up(A)] == rig.reports


def test_a_call_ordered_in_a_standstill_is_waited_for_over_a_further_loss() -> None:
    rig = placed_in_a_standstill(latency_ms=3_000)
    rig.switch.go_on()
    rig.run(1_000)
    rig.lose()
    rig.reports.clear()

    rig.connect()
    rig.run(7_000)

    assert [DriverUpReport(), up(A), AnswerReport(A), up(A)] == rig.reports


def test_a_call_that_turns_up_after_it_was_taken_for_lost_is_hung_up() -> None:
    """R7.11: it is over for the core, and another call to that number may be placed by now."""
    rig = placed_in_a_standstill(latency_ms=8_000)
    rig.switch.go_on()
    rig.run(7_000)
    assert rig.reports[-1] == up()
    rig.reports.clear()

    rig.run(5_000)

    assert rig.switch.dialled != []
    assert rig.switch.channels == {}
    assert rig.reports == []


def test_a_call_that_was_lost_and_is_in_a_later_list_is_hung_up() -> None:
    rig = placed_in_a_standstill(latency_ms=8_000)
    rig.switch.go_on()
    rig.run(7_000)
    assert rig.reports[-1] == up()
    rig.lose()
    rig.run(2_000)
    assert list(rig.switch.channels) == [A]

    rig.connect()
    rig.run(200)

    assert rig.switch.channels == {}


def test_a_call_that_the_list_does_not_have_is_up_where_it_is_there_by_its_id() -> None:
    """R5.5: the list lags, by whatever; the question whether a call is there does not."""
    rig = Rig(Config(list_lag_ms=60_000, default_sound_ms=1_000)).up()
    rig.order(place())
    # By then the server was heard again, and the call is no longer young.
    rig.run(25_000)
    rig.lose()
    rig.run(5_000)
    rig.reports.clear()

    rig.connect()
    rig.order(play())
    rig.run(6_000)

    played = PlaybackReport(call_id=A, play=1)
    assert [DriverUpReport(), up(A), played, up(A)] == rig.reports


def test_orders_to_hang_up_what_is_in_transit_are_carried_out_when_it_is_there() -> None:
    rig = placed_in_a_standstill(latency_ms=300)
    rig.switch.go_on()
    rig.order(HangUp(A))

    rig.run(6_000)

    assert rig.switch.channels == {}
    assert [EndReport] == [type(end) for end in rig.of(EndReport)]


# G2: a call that is taken over is played to ------------------------------------------------------


def test_a_call_whose_answer_fell_into_the_gap_is_played_to() -> None:
    """R9.3: ringing in the first list, parked in a later one; ANSWER and PARK told to nobody."""
    plan = lambda _: Scripted(ring_ms=2_000)  # noqa: E731
    rig = Rig(Config(plan=plan, list_behind_ms=500)).up()
    rig.order(place())
    rig.run(2_040)
    assert rig.of(AnswerReport) == [AnswerReport(A)]
    rig.switch.stop()
    given_up(rig)
    rig.switch.go_on()
    rig.run(50)
    assert [DriverUpReport(), up(A)] == rig.reports

    rig.order(play())
    rig.run(3_000)

    assert [PlaybackReport(call_id=A, play=1)] == rig.of(PlaybackReport)


def test_a_call_answered_while_the_link_was_away_is_told_of_and_played_to_within_a_second() -> None:
    plan = lambda _: Scripted(ring_ms=2_000)  # noqa: E731
    rig = Rig(Config(plan=plan, list_lag_ms=800)).up()
    rig.order(place())
    rig.run(1_900)
    rig.lose()
    rig.run(200)
    rig.connect()
    rig.on_report = lambda r: rig.order(play()) if isinstance(r, AnswerReport) else None

    rig.run(2_600)

    assert [AnswerReport(A)] == rig.of(AnswerReport)
    assert [PlaybackReport(call_id=A, play=1)] == rig.of(PlaybackReport)


# G3: silence is no missing sound ---------------------------------------------------------------


def answered(**config: object) -> Rig:
    rig = Rig(Config(**config)).up()  # type: ignore[arg-type]
    rig.order(place())
    rig.run(100)
    rig.reports.clear()
    return rig


def test_a_playback_without_a_reply_is_no_missing_sound() -> None:
    """R7.10, R6.18: the link is silent, and lost; the call is taken over and played to."""
    rig = answered()
    rig.switch.stop()

    rig.order(play())
    rig.run(20_000)

    assert rig.of(PlaybackReport) == []
    assert [DriverDownReport()] == rig.of(DriverDownReport)
    rig.reports.clear()
    rig.connect()
    rig.switch.go_on()
    rig.run(50)
    rig.order(play(2))
    rig.run(4_000)
    assert [PlaybackReport(call_id=A, play=2)] == rig.of(PlaybackReport)


def test_a_standstill_that_the_link_outlives_is_no_missing_sound() -> None:
    rig = Rig(Config(default_sound_ms=1_000), answer_within_s=60).up()
    rig.order(place())
    rig.run(100)
    rig.reports.clear()
    rig.switch.stop()
    rig.order(play())

    rig.run(15_000)
    rig.switch.go_on()
    rig.run(3_000)

    assert [PlaybackReport(call_id=A, play=1)] == rig.reports


@pytest.mark.parametrize("stood_still_ms", [3_000, 12_000, 40_000])
def test_a_standstill_of_our_own_is_no_missing_sound_and_no_lost_link(stood_still_ms: int) -> None:
    """R7.12: what nobody could hear times nobody out; it is read first, whatever is due."""
    rig = answered(default_sound_ms=1_000)
    rig.order(play())
    rig.switch.advance(rig.switch.now + stood_still_ms)
    rig.board.wake(rig.now)

    rig.run(2_000)

    assert rig.over is None
    assert [PlaybackReport(call_id=A, play=1)] == rig.reports


def test_a_playback_that_is_slow_to_be_replied_to_still_fails_where_it_never_starts() -> None:
    """R7.10: the server is there, and says nothing of it."""
    rig = answered(executes_lost=1)
    rig.order(play())

    rig.run(12_000)

    failed = PlaybackReport(call_id=A, play=1, end=PlaybackEnd.FAILED)
    assert [failed] == rig.of(PlaybackReport)


def test_a_standstill_while_a_prompt_is_stopped_stops_it_once() -> None:
    rig = Rig(Config(**SILENT), answer_within_s=60).up()  # type: ignore[arg-type]
    rig.order(place())
    rig.run(100)
    rig.order(play())
    rig.run(500)
    rig.switch.channels[A].digit("1", "RTP")
    rig.switch.stop()
    rig.run(8_000)
    assert rig.of(PlaybackReport) == []
    rig.switch.config.default_sound_ms = 1_000
    rig.switch.go_on()
    rig.run(500)
    rig.order(play(2))
    rig.run(3_000)

    ends = [(report.play, report.end) for report in rig.of(PlaybackReport)]
    assert ends == [(1, PlaybackEnd.STOPPED), (2, PlaybackEnd.FINISHED)]


# G4: an end that nobody was told of ------------------------------------------------------------


@pytest.mark.parametrize("ring_timeout_s", [2, 6, 20])
def test_a_call_that_ended_in_the_gap_is_lost(ring_timeout_s: int) -> None:
    """R5.5: how it ended nobody knows; it tells nothing of the trunk (R6.17)."""
    rig = Rig(Config(plan=lambda _: RingsForEver())).up()
    rig.order(place(ring_timeout_s=ring_timeout_s))
    rig.lose()
    rig.run((ring_timeout_s + 3) * 1_000)
    rig.reports.clear()

    rig.connect()
    rig.run(30_000)

    assert [DriverUpReport(), up(), up()] == rig.reports
    assert rig.board.calls == {}


def test_a_call_that_ended_in_the_gap_and_is_listed_still_is_lost() -> None:
    busy = Rejects("USER_BUSY", 486, after_ms=3_000)
    rig = Rig(Config(plan=lambda _: busy, list_lag_ms=1_000)).up()
    rig.order(place())
    rig.run(2_500)
    rig.lose()
    rig.run(700)
    rig.reports.clear()

    rig.connect()
    rig.run(30_000)

    assert rig.of(EndReport) == []
    lost = [CallsAdriftReport([A]), CallsUpReport(among=[A])]
    assert lost == [report for report in rig.reports if report in lost]
    assert rig.board.calls == {}


def test_an_end_that_was_told_before_the_question_was_answered_is_the_end() -> None:
    """R7.1: what the server said of it counts for more than that it is gone."""
    rig = Rig(Config(plan=lambda _: Scripted(after_answer=((5_300, "hangup"),)))).up()
    rig.order(place())
    rig.run(100)
    rig.lose()
    rig.connect()
    rig.reports.clear()

    rig.run(20_000)

    assert [EndReport(call_id=A, hangup_cause=16)] == rig.of(EndReport)
    assert rig.of(CallsAdriftReport) == []


# G5: a server that is paused -------------------------------------------------------------------


def test_a_paused_server_is_reached_and_its_calls_are_taken_over() -> None:
    """R5.5: it takes no new calls, and everything else."""
    rig = answered()
    rig.lose()
    rig.switch.is_paused = True
    rig.run(3_000)
    rig.reports.clear()

    rig.connect()

    assert [DriverUpReport(), up(A)] == rig.reports
    rig.order(play())
    rig.run(3_000)
    assert [PlaybackReport(call_id=A, play=1)] == rig.of(PlaybackReport)
    assert any("paused" in note for note in rig.notes)


def test_a_paused_server_is_given_no_calls_until_it_goes_on() -> None:
    """R5.5: deferred."""
    rig = Rig()
    rig.switch.is_paused = True
    rig.connect()
    rig.order(place())
    assert [DeferralReport] == [type(report) for report in rig.of(DeferralReport)]
    assert not [line for line in rig.switch.commands if line.startswith("bgapi")]

    rig.switch.is_paused = False
    rig.run(5_000)
    rig.order(place("1000", 2))
    rig.run(200)

    assert [AnswerReport(B)] == rig.of(AnswerReport)


# G6: a transfer that was lost ------------------------------------------------------------------


def test_a_transfer_that_was_lost_with_the_connection_is_ordered_again() -> None:
    """R7.7, R7.11."""
    rig = answered(bridge_ms=None)
    sent = rig.client
    assert sent is not None
    sent.feed = lambda _: None  # type: ignore[method-assign]
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(500)
    rig.lose()
    assert rig.switch.bridged == []
    rig.run(1_000)

    rig.connect()
    rig.run(1_000)

    assert rig.switch.bridged == [(A, "user/200")]


def test_a_transfer_that_waited_behind_a_sound_is_ordered_again() -> None:
    rig = answered(bridge_ms=None, **SILENT)
    rig.order(play())
    rig.run(500)
    rig.switch.config.breaks_lost = 1
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.lose()
    rig.run(1_000)

    rig.connect()
    rig.run(1_000)

    assert rig.switch.bridged == [(A, "user/200")]


def test_a_transfer_that_was_carried_out_is_not_ordered_again() -> None:
    rig = answered(bridge_ms=None)
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(500)
    rig.lose()
    rig.run(1_000)

    rig.connect()
    rig.run(10_000)

    assert rig.switch.bridged == [(A, "user/200")]
    assert len(rig.switch.channels) == 2


def test_a_transfer_ordered_again_keeps_its_dead_man_s_switch() -> None:
    """R7.9: counted from when it was ordered."""
    rig = answered(bridge_ms=None)
    assert rig.client is not None
    rig.client.feed = lambda _: None  # type: ignore[method-assign]
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=20))
    rig.lose()
    rig.run(8_000)
    rig.connect()

    rig.run(13_000)

    assert rig.switch.channels == {}


def test_a_transfer_in_a_standstill_happens_once() -> None:
    rig = answered(bridge_ms=30_000, plan=lambda _: Callee())
    rig.switch.stop()
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=100))
    given_up(rig)
    rig.switch.go_on()

    rig.run(60_000)

    conversations = [name for name, _ in rig.switch.executed if name == "bridge"]
    assert conversations == ["bridge"]
    assert rig.switch.channels == {}

"""Calls against the emulated server: every end, every order of events, everything of R7."""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.people import Scripted, numbering_plan
from tests.emulators.freeswitch.switch import Config

from campaign_core import Line, Outcome
from campaign_core.decisions import ALL_DIGITS, HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)

A = call_id()


def play(number: int = 1, sound: str = "message", stop_digits: str = "") -> Play:
    return Play(call_id=A, play=number, sound=sound, stop_digits=stop_digits)


def answered(config: Config | None = None, number: str = "1000", **changes: object) -> Rig:
    """Return a rig with a call that was answered and takes orders."""
    rig = Rig(config).up()
    rig.order(place(number, **changes))
    rig.run(100)
    assert rig.reports == [AnswerReport(A)]
    rig.reports.clear()
    return rig


# How calls end -----------------------------------------------------------------------------

SIP_OUTCOMES = {
    403: Outcome.REJECTED,
    404: Outcome.INVALID_NUMBER,
    408: Outcome.CONGESTION,
    410: Outcome.INVALID_NUMBER,
    480: Outcome.NO_ANSWER,
    484: Outcome.INVALID_NUMBER,
    486: Outcome.BUSY,
    488: Outcome.FAILED,
    499: Outcome.FAILED,
    500: Outcome.CONGESTION,
    502: Outcome.CONGESTION,
    503: Outcome.CONGESTION,
    504: Outcome.CONGESTION,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    604: Outcome.INVALID_NUMBER,
    607: Outcome.REJECTED,
}


@pytest.mark.parametrize(("status", "outcome"), SIP_OUTCOMES.items())
@pytest.mark.parametrize("job_first", [True, False])
def test_a_call_that_the_network_rejects_ends_as_its_status_says(
    status: int, outcome: Outcome, job_first: bool
) -> None:
    """R7.1, whichever of the job's result and the channel's end is told first."""
    rig = Rig(Config(job_first=job_first)).up()

    rig.order(place(f"3{status}"))
    rig.run(10_000)

    (report,) = rig.reports
    assert isinstance(report, EndReport)
    assert (A, outcome) == (report.call_id, report.unanswered_as)
    assert report.hangup_cause is not None


def test_a_call_that_rings_too_long_is_not_answered() -> None:
    """R7.1: ring timeout, to a second."""
    rig = Rig().up()

    rig.order(place("2000", ring_timeout_s=20))

    assert rig.run(19_900) == []
    assert rig.run(1_200) == [
        EndReport(call_id=A, unanswered_as=Outcome.NO_ANSWER, hangup_cause=19)
    ]


def test_early_media_is_no_answer() -> None:
    rig = Rig().up()

    rig.order(place("1004"))

    assert rig.run(1_500) == []
    assert rig.run(500) == [AnswerReport(A)]


def test_early_media_and_then_busy_is_busy() -> None:
    rig = Rig().up()

    rig.order(place("1005"))

    (report,) = rig.run(2_000)
    assert isinstance(report, EndReport)
    assert Outcome.BUSY is report.unanswered_as


def test_whoever_answers_and_hangs_up_at_once_was_answered() -> None:
    """The originate's result is then a failure; it is the answer time that counts."""
    rig = Rig().up()

    rig.order(place("1008"))

    assert [AnswerReport, EndReport] == [type(report) for report in rig.run(1_000)]


@pytest.mark.parametrize("loops", ["loop", None])
def test_whoever_hangs_up_ends_the_call_once(loops: str | None) -> None:
    """A loopback's other end has our variables, and an end of its own."""
    rig = Rig().up()

    rig.order(place("1002", routing_class=loops))

    assert [AnswerReport(A), EndReport(call_id=A, hangup_cause=16)] == rig.run(5_000)


def test_a_call_to_nobody_is_an_invalid_number() -> None:
    rig = Rig().up()

    rig.order(place("999"))

    (report,) = rig.run(1_000)
    assert isinstance(report, EndReport)
    assert Outcome.INVALID_NUMBER is report.unanswered_as


# What the server turns away ----------------------------------------------------------------


def test_a_gateway_that_is_not_there_refuses_the_call() -> None:
    """R5.5: refused, and it counts."""
    rig = Rig().up()

    rig.order(place(routing_class="bad"))

    (report,) = rig.run(1_000)
    assert isinstance(report, RefusalReport)
    assert "INVALID_GATEWAY" in report.why


def test_a_class_without_a_route_refuses_the_call_and_nothing_is_sent() -> None:
    rig = Rig().up()
    sent = len(rig.switch.commands)

    rig.order(place(routing_class="unknown"))

    (report,) = rig.reports
    assert isinstance(report, RefusalReport)
    assert "unknown" in report.why
    assert sent == len(rig.switch.commands)


def test_a_paused_server_defers_the_call_and_longer_each_time() -> None:
    """R5.5: deferred, given back; a local refusal is not the number's fault."""
    rig = Rig().up()
    rig.switch.is_paused = True
    waits = []
    for attempt in range(1, 5):
        rig.order(place("1000", attempt))
        rig.run(100)
        (report,) = rig.of(DeferralReport)
        assert call_id(attempt) == report.call_id
        waits.append(report.until - rig.now)
        rig.reports.clear()
        rig.run(report.until - rig.now)
    assert sorted(waits) == waits
    assert waits[0] < 1_000
    assert waits[-1] > 4_000

    rig.switch.is_paused = False
    rig.order(place("1000", 9))

    assert [AnswerReport(call_id(9))] == rig.run(100)


def test_no_more_calls_a_second_than_the_server_told_are_sent_to_it() -> None:
    rig = Rig(Config(sessions_per_s=30)).up()

    for attempt in range(1, 51):
        rig.order(place("2000", attempt))

    assert len(rig.board.calls) == 27
    assert {rig.now + 1_000} == {report.until for report in rig.of(DeferralReport)}
    rig.run(1_000)
    rig.order(place("2000", 60))
    assert call_id(60) in rig.board.calls


def test_a_loopback_counts_twice() -> None:
    rig = Rig(Config(sessions_per_s=30)).up()

    for attempt in range(1, 51):
        rig.order(place("2000", attempt, routing_class="loop"))

    assert len(rig.board.calls) == 13


def test_a_full_server_defers_what_it_has_no_session_for() -> None:
    rig = Rig(Config(sessions_max=5)).up()

    for attempt in range(1, 8):
        rig.order(place("2000", attempt))

    assert len(rig.board.calls) == 5
    assert len(rig.of(DeferralReport)) == 2


def test_a_number_that_is_ordered_twice_is_called_once() -> None:
    rig = answered()

    rig.order(place())
    rig.run(1_000)

    assert rig.reports == []
    assert len(rig.switch.dialled) == 1


def test_a_server_that_shuts_down_defers_and_ends_calls() -> None:
    rig = answered()

    rig.switch.shut_down()
    rig.run(500)
    rig.order(place("1000", 2))

    assert [EndReport, DeferralReport] == [type(report) for report in rig.reports]


# Playing -----------------------------------------------------------------------------------


def test_a_sound_is_played_to_its_end() -> None:
    """R7.3."""
    rig = answered()

    rig.order(play())

    assert [PlaybackReport(call_id=A, play=1)] == rig.run(1_200)
    assert ("playback", "/snd/message.wav") in rig.switch.executed


def test_an_order_to_play_waits_for_the_call_to_be_parked() -> None:
    """Sent upon the answer, one in sixteen was lost."""
    rig = Rig().up()
    rig.on_report = lambda report: (
        rig.board.carry_out(play(), rig.now) if isinstance(report, AnswerReport) else None
    )

    rig.order(place())

    assert [AnswerReport(A), PlaybackReport(call_id=A, play=1)] == rig.run(1_200)


def test_a_sound_that_is_not_there_fails() -> None:
    rig = answered(Config(default_sound_ms=None))

    rig.order(play())

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.FAILED)] == rig.run(500)


def test_a_sound_that_no_path_may_hold_fails_and_is_not_sent() -> None:
    rig = answered()
    sent = len(rig.switch.commands)

    rig.order(play(sound="../../etc/passwd"))

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.FAILED)] == rig.reports
    assert sent == len(rig.switch.commands)


def test_a_stop_digit_stops_the_sound() -> None:
    """R7.2: by the driver; the star stops nothing by itself."""
    rig = answered(Config(default_sound_ms=10_000))
    channel = rig.switch.channels[A]
    rig.order(play(stop_digits="1"))
    rig.run(500)

    channel.digit("*", "RTP")
    assert [DigitReport(call_id=A, digit="*")] == rig.run(500)
    channel.digit("1", "RTP")

    assert [
        DigitReport(call_id=A, digit="1"),
        PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED),
    ] == rig.run(500)


def test_digits_in_a_message_and_in_silence_are_reported_and_stop_nothing() -> None:
    """R7.4, R7.6."""
    rig = answered()
    channel = rig.switch.channels[A]
    rig.order(play())
    rig.run(500)
    for digit in ALL_DIGITS:
        channel.digit(digit, "RTP")
    rig.run(2_000)
    channel.digit("9", "RTP")
    rig.run(10)

    reports = rig.of(DigitReport)
    assert [*ALL_DIGITS, "9"] == [report.digit for report in reports]
    assert [PlaybackReport(call_id=A, play=1)] == rig.of(PlaybackReport)


def test_another_sound_replaces_the_one_that_plays() -> None:
    rig = answered(Config(default_sound_ms=5_000))
    rig.order(play(1))
    rig.run(1_000)

    rig.order(play(2))

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED)] == rig.run(1_000)
    assert [PlaybackReport(call_id=A, play=2)] == rig.run(6_000)


def test_of_sounds_that_replace_each_other_at_once_the_last_is_played() -> None:
    rig = answered(Config(default_sound_ms=5_000))

    for number in range(1, 5):
        rig.order(play(number, sound=f"s{number}"))
    rig.run(8_000)

    *stopped, last = rig.of(PlaybackReport)
    assert [report.play for report in stopped] == [2, 3, 1]
    assert {PlaybackEnd.STOPPED} == {report.end for report in stopped}
    assert PlaybackReport(call_id=A, play=4) == last
    played = [argument for name, argument in rig.switch.executed if name == "playback"]
    assert played == ["/snd/s1.wav", "/snd/s4.wav"]


@pytest.mark.parametrize("sticky", [True, False])
def test_a_break_that_comes_too_late_does_not_cut_the_next_sound(sticky: bool) -> None:
    rig = answered(Config(break_is_sticky=sticky, default_sound_ms=1_000))
    rig.order(play(1, stop_digits="1"))
    rig.run(1_019)
    # The sound is over before the server sees what the digit brings.
    rig.switch.channels[A].digit("1", "RTP")
    rig.switch.advance(rig.switch.now + 2)
    rig.pump()
    rig.run(100)
    rig.reports.clear()

    rig.order(play(2))

    assert [PlaybackReport(call_id=A, play=2)] == rig.run(3_000)


def test_a_digit_between_two_sounds_stops_the_one_that_waits() -> None:
    rig = answered(Config(default_sound_ms=5_000))
    rig.order(play(1))
    rig.run(500)
    rig.order(play(2, stop_digits="1"))

    rig.switch.channels[A].digit("1", "RTP")
    rig.run(1_000)

    ends = {report.play: report.end for report in rig.of(PlaybackReport)}
    assert ends == {1: PlaybackEnd.STOPPED, 2: PlaybackEnd.STOPPED}


def test_a_digit_before_the_sound_has_started_stops_it() -> None:
    """Told to stop before it started, the server would drop it without a word."""
    rig = answered(Config(default_sound_ms=5_000))
    rig.order(play(1, stop_digits="1"))

    rig.switch.channels[A].digit("1", "RTP")
    rig.run(300)

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED)] == rig.of(PlaybackReport)


def test_a_playback_that_vanishes_fails_in_the_end() -> None:
    rig = answered(Config(executes_lost=1))

    rig.order(play(1))

    assert rig.run(9_000) == []
    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.FAILED)] == rig.run(2_000)
    rig.order(play(2))
    assert [PlaybackReport(call_id=A, play=2)] == rig.run(2_000)


def test_a_call_that_ends_under_a_sound_has_no_end_of_the_sound() -> None:
    rig = answered(Config(default_sound_ms=5_000), number="1002")
    rig.order(play())

    assert [EndReport(call_id=A, hangup_cause=16)] == rig.run(5_000)


# Hanging up, transfer, the dead man's switch -----------------------------------------------


def test_hanging_up_ends_the_call_even_in_a_sound() -> None:
    rig = answered(Config(default_sound_ms=5_000))
    rig.order(play())
    rig.run(1_000)

    rig.order(HangUp(A))

    assert [EndReport(call_id=A, hangup_cause=16)] == rig.run(100)
    assert rig.switch.channels == {}


def test_hanging_up_before_there_is_a_channel_ends_it_all_the_same() -> None:
    rig = Rig(Config(latency_ms=300)).up()
    rig.order(place("2000"))

    rig.order(HangUp(A))

    assert [EndReport] == [type(report) for report in rig.run(1_000)]
    assert rig.switch.channels == {}


def test_a_call_that_is_cancelled_while_it_rings_says_so_in_its_record() -> None:
    rig = Rig().up()
    rig.order(place("2000"))
    rig.run(1_000)

    rig.order(HangUp(A))

    (report,) = rig.run(100)
    assert isinstance(report, EndReport)
    assert report.unanswered_as is Outcome.NO_ANSWER
    assert f"api uuid_kill {A} ORIGINATOR_CANCEL" in rig.switch.commands


def test_hanging_up_is_repeated_where_the_channel_was_there_only_after() -> None:
    """The order is obeyed at once, the channel made in a thread of its own."""
    rig = answered()
    channel = rig.switch.channels.pop(A)
    rig.order(HangUp(A))
    rig.switch.channels[A] = channel

    rig.run(5_000)

    assert len(rig.of(EndReport)) == 1
    assert rig.switch.channels == {}


def test_orders_for_a_call_that_is_over_are_harmless() -> None:
    rig = answered(number="1002")
    rig.run(3_000)
    rig.reports.clear()

    for order in (play(), HangUp(A), Transfer(call_id=A, extension="200", dead_man_s=60)):
        rig.order(order)

    assert rig.run(5_000) == []


def test_a_transfer_connects_the_call_and_ends_with_the_conversation() -> None:
    """R7.7."""
    rig = answered(Config(default_sound_ms=5_000))
    rig.order(play())
    rig.run(500)

    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(1_000)
    rig.switch.channels[A].digit("5", "RTP")

    assert [EndReport] == [type(report) for report in rig.run(5_000)]
    assert rig.switch.bridged == [(A, "user/200")]
    assert rig.of(DigitReport) == []


def test_a_transferred_call_ends_with_the_conversation_though_nobody_is_connected() -> None:
    """R7.7: whoever was connected to an extension is not left in silence when that hangs up."""
    rig = answered(dead_man_s=600)
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=600))
    rig.run(1_000)

    rig.lose()
    rig.run(5_000)

    assert A not in rig.switch.channels


def test_a_transfer_starts_the_dead_man_s_switch_anew() -> None:
    rig = answered(Config(bridge_ms=10**8), dead_man_s=30)
    rig.run(20_000)

    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))

    assert rig.run(55_000) == []
    assert [EndReport] == [type(report) for report in rig.run(8_000)]


def test_the_server_ends_the_call_by_itself_when_nobody_does() -> None:
    """R7.9: counted from placing, whenever it was answered."""
    plan = lambda _: Scripted(ring_ms=15_000)  # noqa: E731
    rig = Rig(Config(plan=plan)).up()

    rig.order(place(dead_man_s=60))

    assert [AnswerReport(A)] == rig.run(58_000)
    assert [EndReport] == [type(report) for report in rig.run(3_000)]


def test_a_call_whose_end_was_never_told_ends_when_asked_for() -> None:
    rig = answered(dead_man_s=60)

    # Gone without a word, as after a bug of theirs.
    rig.switch.channels.clear()

    assert [EndReport] == [type(report) for report in rig.run(70_000)]


def test_a_call_that_never_came_about_and_of_which_nothing_is_told_ends() -> None:
    rig = Rig(Config(latency_ms=10**8)).up()

    rig.order(place(ring_timeout_s=20))

    assert [EndReport] == [type(report) for report in rig.run(30_000)]


def test_others_calls_are_left_alone() -> None:
    rig = Rig().up()
    other = rig.switch.connect()
    other.feed(b"auth throwaway1\n\nbgapi originate {}loopback/1001/x/XML &park()\n\n")
    rig.run(1_000)
    rig.switch.flood(100)

    assert rig.run(10_000) == []
    assert rig.board.calls == {}


def test_internal_calls_take_the_internal_route() -> None:
    rig = Rig().up()

    rig.order(place("1000", line=Line.INTERNAL))
    rig.run(100)

    assert rig.switch.dialled == ["user/1000"]


def test_the_plan_of_numbers_has_everyone_these_tests_call() -> None:
    assert all(numbering_plan(number) for number in ("1000", "1002", "1004", "1005", "2000"))

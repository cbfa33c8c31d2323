"""The connection: log-in, its loss and return, restarts, silence and floods."""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.people import Rejects, Scripted
from tests.emulators.freeswitch.switch import Config

from campaign_core import CallLimits, Outcome
from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers.freeswitch._session import EVENTS

A, B = call_id(1), call_id(2)
APIS = "originate uuid_kill uuid_break uuid_exists sched_hangup sched_del show fsctl global_getvar"


def up(*call_ids: str) -> CallsUpReport:
    return CallsUpReport(frozenset(call_ids))  # type: ignore[arg-type]


# Log-in ------------------------------------------------------------------------------------


def test_upon_connecting_the_driver_is_up_and_tells_twice_which_calls_are() -> None:
    rig = Rig()

    rig.connect()

    assert [DriverUpReport(), up()] == rig.reports
    assert rig.run(4_900) == []
    assert [up()] == rig.run(200)


def test_number_of_calls_that_it_is_set_to_take_is_told_upon_connecting() -> None:
    """R5.5: no more are placed."""
    rig = Rig(calls_max=12)

    rig.connect()

    assert [DriverUpReport(), CapacityReport(CallLimits(total=12)), up()] == rig.reports


def test_a_wrong_password_is_a_refusal() -> None:
    rig = Rig(password="wrong")

    rig.connect()

    assert rig.over is not None
    assert rig.over.refused
    assert "password" in rig.over.why


def test_an_address_that_is_not_let_in_is_a_refusal() -> None:
    rig = Rig(Config(is_acl_closed=True))

    rig.connect()

    assert rig.over is not None
    assert rig.over.refused
    assert "apply-inbound-acl" in rig.over.why


@pytest.mark.parametrize("missing", [None, "HEARTBEAT"])
def test_a_user_of_the_directory_needs_every_event(missing: str | None) -> None:
    """The server refuses the whole subscription for one event that is not allowed."""
    allowed = frozenset(EVENTS) - {missing}
    users = {"vb@pbx": ("secret", allowed, frozenset(APIS.split()))}
    rig = Rig(Config(users=users), user="vb@pbx", password="secret")

    rig.connect()

    assert rig.board.is_up == (missing is None)
    if missing is not None:
        assert rig.over is not None
        assert rig.over.refused
        assert missing in rig.over.why


def test_a_user_of_the_directory_can_call() -> None:
    users = {"vb@pbx": ("secret", frozenset(EVENTS), frozenset(APIS.split()))}
    rig = Rig(Config(users=users), user="vb@pbx", password="secret").up()

    rig.order(place("1002"))

    assert [AnswerReport(A), EndReport(call_id=A, hangup_cause=16)] == rig.run(3_000)


def test_a_user_who_may_not_originate_is_refused_each_call() -> None:
    users = {"vb@pbx": ("secret", frozenset(EVENTS), frozenset({"show"}))}
    rig = Rig(Config(users=users), user="vb@pbx", password="secret").up()

    rig.order(place())

    assert [RefusalReport] == [type(report) for report in rig.reports]


def test_a_server_that_does_not_speak_to_us_is_given_up() -> None:
    rig = Rig()
    rig.connect()
    assert rig.client is not None
    rig.client.is_frozen = True

    rig.order(place())
    rig.run(10_001)

    assert rig.over is not None
    assert not rig.over.refused
    assert [DriverDownReport()] == rig.of(DriverDownReport)


# Silence and slowness ----------------------------------------------------------------------


def test_a_silent_server_is_asked_for_a_sign_of_life_and_then_given_up() -> None:
    """There is a heartbeat each 20 s; half-open connections say nothing for ever."""
    rig = Rig().up()
    assert rig.client is not None
    rig.run(200_000)
    assert rig.over is None
    rig.client.is_frozen = True

    rig.run(60_000)

    assert rig.over is not None


def test_a_server_without_heartbeats_is_alive_while_it_answers() -> None:
    rig = Rig(Config(heartbeat_ms=10**9)).up()

    rig.run(300_000)

    assert rig.over is None


def test_replies_that_are_slow_are_still_taken_in_their_order() -> None:
    rig = Rig(Config(reply_ms=200))
    rig.connect()
    rig.run(10_000)
    rig.reports.clear()

    for attempt in range(1, 6):
        rig.order(place("1002", attempt))

    rig.run(10_000)
    assert len(rig.of(AnswerReport)) == 5
    assert len(rig.of(EndReport)) == 5


def test_a_reply_that_is_too_late_ends_the_connection() -> None:
    """Every later reply would be taken for its neighbour's."""
    rig = Rig().up()
    rig.switch.config.reply_ms = 11_000

    rig.order(place())
    rig.run(10_500)

    assert rig.over is not None
    assert "place" in rig.over.why


def test_a_flood_of_others_events_disturbs_nothing() -> None:
    rig = Rig().up()
    rig.order(place("1002"))
    rig.switch.flood(20_000)

    assert [AnswerReport(A), EndReport(call_id=A, hangup_cause=16)] == rig.run(3_000)


def test_whoever_is_hopelessly_behind_cuts_the_connection() -> None:
    """A client that does not read can stop the event socket for everyone."""
    rig = Rig().up()
    rig.order(place("1000"))
    rig.run(100)
    assert rig.client is not None
    rig.switch.flood(10)
    late = rig.client.take()

    rig.board.receive(late, rig.now + 31_000)
    rig.pump()

    assert rig.over is not None
    assert "behind" in rig.over.why


def test_a_congested_connection_defers() -> None:
    rig = Rig().up()
    rig.board.is_congested = True

    rig.order(place())

    assert [DeferralReport] == [type(report) for report in rig.reports]


# Loss and return ---------------------------------------------------------------------------


def test_without_a_connection_calls_are_given_back() -> None:
    rig = Rig()

    rig.order(place())

    assert [DriverDownReport((A,))] == rig.reports


def test_calls_that_outlive_the_connection_are_taken_over() -> None:
    """R5.5, R9.3: subscribe first, then list; the step starts again."""
    rig = Rig(Config(default_sound_ms=60_000)).up()
    rig.order(place("1000", 1))
    rig.order(place("1002", 2))
    rig.run(200)
    rig.order(Play(call_id=A, play=1, sound="long", stop_digits=""))
    rig.run(200)
    rig.reports.clear()

    rig.lose()
    rig.run(5_000)
    rig.connect()

    assert [DriverDownReport(), DriverUpReport(), up(A)] == rig.reports
    rig.reports.clear()
    rig.switch.config.default_sound_ms = 1_000
    rig.order(Play(call_id=A, play=2, sound="again", stop_digits=""))
    assert [PlaybackReport(call_id=A, play=2)] == rig.run(3_000)
    assert [up(A)] == rig.run(3_000)
    assert rig.switch.executed[-1] == ("playback", "/snd/again.wav")


def test_a_call_that_was_answered_in_the_gap_is_reported_after_the_census() -> None:
    rig = Rig(Config(plan=lambda _: Scripted(ring_ms=2_000))).up()
    rig.order(place())
    rig.run(1_000)

    rig.lose()
    rig.run(3_000)
    rig.reports.clear()
    rig.connect()

    assert [DriverUpReport(), up(A), AnswerReport(A)] == rig.reports


def test_a_call_of_an_earlier_run_is_taken_over_by_its_id_alone() -> None:
    first = Rig().up()
    first.order(place())
    first.run(100)
    first.lose()

    second = first.another_run()
    second.connect()

    assert [DriverUpReport(), up(A), AnswerReport(A)] == second.reports
    second.order(HangUp(A))
    second.run(100)
    assert [EndReport(call_id=A, hangup_cause=16)] == second.of(EndReport)


def test_answer_of_a_call_that_only_the_second_list_has_is_told() -> None:
    """R9.3: nobody is kept in silence until the deadline. The server's list lags."""
    first = Rig(Config(list_lag_ms=500)).up()
    first.order(place())
    first.run(100)
    first.lose()
    second = first.another_run()

    second.connect()

    assert [DriverUpReport(), up()] == second.reports
    second.reports.clear()
    second.run(6_000)
    assert [up(A), AnswerReport(A)] == second.reports


def test_end_of_a_call_that_no_list_has_is_told() -> None:
    """R5.5: LOST are those whose end nobody was told of. The server's list lags."""
    busy = Rejects(cause="USER_BUSY", after_ms=400)
    first = Rig(Config(list_lag_ms=500, plan=lambda _: busy)).up()
    first.order(place())
    first.run(100)
    first.lose()
    second = first.another_run()

    second.connect()
    second.run(6_000)

    end = EndReport(call_id=A, unanswered_as=Outcome.BUSY, hangup_cause=17)
    assert [DriverUpReport(), up(), end, up()] == second.reports


def test_a_call_that_ends_between_subscription_and_census_is_up_and_then_ends() -> None:
    rig = Rig(Config(plan=lambda _: Scripted(after_answer=((1_000, "hangup"),)))).up()
    rig.order(place())
    rig.run(100)
    rig.lose()
    rig.reports.clear()
    rig.run(880)
    rig.switch.config.reply_ms = 10

    rig.connect()
    rig.run(1_000)

    ends = [EndReport(call_id=A, hangup_cause=16)]
    assert [DriverUpReport(), up(A), *ends] == rig.reports or [
        DriverUpReport(),
        up(A),
        AnswerReport(A),
        *ends,
    ] == rig.reports


def test_a_call_that_the_list_still_has_and_nobody_else_is_lost_when_asked_for() -> None:
    """R5.5: the server's list lags; whose end fell into the gap is in it still, and is LOST."""
    rig = Rig(Config(plan=lambda _: Scripted(after_answer=((1_000, "hangup"),)))).up()
    rig.switch.config.list_lag_ms = 500
    rig.order(place())
    rig.run(100)
    rig.lose()
    rig.run(1_200)
    rig.reports.clear()
    rig.connect()
    assert [DriverUpReport(), up(A)] == rig.reports

    rig.run(7_000)

    assert rig.of(EndReport) == []
    lost = [CallsAdriftReport([A]), CallsUpReport(among=[A])]
    assert [report for report in rig.reports if report in lost] == lost


def test_a_call_that_the_list_has_not_yet_is_known_by_its_events() -> None:
    rig = Rig(Config(latency_ms=50, list_lag_ms=2_000)).up()
    rig.order(place())
    rig.lose()
    rig.reports.clear()
    rig.connect()
    assert [DriverUpReport(), up()] == rig.reports

    rig.run(6_000)

    assert [AnswerReport(A)] == rig.of(AnswerReport)
    assert up(A) == rig.reports[-1]


def test_an_order_to_hang_up_in_the_gap_is_carried_out_after() -> None:
    rig = Rig().up()
    rig.order(place())
    rig.run(100)
    rig.lose()

    rig.order(HangUp(A))
    rig.connect()
    rig.run(100)

    assert rig.switch.channels == {}


def test_an_order_to_transfer_in_the_gap_is_carried_out_after() -> None:
    rig = Rig().up()
    rig.order(place())
    rig.run(100)
    rig.lose()

    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.connect()
    rig.run(500)

    assert rig.switch.bridged == [(A, "user/200")]


def test_a_call_that_has_ended_is_not_taken_over_from_a_list_that_is_late() -> None:
    """The end once, and last."""
    rig = Rig(Config(list_lag_ms=1_000))
    rig.connect()
    rig.run(3_000)
    rig.order(place("1002"))

    rig.run(60_000)

    assert rig.reports[-1] == up()
    assert len(rig.of(EndReport)) == len(rig.of(AnswerReport)) == 1
    assert rig.board.calls == {}


def test_nothing_is_kept_of_a_call_of_an_earlier_run_that_the_list_had_too_long() -> None:
    rig = Rig(Config(list_lag_ms=1_000)).up()
    rig.order(place("1002"))
    rig.run(1_600)
    rig.lose()
    second = rig.another_run()
    second.connect()
    assert CallsUpReport(frozenset({A})) in second.reports

    second.run(20_000)

    assert second.board.calls == {}


def test_the_result_of_a_job_of_the_old_connection_comes_on_the_new_one() -> None:
    rig = Rig().up()
    rig.order(place("2000", ring_timeout_s=10))
    rig.run(1_000)
    rig.lose()
    rig.connect()
    rig.reports.clear()

    rig.run(15_000)

    ends = [EndReport(call_id=A, unanswered_as=Outcome.NO_ANSWER, hangup_cause=19)]
    assert ends == rig.of(EndReport)


@pytest.mark.parametrize("is_graceful", [True, False])
def test_after_a_restart_all_calls_are_gone(is_graceful: bool) -> None:
    """By ``Core-UUID``."""
    rig = Rig().up()
    rig.order(place("1000", 1))
    rig.order(place("2000", 2))
    rig.run(200)
    rig.reports.clear()
    if is_graceful:
        rig.switch.shut_down()
        rig.run(2_000)
        assert {A, B} == {report.call_id for report in rig.of(EndReport)}
    else:
        rig.switch.die()
        rig.run(100)
    assert rig.reports[-1] == DriverDownReport()
    rig.switch.start()
    rig.reports.clear()

    rig.connect()
    rig.run(6_000)

    assert [DriverUpReport(), up(), up()] == rig.reports
    assert rig.board.calls == {}
    assert any("restarted" in note for note in rig.notes)


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    rig = Rig().up()
    for attempt in range(1, 201):
        rig.order(place(["1002", "3486", "999", "1008"][attempt % 4], attempt))
        rig.run(50)
    rig.run(30_000)

    assert len(rig.of(EndReport)) == 200
    assert rig.board.calls == {}
    assert rig.board._server.timers.next_due() is None
    assert rig.board.admission._all.legs == 0


def test_the_server_tells_how_much_it_takes() -> None:
    rig = Rig(Config(sessions_per_s=30, sessions_max=1_000)).up()

    assert (rig.board.admission.legs_max, rig.board.admission.legs_per_s) == (1_000, 27.0)

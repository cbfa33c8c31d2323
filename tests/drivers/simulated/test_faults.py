"""What goes wrong between the exchange and us, when it is asked for."""

from __future__ import annotations

import pytest

from campaign_core import Instant
from campaign_core.errors import SettingsError
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
)
from campaign_drivers import Capacity, LinkLostError
from campaign_drivers.simulated import (
    Answers,
    Dials,
    Exchange,
    Faults,
    FaultyReport,
    HangsUp,
    Moment,
    Network,
    Outage,
    ReportFault,
)

from .host import answer, played, scripted

STAYS = Answers(ring=4)
DIALS = Answers(
    ring=4,
    acts=[
        Dials(when=Moment.ANSWER, digits="12", after=1, apart=1),
        HangsUp(when=Moment.ANSWER, after=4),
    ],
)
KINDS = [AnswerReport, DigitReport, DigitReport, EndReport]


def kinds(heard):
    return [type(report) for _, report in heard]


# Reports -----------------------------------------------------------------------------------


def test_nothing_goes_wrong_unless_it_is_asked_for():
    host = scripted(DIALS)
    host.place("200")
    assert kinds(host.wait(60)) == KINDS


def test_every_report_can_be_lost_and_the_call_goes_on():
    host = scripted(DIALS, faults=Faults(lost=1))
    host.place("200")
    assert host.wait(60) == []
    (record,) = host.exchange.calls()
    assert (record.answered_at, record.digits, record.ended_at) == (4_000, "12", 8_000)


def test_every_report_can_come_twice():
    host = scripted(DIALS, faults=Faults(doubled=1))
    host.place("200")
    assert kinds(host.wait(60)) == [kind for kind in KINDS for _ in range(2)]


def test_a_report_can_come_late_and_behind_later_ones():
    late = FaultyReport(number="200", report=DigitReport, mishap=ReportFault.DELAYED, delay=10)
    host = scripted(DIALS, faults=Faults(spoiled=[late]))
    host.place("200")
    heard = host.wait(60)
    assert [at for at, _ in heard] == [4_000, 8_000, 15_000, 16_000]
    assert kinds(heard) == [AnswerReport, EndReport, DigitReport, DigitReport]


def test_a_mishap_on_demand_hits_one_kind_of_report_of_one_number():
    lost = FaultyReport(number="200", report=EndReport, mishap=ReportFault.LOST)
    host = scripted(DIALS, faults=Faults(spoiled=[lost]))
    host.place("200")
    assert kinds(host.wait(60)) == KINDS[:-1]
    assert host.exchange.calls_up() == frozenset()


def test_a_playback_can_fail_though_the_sound_is_there():
    host = scripted(STAYS, faults=Faults(playback_failed=1))
    call = host.place("200")
    host.wait(4)
    host.message(call)
    assert host.wait(60) == [(4_000, played(1, PlaybackEnd.FAILED))]


def test_shares_of_mishaps_add_up_to_1_at_most():
    with pytest.raises(SettingsError) as refusal:
        Faults(lost=0.5, doubled=0.3, delayed=0.3)
    assert refusal.value.field == "delayed"


@pytest.mark.parametrize(
    "faults", [Faults(lost=0.3), Faults(doubled=0.5), Faults(delayed=0.5, lost=0.2)]
)
def test_faults_change_nothing_of_what_the_callees_do(faults):
    def course(**network):
        host = scripted(STAYS, number="none", **network)
        for number in range(100):
            call = host.place(f"0{number}")
            host.prompt(call)
        host.wait(1_000)
        return {call.call_id: (call.answered_at, call.ended_at) for call in host.exchange.calls()}

    assert course() == course(faults=faults)


# The connection ----------------------------------------------------------------------------


def test_what_happens_while_the_connection_is_lost_is_not_reported():
    """Not promised: delivery of what happened while the connection was lost."""
    host = scripted(DIALS)
    call = host.place("200")
    host.wait(4.5)
    host.exchange.lose_link(host.now)
    assert host.wait_all(20) == [(4_500, DriverDownReport())]
    host.exchange.regain_link(host.now)
    assert host.wait_all(5) == [
        (24_500, DriverUpReport()),
        (24_500, CallsUpReport()),
        (29_500, CallsUpReport()),
    ]
    assert [record.call_id for record in host.exchange.calls()] == [call]


def test_an_answer_in_the_gap_is_reported_after_the_calls_that_are_up():
    """For calls taken over that were answered in between, an AnswerReport follows the first."""
    host = scripted(STAYS)
    call = host.place("200")
    host.wait(1)
    host.exchange.lose_link(host.now)
    host.wait(9)
    host.exchange.regain_link(host.now)
    assert host.wait_all(60) == [
        (10_000, DriverUpReport()),
        (10_000, CallsUpReport({call})),
        (10_000, answer()),
        (15_000, CallsUpReport({call})),
    ]


def test_an_answer_that_was_told_is_not_told_again():
    host = scripted(STAYS)
    host.place("200")
    host.wait(5)
    host.exchange.lose_link(host.now)
    host.exchange.regain_link(host.now)
    assert AnswerReport not in kinds(host.wait_all(60))


def test_a_call_placed_without_connection_is_given_back():
    """R5.5: calls never handed over are given back."""
    host = scripted(STAYS)
    host.exchange.lose_link(host.now)
    host.wait_all(1)
    call = host.place("200")
    assert host.wait_all(60) == [(1_000, DriverDownReport((call,)))]
    assert host.exchange.counts().taken == 0


def test_orders_do_not_get_through_without_connection():
    host = scripted(STAYS)
    call = host.place("200")
    host.exchange.lose_link(host.now)
    host.hang_up(call)
    assert host.exchange.calls_up() == {call}


def test_a_restart_ends_every_call_without_a_word():
    host = scripted(STAYS)
    host.place("200")
    host.wait(5)
    host.exchange.lose_link(host.now, restarts=True)
    host.wait(1)
    host.exchange.regain_link(host.now)
    assert kinds(host.wait_all(700)) == [DriverUpReport, CallsUpReport, CallsUpReport]
    assert host.exchange.calls()[0].ended_at == 5_000


def test_a_connection_lost_again_within_5_s_has_no_second_survey():
    host = scripted(STAYS)
    host.exchange.lose_link(host.now)
    host.exchange.regain_link(host.now)
    host.wait_all(2)
    host.exchange.lose_link(host.now)
    host.wait_all(1)
    host.exchange.regain_link(host.now)
    assert [at for at, _ in host.wait_all(60)] == [3_000, 3_000, 8_000]


def test_a_planned_outage_comes_and_goes_and_those_that_overlap_are_one():
    outages = [Outage(after_s=10, lasts_s=20), Outage(after_s=25, lasts_s=10, restarts=True)]
    host = scripted(STAYS, faults=Faults(outages=outages))
    host.place("200")
    heard = [(at, type(report)) for at, report in host.wait_all(100) if at > 5_000]
    assert heard == [
        (10_000, DriverDownReport),
        (35_000, DriverUpReport),
        (35_000, CallsUpReport),
        (40_000, CallsUpReport),
    ]
    assert host.exchange.calls()[0].ended_at == 25_000


def test_outages_come_by_chance_and_always_end():
    host = scripted(STAYS, faults=Faults(outage_every=100, outage_lasts=20))
    heard = kinds(host.wait_all(3_600))
    assert heard.count(DriverDownReport) == 30
    assert heard.count(DriverUpReport) == 30


def test_a_connection_cannot_be_made_in_an_outage():
    exchange = Exchange(Network())
    exchange.lose_link(Instant(0))
    with pytest.raises(LinkLostError):
        exchange.connect(Instant(0))
    exchange.regain_link(Instant(1))
    exchange.connect(Instant(1))
    assert exchange.is_connected


def test_a_late_report_is_lost_where_the_connection_is():
    late = FaultyReport(number="200", report=AnswerReport, mishap=ReportFault.DELAYED, delay=10)
    host = scripted(STAYS, faults=Faults(spoiled=[late]))
    host.place("200")
    host.wait(5)
    host.exchange.lose_link(host.now)
    host.wait(20)
    host.exchange.regain_link(host.now)
    assert host.wait(0) == [(25_000, answer())]


def test_a_deferral_can_be_lost_too():
    host = scripted(STAYS, faults=Faults(lost=1), capacity=Capacity(calls_max=0))
    host.place("200")
    assert host.wait(60) == []
    assert host.exchange.counts().deferred == 1

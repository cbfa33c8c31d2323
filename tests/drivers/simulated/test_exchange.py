"""One call on a simulated exchange, order by order."""

from __future__ import annotations

import pytest

from campaign_core import Instant, Line, Outcome
from campaign_core.decisions import Play
from campaign_core.reports import (
    CallsUpReport,
    DeferralReport,
    DriverUpReport,
    PlaybackEnd,
    RefusalReport,
)
from campaign_drivers import Capacity, Missing, Need
from campaign_drivers.simulated import (
    Answers,
    CallRecord,
    Dials,
    Exchange,
    HangsUp,
    IsRefused,
    Moment,
    Network,
    NotAnswered,
    Sounds,
)

from .host import Host, answer, call_id, digit, ends, placing, played, scripted

STAYS = Answers(ring=4)
DIALS = Answers(ring=4, acts=[Dials(when=Moment.ANSWER, digits="1234", after=1, apart=0.5)])


# Connecting --------------------------------------------------------------------------------


def test_connecting_tells_that_the_driver_is_up_and_twice_which_calls_are():
    exchange = Exchange(Network(population=scripted_population()))
    exchange.connect(Instant(0))
    exchange.carry_out(placing("200"), Instant(0))
    assert exchange.reports_until(Instant(5_000)) == [
        (0, DriverUpReport()),
        (0, CallsUpReport()),
        (4_000, answer()),
        (5_000, CallsUpReport({call_id("200")})),
    ]


def scripted_population():
    return scripted(STAYS).exchange._network.population


def test_nothing_is_reported_after_disconnecting_and_calls_go_on():
    host = scripted(STAYS)
    call = host.place("200")
    host.exchange.disconnect(host.now)
    assert host.wait_all(10) == []
    assert {call} == host.exchange.calls_up()


# The ring ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Outcome.INVALID_NUMBER, 1),
        (Outcome.BUSY, 17),
        (Outcome.NO_ANSWER, 19),
        (Outcome.REJECTED, 21),
        (Outcome.CONGESTION, 34),
        (Outcome.FAILED, 38),
    ],
)
def test_a_call_not_answered_ends_with_its_cause(outcome, cause):
    """R7.1: not answered: an outcome from the telephony's own cause."""
    host = scripted(NotAnswered(outcome=outcome, after=2.5))
    host.place("200")
    assert ends(host.wait(60)) == [(2_500, outcome.name, cause)]


@pytest.mark.parametrize("behaviour", [NotAnswered(), Answers(ring=20), Answers(ring=300)])
def test_a_call_rings_for_the_ring_timeout_at_most(behaviour):
    """R7.1: ring for at most the ring timeout."""
    host = scripted(behaviour)
    host.place("200", ring_timeout_s=20)
    assert ends(host.wait(400)) == [(20_000, "NO_ANSWER", 19)]


def test_a_scripted_number_takes_its_calls_in_turn_and_the_last_again():
    """Busy twice, then answers, dials 1 after 2 s in the prompt, 9 one second after the message."""
    follows = Answers(
        ring=4,
        acts=[
            Dials(when=Moment.PROMPT, digits="1", after=2),
            Dials(when=Moment.AFTER_MESSAGE, digits="9", after=1),
        ],
    )
    busy = NotAnswered(outcome=Outcome.BUSY, after=1)
    host = scripted(busy, busy, follows, sounds=Sounds(durations_s={"press-1": 3, "message": 7}))
    for attempt in (1, 2):
        host.place("200", attempt=attempt)
        assert [name for _, name, _ in ends(host.wait(10))] == ["BUSY"]
    for attempt in (3, 4):
        began = host.now
        call = host.place("200", attempt=attempt)
        assert host.wait(4) == [(began + 4_000, answer(attempt=attempt))]
        host.prompt(call, 1)
        assert host.wait(2) == [
            (began + 6_000, digit("1", attempt=attempt)),
            (began + 6_000, played(1, PlaybackEnd.STOPPED, attempt=attempt)),
        ]
        host.message(call, 2)
        assert host.wait(8) == [
            (began + 13_000, played(2, attempt=attempt)),
            (began + 14_000, digit("9", attempt=attempt)),
        ]
        host.hang_up(call)
        assert ends(host.wait(0)) == [(began + 14_000, "NO_ANSWER", 16)]


# Sounds and digits -------------------------------------------------------------------------


def test_a_sound_plays_to_its_end():
    host = scripted(STAYS, sounds=Sounds(durations_s={"message": 12.5}))
    call = host.place("200")
    host.wait(4)
    host.message(call, 7)
    assert host.wait(60) == [(16_500, played(7))]


def test_another_sound_replaces_what_plays_and_nothing_is_heard_of_that():
    """Play replaces what is playing; the report of its end names its number."""
    host = scripted(STAYS)
    call = host.place("200")
    host.wait(4)
    host.message(call, 1)
    host.wait(6)
    host.message(call, 2)
    assert host.wait(60) == [(20_000, played(2))]


def test_a_stop_digit_ends_the_playback_and_another_does_not():
    """No digit is lost; a digit among the stop digits ends the playback."""
    host = scripted(DIALS)
    call = host.place("200")
    host.wait(4)
    play = Play(call_id=call, play=1, sound="message", stop_digits="3")
    host.exchange.carry_out(play, host.now)
    assert host.wait(60) == [
        (5_000, digit("1")),
        (5_500, digit("2")),
        (6_000, digit("3")),
        (6_000, played(1, PlaybackEnd.STOPPED)),
        (6_500, digit("4")),
    ]


def test_digits_in_silence_are_reported():
    host = scripted(DIALS)
    host.place("200")
    assert [report for _, report in host.wait(60)] == [answer(), *map(digit, "1234")]


def test_a_missing_sound_fails_at_once():
    host = scripted(STAYS, sounds=Sounds(missing=["message"]))
    call = host.place("200")
    host.wait(4)
    host.message(call, 1)
    assert host.wait(60) == [(4_000, played(1, PlaybackEnd.FAILED))]


# The end -----------------------------------------------------------------------------------


def test_a_callee_who_hangs_up_ends_the_call():
    host = scripted(Answers(ring=4, acts=[HangsUp(when=Moment.ANSWER, after=3)]))
    host.place("200")
    assert ends(host.wait(60)) == [(7_000, "REJECTED", 16)]


def test_a_call_can_be_hung_up_while_it_rings():
    host = scripted(STAYS)
    call = host.place("200")
    host.wait(1)
    host.hang_up(call)
    assert ends(host.wait(60)) == [(1_000, "NO_ANSWER", 16)]


def test_the_dead_man_s_switch_ends_a_call_that_nobody_ends():
    """R7.9: the telephony's own dead man's switch."""
    host = scripted(STAYS)
    host.place("200", dead_man_s=120)
    assert ends(host.wait(1_000)) == [(120_000, "NO_ANSWER", 16)]


def test_a_transfer_sets_the_dead_man_s_switch_anew():
    """R7.7: reached, the deadline starts anew."""
    host = scripted(STAYS)
    call = host.place("200", dead_man_s=120)
    host.wait(100)
    host.transfer(call, dead_man_s=60)
    assert ends(host.wait(1_000)) == [(160_000, "NO_ANSWER", 16)]


def test_a_transferred_callee_talks_and_hangs_up():
    host = scripted(Answers(ring=4, acts=[HangsUp(when=Moment.TRANSFER, after=30)]))
    call = host.place("200")
    host.wait(4)
    host.message(call, 1)
    host.wait(1)
    host.transfer(call)
    assert [(at, type(report).__name__) for at, report in host.wait(60)] == [(35_000, "EndReport")]


def test_orders_for_a_call_that_is_over_are_harmless():
    """Orders for a call that is over are harmless."""
    host = scripted(NotAnswered(outcome=Outcome.BUSY, after=1))
    call = host.place("200")
    host.wait(2)
    host.prompt(call)
    host.transfer(call)
    host.hang_up(call)
    assert host.wait(1_000) == []


def test_orders_for_a_call_not_answered_yet_are_harmless():
    host = scripted(STAYS)
    call = host.place("200")
    host.prompt(call)
    host.transfer(call)
    assert host.wait(60) == [(4_000, answer())]


def test_an_order_late_by_a_moment_does_not_reach_a_call_that_just_ended():
    host = scripted(Answers(ring=4, acts=[HangsUp(when=Moment.ANSWER, after=3)]))
    call = host.place("200")
    host.now = Instant(8_000)
    host.message(call)
    reports = [type(report).__name__ for _, report in host.wait(60)]
    assert reports == ["AnswerReport", "EndReport"]


def test_the_same_id_while_its_call_is_in_progress_is_not_placed_again():
    host = scripted(STAYS)
    host.place("200")
    host.place("200")
    assert host.wait(60) == [(4_000, answer())]
    assert host.exchange.counts().repeated == 1


# Capacity and routes -----------------------------------------------------------------------


def test_a_call_beyond_the_calls_at_once_is_deferred():
    """R5.5: deferred until T, which is at least now + 1 s."""
    host = scripted(STAYS, capacity=Capacity(calls_max=2), deferral_s=3)
    for attempt in (1, 2, 3):
        host.place("200", attempt=attempt)
    deferral = DeferralReport(call_id=call_id("200", 3), until=Instant(3_000))
    assert host.wait(1) == [(0, deferral)]
    assert host.exchange.counts().at_once_max == 2


def test_a_call_has_room_as_soon_as_another_ended():
    host = scripted(STAYS, capacity=Capacity(calls_max=1))
    host.hang_up(host.place("200", attempt=1))
    host.place("200", attempt=2)
    assert host.exchange.counts().deferred == 0


def test_calls_beyond_the_calls_per_second_are_deferred_in_every_window():
    host = scripted(STAYS, capacity=Capacity(calls_per_s=2))
    taken = []
    for attempt in range(1, 41):
        before = host.exchange.counts().taken
        host.place("200", attempt=attempt)
        if host.exchange.counts().taken > before:
            taken.append(host.now)
        host.wait(0.1)
    assert taken == [0, 100, 1_000, 1_100, 2_000, 2_100, 3_000, 3_100]


def test_a_capacity_of_no_calls_defers_all():
    for capacity in (Capacity(calls_max=0), Capacity(calls_per_s=0)):
        host = scripted(STAYS, capacity=capacity)
        host.place("200")
        deferral = DeferralReport(call_id=call_id("200"), until=Instant(1_000))
        assert host.wait(60) == [(0, deferral)]


def test_an_exchange_that_cannot_say_when_refuses_instead():
    host = scripted(STAYS, capacity=Capacity(calls_max=0), refuses_when_full=True)
    host.place("200")
    assert host.wait(60) == [(0, RefusalReport(call_id=call_id("200"), why="no channel free"))]


def test_a_class_without_a_route_is_refused_and_calls_inside_need_none():
    """R5.5: refused: route, class, number not acceptable to the telephony."""
    host = scripted(STAYS, routing_classes={"gold", None})
    host.place("200", routing_class="silver", attempt=1)
    host.place("200", routing_class="gold", attempt=2)
    host.place("200", routing_class=None, attempt=3)
    host.place("200", routing_class="silver", attempt=4, line=Line.INTERNAL)
    refusal = RefusalReport(call_id=call_id("200", 1), why="no route for this call")
    assert host.wait(1) == [(0, refusal)]
    assert host.exchange.counts().taken == 3


def test_an_exchange_without_extensions_refuses_calls_inside():
    host = scripted(STAYS, reaches_extensions=False)
    host.place("200", line=Line.INTERNAL)
    assert [type(report) for _, report in host.wait(60)] == [RefusalReport]


def test_a_number_that_is_not_acceptable_is_refused():
    host = scripted(IsRefused(why="premium numbers are not allowed"))
    host.place("200")
    refusal = RefusalReport(call_id=call_id("200"), why="premium numbers are not allowed")
    assert host.wait(60) == [(0, refusal)]


def test_what_is_missing_is_known_in_advance():
    network = Network(
        sounds=Sounds(missing=["a", "b"]), routing_classes={"gold"}, reaches_extensions=False
    )
    missing = Exchange(network).missing(
        sounds=frozenset({"b", "c"}), routing_classes=frozenset({None, "gold", "silver"})
    )
    assert [(entry.need, entry.name) for entry in missing] == [
        (Need.SOUND, "b"),
        (Need.ROUTE, None),
        (Need.ROUTE, "silver"),
        (Need.INTERNAL_ROUTE, None),
    ]
    assert all(isinstance(entry, Missing) and entry.advice for entry in missing)


# Calls from elsewhere ----------------------------------------------------------------------


def test_a_call_that_rings_elsewhere_is_taken_over_whatever_the_capacity():
    host = scripted(STAYS, capacity=Capacity(calls_max=0))
    order = placing("200")
    host.exchange.adopt(order, Answers(ring=2), host.now, is_answered=False)
    assert host.wait(60) == [(2_000, answer())]


def test_a_call_that_was_answered_elsewhere_goes_on_and_its_answer_is_not_told_again():
    host = scripted(STAYS)
    acts = [HangsUp(when=Moment.MESSAGE, after=3)]
    order = placing("200")
    host.exchange.adopt(order, Answers(acts=acts), host.now, is_answered=True)
    host.message(order.call_id, 4)
    assert ends(host.wait(60)) == [(3_000, "REJECTED", 16)]


# Its own record ----------------------------------------------------------------------------


def test_the_exchange_keeps_a_record_of_its_calls():
    host = scripted(DIALS)
    call = host.place("200")
    host.wait(4)
    host.prompt(call)
    host.wait(10)
    host.hang_up(call)
    host.place("200", attempt=2)
    ended, live = host.exchange.calls()
    assert ended == CallRecord(
        call_id=call,
        number="200",
        line=Line.EXTERNAL,
        placed_at=Instant(0),
        answered_at=Instant(4_000),
        ended_at=Instant(14_000),
        playbacks=1,
        digits="1234",
    )
    assert (live.placed_at, live.answered_at, live.ended_at) == (14_000, None, None)


def test_the_record_of_ended_calls_is_bounded():
    exchange = Exchange(Network(population=scripted_population()), kept_calls_max=2)
    host = Host(exchange)
    for attempt in range(1, 6):
        host.hang_up(host.place("200", attempt=attempt))
    assert [call_id("200", 4), call_id("200", 5)] == [call.call_id for call in exchange.calls()]
    assert exchange.counts().taken == exchange.counts().ended == 5


def test_time_that_runs_backwards_stands_still():
    host = scripted(STAYS)
    host.wait(10)
    host.exchange.carry_out(placing("200"), Instant(2_000))
    assert host.exchange.next_at() == 14_000
    assert host.exchange.reports_until(Instant(0)) == []


def test_a_quiet_exchange_has_nothing_next():
    host = scripted(STAYS)
    host.wait_all(5)
    assert host.exchange.next_at() is None
    call = host.place("200", dead_man_s=645)
    host.hang_up(call)
    assert host.exchange.next_at() == host.now
    host.wait(0)
    assert host.exchange.next_at() is None

"""The pool without clock and drivers: where calls go, and what the host is told."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import CallId, CallLimits, Line
from campaign_core.decisions import HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    RefusalReport,
)
from campaign_drivers.pool._node import NodeState
from campaign_drivers.pool._switchboard import Switchboard


def call(number):
    return CallId(f"{number:032x}")


def order(number, line=Line.EXTERNAL):
    return PlaceCall(
        call_id=call(number),
        number="200",
        line=line,
        routing_class=None,
        caller_number="100",
        display_name="Test",
        ring_timeout_s=30,
        dead_man_s=645,
    )


class Pool:
    """A switchboard of nodes a, b, c; at 10,000 all are up and nobody has a call."""

    def __init__(self, count=2, *, weights=(1, 1, 1), rate=None, away="", **limits):
        self.now = 10_000
        self.board = Switchboard(
            NodeState(
                name=name,
                weight=weight,
                call_limits=CallLimits(**limits),
                calls_per_s=rate,
                is_drained=False,
            )
            for name, weight in list(zip("abc", weights, strict=True))[:count]
        )
        there = [name for name in self.board.nodes if name not in away]
        for name in there:
            self.board.connected(name)
            self.board.hear(name, DriverUpReport(), self.now)
        self.board.gathered(self.now)
        for name in there:
            self.board.hear(name, CallsUpReport(), self.now)
        self.first_word = self.board.take().reports

    def give(self, *decisions):
        for decision in decisions:
            self.board.carry_out(decision, self.now)
        return self._out()

    def place(self, *numbers, line=Line.EXTERNAL):
        return self.give(*(order(number, line) for number in numbers))

    def hear(self, name, *reports, after=0):
        self.now += after
        for report in reports:
            self.board.hear(name, report, self.now)
        return self._out()

    def _out(self):
        out = self.board.take()
        self.orders = out.orders
        self.told = out.reports
        return self.told

    @property
    def placed(self):
        """Where calls went in the last step."""
        return [
            (name, int(decision.call_id, 16))
            for name, decision in self.orders
            if isinstance(decision, PlaceCall)
        ]


def deferral(number, until):
    return DeferralReport(call_id=call(number), until=until)


# Where calls go --------------------------------------------------------------------------------


def test_calls_alternate_by_weight_from_the_first_on():
    pool = Pool(weights=(3, 1, 1))

    pool.place(*range(1, 9))

    assert "".join(name for name, _ in pool.placed) == "aabaaaba"


@given(
    weights=st.lists(st.integers(1, 20), min_size=3, max_size=3),
    calls=st.integers(1, 300),
)
def test_among_nodes_that_take_calls_no_share_is_off_by_more_than_a_few_calls(weights, calls):
    """By weight: below a share by less than the number of nodes, above it by less than one."""
    pool = Pool(3, weights=weights)

    pool.place(*range(1, calls + 1))

    counts = Counter(name for name, _ in pool.placed)
    for name, weight in zip("abc", weights, strict=True):
        share = calls * weight / sum(weights)
        assert -len(weights) < counts[name] - share < 1


def test_node_that_was_away_is_not_flooded_when_it_is_back():
    pool = Pool()
    pool.hear("a", DriverDownReport())
    pool.place(*range(1, 100))
    pool.hear("a", DriverUpReport(), CallsUpReport())

    pool.place(*range(100, 106))

    assert Counter(name for name, _ in pool.placed) == {"a": 3, "b": 3}


def test_call_goes_where_there_is_room():
    pool = Pool(total=2)

    told = pool.place(1, 2, 3, 4, 5)

    assert Counter(name for name, _ in pool.placed) == {"a": 2, "b": 2}
    assert told == [deferral(5, pool.now + 1_000)]


def test_line_that_is_full_leaves_room_for_the_other():
    pool = Pool(1, external=1)

    pool.place(1, 2)
    assert pool.placed == [("a", 1)]
    pool.place(3, line=Line.INTERNAL)

    assert pool.placed == [("a", 3)]


def test_line_that_no_node_ever_takes_is_refused():
    """R5.5: refused; it would be deferred for ever."""
    (told,) = Pool(external=0).place(1)

    assert isinstance(told, RefusalReport)
    assert "no node of the pool takes external calls" in told.why


def test_rate_is_a_window_that_slides():
    pool = Pool(1, rate=2)
    pool.place(1)
    pool.now += 900
    pool.place(2)

    assert pool.place(3) == [deferral(3, pool.now + 1_000)]
    pool.now += 99
    assert pool.place(4) != []
    pool.now += 1
    assert pool.place(5) == []


def test_room_is_free_again_when_a_call_ends():
    pool = Pool(1, total=1)
    pool.place(1)

    pool.hear("a", EndReport(call_id=call(1)))

    assert pool.place(2) == []


def test_room_does_not_leak_where_an_end_is_never_heard():
    """R7.9: by then it is gone for certain."""
    pool = Pool(1, total=1)
    pool.place(1)
    pool.now += 650_000 - 1
    assert pool.place(2) != []
    pool.now += 1

    assert pool.place(3) == []


def test_transfer_sets_anew_when_a_call_is_gone_for_certain():
    pool = Pool(1, total=1)
    pool.place(1)
    pool.now += 600_000
    pool.give(Transfer(call_id=call(1), extension="9", dead_man_s=600))
    pool.now += 600_000

    assert pool.place(2) != []


def test_drained_node_takes_no_new_calls_and_keeps_its_own():
    pool = Pool()
    pool.place(1)
    pool.board.nodes["a"].is_drained = True
    pool.place(2, 3)
    assert pool.placed == [("b", 2), ("b", 3)]

    pool.give(Play(call_id=call(1), play=1, sound="x", stop_digits=""), HangUp(call(1)))

    assert [name for name, _ in pool.orders] == ["a", "a"]


def test_where_every_node_is_drained_calls_are_deferred_for_a_while():
    pool = Pool()
    for node in pool.board.nodes.values():
        node.is_drained = True

    assert pool.place(1) == [
        deferral(1, pool.now + 10_000),
        CapacityReport(CallLimits(total=0, internal=0, external=0)),
    ]


# How many calls --------------------------------------------------------------------------------


def test_host_is_told_what_the_nodes_take_together_right_after_they_are_up():
    """R5.5: else it would place calls that no node takes."""
    assert [type(r) for r in Pool(total=3, external=2).first_word][:2] == [
        DriverUpReport,
        CapacityReport,
    ]
    assert Pool(total=3, external=2).first_word[1] == CapacityReport(
        CallLimits(total=6, internal=6, external=4)
    )
    assert CapacityReport not in [type(r) for r in Pool().first_word]


def test_calls_on_a_node_that_takes_no_new_ones_take_no_room_from_the_others():
    """They are among the calls in progress, which the core counts."""
    pool = Pool(total=3)
    pool.place(1, 2, 3, line=Line.INTERNAL)
    assert [name for name, _ in pool.placed] == ["a", "b", "a"]

    told = pool.hear("a", DriverDownReport())
    assert told[-1] == CapacityReport(CallLimits(total=5, internal=5, external=3))
    told = pool.hear("a", DriverUpReport(), CallsUpReport([call(1)]), CallsUpReport([call(1)]))
    assert told[-1] == CapacityReport(CallLimits(total=6, internal=6, external=6))

    pool.board.nodes["b"].is_drained = True
    assert pool.hear("b") == [CapacityReport(CallLimits(total=4, internal=4, external=3))]
    told = pool.hear("b", EndReport(call_id=call(2)))
    assert told[-1] == CapacityReport(CallLimits(total=3, internal=3, external=3))


def test_node_tells_itself_what_it_takes():
    pool = Pool()

    assert pool.hear("a", CapacityReport(CallLimits(total=1))) == []
    assert pool.hear("b", CapacityReport(CallLimits(total=2))) == [
        CapacityReport(CallLimits(total=3, internal=3, external=3))
    ]
    pool.place(1, 2, 3, 4)
    assert sorted(name for name, _ in pool.placed) == ["a", "b", "b"]


def test_second_order_for_a_call_in_progress_is_passed_over():
    pool = Pool()
    pool.place(1)

    assert (pool.place(1), pool.orders) == ([], [])


# Calls that a node does not take -----------------------------------------------------------------


def test_call_that_a_node_defers_goes_to_another_at_once():
    pool = Pool()
    pool.place(1)

    told = pool.hear("a", deferral(1, pool.now + 60_000), after=10)

    assert (told, pool.placed) == ([], [("b", 1)])
    pool.place(2, 3)
    assert {name for name, _ in pool.placed} == {"b"}


def test_call_that_every_node_defers_is_deferred_until_the_first_takes_calls_again():
    pool = Pool()
    pool.place(1)
    start = pool.now
    pool.hear("a", deferral(1, start + 60_000))

    told = pool.hear("b", deferral(1, start + 5_000))

    assert told == [deferral(1, start + 5_000)]


def test_call_goes_to_no_other_node_once_that_would_be_a_delay():
    """A driver never delays a call it accepted."""
    pool = Pool()
    pool.place(1)

    told = pool.hear("a", deferral(1, pool.now + 60_000), after=1_000)

    assert (told, pool.placed) == ([deferral(1, pool.now + 1_000)], [])


def test_call_that_was_hung_up_goes_to_no_other_node():
    """R5.5: a call which we had ordered to hang up before it was taken is given back too."""
    pool = Pool()
    pool.place(1)
    pool.give(HangUp(call(1)))

    told = pool.hear("a", DriverDownReport((call(1),)))

    assert (told[0], pool.placed) == (deferral(1, pool.now + 1_000), [])


def test_call_that_a_lost_node_never_had_goes_to_another():
    pool = Pool()
    pool.place(1, 2)

    told = pool.hear("a", DriverDownReport((call(1),)))

    assert (told, pool.placed) == ([], [("b", 1)])


def test_late_word_of_the_node_that_did_not_take_a_call_is_passed_over():
    pool = Pool()
    pool.place(1)
    pool.hear("a", deferral(1, pool.now + 2_000))

    late = [deferral(1, pool.now + 2_000), EndReport(call_id=call(1))]
    assert pool.hear("a", *late) == []
    assert pool.hear("b", AnswerReport(call(1))) == [AnswerReport(call(1))]


def test_call_that_turns_up_where_it_was_not_taken_is_hung_up_there():
    """No call is on two nodes."""
    pool = Pool()
    pool.place(1)
    pool.hear("a", DriverDownReport((call(1),)))
    pool.hear("a", DriverUpReport())

    told = pool.hear("a", CallsUpReport([call(1)]))

    assert pool.orders == [("a", HangUp(call(1)))]
    assert all(call(1) not in report.call_ids or report.among is None for report in told)


# Nodes that go and come --------------------------------------------------------------------------


def test_lost_node_takes_its_own_calls_along_and_no_others():
    pool = Pool()
    pool.place(1, 2, 3)

    assert pool.hear("a", DriverDownReport()) == [CallsAdriftReport([call(1), call(3)])]
    pool.place(4)
    assert pool.placed == [("b", 4)]


def test_last_node_to_go_takes_the_pool_down():
    pool = Pool()
    pool.place(1, 2)
    pool.hear("a", DriverDownReport())

    assert pool.hear("b", DriverDownReport((call(2),))) == [DriverDownReport((call(2),))]
    assert pool.place(3) == [DriverDownReport((call(3),))]


def test_node_that_is_back_settles_what_became_of_its_calls():
    """R5.5: a call absent from it is lost."""
    pool = Pool()
    pool.place(1, 2, 3)
    pool.hear("a", DriverDownReport(), after=5_000)

    told = pool.hear("a", DriverUpReport(), CallsUpReport([call(3)]))

    assert told == [CallsUpReport([call(3)], among=[call(1), call(3)])]


def test_call_placed_shortly_before_is_lost_only_by_the_second_survey():
    """R5.5: one placed less than 5 s before the connection went only by the second report."""
    pool = Pool()
    pool.place(1)
    pool.hear("a", DriverDownReport(), after=4_999)

    first = pool.hear("a", DriverUpReport(), CallsUpReport())
    assert all(call(1) not in (report.among or ()) for report in first)
    assert all(report.among is not None for report in first)
    second = pool.hear("a", CallsUpReport(), after=5_000)

    assert second[0] == CallsUpReport(among=[call(1)])


def test_first_node_that_is_back_brings_the_pool_up():
    pool = Pool()
    for name in "ab":
        pool.hear(name, DriverDownReport())

    assert pool.hear("b", DriverUpReport()) == [DriverUpReport()]
    assert pool.hear("a", DriverUpReport()) == []


def test_orders_for_a_call_out_of_reach_are_dropped():
    pool = Pool()
    pool.place(1)
    pool.hear("a", DriverDownReport())

    assert (pool.give(HangUp(call(1))), pool.orders) == ([], [])


# After a restart ---------------------------------------------------------------------------------


def test_first_word_is_of_all_nodes_together():
    pool = Pool(3)

    assert pool.first_word == [DriverUpReport(), CallsUpReport()]


def test_first_word_waits_a_second_at_most():
    pool = Pool(2, away="b")
    pool.board = Switchboard(pool.board.nodes.values())
    pool.board.nodes["a"].is_up = False
    for name in "ab":
        pool.board.connected(name)
    pool.board.gathered(pool.now)
    assert pool.hear("a", CallsUpReport([call(1)]), AnswerReport(call(1))) == []
    assert pool.board.wakeup() == pool.now + 1_000

    pool.board.wake(pool.now + 1_000)

    survey = CallsUpReport([call(1)], among=[call(1)])
    assert pool._out() == [DriverUpReport(), survey, AnswerReport(call(1))]


def test_nothing_is_lost_by_its_absence_before_every_node_was_asked():
    """R5.5: it may be up on a node that is out of reach."""
    pool = Pool(2, away="b")
    assert pool.first_word == [DriverUpReport(), CallsUpReport(among=[])]
    pool.hear("a", CallsUpReport(), after=5_000)

    back = pool.hear("b", DriverUpReport(), CallsUpReport([call(7)]))
    again = pool.hear("b", CallsUpReport([call(7)]), after=5_000)

    assert back == [CallsUpReport([call(7)])]
    assert again == [CallsUpReport([call(7)])]


def test_call_taken_over_counts_as_of_either_line():
    pool = Pool(1, internal=1, external=1)
    pool.hear("a", CallsUpReport([call(7)]))

    assert [type(r) for r in pool.place(1)] == [DeferralReport]
    assert [type(r) for r in pool.place(2, line=Line.INTERNAL)] == [DeferralReport]


def test_hang_up_of_a_call_that_nobody_told_of_yet_goes_to_every_node():
    pool = Pool()

    pool.give(HangUp(call(9)))

    assert pool.orders == [("a", HangUp(call(9))), ("b", HangUp(call(9)))]


@pytest.mark.parametrize("among", [None, [call(1)]])
def test_part_of_a_node_may_be_out_of_reach_too(among):
    """A node may be a driver over several parts itself."""
    pool = Pool()
    pool.place(1, 2, 3)

    assert pool.hear("a", CallsAdriftReport([call(1), call(2)])) == [CallsAdriftReport([call(1)])]
    told = pool.hear("a", CallsUpReport([call(3)], among=among), after=6_000)

    assert told[0].among >= {call(1)} if among else told[0].among is not None

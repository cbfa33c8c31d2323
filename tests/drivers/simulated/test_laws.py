"""What is so of every simulated exchange, whatever the network, the orders and the times."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_core import Instant, Line
from campaign_core.decisions import ALL_DIGITS, HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DeferralReport,
    DigitReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers import Capacity
from campaign_drivers.simulated import (
    PEOPLE,
    Answers,
    Constant,
    Dials,
    Exchange,
    Exponential,
    Faults,
    HangsUp,
    IsRefused,
    Moment,
    Network,
    NotAnswered,
    Outage,
    Rates,
    Sounds,
    Uniform,
    Waits,
    WeightedBehaviour,
    population,
)

from .host import placing

# Networks of all kinds -----------------------------------------------------------------------

delays = st.one_of(
    st.sampled_from([0, 0.001, 1, 5, 5.001, 29.999, 30, 700]).map(Constant),
    st.just(Uniform(least_s=0, most_s=40)),
    st.just(Exponential(mean_s=3)),
)
moments = st.sampled_from(list(Moment))
acts = st.one_of(
    st.builds(
        Dials,
        when=moments,
        digits=st.sampled_from(["1", "9", "5", "19#"]),
        after=delays,
        apart=delays,
    ),
    st.builds(HangsUp, when=moments, after=delays),
    st.builds(Waits, when=moments),
)
behaviours = st.one_of(
    st.builds(Answers, ring=delays, acts=st.lists(acts, max_size=5)),
    st.builds(NotAnswered, after=st.none() | delays),
    st.just(IsRefused()),
)
people = st.lists(
    st.builds(WeightedBehaviour, weight=st.just(1), behaviour=behaviours), min_size=1, max_size=4
)
capacities = st.builds(
    Capacity,
    calls_max=st.none() | st.integers(0, 5),
    calls_per_s=st.none() | st.integers(0, 5),
)
NO_FAULTS = st.just(Faults())
link_faults = st.builds(
    Faults,
    outages=st.lists(
        st.builds(
            Outage,
            after_s=st.integers(0, 100),
            lasts_s=st.integers(0, 30),
            restarts=st.booleans(),
        ),
        max_size=3,
    ),
)


def networks(faults):
    return st.builds(
        Network,
        population=st.builds(
            population,
            rates=st.sampled_from([Rates(answered=1), Rates(answered=0.6, busy=0.2, invalid=0.1)]),
            people=people | st.just(PEOPLE),
        ),
        sounds=st.just(Sounds(durations_s={"short": 0.5}, missing=["missing"])),
        capacity=capacities,
        faults=faults,
        refuses_when_full=st.booleans(),
    )


# What a host may do, in any order, and at any time -------------------------------------------

steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 400, 1_000, 5_000, 20_000, 60_000]),
        st.one_of(
            st.tuples(st.just("place"), st.integers(1, 9)),
            st.tuples(
                st.sampled_from(["prompt", "message", "short", "missing", "hang up", "transfer"]),
                st.integers(0, 9),
            ),
        ),
    ),
    max_size=40,
)
NUMBERS = [f"20{digit}" for digit in range(10)]


def orders_of(steps):
    """The orders of a course, each with its instant."""
    now, attempts, placed, plays = 0, Counter(), [], Counter()
    for wait_ms, (what, which) in steps:
        now += wait_ms
        if what == "place":
            number = NUMBERS[which]
            attempts[number] += 1
            line = Line.INTERNAL if which % 2 else Line.EXTERNAL
            order = placing(number, attempt=attempts[number], line=line, dead_man_s=300)
            placed.append(order.call_id)
            yield now, order
        elif placed:
            call = placed[which % len(placed)]
            plays[call] += 1
            if what == "hang up":
                yield now, HangUp(call)
            elif what == "transfer":
                yield now, Transfer(call_id=call, extension="9", dead_man_s=200)
            else:
                stop = ALL_DIGITS if what == "prompt" else ""
                yield now, Play(call_id=call, play=plays[call], sound=what, stop_digits=stop)


def course(network, orders, seed=1):
    """Play a course to its end: the exchange, and all that it reported."""
    exchange = Exchange(network, seed=seed, kept_calls_max=1_000)
    exchange.connect(Instant(0))
    heard = []
    for at, order in orders:
        # A host that looks in at every instant at which something happens.
        while (next_at := exchange.next_at()) is not None and next_at < at:
            heard += exchange.reports_until(next_at)
        exchange.carry_out(order, Instant(at))
    heard += exchange.reports_until(Instant(10_000_000))
    return exchange, heard


def by_call(heard):
    reports = defaultdict(list)
    for at, report in heard:
        if hasattr(report, "call_id"):
            reports[report.call_id].append((at, report))
    return reports


# Laws ----------------------------------------------------------------------------------------


@given(networks(link_faults), steps, st.integers(0, 3))
def test_the_same_orders_give_the_same_reports(network, steps, seed):
    """Deterministic from the seed."""
    orders = list(orders_of(steps))
    assert course(network, orders, seed)[1] == course(network, orders, seed)[1]


@given(networks(NO_FAULTS), steps, st.integers(0, 8))
def test_what_becomes_of_a_call_does_not_depend_on_the_others(network, steps, left_out):
    unbounded = Network(population=network.population, sounds=network.sounds)
    orders = list(orders_of(steps))
    ids = [order.call_id for _, order in orders]
    only = ids[left_out % len(ids)] if ids else None
    alone = [(at, order) for at, order in orders if order.call_id == only]
    among_others = by_call(course(unbounded, orders)[1])[only]
    assert among_others == by_call(course(unbounded, alone)[1])[only]


@given(networks(NO_FAULTS), steps)
def test_reports_of_a_call_come_in_order_and_the_end_last_and_once(network, steps):
    """At most one answer; the answer before any digit or playback; the end last, once."""
    orders = list(orders_of(steps))
    placed_at = {order.call_id: at for at, order in reversed(orders)}
    for call_id, reports in by_call(course(network, orders)[1]).items():
        kinds = [type(report) for _, report in reports]
        assert all(early[0] <= late[0] for early, late in pairwise(reports))
        assert reports[0][0] >= placed_at[call_id]
        if kinds[0] in {RefusalReport, DeferralReport}:
            assert len(kinds) == 1
            continue
        assert [EndReport] == [kind for kind in kinds if kind is EndReport]
        assert kinds[-1] is EndReport
        assert kinds.count(AnswerReport) <= 1
        if {DigitReport, PlaybackReport} & set(kinds):
            assert kinds[0] is AnswerReport


@given(networks(NO_FAULTS), steps)
def test_every_call_placed_is_taken_deferred_or_refused_and_every_taken_one_ends(network, steps):
    orders = list(orders_of(steps))
    exchange, heard = course(network, orders)
    first_kinds = {call_id: type(reports[0][1]) for call_id, reports in by_call(heard).items()}
    placed = {order.call_id for _, order in orders}
    assert set(first_kinds) == placed
    counts = exchange.counts()
    assert counts.taken == counts.ended
    assert counts.deferred == list(first_kinds.values()).count(DeferralReport)
    assert counts.refused == list(first_kinds.values()).count(RefusalReport)
    assert len(placed) == counts.taken + counts.deferred + counts.refused
    assert exchange.calls_up() == frozenset()


@given(networks(link_faults), steps)
def test_the_capacity_is_never_exceeded(network, steps):
    exchange, _ = course(network, list(orders_of(steps)))
    spans = [(call.placed_at, call.ended_at) for call in exchange.calls()]
    capacity = network.capacity
    for placed_at, _ in spans:
        at_once = sum(begun <= placed_at < ended for begun, ended in spans if begun != ended)
        if capacity.calls_max is not None:
            assert at_once <= capacity.calls_max
        if capacity.calls_per_s is not None:
            in_window = sum(placed_at <= begun < placed_at + 1_000 for begun, _ in spans)
            assert in_window <= capacity.calls_per_s
    assert exchange.counts().at_once_max <= (capacity.calls_max or len(spans))


@given(networks(NO_FAULTS), steps)
def test_the_exchange_s_own_record_agrees_with_what_it_reported(network, steps):
    exchange, heard = course(network, list(orders_of(steps)))
    reports = by_call(heard)
    for call in exchange.calls():
        answers = [at for at, r in reports[call.call_id] if isinstance(r, AnswerReport)]
        digits = [r.digit for _, r in reports[call.call_id] if isinstance(r, DigitReport)]
        assert answers == ([] if call.answered_at is None else [call.answered_at])
        assert "".join(digits) == call.digits
        assert reports[call.call_id][-1][0] == call.ended_at


@given(networks(NO_FAULTS), steps)
def test_a_call_rings_no_longer_than_the_ring_timeout_nor_lives_beyond_the_dead_man(network, steps):
    """R7.1, R7.9."""
    exchange, _ = course(network, list(orders_of(steps)))
    for call in exchange.calls():
        rings_until = call.ended_at if call.answered_at is None else call.answered_at
        assert rings_until - call.placed_at <= 30_000
        # A transfer may set the switch anew, at the last moment for 200 s.
        assert call.ended_at - call.placed_at <= 300_000 + 200_000


@given(networks(link_faults), steps)
def test_the_first_report_of_a_connection_is_that_it_is_up_and_then_which_calls_are(network, steps):
    _, heard = course(network, list(orders_of(steps)))
    for (_, report), (_, following) in pairwise(heard):
        if isinstance(report, DriverUpReport):
            assert isinstance(following, CallsUpReport)


@given(
    st.builds(Faults, lost=st.just(0.3), doubled=st.just(0.3), delayed=st.just(0.3)).flatmap(
        lambda faults: networks(st.just(faults))
    ),
    steps,
)
@settings(max_examples=30)
def test_lost_doubled_and_late_reports_are_of_calls_that_were_placed(network, steps):
    orders = list(orders_of(steps))
    exchange, heard = course(network, orders)
    assert set(by_call(heard)) <= {order.call_id for _, order in orders}
    assert exchange.counts().taken == exchange.counts().ended

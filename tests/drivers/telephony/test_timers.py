"""The moments of calls, beside a plain list of them."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from campaign_drivers._telephony.timers import Timers


@attrs.define(eq=False)
class Call:
    name: int
    is_over: bool = False
    timers: dict[str, int] = attrs.field(factory=dict)


calls = st.integers(0, 2)
timers = st.sampled_from(["GRACE", "STOP"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), calls, timers, st.integers(1, 9)),
        st.tuples(st.just("take back"), calls, timers),
        st.tuples(st.just("end"), calls),
        st.tuples(st.just("wait"), st.integers(0, 5)),
    )
)


@given(steps)
def test_each_moment_that_holds_comes_once(steps):
    """Whatever is set anew, taken back or overtaken by the end of its call."""
    board = Timers()
    known = [Call(name) for name in range(3)]
    now = 0
    for step in steps:
        match step:
            case ("set", who, timer, after):
                board.set(now + after, known[who], timer)
            case ("take back", who, timer):
                known[who].timers.pop(timer, None)
            case ("end", who):
                known[who].is_over = True
            case ("wait", span):
                now += span
        expected = sorted(
            (at, call.name, timer)
            for call in known
            if not call.is_over
            for timer, at in call.timers.items()
        )

        assert board.next_due() == min((at for at, *_ in expected), default=None)
        passed = [entry for entry in expected if entry[0] <= now]
        came = [(call.name, timer) for call, timer in board.passed(now)]
        assert sorted(came) == sorted((name, timer) for _, name, timer in passed)
        assert not any(timer in known[name].timers for name, timer in came)


def test_moments_come_in_order_of_time_and_then_as_they_were_set():
    board, one, other = Timers(), Call(1), Call(2)
    board.set(5, one, "STOP")
    board.set(3, other, "STOP")
    board.set(5, other, "GRACE")

    assert list(board.passed(5)) == [(other, "STOP"), (one, "STOP"), (other, "GRACE")]

"""Calls in progress over time, in few numbers."""

from hypothesis import given
from hypothesis import strategies as st

from campaign_core import Line
from campaign_service.report import LoadCurve

LINES = [Line.INTERNAL, Line.EXTERNAL]


@given(
    calls=st.lists(
        st.tuples(st.integers(0, 10_000_000), st.integers(0, 100_000), st.sampled_from(LINES)),
        max_size=60,
    )
)
def test_each_stretch_tells_the_most_calls_within_it(calls):
    changes = sorted(
        [(at, 1, line) for at, _, line in calls] + [(at + ms, -1, line) for at, ms, line in calls],
        key=lambda change: change[0],
    )
    curve = LoadCurve()
    expected = {line: {} for line in (*LINES, None)}
    now = dict.fromkeys(expected, 0)
    previous = 0
    for at, by, line in changes:
        (curve.placed if by > 0 else curve.ended)(line, at)
        first = curve.first_at
        for which in (line, None):
            now[which] += by
        # Told plainly: every stretch since the last change held what was in progress then.
        for which, held in expected.items():
            held[at] = now[which]
        previous = at

    assert len(curve.most()) <= 2_048
    for which, held in expected.items():
        most = curve.most(which)
        for index, told in enumerate(most):
            begins = first + index * curve.width_ms
            ends = begins + curve.width_ms
            before = [calls for at, calls in held.items() if at < begins]
            within = [calls for at, calls in held.items() if begins <= at < ends]
            assert told >= max(before[-1:] + within, default=0)
        peaks = peaks_of(changes, which)
        assert curve.peak(which) == max(peaks, default=0)
    assert previous == max((at for at, _, _ in changes), default=0)


def peaks_of(changes, which):
    count = 0
    for _, by, line in changes:
        count += by if which in (line, None) else 0
        yield count


def test_a_day_takes_no_more_room_than_a_minute():
    curve = LoadCurve()
    for second in range(0, 86_400, 30):
        curve.placed(Line.INTERNAL, second * 1_000)
        curve.ended(Line.INTERNAL, second * 1_000 + 900)

    assert curve.width_ms == 51_200
    assert set(curve.most(Line.INTERNAL)) == {1}
    assert set(curve.most(Line.EXTERNAL)) == {0}


def test_calls_of_two_lines_are_counted_together_at_one_time():
    curve = LoadCurve()
    curve.placed(Line.INTERNAL, 0)
    curve.ended(Line.INTERNAL, 50)
    curve.placed(Line.EXTERNAL, 60)
    curve.ended(Line.EXTERNAL, 90)

    assert (curve.peak(Line.INTERNAL), curve.peak(Line.EXTERNAL), curve.peak()) == (1, 1, 1)
    assert curve.in_progress(Line.EXTERNAL) == 0

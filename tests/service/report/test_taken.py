"""Deferrals are no calls: what was given back is not in the load."""

from campaign_core import CallId, Instant, Line
from campaign_service.report.load import AcceptedCalls


def made(*changes):
    """Return the load of calls told as ``(call, at, what)``."""
    taken = AcceptedCalls()
    for call, ms, what in changes:
        call_id, at = CallId(call), Instant(ms)
        match what:
            case "placed":
                taken.placed(call_id, Line.EXTERNAL, at)
            case "answered":
                taken.taken(call_id)
            case "ended" | "given back":
                taken.ended(call_id, Line.EXTERNAL, at, is_given_back=what == "given back")
    return taken


def test_calls_given_back_are_not_among_the_most_at_once():
    """R5.5: at most as many as the telephony took, whatever was offered to it."""
    load = made(
        ("a", 0, "placed"),
        ("b", 0, "placed"),
        ("c", 0, "placed"),
        ("b", 5, "given back"),
        ("c", 5, "given back"),
        ("a", 900, "ended"),
    )

    assert load.curve.peak() == 1
    assert load.curve.in_progress(Line.EXTERNAL) == 0


def test_calls_that_only_ring_are_among_the_most_at_once():
    load = made(("a", 0, "placed"), ("b", 10, "placed"))

    assert load.curve.peak() == 2
    assert load.curve.in_progress(Line.EXTERNAL) == 2


def test_call_that_rings_long_keeps_those_behind_it_from_nothing():
    load = made(
        ("a", 0, "placed"),
        ("b", 1_000, "placed"),
        ("b", 2_000, "ended"),
        ("c", 3_000, "placed"),
        ("c", 3_005, "given back"),
        ("a", 4_000, "ended"),
    )

    assert load.curve.peak() == 2
    assert load.curve.most()[29:31] == [1, 1]


def test_answered_call_waits_for_nothing():
    load = made(
        ("a", 0, "placed"), ("a", 500, "answered"), ("b", 600, "placed"), ("b", 700, "ended")
    )

    assert load.curve.peak() == 2
    assert not load._waiting

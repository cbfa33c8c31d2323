"""The picture of the calls in progress."""

import xml.etree.ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from campaign_core import CallLimits, Line
from campaign_service.report import LoadCurve, draw_chart

NOON = 1_768_219_200_000
SVG = "{http://www.w3.org/2000/svg}"


def picture(limits=None, calls=((Line.INTERNAL, 0, 60_000), (Line.EXTERNAL, 10_000, 30_000))):
    curve = LoadCurve()
    changes = [(at, curve.placed, line) for line, at, _ in calls]
    changes += [(end, curve.ended, line) for line, _, end in calls]
    for at, change, line in sorted(changes, key=lambda entry: entry[0]):
        change(line, NOON + at)
    text = draw_chart(
        curve,
        limits=limits or CallLimits(),
        title="Fish & chips <now>",
        subtitle="below",
        zone=ZoneInfo("Europe/Rome"),
    )
    return ET.fromstring(text)


def texts(svg):
    return [element.text for element in svg.iter(f"{SVG}text")]


def test_names_are_safe_in_the_picture():
    assert "Fish & chips <now>" in texts(picture())


def test_each_line_in_use_has_a_band_and_so_have_both_together():
    found = texts(picture())

    assert [text for text in found if text.endswith("calls")] == [
        "Internal calls",
        "External calls",
        "All calls",
    ]


def test_line_that_is_not_used_has_no_band():
    found = texts(picture(calls=[(Line.INTERNAL, 0, 1_000)]))

    assert [text for text in found if text.endswith("calls")] == ["Internal calls"]


def test_limits_are_drawn_and_written():
    svg = picture(CallLimits(internal=2, total=3))
    lines = [line for line in svg.iter(f"{SVG}line") if line.get("class") == "limit"]

    # One in the legend, one for each of two limits.
    assert len(lines) == 3
    assert "at most 1 at once, limit 2" in texts(svg)
    assert "at most 1 at once, no limit" in texts(svg)


def test_legend_tells_of_a_limit_only_where_there_is_one():
    assert "limit" in texts(picture(CallLimits(total=3)))
    assert "limit" not in texts(picture())


def test_limit_far_above_the_load_is_written_alone():
    svg = picture(CallLimits(internal=1_000))
    lines = [line for line in svg.iter(f"{SVG}line") if line.get("class") == "limit"]

    assert len(lines) == 1
    assert "at most 1 at once, limit 1000 (above)" in texts(svg)


def test_times_are_on_the_clock_of_the_zone():
    found = texts(picture())

    assert "13:00:00" in found
    assert "2026-01-12" in found


@pytest.mark.parametrize("days", [0, 0.001, 0.5, 3, 40, 400])
def test_there_are_never_many_times_on_the_axis(days):
    svg = picture(calls=[(Line.INTERNAL, 0, round(days * 86_400_000))])
    times = [text for text in texts(svg) if text and text.count(":") in (1, 2) and len(text) <= 8]

    assert len(times) <= 11


def test_picture_of_no_call_is_a_picture():
    assert "All calls" in texts(picture(calls=[]))

